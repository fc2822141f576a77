"""The rules of a shop: of products, of categories, and of what the same customers buy in another channel."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ml.basket import RuleFamily, false_discovery_rates, measured, minimum_count, pair_rules, triple_rules

PRODUCT, CATEGORY = "product", "category"

RULE_COLUMNS = {
    "source": "text",
    "scope": "text",
    "antecedent_a_id": "text",
    "antecedent_b_id": "text",
    "consequent_id": "text",
    "antecedent_item_count": "int",
    "both_count": "bigint",
    "antecedent_count": "bigint",
    "consequent_count": "bigint",
    "all_count": "bigint",
    "support_rate": "double",
    "confidence_rate": "double",
    "lift": "double",
    "leverage": "double",
    "conviction": "double",
    "p_value": "double",
    "q_value": "double",
    "hypothesis_count": "bigint",
    "as_of_date": "date",
}
RULE_DESCRIPTIONS = {
    "source": "The shop.",
    "scope": "product, category, or A_to_B: the antecedent was bought in channel A, the consequent in channel B, by "
    "the same customer in any order.",
    "antecedent_a_id": "The product or category that is bought.",
    "antecedent_b_id": "The other product that is bought, in rules of three; empty text in rules of two.",
    "consequent_id": "The product or category that is bought with it.",
    "antecedent_item_count": "1 or 2.",
    "both_count": "Baskets (over channels: customers) with antecedent and consequent. Not additive.",
    "antecedent_count": "Baskets (over channels: customers) with the antecedent. Not additive.",
    "consequent_count": "Baskets (over channels: customers) with the consequent. Not additive.",
    "all_count": "Baskets of the source (over channels: customers of both channels). Not additive.",
    "support_rate": "both_count by all_count. Not additive.",
    "confidence_rate": "both_count by antecedent_count. Not additive.",
    "lift": "How many times more often both are together than chance would bring them: 1 is chance. Not additive.",
    "leverage": "Support less what chance would give. Not additive.",
    "conviction": "How many times more often the rule would fail by chance than it does; empty where it never fails.",
    "p_value": "How likely chance brings so many together (Fisher's exact test, one-sided); in rules of three the "
    "largest of the tests against chance and against both shorter rules.",
    "q_value": "The least false discovery rate of the family at which the rule is a discovery (Benjamini, Hochberg).",
    "hypothesis_count": "Rules of the family that were tested, kept or not. Not additive.",
    "as_of_date": "The last order_date of the source: nothing later was known.",
}


@dataclass(frozen=True)
class BasketShop:
    """One source's baskets.

    `baskets` has one row per order that sold merchandise: `basket` (a number), `order_date`, `channel`, `customer_id`
    (empty where unknown). `lines` has `basket`, `product_id`, `category` (empty where unknown), one or more rows for
    each product in it. Text may be given as categories, in ascending order: of millions of rows that is a tenth.
    """

    source: str
    as_of: date
    baskets: pd.DataFrame
    lines: pd.DataFrame


@dataclass(frozen=True)
class RuleLimits:
    """Least supports of products and over channels, and the false discovery rate that is put up with."""

    product_support: float
    channel_support: float
    discovery_rate: float


@dataclass(frozen=True)
class Incidence:
    """Which basket (row) holds which item (column), 0 and 1, and the items' ids in ascending order."""

    matrix: sparse.csr_matrix
    ids: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Scope:
    """What one kind of rule is counted on: antecedents on the left, consequents on the right, over the same rows.

    For `product` and `category` both sides are one; a row is a basket. Over channels a row is a customer.
    """

    name: str
    left: Incidence
    right: Incidence
    all_count: int
    least: int


def basket_rules(shop: BasketShop, limits: RuleLimits) -> pd.DataFrame:
    """Return rows of RULE_COLUMNS: the rules of a shop of which at most limits.discovery_rate are false.

    False discoveries are controlled within each family: the pairs of products, the sets of three, the pairs of
    categories, the pairs over two channels. Rules whose q_value is above the limit are left out.
    """
    parts = []
    for scope in scopes_of(shop, limits):
        for family in families(scope):
            rates = false_discovery_rates(family.rules["p_value"].to_numpy(), family.hypothesis_count)
            rules = measured(family.rules).assign(q_value=rates, hypothesis_count=family.hypothesis_count)
            rules = rules[rules["q_value"] <= limits.discovery_rate]
            if not rules.empty:
                parts.append(_named(rules, scope))
    if not parts:
        return pd.DataFrame(columns=list(RULE_COLUMNS))
    result = pd.concat(parts, ignore_index=True).assign(source=shop.source, as_of_date=shop.as_of)
    grain = ["scope", "antecedent_a_id", "antecedent_b_id", "consequent_id"]
    return result.sort_values(grain, ignore_index=True)[list(RULE_COLUMNS)]


