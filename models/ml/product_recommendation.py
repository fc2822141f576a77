"""ml.product_recommendation: what to offer each customer, to buy again and to discover."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.kind import COPY_FULL
from ml.query import read_query
from ml.recommend.evaluate import champions
from ml.recommend.serve import (
    BUY_AGAIN,
    DISCOVERY,
    POPULARITY,
    RECOMMENDATION_COLUMNS,
    RECOMMENDATION_DESCRIPTIONS,
    recommendations,
)
from ml.recommend.source import SHOP_TABLES, read_shops


@model(
    "ml.product_recommendation",
    kind=COPY_FULL,
    owner="data_science",
    grains=["(source, customer_id, list, rank)"],
    columns=RECOMMENDATION_COLUMNS,
    column_descriptions=RECOMMENDATION_DESCRIPTIONS,
    depends_on=[*SHOP_TABLES, "ml.product_recommendation_evaluation"],
    tags=["ml", "products"],
    audits=[
        (
            "not_null",
            {"columns": exp.tuple_("source", "customer_id", "list", "rank", "product_id", "score", "method")},
        ),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "customer_id", "list", "rank")}),
        (
            "unique_combination_of_columns",
            {"columns": exp.tuple_("source", "customer_id", "list", "product_id")},
        ),
        ("accepted_range", {"column": exp.column("rank"), "min_v": 1, "max_v": 10}),
    ],
    description="One row per source, current customer, list and place in it: up to ten products to buy again, and "
    "up to ten to discover, as of the last order_date of the source. Products that are out of stock or "
    "were taken out of the catalogue are in neither list; customers who were taken out of the books "
    "have none. Nothing here is additive. Answers: what to offer a customer next, and why.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    query = "SELECT model, source, part, method, role, metric FROM ml.product_recommendation_evaluation"
    served = champions(read_query(context, query))
    for shop in read_shops(context):
        buy_again = served.get((shop.source, BUY_AGAIN), POPULARITY)
        yield from recommendations(shop, buy_again, served.get((shop.source, DISCOVERY), POPULARITY))
