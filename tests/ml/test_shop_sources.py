"""What the queries of recommendations and baskets read from a small star, on an engine that is not Postgres."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest
from sqlglot import exp

from ml.basket_source import BASKET_TABLES, read_baskets
from ml.recommend.source import SHOP_TABLES, read_shops

STAR = """
CREATE SCHEMA physical;
CREATE TABLE physical.fct_order AS SELECT 's' AS source, DATE '2026-03-31' AS order_date;
CREATE TABLE physical.dim_customer AS SELECT * FROM (VALUES
  ('s', 'ann', TRUE, FALSE), ('s', 'ann', FALSE, FALSE), ('s', 'bob', TRUE, FALSE), ('s', 'new', TRUE, FALSE),
  ('s', 'out', TRUE, TRUE), ('unknown', 'unknown', TRUE, FALSE)
) AS v(source, customer_id, is_current, is_deleted);
CREATE TABLE physical.dim_product AS SELECT * FROM (VALUES
  ('k1', 's', 'apple', 'fruit', 'product', FALSE, FALSE), ('k2', 's', 'apple', 'food', 'product', TRUE, FALSE),
  ('k3', 's', 'bread', NULL, 'product', TRUE, FALSE), ('k4', 's', 'candle', NULL, 'product', TRUE, TRUE),
  ('k5', 's', 'dye', 'home', 'product', TRUE, FALSE), ('k6', 's', 'unsold', 'home', 'product', TRUE, FALSE)
) AS v(product_key, source, product_id, category, product_kind, is_current, is_deleted);
CREATE TABLE physical.fct_inventory_snapshot AS SELECT * FROM (VALUES
  ('s', 'apple', DATE '2026-03-31', 0), ('s', 'apple', DATE '2026-03-31', 2), ('s', 'bread', DATE '2026-03-31', 0),
  ('s', 'bread', DATE '2026-03-30', 9), ('s', 'dye', DATE '2026-03-30', 0)
) AS v(source, product_id, snapshot_date, on_hand_quantity);
CREATE TABLE physical.fct_order_line AS SELECT * FROM (VALUES
  ('o1', 's', 'ann', 'k1', 'apple', DATE '2026-01-02', 2, 'product', FALSE, FALSE),
  ('o1', 's', 'ann', 'k3', 'bread', DATE '2026-01-02', 1, 'product', FALSE, FALSE),
  ('o1', 's', 'ann', 'k3', 'bread', DATE '2026-01-02', -1, 'product', FALSE, TRUE),
  ('o2', 's', 'bob', 'k4', 'candle', DATE '2026-02-02', 1, 'product', FALSE, FALSE),
  ('o3', 's', 'bob', 'k5', 'dye', DATE '2026-02-03', 1, 'product', TRUE, FALSE),
  ('o4', 's', NULL, 'k5', 'dye', DATE '2026-02-04', 1, 'product', FALSE, FALSE),
  ('o2', 's', 'bob', 'k5', 'dye', DATE '2026-02-02', 1, 'product', FALSE, FALSE),
  ('o2', 's', 'bob', 'k9', 'post', DATE '2026-02-02', 1, 'freight', FALSE, FALSE),
  ('o5', 's', 'out', 'k2', 'apple', DATE '2026-02-05', 1, 'product', FALSE, FALSE)
) AS v(
  order_key, source, customer_id, product_key, product_id, order_date, quantity, line_kind, is_cancelled, is_return
);
CREATE TABLE physical.fct_review AS SELECT * FROM (VALUES
  ('s', 'ann', 'apple', DATE '2026-01-02', DATE '2026-01-09', 4), ('s', NULL, NULL, DATE '2026-01-02', NULL, 1)
) AS v(source, customer_id, product_id, order_date, answered_date, score);
CREATE TABLE physical.order_sale AS SELECT * FROM (VALUES
  ('o1', 's', DATE '2026-01-02', 'store', 'ann'), ('o2', 's', DATE '2026-02-02', 'web', 'bob'),
  ('o4', 's', DATE '2026-02-04', 'web', NULL), ('o5', 's', DATE '2026-02-05', 'web', 'out')
) AS v(order_key, source, order_date, channel, customer_id);
"""


@pytest.fixture
def context() -> t.Any:
    connection = duckdb.connect()
    connection.execute(STAR)

    def fetchdf(query: exp.Expression) -> pd.DataFrame:
        return connection.execute(query.sql("duckdb")).df()

    def resolve_table(name: str) -> str:
        assert name in {*SHOP_TABLES, *BASKET_TABLES}
        return f'"physical"."{name.split(".")[1]}"'

    return SimpleNamespace(
        fetchdf=fetchdf, resolve_table=resolve_table, engine_adapter=SimpleNamespace(dialect="duckdb")
    )


def test_a_shop_is_its_current_customers_and_the_products_that_it_sold(context: t.Any) -> None:
    (shop,) = read_shops(context)
    assert shop.customer_ids.tolist() == ["ann", "bob", "new"]  # one is out of the books
    assert dict(zip(shop.product_ids, shop.is_offered, strict=True)) == {
        "apple": True,  # some is left in one of two places
        "bread": False,  # nothing was left on the last day that was counted
        "candle": False,  # out of the catalogue
        "dye": True,  # not counted on the last day
    }
    lines = sorted(
        (shop.customer_ids[row.customer], shop.product_ids[row.product], row.unit_count)
        for row in shop.events.itertuples()
    )
    assert lines == [
        ("ann", "apple", 2.0),
        ("ann", "bread", 1.0),
        ("bob", "candle", 1.0),
        ("bob", "dye", 1.0),
    ]
    (rating,) = shop.ratings.itertuples()
    assert (rating.score, pd.Timestamp(rating.day, unit="D")) == (4.0, pd.Timestamp("2026-01-09"))


def test_a_basket_is_an_order_that_sold_merchandise(context: t.Any) -> None:
    (shop,) = read_baskets(context)
    assert shop.baskets["customer_id"].tolist() == ["ann", "bob", "", "out"]
    assert shop.baskets["channel"].tolist() == ["store", "web", "web", "web"]
    number = shop.baskets["basket"].tolist()
    assert [(number.index(b) + 1, p, c) for b, p, c in shop.lines.itertuples(index=False)] == [
        (1, "apple", "fruit"),  # the category as of the order
        (1, "bread", ""),
        (2, "candle", ""),
        (2, "dye", "home"),
        (3, "dye", "home"),
        (4, "apple", "food"),
    ]


def test_no_orders_are_no_shops(context: t.Any) -> None:
    context.fetchdf(exp.delete("physical.fct_order"))
    assert list(read_shops(context)) == []
    assert list(read_baskets(context)) == []
