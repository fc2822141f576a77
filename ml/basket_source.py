"""The shops' baskets, read from the star schema."""

from __future__ import annotations

import typing as t

import numpy as np
import pandas as pd
from sqlmesh import ExecutionContext

from ml.basket_shop import BasketShop, RuleLimits
from ml.query import read_query

#: The models that read_baskets asks; a Python model that calls it depends on them.
BASKET_TABLES = ["core.dim_product", "core.fct_order", "core.fct_order_line", "mart.order_sale"]

# A basket is an order that sold merchandise, as in mart.product_pair. Baskets and products are read by number, not by
# text: a number is a place in the order of unique keys, so each query gives a key the same one.
NUMBERED_BASKETS = """
SELECT source, order_key, order_date, channel, customer_id, (ROW_NUMBER() OVER (ORDER BY order_key))::INT AS basket
FROM mart.order_sale
"""
# Of each product the versions: the category is the one as of the order, as in mart.category_pair.
NUMBERED_VERSIONS = """
SELECT product_key, source, product_id, COALESCE(category, '') AS category,
  (ROW_NUMBER() OVER (ORDER BY product_key))::INT AS product_version
FROM core.dim_product
"""
BASKETS = f"""
SELECT source, basket, order_date, channel, COALESCE(customer_id, '') AS customer_id
FROM ({NUMBERED_BASKETS}) AS numbered
ORDER BY basket
"""
VERSIONS = f"""
SELECT product_version, product_id, category FROM ({NUMBERED_VERSIONS}) AS numbered ORDER BY product_version
"""
BASKET_LINES = f"""
WITH basket AS ({NUMBERED_BASKETS}), version AS ({NUMBERED_VERSIONS})
SELECT basket.basket, version.product_version
FROM core.fct_order_line AS line
JOIN basket ON basket.order_key = line.order_key
JOIN version ON version.product_key = line.product_key
WHERE line.line_kind = 'product' AND NOT line.is_cancelled AND NOT line.is_return
"""
LAST_ORDER_DATES = """
SELECT source, MAX(order_date) AS as_of_date FROM core.fct_order GROUP BY source ORDER BY source
"""


def rule_limits(context: ExecutionContext) -> RuleLimits:
    """Return what config.yaml says of rules."""
    product: t.Any = context.var("pair_minimum_support")
    channel: t.Any = context.var("channel_pair_minimum_support")
    discovery: t.Any = context.var("rule_discovery_rate")
    return RuleLimits(float(product), float(channel), float(discovery))


def read_baskets(context: ExecutionContext) -> t.Iterator[BasketShop]:
    """Yield each source's baskets, in the sources' order; a line of a product that nobody knows is left out."""
    as_of = read_query(context, LAST_ORDER_DATES)
    if as_of.empty:
        return
    baskets = read_query(context, BASKETS)
    names = ["source", "channel", "customer_id"]
    baskets = baskets.astype(dict.fromkeys(names, "category"))
    baskets["order_date"] = pd.to_datetime(baskets["order_date"]).dt.date
    lines = basket_lines(read_query(context, BASKET_LINES), read_query(context, VERSIONS))
    for source, day in zip(as_of["source"], pd.to_datetime(as_of["as_of_date"]), strict=True):
        own = baskets[baskets["source"] == source].reset_index(drop=True)
        held = lines[lines["basket"].isin(own["basket"])].reset_index(drop=True)
        yield BasketShop(source, day.date(), own, held)


def basket_lines(pairs: pd.DataFrame, versions: pd.DataFrame) -> pd.DataFrame:
    """Return `basket`, `product_id`, `category` in that order, one row per basket and version of a product in it.

    pairs: basket, product_version, as often as they were sold. versions: product_version, product_id, category. The
    texts become categories: millions of lines name thousands of products.
    """
    versions = versions.sort_values(["product_id", "category", "product_version"], ignore_index=True)
    count = len(versions)
    place = np.zeros(int(versions["product_version"].max()) + 1 if count else 1, dtype=np.int64)
    place[versions["product_version"].to_numpy(dtype=np.int64)] = np.arange(count)
    version = place[pairs["product_version"].to_numpy(dtype=np.int64)]
    cells = np.unique(pairs["basket"].to_numpy(dtype=np.int64) * max(count, 1) + version)
    basket, version = np.divmod(cells, max(count, 1))
    named = versions[["product_id", "category"]].astype("category")
    lines = named.take(version).reset_index(drop=True)
    lines.insert(0, "basket", basket)
    return lines
