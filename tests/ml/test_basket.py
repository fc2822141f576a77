"""Rules of baskets: counts by brute force, strength by definition, chance by enumeration."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, permutations
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from ml.basket import (
    chance_of,
    false_discovery_rates,
    measured,
    minimum_count,
    pair_rules,
    triple_rules,
)
from ml.basket_evaluation import HOLDING_P_VALUE, RULE_HOLDOUT_DAYS, _popular, evaluate_rules
from ml.basket_shop import RULE_COLUMNS, BasketShop, RuleLimits, basket_rules, incidence, scopes_of
from ml.basket_source import basket_lines
from ml.evaluation import evaluation_frame

LIMITS = RuleLimits(product_support=0.02, channel_support=0.02, discovery_rate=0.05)
AS_OF = date(2026, 3, 31)


def drawn_baskets(count: int = 400, items: int = 12, seed: int = 2) -> sparse.csr_matrix:
    """Baskets in which the items 0, 1 and 2 come together, and 3 and 4, and the others by chance."""
    random = np.random.default_rng(seed)
    held = random.random((count, items)) < 0.12
    held[:60, :3] |= random.random((60, 3)) < 0.8
    held[60:130, 3:5] |= random.random((70, 2)) < 0.7
    return sparse.csr_matrix(held.astype(np.int32))


def drawn_shop(seed: int = 2) -> BasketShop:
    """The drawn baskets as a shop of two channels, categories of three items each, and a customer per three baskets."""
    matrix = drawn_baskets(seed=seed)
    random = np.random.default_rng(seed)
    number = random.permutation(matrix.shape[0]) + 100
    rows, columns = matrix.nonzero()
    baskets = pd.DataFrame(
        {
            "basket": number,
            "order_date": [AS_OF - timedelta(days=int(day)) for day in random.integers(0, 90, len(number))],
            "channel": np.where(random.random(len(number)) < 0.5, "store", "web"),
            "customer_id": [
                f"c{one}" if one % 4 else "" for one in random.integers(0, len(number) // 3, len(number))
            ],
        }
    )
    lines = pd.DataFrame(
        {
            "basket": number[rows],
            "product_id": [f"p{item:02d}" for item in columns],
            "category": [f"k{item // 3}" if item < 9 else "" for item in columns],
        }
    )
    return BasketShop("shop", AS_OF, baskets, pd.concat([lines, lines.iloc[:50]], ignore_index=True))


def sets_of(shop: BasketShop, column: str) -> list[set[str]]:
    lines = shop.lines[shop.lines[column] != ""]
    return [set(lines[column][lines["basket"] == basket]) for basket in shop.baskets["basket"]]


def test_pairs_are_those_of_brute_force() -> None:
    shop = drawn_shop()
    baskets = sets_of(shop, "product_id")
    items = sorted(set().union(*baskets))
    least = minimum_count(LIMITS.product_support, len(baskets))
    expected = {}
    for a, c in permutations(items, 2):
        both = sum(a in basket and c in basket for basket in baskets)
        if both >= least:
            expected[a, c] = (both, sum(a in b for b in baskets), sum(c in b for b in baskets), len(baskets))
    everything = replace(LIMITS, discovery_rate=1.0)
    rules = basket_rules(shop, everything)
    rules = rules[(rules["scope"] == "product") & (rules["antecedent_item_count"] == 1)]
    counts = rules[["both_count", "antecedent_count", "consequent_count", "all_count"]].to_numpy().tolist()
    ids = zip(rules["antecedent_a_id"], rules["consequent_id"], strict=True)
    assert dict(zip(ids, map(tuple, counts), strict=True)) == expected
    assert (rules["hypothesis_count"] == len(items) * (len(items) - 1)).all()


def test_sets_of_three_are_those_of_fpgrowth() -> None:
    from mlxtend.frequent_patterns import fpgrowth

    matrix = drawn_baskets()
    least = 9
    pairs = pair_rules(matrix, matrix, least, matrix.shape[0])
    rules = triple_rules(matrix, pairs, least, matrix.shape[0]).rules
    frame = pd.DataFrame(matrix.toarray().astype(bool))
    sets = fpgrowth(frame, min_support=least / len(frame), max_len=3)
    sets = {
        one: round(support * len(frame))
        for one, support in zip(sets["itemsets"], sets["support"], strict=True)
    }
    expected = {
        (*sorted(one - {c}), c): (count, sets[one - {c}], sets[frozenset({c})])
        for one, count in sets.items()
        if len(one) == 3
        for c in one
    }
    assert len(expected) >= 3
    found = rules[["a", "b", "c", "both_count", "antecedent_count", "consequent_count"]].to_numpy().tolist()
    assert {tuple(row[:3]): tuple(row[3:]) for row in found} == expected


def test_sets_of_three_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = drawn_baskets()
    pairs = pair_rules(matrix, matrix, 5, matrix.shape[0])
    whole = triple_rules(matrix, pairs, 5, matrix.shape[0])
    monkeypatch.setattr("ml.basket.PAIR_BLOCK", 3)
    pd.testing.assert_frame_equal(triple_rules(matrix, pairs, 5, matrix.shape[0]).rules, whole.rules)


def test_a_rule_of_three_that_adds_nothing_to_a_shorter_one_is_chance() -> None:
    random = np.random.default_rng(4)
    a = random.random(4_000) < 0.3
    noise = random.random(4_000) < 0.5
    c = np.where(a, random.random(4_000) < 0.8, random.random(4_000) < 0.05)
    matrix = sparse.csr_matrix(np.column_stack([a, noise, c]).astype(np.int32))
    pairs = pair_rules(matrix, matrix, 1, 4_000)
    rules = triple_rules(matrix, pairs, 1, 4_000).rules.set_index(["a", "b", "c"])
    assert (
        chance_of(rules["both_count"], rules["antecedent_count"], rules["consequent_count"], 4_000)[0] < 1e-99
    )
    assert rules["p_value"][0, 1, 2] > 0.01  # a alone tells of c; the noise adds nothing


def test_strength_follows_its_definitions() -> None:
    rules = pd.DataFrame(
        {"both_count": [30, 20], "antecedent_count": [40, 20], "consequent_count": 50, "all_count": 200}
    )
    found = measured(rules)
    assert found["support_rate"].tolist() == [0.15, 0.1]
    assert found["confidence_rate"].tolist() == [0.75, 1.0]
    assert found["lift"].tolist() == [3.0, 4.0]
    assert found["leverage"].tolist() == pytest.approx([0.15 - 0.2 * 0.25, 0.1 - 0.1 * 0.25])
    assert found["conviction"][0] == pytest.approx((1 - 0.25) / (1 - 0.75))
    assert np.isnan(found["conviction"][1])


def test_chance_is_fishers_exact_test() -> None:
    for both, antecedent, consequent, everything in (
        (3, 10, 12, 60),
        (0, 5, 5, 30),
        (8, 8, 9, 40),
        (2, 30, 30, 31),
    ):
        if both < antecedent + consequent - everything:
            continue
        table = [
            [both, antecedent - both],
            [consequent - both, everything - antecedent - consequent + both],
        ]
        expected = stats.fisher_exact(table, alternative="greater").pvalue
        ways = sum(
            comb(consequent, k) * comb(everything - consequent, antecedent - k)
            for k in range(both, min(antecedent, consequent) + 1)
        )
        found = chance_of(np.array([both]), np.array([antecedent]), np.array([consequent]), everything)
        assert found[0] == pytest.approx(expected)
        assert found[0] == pytest.approx(ways / comb(everything, antecedent))


def test_false_discovery_rates_are_those_of_benjamini_and_hochberg() -> None:
    p_value = np.array([0.039, 0.001, 0.9, 0.008, 0.041, 0.042])
    by_hand = [0.042 * 6 / 5, 0.001 * 6, 0.9, 0.008 * 6 / 2, 0.042 * 6 / 5, 0.042 * 6 / 5]
    np.testing.assert_allclose(false_discovery_rates(p_value, 6), by_hand)
    np.testing.assert_allclose(false_discovery_rates(p_value, 6), stats.false_discovery_control(p_value))
    padded = stats.false_discovery_control(np.r_[p_value, np.ones(94)])[:6]
    np.testing.assert_allclose(false_discovery_rates(p_value, 100), padded)
    doubled = false_discovery_rates(np.repeat(p_value, 2), 12)  # a pair and its other direction
    np.testing.assert_allclose(doubled[::2], by_hand)
    assert not len(false_discovery_rates(np.zeros(0), 0))
    with pytest.raises(ValueError, match="6 p-values of 5 hypotheses"):
        false_discovery_rates(p_value, 5)


def test_baskets_without_a_pattern_give_hardly_a_rule() -> None:
    random = np.random.default_rng(9)
    shop = drawn_shop()
    shuffled = shop.lines.drop_duplicates().reset_index(drop=True)
    shuffled["basket"] = random.permutation(shuffled["basket"].to_numpy())
    assert len(basket_rules(shop, LIMITS).query("scope == 'product'")) >= 8
    assert len(basket_rules(replace(shop, lines=shuffled), LIMITS).query("scope == 'product'")) <= 2


def test_rules_are_found_by_category_and_over_channels() -> None:
    shop = drawn_shop()
    rules = basket_rules(shop, replace(LIMITS, discovery_rate=1.0))
    kinds = sets_of(shop, "category")
    own = rules[rules["scope"] == "category"]
    expected = {
        (a, c): sum({a, c} <= basket for basket in kinds) for a, c in permutations(["k0", "k1", "k2"], 2)
    }
    assert (
        dict(
            zip(
                zip(own["antecedent_a_id"], own["consequent_id"], strict=True), own["both_count"], strict=True
            )
        )
        == expected
    )
    assert (own["all_count"] == len(shop.baskets)).all()
    bought: dict[str, dict[str, set[str]]] = {"store": {}, "web": {}}
    channel = shop.baskets.set_index("basket")
    for line in shop.lines.itertuples():
        place = channel.loc[line.basket]
        if place["customer_id"]:
            bought[place["channel"]].setdefault(place["customer_id"], set()).add(line.product_id)
    both = sorted(bought["store"].keys() & bought["web"].keys())
    over = rules[rules["scope"] == "store_to_web"]
    assert (over["all_count"] == len(both)).all()
    for rule in over.itertuples():
        count = sum(
            rule.antecedent_a_id in bought["store"][who] and rule.consequent_id in bought["web"][who]
            for who in both
        )
        assert rule.both_count == count
    back = rules[rules["scope"] == "web_to_store"]
    assert sorted(
        zip(over["antecedent_a_id"], over["consequent_id"], over["both_count"], strict=True)
    ) == sorted(zip(back["consequent_id"], back["antecedent_a_id"], back["both_count"], strict=True))


def test_supports_are_decimal_numbers() -> None:
    assert minimum_count(0.07, 100) == 7
    assert minimum_count(0.005, 20_573) == 103
    assert minimum_count(0.0, 10) == 1
    assert minimum_count(0.5, 0) == 1


def test_rules_do_not_depend_on_the_order_of_lines() -> None:
    shop = drawn_shop()
    mixed = replace(
        shop,
        baskets=shop.baskets.sample(frac=1, random_state=1).reset_index(drop=True),
        lines=shop.lines.sample(frac=1, random_state=1).reset_index(drop=True),
    )
    pd.testing.assert_frame_equal(basket_rules(shop, LIMITS), basket_rules(mixed, LIMITS), check_exact=True)


def test_rules_and_their_evaluation_are_the_same_of_texts_and_of_categories() -> None:
    shop = drawn_shop()
    texts = {"channel": "category", "customer_id": "category"}
    coded = replace(
        shop,
        baskets=shop.baskets.astype(texts),
        lines=shop.lines.astype({"product_id": "category", "category": "category"}),
    )
    pd.testing.assert_frame_equal(basket_rules(shop, LIMITS), basket_rules(coded, LIMITS), check_exact=True)
    of_texts, of_codes = (evaluation_frame(evaluate_rules(each, LIMITS)) for each in (shop, coded))
    pd.testing.assert_frame_equal(of_texts, of_codes, check_exact=True)


def test_categories_that_no_line_names_are_no_items() -> None:
    products = pd.Series(pd.Categorical.from_codes([3, 1, 3, 1], ["a", "b", "c", "d", "e"]))
    held = incidence(np.array([0, 0, 1, 0]), products, 3)
    assert held.ids.tolist() == ["b", "d"]
    assert held.matrix.toarray().tolist() == [[1, 1], [0, 1], [0, 0]]


def test_lines_name_each_version_of_a_product_once_in_a_basket() -> None:
    versions = pd.DataFrame(
        {"product_version": [1, 2, 3], "product_id": ["b", "a", "b"], "category": ["y", "x", "z"]}
    )
    pairs = pd.DataFrame({"basket": [7, 7, 5, 7, 7], "product_version": [3, 1, 2, 3, 2]})
    lines = basket_lines(pairs, versions).astype({"product_id": str, "category": str})
    assert lines.to_numpy().tolist() == [[5, "a", "x"], [7, "a", "x"], [7, "b", "y"], [7, "b", "z"]]
    assert basket_lines(pairs.iloc[:0], versions.iloc[:0]).empty


def empty_shop() -> BasketShop:
    shop = drawn_shop()
    return replace(shop, baskets=shop.baskets.iloc[:0], lines=shop.lines.iloc[:0])


def one_basket() -> BasketShop:
    shop = drawn_shop()
    basket = shop.lines["basket"].iloc[0]
    kept = [frame[frame["basket"] == basket].reset_index(drop=True) for frame in (shop.baskets, shop.lines)]
    return replace(shop, baskets=kept[0], lines=kept[1])


def one_thing_each() -> BasketShop:
    shop = drawn_shop()
    return replace(shop, lines=shop.lines.drop_duplicates("basket").reset_index(drop=True))


@pytest.mark.parametrize(
    "shop", [empty_shop(), one_basket(), one_thing_each()], ids=["empty", "one", "one each"]
)
def test_shops_without_pairs_have_no_rules_and_say_why(shop: BasketShop) -> None:
    rules = basket_rules(shop, LIMITS)
    assert rules.empty
    assert list(rules.columns) == list(RULE_COLUMNS)
    for row in evaluate_rules(shop, LIMITS):
        assert row.note == "no rule was found before the cut"


def test_rules_are_judged_by_baskets_that_they_have_not_seen() -> None:
    shop = drawn_shop()
    rows = evaluation_frame(evaluate_rules(shop, LIMITS))
    cut = max(shop.baskets["order_date"]) - timedelta(days=RULE_HOLDOUT_DAYS - 1)
    dates = shop.baskets.set_index("basket")["order_date"]
    earlier = [basket for basket in dates.index if dates[basket] < cut]
    before = replace(
        shop,
        baskets=shop.baskets[shop.baskets["basket"].isin(earlier)],
        lines=shop.lines[shop.lines["basket"].isin(earlier)],
    )
    rules = basket_rules(before, LIMITS)
    rules = rules[(rules["scope"] == "product") & (rules["antecedent_item_count"] == 1)]
    later = [set(shop.lines["product_id"][shop.lines["basket"] == b]) for b in dates.index if dates[b] >= cut]
    pairs = [(a, c) for a, c in zip(rules["antecedent_a_id"], rules["consequent_id"], strict=True) if a < c]
    held = lifted = 0
    for a, c in pairs:
        both, ones, others = (sum(items <= basket for basket in later) for items in ({a, c}, {a}, {c}))
        lifted += both * len(later) > ones * others
        p_value = stats.hypergeom.sf(both - 1, len(later), ones, others)
        held += both * len(later) > ones * others and p_value <= HOLDING_P_VALUE
    own = rows[(rows["part"] == "product_2") & (rows["method"] == "false_discovery_rate")].set_index("metric")
    assert len(pairs) >= 4
    assert own["metric_value"]["hold_rate"] == pytest.approx(held / len(pairs))
    assert own["metric_value"]["positive_lift_rate"] == pytest.approx(lifted / len(pairs))
    assert own["holdout_count"].unique().tolist() == [len(pairs)]
    assert own["baseline_value"]["hold_rate"] < own["metric_value"]["hold_rate"]
    assert own["train_count"].unique().tolist() == [len(earlier)]


def test_the_baseline_is_the_rules_among_the_most_popular_items() -> None:
    scope = scopes_of(drawn_shop(), LIMITS)[0]
    totals = np.asarray(scope.left.matrix.sum(axis=0)).ravel().astype(float)
    for item_count, asked, width in ((2, 3, 3), (2, 4, 4), (3, 3, 4), (2, 10_000, 12)):
        popular = sorted(np.argsort(-totals, kind="stable")[:width].tolist())
        best = sorted(
            combinations(popular, item_count), key=lambda items: (-totals[list(items)].prod(), items)
        )
        found = [tuple(i for i in row if i >= 0) for row in _popular(scope, item_count, asked).tolist()]
        assert found == best[:asked]


def test_the_fingerprint_tells_baskets_apart_that_hold_the_same_goods() -> None:
    shop = drawn_shop()
    moved = shop.baskets.assign(
        order_date=[shop.baskets["order_date"].iloc[-1], *shop.baskets["order_date"][1:]]
    )
    other = shop.baskets.assign(channel=np.roll(shop.baskets["channel"], 1))
    shuffled = shop.baskets.sample(frac=1, random_state=1).reset_index(drop=True)

    def fingerprint(baskets: pd.DataFrame) -> str:
        (found,) = {row.data_fingerprint for row in evaluate_rules(replace(shop, baskets=baskets), LIMITS)}
        return found

    assert len({fingerprint(baskets) for baskets in (shop.baskets, moved, other)}) == 3
    assert fingerprint(shuffled) == fingerprint(shop.baskets)
