"""The lists that are served, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import EVALUATION_COLUMNS, evaluation_frame
from ml.recommend.ease import fit_ease
from ml.recommend.evaluate import HOLDOUT_DAYS, champions, evaluate_recommendations
from ml.recommend.interaction import Shop, interactions
from ml.recommend.metrics import hits_of, ndcg_at, precision_at, recall_at, rmse
from ml.recommend.rank import EXCLUDED
from ml.recommend.serve import (
    BUY_AGAIN,
    DECAYED_FREQUENCY,
    DISCOVERY,
    EASE,
    IALS,
    POPULARITY,
    RECOMMENDATION_COLUMNS,
    discovery_scores,
    recommendations,
)
from ml.recommend.source import shop_of
from tests.ml.shops import AS_OF, LAST_DAY, drawn_shop, shop_of_lines


def lists(
    shop: Shop, discovery: str = EASE, again: str = DECAYED_FREQUENCY, most: int = 15_000
) -> pd.DataFrame:
    parts = list(recommendations(shop, again, discovery, most))
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(RECOMMENDATION_COLUMNS))
    )


def of(rows: pd.DataFrame, customer: str, name: str) -> list[str]:
    chosen = rows[(rows["customer_id"] == customer) & (rows["list"] == name)]
    assert chosen["rank"].tolist() == list(range(1, len(chosen) + 1))
    return list(chosen["product_id"])


def test_buy_again_ranks_recent_habits_first() -> None:
    shop = shop_of_lines(
        [("a", "old", 140), ("a", "old", 130), ("a", "new", 1), ("a", "gone", 0)], withheld=["gone"]
    )
    rows = lists(shop)
    assert of(rows, "a", BUY_AGAIN) == ["new", "old"]
    assert rows["reason"][1] == "bought on 2 days, last on 2025-11-21"
    assert of(lists(shop, again=POPULARITY), "a", BUY_AGAIN) == [
        "new",
        "old",
    ]  # equally popular: by product_id


def test_discovery_names_the_purchase_that_speaks_for_it() -> None:
    pairs = [(f"c{i}", p, 5) for i in range(30) for p in ("bread", "butter")]
    others = [(f"d{i}", p, 5) for i in range(30) for p in ("nail", "screw")]
    shop = shop_of_lines([*pairs, *others, ("x", "bread", 2)])
    rows = lists(shop)
    first = rows[(rows["customer_id"] == "x") & (rows["list"] == DISCOVERY)].iloc[0]
    assert (first["product_id"], first["method"], first["because_product_id"]) == ("butter", EASE, "bread")
    assert first["reason"] == "goes with bread"


@pytest.mark.parametrize(("method", "most"), [(EASE, 15_000), (IALS, 10)])
def test_lists_hold_what_the_customer_may_have(method: str, most: int) -> None:
    shop = drawn_shop()
    shop.is_offered[::5] = False
    rows = lists(shop, method, most=most)
    bought = {
        (shop.customer_ids[c], shop.product_ids[p])
        for c, p in shop.events[["customer", "product"]].to_numpy()
    }
    offered = set(shop.product_ids[shop.is_offered])
    assert set(rows["product_id"]) <= offered
    pairs = list(zip(rows["customer_id"], rows["product_id"], strict=True))
    assert len(pairs) == len(set(pairs))
    assert all(
        (pair in bought) == (name == BUY_AGAIN) for pair, name in zip(pairs, rows["list"], strict=True)
    )
    for customer in shop.customer_ids:
        own = {product for who, product in bought if who == customer}
        assert len(of(rows, customer, DISCOVERY)) == min(10, len(offered - own))
        assert len(of(rows, customer, BUY_AGAIN)) == min(10, len(offered & own))
    assert method in set(rows["method"])
    score = rows[rows["method"] == method].groupby("customer_id")["score"]
    assert score.apply(lambda values: values.is_monotonic_decreasing).all()


def test_the_discovery_list_is_the_history_times_the_weights() -> None:
    shop = drawn_shop()
    rows = lists(shop)
    known = interactions(shop, LAST_DAY + 1)
    dense = known.score.toarray().astype(np.float64) @ fit_ease(known.score).weights
    dense[known.score.toarray() > 0] = -1
    for customer in range(0, len(shop.customer_ids), 17):
        best = dense[customer, np.argsort(-dense[customer])[:10]]
        own = rows[(rows["customer_id"] == shop.customer_ids[customer]) & (rows["list"] == DISCOVERY)]
        np.testing.assert_allclose(own["score"][own["method"] == EASE], best[best > 0], atol=2e-6)


def test_a_cold_start_gets_what_most_customers_bought() -> None:
    shop = shop_of_lines(
        [("a", "x", 1), ("b", "x", 1), ("b", "y", 1), ("c", "x", 2)], customers=["new"], products=["never"]
    )
    rows = lists(shop)
    assert of(rows, "new", DISCOVERY) == ["x", "y"]
    assert of(rows, "new", BUY_AGAIN) == []
    new = rows[rows["customer_id"] == "new"]
    assert new["method"].tolist() == [POPULARITY] * 2
    assert new["score"].tolist() == [0.75, 0.25]
    assert new["reason"].tolist() == ["popular: 3 customers bought it", "popular: 1 customer bought it"]


@pytest.mark.parametrize(
    "shop",
    [
        shop_of_lines([("a", "x", 0)]),  # one customer, who bought everything
        shop_of_lines([(f"c{i}", f"p{i}", i) for i in range(60)]),  # everybody bought once
        shop_of_lines([], customers=["a"], products=["x"]),  # nothing was ever sold
        shop_of_lines([("a", "x", 40), ("a", "x", 0)]),  # one customer before and after the cut
        shop_of_lines([], customers=[], products=[]),  # an empty source
    ],
    ids=["one customer", "one purchase each", "nothing sold", "one customer twice", "empty"],
)
def test_small_shops_get_sensible_lists_or_none(shop: Shop) -> None:
    rows = lists(shop)
    evaluations = evaluation_frame(evaluate_recommendations(shop))
    bought = {
        (shop.customer_ids[c], shop.product_ids[p])
        for c, p in shop.events[["customer", "product"]].to_numpy()
    }
    for customer in shop.customer_ids:
        own = {product for who, product in bought if who == customer}
        assert set(of(rows, customer, BUY_AGAIN)) == own
        assert not set(of(rows, customer, DISCOVERY)) & own
    assert rows["score"].notna().all()
    assert list(evaluations.columns) == list(EVALUATION_COLUMNS)
    assert evaluations["note"][evaluations["metric_value"].isna()].ne("").all()
    assert set(champions(evaluations).values()) <= {POPULARITY, DECAYED_FREQUENCY, EASE, "ease_and_buy_again"}


def test_two_runs_are_identical() -> None:
    pd.testing.assert_frame_equal(lists(drawn_shop()), lists(drawn_shop()), check_exact=True)
    one, other = (evaluation_frame(evaluate_recommendations(drawn_shop())) for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_metrics_are_those_of_a_list_judged_by_hand() -> None:
    items = np.array([[4, 1, -1], [0, 2, 3]])
    truth = np.zeros((2, 5), dtype=bool)
    truth[0, [1, 2, 3, 0]] = True  # four bought, of which the second place is one
    truth[1, [0, 3]] = True
    hits = hits_of(items, truth)
    count = truth.sum(axis=1)
    np.testing.assert_allclose(recall_at(hits, count, 3), [1 / 3, 2 / 2])
    np.testing.assert_allclose(precision_at(hits, 3), [1 / 3, 2 / 3])
    ideal = [1 + 1 / np.log2(3) + 1 / 2, 1 + 1 / np.log2(3)]
    np.testing.assert_allclose(ndcg_at(hits, count, 3), [1 / np.log2(3) / ideal[0], (1 + 0.5) / ideal[1]])
    assert rmse(np.array([1.0, 3.0]), np.array([2.0, 5.0])) == pytest.approx(np.sqrt(2.5))
    assert np.isnan(rmse(np.zeros(0), np.zeros(0)))


def test_the_evaluation_recounts_from_the_lines() -> None:
    """NDCG@10 and Recall@20 of discovery, customer by customer, with sets and dictionaries."""
    shop = drawn_shop()
    cut = int(shop.events["day"].max()) - HOLDOUT_DAYS + 1
    before, after = shop.events[shop.events["day"] < cut], shop.events[shop.events["day"] >= cut]
    known = interactions(shop, cut)
    everybody = np.arange(len(shop.customer_ids))
    scores = discovery_scores(fit_ease(known.score).scores(known.score, everybody), known, everybody)
    recalls, gains = [], []
    for customer in range(len(shop.customer_ids)):
        own = set(before["product"][before["customer"] == customer])
        new = (set(after["product"][after["customer"] == customer]) & set(before["product"])) - own
        if not own or not new:
            continue
        ranked = [p for p in np.argsort(-scores[customer], kind="stable") if scores[customer, p] > EXCLUDED]
        recalls.append(len(new & set(ranked[:20])) / min(20, len(new)))
        gain = sum(1 / np.log2(place + 2) for place, p in enumerate(ranked[:10]) if p in new)
        gains.append(gain / sum(1 / np.log2(place + 2) for place in range(min(10, len(new)))))
    rows = evaluation_frame(evaluate_recommendations(shop))
    own_rows = rows[(rows["part"] == DISCOVERY) & (rows["method"] == EASE)].set_index("metric")
    assert own_rows["metric_value"]["recall_at_20"] == pytest.approx(np.mean(recalls))
    assert own_rows["metric_value"]["ndcg_at_10"] == pytest.approx(np.mean(gains))
    assert own_rows["holdout_count"].unique().tolist() == [len(recalls)]
    assert own_rows["is_better_than_baseline"]["ndcg_at_10"]
    assert champions(rows)["shop", DISCOVERY] == EASE


def test_popularity_is_served_where_it_is_not_beaten() -> None:
    lines = [(f"c{i}", f"p{j}", 60 + i % 9) for i in range(40) for j in range(3) if (i + j) % 3]
    holdout = [(f"c{i}", "hit", 3) for i in range(30)] + [(f"n{i}", "hit", 40 + i % 5) for i in range(40)]
    rows = evaluation_frame(evaluate_recommendations(shop_of_lines(lines + holdout)))
    served = rows[(rows["part"] == DISCOVERY) & (rows["metric"] == "ndcg_at_10")].set_index("method")
    assert served["role"][EASE] == "challenger"
    assert served["role"][POPULARITY] == "champion"
    assert champions(rows)["shop", DISCOVERY] == POPULARITY
    assert set(lists(shop_of_lines(lines), champions(rows)["shop", DISCOVERY])["method"]) == {
        POPULARITY,
        DECAYED_FREQUENCY,
    }


def test_the_evaluation_is_fitted_on_nothing_from_the_cut_on() -> None:
    """With the holdout moved to other days of the holdout, all that is fitted and judged stays."""
    shop = drawn_shop()
    last = int(shop.events["day"].max())
    events = shop.events.copy()
    is_later = (events["day"] > last - HOLDOUT_DAYS) & (events["day"] < last)
    events.loc[is_later, "day"] = last - (events.loc[is_later, "day"] * 13) % HOLDOUT_DAYS
    events.loc[is_later, "unit_count"] = 99.0
    one, other = (evaluate_recommendations(each) for each in (shop, replace(shop, events=events)))
    assert [(row.method, row.metric, row.metric_value) for row in one if row.part != "rating"] == [
        (row.method, row.metric, row.metric_value) for row in other if row.part != "rating"
    ]


def test_numbers_of_all_sources_become_positions_of_one() -> None:
    customers = pd.DataFrame({"customer_id": ["c", "b"]})
    products = pd.DataFrame({"product_id": ["q", "p", "never"], "is_offered": [True, False, True]})
    day = (date(2026, 1, 1) - date(1970, 1, 1)).days
    coded = {"source": "category", "customer_id": "category", "product_id": "category"}
    events = pd.DataFrame(
        {
            "source": "s",
            "customer_id": ["c", "out of the books", "b", "b"],
            "product_id": ["q", "q", "p", "no product"],
            "day": day,
            "unit_count": [1.0, 1.0, 2.0, 1.0],
        }
    ).astype(coded)
    ratings = pd.DataFrame(
        {
            "source": "s",
            "customer_id": ["b", "b", "c"],
            "product_id": ["q", "never", "q"],
            "day": [day, day, day + 400],
            "score": 4.0,
        }
    ).astype(coded)
    shop = shop_of("s", pd.Timestamp("2026-01-01"), customers, products, events, ratings)
    assert shop.customer_ids.tolist() == ["b", "c"]
    assert shop.product_ids.tolist() == ["p", "q"]  # what was never sold has no place
    assert shop.is_offered.tolist() == [False, True]
    assert shop.events[["customer", "product"]].to_numpy().tolist() == [[1, 1], [0, 0]]
    assert shop.ratings[["customer", "product"]].to_numpy().tolist() == [[0, 1]]  # the last one is of later
    assert shop.as_of < AS_OF
