"""Tables of customers in, rows of the models out: every customer once, runs that agree, odd shops."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from ml.segments import clusters
from ml.segments.run import CURVE_COLUMNS, SEGMENT_COLUMNS, WORTHLESS, customer_segments, segment_curve
from tests.ml.segment_shops import RULES, SETTINGS, customers, kinds, many

UNDIVIDED = "All Customers"


@pytest.fixture(autouse=True)
def few_bootstraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "BOOTSTRAP_COUNT", 4)  # stability has tests of its own


def run(
    shop: pd.DataFrame, curve_before: pd.DataFrame | None = None, before: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The curve and the segments of customers."""
    curve = segment_curve(shop, SETTINGS, curve_before)
    return curve, customer_segments(shop, curve, RULES, SETTINGS, before)


def test_planted_kinds_get_their_names() -> None:
    shop, kind = kinds()
    curve, segments = run(shop)
    assert list(segments.columns) == SEGMENT_COLUMNS
    assert list(curve.columns) == CURVE_COLUMNS
    assert adjusted_rand_score(kind, segments["segment"]) == 1
    names = segments.groupby(kind)["segment"].first().to_dict()
    assert names == {
        0: "Super VIP Champions",
        1: "New Customers",
        2: "Hibernating",
        3: "Loyal Customers At Risk",
    }
    assert set(segments["cluster_number"]) == {1, 2, 3, 4}
    best = segments[segments["cluster_number"] == 1]
    assert set(best["segment"]) == {"Super VIP Champions"}
    actions = RULES.set_index("segment")["recommended_action"]
    assert (segments["recommended_action"] == segments["segment"].map(actions)).all()
    assert (segments["note"] == "").all()


def test_two_runs_are_the_same_in_any_order_of_rows_and_after_each_other() -> None:
    shop = many(300)
    curve, segments = run(shop)
    again_curve, again = run(shop.sample(frac=1, random_state=1), curve[curve["is_chosen"]], segments)
    pd.testing.assert_frame_equal(curve, again_curve)
    pd.testing.assert_frame_equal(segments, again)


def test_a_day_later_customers_keep_their_names() -> None:
    shop, _ = kinds(spread=0.35)
    curve, segments = run(shop)
    later = shop.assign(recency_days=shop["recency_days"] + 1)
    bought = np.arange(0, 400, 25)
    later.loc[bought, "recency_days"] = 0
    later.loc[bought, "order_count"] += 1
    newcomer = customers([0], [1], [40]).assign(customer_id="c999999")
    _, next_day = run(pd.concat([later, newcomer]), curve[curve["is_chosen"]], segments)
    both = segments.merge(next_day, on="customer_id", suffixes=("", "_next"))
    assert (both["segment"] == both["segment_next"]).drop(bought).mean() > 0.97


def test_each_source_and_currency_is_divided_by_itself() -> None:
    first, _ = kinds(seed=1)
    second, _ = kinds(seed=2)
    second = second.assign(source="other", recency_days=second["recency_days"] * 3)
    third = first.assign(currency="USD", net_amount=first["net_amount"] * 1000)
    together_curve, together = run(pd.concat([third, second, first]))
    alone = [run(one)[1] for one in (second, first, third)]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
    assert together_curve.groupby(["source", "currency"])["is_chosen"].sum().tolist() == [1, 1, 1]


def test_nobody_gives_no_rows() -> None:
    nobody = customers([], [], [])
    curve, segments = run(nobody)
    assert (len(curve), len(segments)) == (0, 0)
    assert list(segments.columns) == SEGMENT_COLUMNS


@pytest.mark.parametrize(
    "shop",
    [
        pytest.param(customers([3], [1], [10]), id="one customer"),
        pytest.param(customers([3, 9], [1, 2], [10, 5]), id="fewer than clusters"),
        pytest.param(customers([3] * 50, [1] * 50, [10] * 50), id="all identical"),
        pytest.param(customers([3] * 50, [1] * 50, [-10] * 50), id="all owed"),
    ],
)
def test_who_cannot_be_told_apart_is_one_segment_with_a_reason(shop: pd.DataFrame) -> None:
    curve, segments = run(shop)
    (chosen,) = curve[curve["is_chosen"]].itertuples()
    assert chosen.cluster_count == 1
    assert "too few or too similar customers" in chosen.note
    assert set(segments["segment"]) == {UNDIVIDED}
    assert segments["note"].str.startswith("the customers cannot be told apart").all()
    assert (segments["rule_distance"] == 0).all()
    assert segments["centroid_distance"].notna().all()


def test_one_time_buyers_are_divided_by_the_rest_and_none_is_called_frequent() -> None:
    shop, _ = kinds()
    curve, segments = run(shop.assign(order_count=1.0))
    (chosen,) = curve[curve["is_chosen"]].itertuples()
    assert chosen.features == "recency_days, net_amount"
    assert "order_count left out" in chosen.note
    assert chosen.cluster_count >= 3
    named = RULES.set_index("segment").loc[list(set(segments["segment"]))]
    assert (named["frequency_from"] < 0.5).all()


def test_who_brought_back_more_than_was_bought_is_told_and_ranks_last() -> None:
    shop, _ = kinds()
    shop.loc[[0, 1], "net_amount"] = [-2000.0, 0.0]
    _, segments = run(shop)
    owed = segments[segments["net_amount"] <= 0]
    assert list(owed["note"]) == [WORTHLESS] * 2
    assert (owed["value_rank_rate"] == 0).all()


def test_further_features_may_be_clustered_on() -> None:
    shop, _ = kinds()
    random = np.random.default_rng(7)
    returning = np.where(np.arange(len(shop)) % 8 < 4, 0.01, 0.9) * random.uniform(0.9, 1.1, len(shop))
    wider = type(SETTINGS)((*SETTINGS.features, "return_rate"), SETTINGS.limits)
    curve = segment_curve(shop.assign(return_rate=returning), wider)
    assert set(curve["features"]) == {"recency_days, order_count, net_amount, return_rate"}
    (chosen,) = curve[curve["is_chosen"]].itertuples()
    assert chosen.cluster_count == 8  # four kinds, each with and without returns
