"""How good the segments are: metrics against closed forms, and nothing of the holdout in what is learned."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from sqlglot import exp

from ml.evaluation import EVALUATION_COLUMNS, evaluation_frame
from ml.segments import clusters
from ml.segments.evaluate import (
    assign_grid,
    epsilon_squared,
    grid_codes,
    learn_grid,
    segment_evaluations,
)
from ml.segments.query import at_cut_query, customers_query
from ml.segments.run import segment_curve
from tests.ml.segment_shops import AS_OF, GRID, SETTINGS, customers, kinds, many

TABLES = ("placed", "sale", "line")


@pytest.fixture(autouse=True)
def few_bootstraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "BOOTSTRAP_COUNT", 4)  # stability has tests of its own


def at_cut(shop: pd.DataFrame, next_net: object) -> pd.DataFrame:
    return shop.assign(cut_date=date(2026, 4, 2), holdout_days=90, next_net_amount=next_net)


def evaluated(shop: pd.DataFrame, next_net: object) -> pd.DataFrame:
    evaluations = segment_evaluations(
        shop, segment_curve(shop, SETTINGS), at_cut(shop, next_net), GRID, SETTINGS
    )
    return evaluation_frame(evaluations).set_index("metric")


def test_segments_that_tell_the_revenue_beat_the_grid() -> None:
    shop, kind = kinds()
    revenue = np.array([500.0, 0, 0, 100])[kind]
    found = evaluated(shop, revenue)
    assert sorted([*found.columns, "metric"]) == sorted(EVALUATION_COLUMNS)
    row = found.loc["next_revenue_epsilon_squared"]
    assert row["metric_value"] == pytest.approx(1)
    assert row["is_better_than_baseline"]
    assert (row["part"], row["train_count"], row["cut_date"]) == ("EUR", 400, date(2026, 4, 2))
    assert found.loc["silhouette", "metric_value"] > found.loc["silhouette", "baseline_value"]
    assert found.loc["smallest_rate", "metric_value"] == 0.25


def test_revenue_that_nobody_can_tell_is_not_told() -> None:
    shop, _ = kinds()
    revenue = np.random.default_rng(8).permutation(np.repeat([0.0, 10], [380, 20]))
    row = evaluated(shop, revenue).loc["next_revenue_epsilon_squared"]
    assert abs(row["metric_value"]) < 0.03
    assert "only 20 of the customers" in row["note"]


def test_one_customer_is_evaluated_with_empty_metrics() -> None:
    found = evaluated(customers([3], [1], [10]), [0.0])
    assert found["metric_value"].isna().tolist() == [True, True, False, True]
    assert found.loc["silhouette", "note"].startswith("too few or too similar")


def test_the_holdout_changes_nothing_that_is_learned() -> None:
    shop, kind = kinds()
    revenue = np.array([500.0, 0, 0, 100])[kind]
    one = evaluated(shop, revenue).loc["next_revenue_epsilon_squared"]
    two = evaluated(shop, np.random.default_rng(9).permutation(revenue)).loc["next_revenue_epsilon_squared"]
    assert one["parameters"] == two["parameters"]
    assert one["metric_value"] > two["metric_value"]


def test_epsilon_squared_is_kelleys() -> None:
    values, groups = np.array([1.0, 2, 3, 7, 8, 9]), ["a", "a", "a", "b", "b", "b"]
    # Between groups 54, within 4, in all 58: eta squared 54/58; less (k - 1) times the mean square within.
    assert epsilon_squared(values, groups) == pytest.approx((54 - 1 * 4 / 4) / 58)
    assert epsilon_squared(np.ones(6), groups) is None
    assert epsilon_squared(np.arange(3.0), ["a", "b", "c"]) is None


def test_the_grid_scores_as_mart_customer_does() -> None:
    shop = many(137)
    rows = shop[["recency_days", "order_count"]].to_numpy()
    found = assign_grid(learn_grid(rows), rows, grid_codes(GRID))
    names = GRID.set_index(["r_score", "f_score"])["segment"]
    by_hand = []
    for recency, orders in rows:
        less_recent, less_frequent = (rows[:, 0] > recency).sum(), (rows[:, 1] < orders).sum()
        by_hand.append(names[1 + 5 * less_recent // len(rows), 1 + 5 * less_frequent // len(rows)])
    assert len(set(zip(found, by_hand, strict=True))) == len(set(by_hand)) == len(set(found))


@pytest.fixture
def shop_tables() -> dict[str, pd.DataFrame]:
    """Two customers' orders around the cut of 2026-06-21 (ten days), and a return on either side of it."""
    days = pd.to_datetime(["2026-05-01", "2026-06-20", "2026-06-21", "2026-06-25"]).date
    sale = pd.DataFrame(
        {
            "source": "shop",
            "currency": "EUR",
            "customer_id": ["a", "a", "a", "b"],
            "order_date": days,
            "net_sale_amount": [100.0, 50, 30, 70],
        }
    )
    line = pd.DataFrame(
        {
            "source": "shop",
            "currency": "EUR",
            "customer_id": "a",
            "order_date": [days[0], days[0]],
            "return_date": [days[1], days[3]],
            "line_kind": "product",
            "is_return": True,
            "is_cancelled": False,
            "net_amount": [-20.0, -5],
        }
    )
    placed = pd.DataFrame({"source": ["shop"], "order_date": [AS_OF]})
    return {"placed": placed, "sale": sale, "line": line}


def asked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    query = at_cut_query(*map(exp.to_table, TABLES), holdout_days=10)
    with duckdb.connect() as database:
        for name, frame in tables.items():
            database.register(name, frame)
        return database.execute(query.sql("duckdb")).df()


def test_features_at_the_cut_are_those_of_its_eve(shop_tables: dict[str, pd.DataFrame]) -> None:
    (row,) = asked(shop_tables).itertuples()  # b had not bought yet
    assert (row.customer_id, row.cut_date.date()) == ("a", date(2026, 6, 21))
    assert (row.recency_days, row.order_count, row.net_amount) == (0, 2, 130)
    assert row.next_net_amount == 25


def test_what_comes_after_the_cut_changes_no_feature(shop_tables: dict[str, pd.DataFrame]) -> None:
    before = asked(shop_tables).drop(columns="next_net_amount")
    sale = shop_tables["sale"]
    later = sale["order_date"] >= date(2026, 6, 21)
    sale.loc[later, "net_sale_amount"] *= 7
    sale.loc[later, "customer_id"] = ["b", "a"]
    pd.testing.assert_frame_equal(before, asked(shop_tables).drop(columns="next_net_amount"))


def test_customers_are_read_with_their_features_and_only_if_they_bought() -> None:
    shop = kinds(8)[0].assign(tenure_days=30)
    shop.loc[0, "order_count"] = 0
    query = customers_query(exp.to_table("customer"), (*SETTINGS.features, "tenure_days"))
    with duckdb.connect() as database:
        database.register("customer", shop)
        found = database.execute(query.sql("duckdb")).df()
    assert list(found["customer_id"]) == list(shop["customer_id"][1:])
    assert {"recency_days", "order_count", "net_amount", "tenure_days"} <= set(found.columns)
