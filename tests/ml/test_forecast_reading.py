"""What the forecasts of demand read from a small star, on an engine that is not Postgres."""

from __future__ import annotations

import typing as t
from datetime import date
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest
from sqlglot import exp

from ml.forecast.reading import read_weekly_demand

STAR = """
CREATE SCHEMA physical;
CREATE TABLE physical.fct_order AS SELECT * FROM (VALUES ('o1', 'web'), ('o2', 'store')) AS v(order_key, channel);
CREATE TABLE physical.fct_order_line AS SELECT * FROM (VALUES
  ('o1', 'p', 'no store', DATE '2026-06-29', 1.5, 0.1, 'product', FALSE, FALSE, 'EUR'),
  ('o1', 'p', 'no store', DATE '2026-07-05', 1, 0.2, 'product', FALSE, FALSE, 'EUR'),
  ('o1', 'p', 'no store', DATE '2026-07-06', 2, 9.9999, 'product', FALSE, FALSE, 'EUR'),
  ('o1', 'p', 'no store', DATE '2026-06-30', 1, 7, 'product', FALSE, FALSE, 'GBP'),
  ('o2', 'p', 's1', DATE '2000-01-01', 3, 5, 'product', FALSE, FALSE, 'EUR'),
  ('o2', 'p', 's1', DATE '2000-01-01', 3, 5, 'product', TRUE, FALSE, 'EUR'),
  ('o2', 'p', 's1', DATE '2000-01-01', -3, -5, 'product', FALSE, TRUE, 'EUR'),
  ('o2', NULL, 's1', DATE '2000-01-01', 3, 5, 'product', FALSE, FALSE, 'EUR'),
  ('o2', 'post', 's1', DATE '2000-01-01', 1, 2, 'freight', FALSE, FALSE, 'EUR')
) AS v(
  order_key, product_id, store_key, order_date, quantity, net_amount, line_kind, is_cancelled, is_return, currency
);
ALTER TABLE physical.fct_order_line ADD COLUMN source TEXT DEFAULT 's';
"""


@pytest.fixture
def context() -> t.Any:
    connection = duckdb.connect()
    connection.execute(STAR)

    def fetchdf(query: exp.Expression) -> pd.DataFrame:
        return connection.execute(query.sql("duckdb")).df()

    return SimpleNamespace(
        fetchdf=fetchdf,
        resolve_table=lambda name: f'"physical"."{name.split(".")[1]}"',
        engine_adapter=SimpleNamespace(dialect="duckdb"),
    )


def test_demand_is_what_was_sold_in_weeks_that_begin_on_monday(context: t.Any) -> None:
    demand = read_weekly_demand(context)
    week = pd.to_datetime(demand["week_start_date"]).dt.date
    rows = demand.assign(week_start_date=week).sort_values(["week_start_date", "currency"])
    columns = ["source", "product_id", "channel", "store_key", "week_start_date", "currency"]
    assert rows[[*columns, "unit_count", "net_amount"]].to_numpy().tolist() == [
        ["s", "p", "store", "s1", date(1999, 12, 27), "EUR", 3.0, 5.0],
        ["s", "p", "web", "no store", date(2026, 6, 29), "EUR", 2.5, 0.3],  # binary 0.1 + 0.2 is more
        ["s", "p", "web", "no store", date(2026, 6, 29), "GBP", 1.0, 7.0],
        ["s", "p", "web", "no store", date(2026, 7, 6), "EUR", 2.0, 9.9999],
    ]
