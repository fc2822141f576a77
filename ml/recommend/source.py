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

# Millions of lines are read by number, not by text. A number is a place in the order of unique keys, so each query
# gives a key the same one. Customers who were taken out of the books are no longer recommended to, nor learned from.
CUSTOMERS = """
SELECT source, customer_id, (ROW_NUMBER() OVER (ORDER BY source, customer_id))::INT AS customer
FROM core.dim_customer
WHERE is_current AND NOT is_deleted AND source IN (SELECT source FROM core.fct_order)
"""
PRODUCTS = """
SELECT source, product_id, product_kind, is_deleted, (ROW_NUMBER() OVER (ORDER BY source, product_id))::INT AS product
FROM core.dim_product
WHERE is_current AND source IN (SELECT source FROM core.fct_order)
"""
# Out of stock: nothing is left anywhere at the end of the last day that was counted. What is not counted is offered.
OFFERED_PRODUCTS = f"""
WITH product AS ({PRODUCTS}), last_count AS (
  SELECT source, MAX(snapshot_date) AS snapshot_date FROM core.fct_inventory_snapshot GROUP BY source
), counted AS (
  SELECT stock.source, stock.product_id, SUM(stock.on_hand_quantity) AS on_hand_quantity
  FROM core.fct_inventory_snapshot AS stock
  JOIN last_count ON last_count.source = stock.source AND last_count.snapshot_date = stock.snapshot_date
  GROUP BY stock.source, stock.product_id
)
SELECT product.source, product.product_id, product.product,
  (
    product.product_kind = 'product' AND NOT product.is_deleted AND COALESCE(counted.on_hand_quantity, 1) > 0
  ) AS is_offered
FROM product
LEFT JOIN counted ON counted.source = product.source AND counted.product_id = product.product_id
ORDER BY product.product
"""
EVENTS = f"""
WITH customer AS ({CUSTOMERS}), product AS ({PRODUCTS})
SELECT customer.customer, product.product, line.order_date - DATE '1970-01-01' AS day,
  CAST(line.quantity AS DOUBLE PRECISION) AS unit_count
FROM core.fct_order_line AS line
JOIN customer ON customer.source = line.source AND customer.customer_id = line.customer_id
JOIN product ON product.source = line.source AND product.product_id = line.product_id
WHERE line.line_kind = 'product' AND NOT line.is_cancelled AND NOT line.is_return
"""
# A rating is known from the day that it was given. A review of a whole order is no rating of a product.
RATINGS = f"""
WITH customer AS ({CUSTOMERS}), product AS ({PRODUCTS})
SELECT customer.customer, product.product, COALESCE(review.answered_date, review.order_date) - DATE '1970-01-01' AS day,
  CAST(review.score AS DOUBLE PRECISION) AS score
FROM core.fct_review AS review
JOIN customer ON customer.source = review.source AND customer.customer_id = review.customer_id
JOIN product ON product.source = review.source AND product.product_id = review.product_id
"""
AS_OF_DATES = """
SELECT source, MAX(order_date) AS as_of_date FROM core.fct_order GROUP BY source ORDER BY source
"""


def read_shops(context: ExecutionContext) -> t.Iterator[Shop]:
    """Yield each source's customers, the products that it sold, and what is known of both, in the sources' order."""
    as_of = read_query(context, AS_OF_DATES)
    if as_of.empty:
        return
    customers = read_query(context, f"{CUSTOMERS} ORDER BY customer")
    products = read_query(context, OFFERED_PRODUCTS)
    events, ratings = read_query(context, EVENTS), read_query(context, RATINGS)
    for source, day in zip(as_of["source"], pd.to_datetime(as_of["as_of_date"]), strict=True):
        yield shop_of(
            source,
            day,
            customers[customers["source"] == source],
            products[products["source"] == source],
            events,
            ratings,
        )


def shop_of(
    source: str,
    as_of: pd.Timestamp,
    customers: pd.DataFrame,
    products: pd.DataFrame,
    events: pd.DataFrame,
    ratings: pd.DataFrame,
) -> Shop:
    """Return one source's shop: positions in its own ids for the numbers, products that were ever sold.

    Ratings that were given after the last order, or of products that were never sold, are left out.
    """
    last_day = day_number(as_of.date())
    own = events[events["customer"].isin(customers["customer"])]
    sold = products[products["product"].isin(own["product"])].sort_values("product_id", ignore_index=True)
    people = customers.sort_values("customer_id", ignore_index=True)
    of_sold = ratings["product"].isin(sold["product"]) & ratings["customer"].isin(people["customer"])
    rated = ratings[of_sold & (ratings["day"] <= last_day)]
    return Shop(
        source=source,
        as_of=as_of.date(),
        customer_ids=people["customer_id"].to_numpy(dtype=object),
        product_ids=sold["product_id"].to_numpy(dtype=object),
        is_offered=sold["is_offered"].to_numpy(dtype=bool),
        events=_by_position(own, people, sold),
        ratings=_by_position(rated, people, sold),
    )


def _by_position(rows: pd.DataFrame, people: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    positions = {}
    for name, members in (("customer", people), ("product", sold)):
        number = members[name].to_numpy()
        place = np.full(int(number.max(initial=0)) + 1, -1, dtype=np.int32)
        place[number] = np.arange(len(number))
        positions[name] = place[rows[name].to_numpy(dtype=np.int64)]
    return rows.assign(**positions, day=rows["day"].to_numpy(dtype=np.int32)).reset_index(drop=True)