def families(scope: Scope) -> list[RuleFamily]:
    """Return the families of rules of a scope: pairs, and of products also sets of three."""
    pairs = pair_rules(scope.left.matrix, scope.right.matrix, scope.least, scope.all_count)
    if scope.name != PRODUCT:
        return [pairs]
    return [pairs, triple_rules(scope.left.matrix, pairs, scope.least, scope.all_count)]


def scopes_of(shop: BasketShop, limits: RuleLimits) -> list[Scope]:
    """Return the scopes `product`, `category`, and `A_to_B` for each two channels that customers share."""
    all_count = len(shop.baskets)
    rows = basket_rows(shop)
    product = incidence(rows, shop.lines["product_id"], all_count)
    named = (shop.lines["category"] != "").to_numpy()
    category = incidence(rows[named], shop.lines["category"][named], all_count)
    least = minimum_count(limits.product_support, all_count)
    return [
        Scope(PRODUCT, product, product, all_count, least),
        Scope(CATEGORY, category, category, all_count, 1),
        *_channel_scopes(shop, rows, limits),
    ]


def basket_rows(shop: BasketShop) -> npt.NDArray[np.int64]:
    """Return the row of `baskets` that each line's basket has."""
    basket = shop.baskets["basket"].to_numpy()
    order = np.argsort(basket, kind="stable")
    return np.asarray(order[np.searchsorted(basket[order], shop.lines["basket"].to_numpy())])


def _channel_scopes(shop: BasketShop, rows: npt.NDArray[np.int64], limits: RuleLimits) -> list[Scope]:
    """What customers of both channels buy in one and in the other; each counts once, in any order of purchases."""
    customer = shop.baskets["customer_id"].astype("category")
    channel, names = _held(shop.baskets["channel"])
    buyer = customer.cat.codes.to_numpy()[rows]
    is_known = (customer != "").to_numpy()[rows]
    sold_in = channel[rows]
    sides, buys = [], []
    for code in range(len(names)):
        side = np.flatnonzero(is_known & (sold_in == code))
        bought = np.zeros(len(customer.cat.categories), dtype=bool)
        bought[buyer[side]] = True
        sides.append(side)
        buys.append(bought)
    found = {}
    for one, other in itertools.combinations(range(len(sides)), 2):
        in_both = buys[one] & buys[other]
        count = int(in_both.sum())
        if not count:
            continue
        number = np.cumsum(in_both) - 1
        left, right = (
            incidence(number[buyer[own]], shop.lines["product_id"].iloc[own], count)
            for own in (side[in_both[buyer[side]]] for side in (sides[one], sides[other]))
        )
        least = minimum_count(limits.channel_support, count)
        for a, b, first, second in ((one, other, left, right), (other, one, right, left)):
            found[a, b] = Scope(f"{names[a]}_to_{names[b]}", first, second, count, least)
    return [found[pair] for pair in sorted(found)]


def incidence(rows: npt.NDArray[np.int64], items: pd.Series, row_count: int) -> Incidence:
    """Return which of row_count rows holds which item; what is given twice counts once."""
    column, ids = _held(items)
    matrix = sparse.csr_matrix(
        (np.ones(len(rows), dtype=np.int32), (rows, column)),
        shape=(row_count, len(ids)),
        dtype=np.int32,
    )
    matrix.data[:] = 1
    return Incidence(matrix, ids)


def _held(texts: pd.Series) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.object_]]:
    """The texts, of which none is missing, as places among those that are there, and these in ascending order.

    By counting: pandas' own remove_unused_categories sorts millions of codes to find thousands.
    """
    named = texts.astype("category").cat
    codes = named.codes.to_numpy()
    is_there = np.bincount(codes, minlength=len(named.categories)) > 0
    place = np.cumsum(is_there, dtype=np.int32) - np.int32(1)
    return place[codes], named.categories.to_numpy(dtype=object)[is_there]


def _named(rules: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    b = rules["b"].to_numpy()
    return rules.assign(
        scope=scope.name,
        antecedent_a_id=scope.left.ids[rules["a"].to_numpy()],
        antecedent_b_id=np.where(b < 0, "", scope.left.ids[b]),
        consequent_id=scope.right.ids[rules["c"].to_numpy()],
        antecedent_item_count=np.where(b < 0, 1, 2),
    )
