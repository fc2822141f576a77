"""The shops' baskets, read from the star schema."""

from __future__ import annotations

import typing as t

import numpy as np
import pandas as pd
from sqlmesh import ExecutionContext

from ml.basket_shop import BasketShop, RuleLimits
from ml.frame import give_memory_back, places
from ml.query import read_query

#: The models that read_baskets asks; a Python model that calls it depends on them.
BASKET_TABLES = ["core.dim_product", "core.fct_order", "core.fct_order_line", "mart.order_sale"]

# A basket is an order that sold merchandise, as in mart.product_pair. Of each product the versions: the category is the
# one as of the order, as in mart.category_pair. Lines are matched with both behind the query, where it takes a third of
# the time that the joins took.
BASKETS = """
SELECT order_key, source, order_date - DATE '1970-01-01' AS day, channel, COALESCE(customer_id, '') AS customer_id
FROM mart.order_sale
ORDER BY order_key
"""
VERSIONS = """
SELECT product_key, product_id, COALESCE(category, '') AS category FROM core.dim_product ORDER BY product_key
"""
BASKET_LINES = """
SELECT order_key, product_key
FROM core.fct_order_line
WHERE line_kind = 'product' AND NOT is_cancelled AND NOT is_return
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


def read_baskets(context: ExecutionContext) -> t.Iterable[BasketShop]:
    """Return each source's baskets, in the sources' order; a line of a product that nobody knows is left out."""
    # Within the function: SQLMesh gives each model a copy of what it imports at the top, and this is for all.
    from ml.shared import read_once

    return read_once(context, BASKET_TABLES, lambda: _each_shop_of_baskets(context))


def _each_shop_of_baskets(context: ExecutionContext) -> t.Iterator[BasketShop]:
    as_of = read_query(context, LAST_ORDER_DATES)
    if as_of.empty:
        return
    baskets = read_query(context, BASKETS, coded=("source", "channel", "customer_id"), packed=("order_key",))
    baskets["order_date"] = pd.to_datetime(baskets["day"], unit="D")
    lines = _read_lines(context, baskets["order_key"])
    baskets["basket"] = np.arange(len(baskets)) + 1
    baskets = baskets[["source", "basket", "order_date", "channel", "customer_id"]]
    give_memory_back()
    for source, day in zip(as_of["source"], pd.to_datetime(as_of["as_of_date"]), strict=True):
        own = baskets[baskets["source"] == source].reset_index(drop=True)
        held = lines[lines["basket"].isin(own["basket"])].reset_index(drop=True)
        yield BasketShop(source, day.date(), own, held)


def _read_lines(context: ExecutionContext, orders: pd.Series) -> pd.DataFrame:
    """Return `basket` (an order's place, from 1), `product_id` and `category` of what the orders hold."""
    versions = read_query(context, VERSIONS)
    lines = read_query(context, BASKET_LINES, coded=("product_key",), packed=("order_key",))
    basket = places(lines.pop("order_key"), orders).astype(np.int32) + 1
    product = lines.pop("product_key").cat
    version = (
        pd.Index(versions["product_key"]).get_indexer(product.categories).astype(np.int32)[product.codes]
    )
    is_known = (basket > 0) & (version >= 0)
    pairs = pd.DataFrame({"basket": basket[is_known], "product_version": version[is_known]})
    del lines, product, basket, version, is_known  # millions of each
    return basket_lines(pairs, versions.assign(product_version=np.arange(len(versions))))


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
    cells = np.sort(pairs["basket"].to_numpy(dtype=np.int64) * max(count, 1) + version)
    cells = cells[np.diff(cells, prepend=-1) > 0]  # numpy's own unique takes ten times as long
    basket, version = np.divmod(cells, max(count, 1))
    named = versions[["product_id", "category"]].astype("category")
    lines = named.take(version).reset_index(drop=True)
    lines.insert(0, "basket", basket)
    return lines
