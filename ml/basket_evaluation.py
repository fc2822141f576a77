"""Whether rules that were found before a day hold after it."""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ml.basket import RuleFamily, chance_of, false_discovery_rates
from ml.basket_shop import BasketShop, Incidence, RuleLimits, Scope, basket_rows, families, scopes_of
from ml.evaluation import Evaluation, data_fingerprint

RULE_HOLDOUT_DAYS = 28
#: A rule holds when chance brings so many baskets together at most this often in the holdout.
HOLDING_P_VALUE = 0.05
RULE_BLOCK = 2_000
RULE_MODEL = "ml.basket_rule"
RULE_METHOD, POPULAR_ITEMS = "false_discovery_rate", "popular_items"


def evaluate_rules(shop: BasketShop, limits: RuleLimits) -> list[Evaluation]:
    """Return, by family, which share of the rules that are found before the cut hold in the 28 days from it on.

    `hold_rate` counts rules with a lift above 1 whose baskets chance brings together at most 1 time in 20;
    `positive_lift_rate` those with a lift above 1. The baseline is as many rules between the most popular items. Rules
    in both directions are judged once.
    """
    if shop.baskets.empty:
        return []
    last = pd.to_datetime(shop.baskets["order_date"]).max().date()
    cut = last - timedelta(days=RULE_HOLDOUT_DAYS - 1)
    before, after = part_of(shop, cut, is_before=True), part_of(shop, cut, is_before=False)
    later = {scope.name: scope for scope in scopes_of(after, limits)}
    about = {
        "model": RULE_MODEL,
        "source": shop.source,
        "as_of_date": shop.as_of,
        "cut_date": cut,
        "holdout_days": RULE_HOLDOUT_DAYS,
        "train_count": len(before.baskets),
        "data_fingerprint": _fingerprint(shop),
    }
    return [
        one
        for scope in scopes_of(before, limits)
        if len(scope.left.ids)  # a source without categories has nothing to say of them
        for item_count, family in enumerate(families(scope), start=2)
        for one in _judge(scope, item_count, family, later.get(scope.name), limits, about)
    ]


def _fingerprint(shop: BasketShop) -> str:
    """What tells these baskets from others: each line with what is known of its basket."""
    known = shop.baskets.drop(columns="basket").astype("category")
    days = known["order_date"].cat
    known["order_date"] = days.rename_categories(pd.to_datetime(days.categories).date)
    known = known.take(basket_rows(shop))
    return data_fingerprint(pd.concat([shop.lines, known.set_index(shop.lines.index)], axis=1))


def part_of(shop: BasketShop, cut: date, is_before: bool) -> BasketShop:
    """Return the shop with the baskets before the cut, or from it on."""
    chosen = shop.baskets[(pd.to_datetime(shop.baskets["order_date"]) < pd.Timestamp(cut)) == is_before]
    lines = shop.lines[shop.lines["basket"].isin(chosen["basket"])]
    return replace(shop, baskets=chosen.reset_index(drop=True), lines=lines.reset_index(drop=True))


def _judge(
    scope: Scope,
    item_count: int,
    family: RuleFamily,
    later: Scope | None,
    limits: RuleLimits,
    about: dict[str, t.Any],
) -> t.Iterator[Evaluation]:
    rates = false_discovery_rates(family.rules["p_value"].to_numpy(), family.hypothesis_count)
    found = family.rules[rates <= limits.discovery_rate][["a", "b", "c"]].to_numpy(dtype=np.int64)
    if scope.left is scope.right and item_count == 2:
        found = found[found[:, 0] < found[:, 2]]  # both directions have one test
    own, popular = _hold(scope, later, found), _hold(scope, later, _popular(scope, item_count, len(found)))
    note = ""
    if not len(found):
        note = "no rule was found before the cut"
    elif later is None or not later.all_count:
        note = "nothing was sold from the cut on"
    for metric, value in own.items():
        for method in (RULE_METHOD, POPULAR_ITEMS):
            is_baseline = method == POPULAR_ITEMS
            yield Evaluation(
                **about,
                part=f"{scope.name}_{item_count}",
                method=method,
                role="baseline" if is_baseline else "champion",
                metric=metric,
                metric_value=popular[metric] if is_baseline else value,
                is_higher_better=True,
                baseline_method="" if is_baseline else POPULAR_ITEMS,
                baseline_value=None if is_baseline else popular[metric],
                holdout_count=len(found),
                parameters={"discovery_rate": limits.discovery_rate, "least_count": scope.least},
                note=note,
            )


