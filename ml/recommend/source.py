"""The shops as the recommendations see them, read from the star schema."""

from __future__ import annotations

import typing as t

import numpy as np
import pandas as pd
from sqlmesh import ExecutionContext

from ml.query import read_query
from ml.recommend.interaction import Shop, day_number

#: The models that read_shops asks; a Python model that calls it depends on them.
SHOP_TABLES = [
    "core.dim_customer",
    "core.dim_product",
    "core.fct_inventory_snapshot",
    "core.fct_order",
    "core.fct_order_line",
    "core.fct_review",
]

# Customers who were taken out of the books are no longer recommended to, nor learned from.
CUSTOMERS = """
SELECT source, customer_id
FROM core.dim_customer
WHERE is_current AND NOT is_deleted AND source IN (SELECT source FROM core.fct_order)
"""
# Out of stock: nothing is left anywhere at the end of the last day that was counted. What is not counted is offered.
PRODUCTS = """
WITH last_count AS (
  SELECT source, MAX(snapshot_date) AS snapshot_date FROM core.fct_inventory_snapshot GROUP BY source
), counted AS (
  SELECT stock.source, stock.product_id, SUM(stock.on_hand_quantity) AS on_hand_quantity
  FROM core.fct_inventory_snapshot AS stock
  JOIN last_count ON last_count.source = stock.source AND last_count.snapshot_date = stock.snapshot_date
  GROUP BY stock.source, stock.product_id
)
SELECT product.source, product.product_id,
  (
    product.product_kind = 'product' AND NOT product.is_deleted AND COALESCE(counted.on_hand_quantity, 1) > 0
  ) AS is_offered
FROM core.dim_product AS product
LEFT JOIN counted ON counted.source = product.source AND counted.product_id = product.product_id
WHERE product.is_current AND product.source IN (SELECT source FROM core.fct_order)
"""
# Millions of rows are read as codes (`coded`) and matched behind that: a join in the query costs twice as much.
EVENTS = """
SELECT source, customer_id, product_id, order_date - DATE '1970-01-01' AS day,
  CAST(quantity AS DOUBLE PRECISION) AS unit_count
FROM core.fct_order_line
WHERE line_kind = 'product' AND NOT is_cancelled AND NOT is_return AND NOT customer_id IS NULL
  AND NOT product_id IS NULL
"""
# A rating is known from the day that it was given. A review of a whole order is no rating of a product.
RATINGS = """
SELECT source, customer_id, product_id, COALESCE(answered_date, order_date) - DATE '1970-01-01' AS day,
  CAST(score AS DOUBLE PRECISION) AS score
FROM core.fct_review
WHERE NOT customer_id IS NULL AND NOT product_id IS NULL
"""
KEYS = ("source", "customer_id", "product_id")
AS_OF_DATES = """
SELECT source, MAX(order_date) AS as_of_date FROM core.fct_order GROUP BY source ORDER BY source
"""


def read_shops(context: ExecutionContext) -> t.Iterable[Shop]:
    """Return each source's customers, the products that it sold, and what is known of both, in the sources' order."""
    # Within the function: SQLMesh gives each model a copy of what it imports at the top, and this is for all.
    from ml.shared import read_once

    return read_once(context, SHOP_TABLES, lambda: _each_shop(context))


def _each_shop(context: ExecutionContext) -> t.Iterator[Shop]:
    as_of = read_query(context, AS_OF_DATES)
    if as_of.empty:
        return
    customers, products = read_query(context, CUSTOMERS), read_query(context, PRODUCTS)
    events, ratings = (read_query(context, query, coded=KEYS) for query in (EVENTS, RATINGS))
    for source, day in zip(as_of["source"], pd.to_datetime(as_of["as_of_date"]), strict=True):
        yield shop_of(
            source,
            day,
            *(rows[rows["source"] == source] for rows in (customers, products, events, ratings)),
        )


def shop_of(
    source: str,
    as_of: pd.Timestamp,
    customers: pd.DataFrame,
    products: pd.DataFrame,
    events: pd.DataFrame,
    ratings: pd.DataFrame,
) -> Shop:
    """Return one source's shop: places in the ids for the ids of its lines and ratings, products that were ever sold.

    What others than the customers bought, or what is no product, is left out, and so are ratings that were given
    after the last order, or of products that were never sold.
    """
    people = customers.sort_values("customer_id", ignore_index=True)
    known = products.sort_values("product_id", ignore_index=True)
    events = _by_place(events, people["customer_id"], known["product_id"])
    is_sold = np.bincount(events["product"], minlength=len(known)) > 0
    sold = known[is_sold]
    events["product"] = (np.cumsum(is_sold, dtype=np.int32) - 1)[events["product"].to_numpy()]
    ratings = ratings[ratings["day"] <= day_number(as_of.date())]
    return Shop(
        source=source,
        as_of=as_of.date(),
        customer_ids=people["customer_id"].to_numpy(dtype=object),
        product_ids=sold["product_id"].to_numpy(dtype=object),
        is_offered=sold["is_offered"].to_numpy(dtype=bool),
        events=events,
        ratings=_by_place(ratings, people["customer_id"], sold["product_id"]),
    )


def _by_place(rows: pd.DataFrame, customer_ids: pd.Series, product_ids: pd.Series) -> pd.DataFrame:
    """The rows of known customers and products, with places in the ids and what else is told of them."""
    customer, product = (
        pd.Index(ids).get_indexer(keys.cat.categories).astype(np.int32)[keys.cat.codes]
        for keys, ids in ((rows["customer_id"], customer_ids), (rows["product_id"], product_ids))
    )
    is_known = (customer >= 0) & (product >= 0)
    columns = {"customer": customer, "product": product}
    columns |= {name: rows[name].to_numpy() for name in rows.columns if name not in KEYS}
    columns["day"] = columns["day"].astype(np.int32)
    # Column by column: pandas would copy millions of rows for each step.
    return pd.DataFrame({name: values[is_known] for name, values in columns.items()}, copy=False)
