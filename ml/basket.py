"""Which things are bought together: rules with their strength, and how sure they are not chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

Counts = npt.NDArray[np.int64]
Rates = npt.NDArray[np.float64]

#: Rows are pairs that are held against the third item at once: bounds the memory of sets of three.
PAIR_BLOCK = 2_000
NO_ITEM_POSITION = -1


@dataclass(frozen=True)
class RuleFamily:
    """Rules that were tested together, and how many hypotheses that were, kept or not.

    `rules` has one row per rule: `a`, `b` (positions of the antecedent's items, b is -1 in a pair's rule), `c` (the
    consequent's), `both_count`, `antecedent_count`, `consequent_count`, `all_count`, `p_value`.
    """

    rules: pd.DataFrame
    hypothesis_count: int


def minimum_count(minimum_support: float, all_count: int) -> int:
    """Return the smallest count that is at least minimum_support of all_count, and at least 1.

    In decimals: 0.07 × 100 is 7, and not the binary 7.000000000000001 that would ask for 8.
    """
    return max(1, math.ceil(Decimal(str(minimum_support)) * all_count))


def pair_rules(left: sparse.csr_matrix, right: sparse.csr_matrix, minimum: int, all_count: int) -> RuleFamily:
    """Return the rules between an item of the left matrix and one of the right, the left one as antecedent.

    Both matrices (baskets × items, 0 and 1) have the same baskets as rows. The same matrix twice gives the pairs of
    one set of items in both directions; two matrices give left → right only. Counted by sparse X'Y over the items
    that are in at least `minimum` baskets, of which a pair in so many consists. A basket of all_count may be in no
    row, where it holds no item.

    The hypotheses are all pairs of such items, also those that are never together, each direction counted: both have
    the same p-value, so that the false discovery rates are those of the pairs.
    """
    is_same = left is right
    left_count, right_count = _item_counts(left), _item_counts(right)
    left_kept, right_kept = np.flatnonzero(left_count >= minimum), np.flatnonzero(right_count >= minimum)
    together = (left[:, left_kept].T.astype(np.int32) @ right[:, right_kept].astype(np.int32)).tocoo()
    is_frequent = together.data >= minimum
    if is_same:
        is_frequent &= together.row != together.col
    a, c = left_kept[together.row[is_frequent]], right_kept[together.col[is_frequent]]
    rules = pd.DataFrame({"a": a, "b": NO_ITEM_POSITION, "c": c, "both_count": together.data[is_frequent]})
    rules["antecedent_count"], rules["consequent_count"] = left_count[a], right_count[c]
    rules["all_count"] = all_count
    rules["p_value"] = chance_of(
        rules["both_count"], rules["antecedent_count"], rules["consequent_count"], all_count
    )
    count = len(left_kept) * (len(right_kept) - int(is_same))
    return RuleFamily(_sorted(rules), count)


def triple_rules(baskets: sparse.csr_matrix, pairs: RuleFamily, minimum: int, all_count: int) -> RuleFamily:
    """Return the rules a, b → c of three items that at least `minimum` baskets hold, a before b.

    `pairs` are the rules of pair_rules on the same baskets: each part of a frequent set is frequent (Agrawal and
    Srikant 1994), so all frequent sets of three extend a frequent pair. The rows of a matrix pairs × baskets times
    the baskets count them.

    p_value is the largest of three: that c is as likely with a and b as anywhere, as with a alone, as with b alone.
    A rule that adds nothing to a shorter one is thereby chance (Webb 2007, "Discovering Significant Patterns",
    section 3). The hypotheses are all frequent pairs with each other frequent item.
    """
    counts = _item_counts(baskets)
    kept = np.flatnonzero(counts >= minimum)
    place = np.full(len(counts), NO_ITEM_POSITION, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    items = baskets[:, kept].astype(np.int32).tocsc()
    unordered = pairs.rules[pairs.rules["a"] < pairs.rules["c"]]
    a, b = place[unordered["a"].to_numpy()], place[unordered["c"].to_numpy()]
    pair_count = unordered["both_count"].to_numpy()
    parts = [
        _extend(items, a[start : start + PAIR_BLOCK], b[start : start + PAIR_BLOCK], minimum, start)
        for start in range(0, len(a), PAIR_BLOCK)
    ]
    pair, c, both = (
        np.concatenate([part[i] for part in parts]) if parts else np.zeros(0, np.int64) for i in range(3)
    )
    with_each = dict(zip(zip(a.tolist(), b.tolist(), strict=True), pair_count.tolist(), strict=True))
    single = counts[kept]

    def pair_counts(first: Counts) -> Counts:
        ends = zip(np.minimum(first, c).tolist(), np.maximum(first, c).tolist(), strict=True)
        return np.array([with_each[end] for end in ends], dtype=np.int64)

    first, second, antecedent = a[pair], b[pair], pair_count[pair]
    p_value = np.maximum.reduce(
        [
            chance_of(both, antecedent, single[c], all_count),
            chance_of(both, antecedent, pair_counts(first), single[first]),
            chance_of(both, antecedent, pair_counts(second), single[second]),
        ]
    )
    rules = pd.DataFrame({"a": kept[first], "b": kept[second], "c": kept[c], "both_count": both})
    rules = rules.assign(
        antecedent_count=antecedent, consequent_count=single[c], all_count=all_count, p_value=p_value
    )
    return RuleFamily(_sorted(rules), len(a) * max(len(kept) - 2, 0))


def chance_of(both: Counts, antecedent: Counts, consequent: Counts, all_count: int | Counts) -> Rates:
    """Return the probability that chance brings at least `both` baskets together (Fisher's exact test, one-sided).

    With the counts of antecedent and consequent given, the baskets with both are hypergeometric.
    """
    from scipy.stats import hypergeom

    return np.asarray(hypergeom.sf(np.asarray(both) - 1, all_count, antecedent, consequent), dtype=np.float64)


def false_discovery_rates(p_value: Rates, hypothesis_count: int) -> Rates:
    """Return the smallest false discovery rate at which each is a discovery (Benjamini and Hochberg 1995).

    hypothesis_count is how many were tested; those that are not given count as having the largest p-values, which
    makes no rate smaller than it is. Raises ValueError where more are given than were tested.
    """
    if len(p_value) > hypothesis_count:
        raise ValueError(f"{len(p_value)} p-values of {hypothesis_count} hypotheses")
    if not len(p_value):
        return np.zeros(0)
    order = np.argsort(p_value, kind="stable")
    scaled = p_value[order] * hypothesis_count / np.arange(1, len(p_value) + 1)
    rates = np.empty(len(p_value))
    rates[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return rates


def measured(rules: pd.DataFrame) -> pd.DataFrame:
    """Return rules with support_rate, confidence_rate, lift, leverage and conviction.

    With P(A) = antecedent_count / all_count and so on: support P(AC), confidence P(AC)/P(A), lift P(AC)/(P(A)P(C)),
    leverage P(AC) - P(A)P(C), conviction P(A)P(not C)/P(A and not C), which is NaN for a rule without an exception.
    """
    both, all_count = (
        rules["both_count"].to_numpy(dtype=np.float64),
        rules["all_count"].to_numpy(dtype=np.float64),
    )
    antecedent = rules["antecedent_count"].to_numpy(dtype=np.float64)
    consequent = rules["consequent_count"].to_numpy(dtype=np.float64)
    exceptions = antecedent - both
    never = antecedent * (all_count - consequent) / all_count
    return rules.assign(
        support_rate=both / all_count,
        confidence_rate=both / antecedent,
        lift=both * all_count / antecedent / consequent,
        leverage=both / all_count - antecedent / all_count * consequent / all_count,
        conviction=np.where(exceptions > 0, never / np.where(exceptions > 0, exceptions, 1.0), np.nan),
    )


def _extend(
    items: sparse.csc_matrix, a: Counts, b: Counts, minimum: int, offset: int
) -> tuple[Counts, Counts, Counts]:
    """The pair (its number), the third item and the count of each set of three that is frequent."""
    with_both = items[:, a].multiply(items[:, b])
    together = (with_both.T @ items).tocoo()
    is_third = (
        (together.data >= minimum) & (together.col != a[together.row]) & (together.col != b[together.row])
    )
    pair, third = together.row[is_third], together.col[is_third]
    return pair.astype(np.int64) + offset, third.astype(np.int64), together.data[is_third].astype(np.int64)


def _item_counts(baskets: sparse.csr_matrix) -> Counts:
    return np.asarray(baskets.astype(np.int64).sum(axis=0)).ravel()


def _sorted(rules: pd.DataFrame) -> pd.DataFrame:
    return rules.sort_values(["a", "b", "c"], kind="stable", ignore_index=True)