def _hold(scope: Scope, later: Scope | None, rules: npt.NDArray[np.int64]) -> dict[str, float]:
    """The shares of rules (n × 3: a, b, c in the scope's positions) that hold, and that lift, in the later scope."""
    if later is None or not later.all_count or not len(rules):
        return {"hold_rate": np.nan, "positive_lift_rate": np.nan}
    left, right = _places(scope.left, later.left), _places(scope.right, later.right)
    a, b, c = left[rules[:, 0]], left[rules[:, 1]], right[rules[:, 2]]
    is_known = (a >= 0) & (c >= 0) & ((b >= 0) | (rules[:, 1] < 0))
    a, b, c = a[is_known], np.where(rules[:, 1] < 0, -1, b)[is_known], c[is_known]
    antecedent, consequent, both = _counts(later, a, b, c)
    lifts = both * later.all_count > antecedent * consequent
    holds = lifts & (chance_of(both, antecedent, consequent, later.all_count) <= HOLDING_P_VALUE)
    # A rule of what is no longer sold at all does not hold: it stays in the denominator.
    return {"hold_rate": holds.sum() / len(rules), "positive_lift_rate": lifts.sum() / len(rules)}


def _places(earlier: Incidence, later: Incidence) -> npt.NDArray[np.int64]:
    """Where each earlier item stands among the later ones, -1 where it was not sold any more."""
    return np.asarray(pd.Index(later.ids).get_indexer(pd.Index(earlier.ids)), dtype=np.int64)


def _counts(
    scope: Scope, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], c: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], ...]:
    """How many rows hold the antecedent a (and b, where it is not -1), the consequent c, and both."""
    left = scope.left.matrix.tocsc().astype(np.int64)
    right = left if scope.left is scope.right else scope.right.matrix.tocsc().astype(np.int64)
    parts = []
    for start in range(0, len(a), RULE_BLOCK):
        part = slice(start, start + RULE_BLOCK)
        antecedent, consequent = left[:, a[part]], right[:, c[part]]
        if np.all(b[part] >= 0):  # of a family, all rules have two antecedents or none has
            antecedent = antecedent.multiply(left[:, b[part]]).tocsc()
        matrices = (antecedent, consequent, antecedent.multiply(consequent))
        parts.append([np.asarray(matrix.sum(axis=0)).ravel() for matrix in matrices])
    if not parts:
        return (np.zeros(0, dtype=np.int64),) * 3
    return tuple(np.concatenate([part[i] for part in parts]) for i in range(3))


def _popular(scope: Scope, item_count: int, count: int) -> npt.NDArray[np.int64]:
    """The rules (n × 3) among the fewest most popular items that have as many as asked for, most popular first."""
    left, right = (_item_totals(side.matrix) for side in (scope.left, scope.right))
    if scope.left is not scope.right:
        width = min(max(int(np.ceil(np.sqrt(count))) + 1, 2), max(len(left), len(right)))
        best_left, best_right = _largest(left, width), _largest(right, width)
        rules = np.array([(a, -1, c) for a in best_left for c in best_right], dtype=np.int64).reshape(-1, 3)
        weight = left[rules[:, 0]] * right[rules[:, 2]]
    else:
        width = item_count
        while width < len(left) and _set_count(width, item_count) < count:
            width += 1
        sets = list(itertools.combinations(sorted(_largest(left, width).tolist()), item_count))
        members = np.array(sets, dtype=np.int64).reshape(-1, item_count)
        weight = left[members].prod(axis=1) if len(members) else np.zeros(0)
        middle = members[:, 1] if item_count == 3 else np.full(len(members), -1)
        rules = (
            np.column_stack([members[:, 0], middle, members[:, -1]])
            if len(members)
            else np.zeros((0, 3), np.int64)
        )
    return rules[np.argsort(-weight, kind="stable")[:count]]


def _set_count(width: int, item_count: int) -> int:
    return width * (width - 1) // 2 if item_count == 2 else width * (width - 1) * (width - 2) // 6


def _largest(counts: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.int64]:
    return np.argsort(-counts, kind="stable")[:width]


def _item_totals(matrix: sparse.csr_matrix) -> npt.NDArray[np.float64]:
    return np.asarray(matrix.astype(np.float64).sum(axis=0)).ravel()
