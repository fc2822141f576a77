"""ml.similar_product: which products the same customers buy."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.kind import COPY_FULL
from ml.recommend.similar import SIMILAR_COLUMNS, SIMILAR_DESCRIPTIONS, similar_products
from ml.recommend.source import SHOP_TABLES, read_shops


@model(
    "ml.similar_product",
    kind=COPY_FULL,
    owner="data_science",
    grains=["(source, product_id, rank)"],
    columns=SIMILAR_COLUMNS,
    column_descriptions=SIMILAR_DESCRIPTIONS,
    depends_on=SHOP_TABLES,
    tags=["ml", "products"],
    audits=[
        ("not_null", {"columns": exp.tuple_("source", "product_id", "rank", "similar_product_id", "score")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "product_id", "rank")}),
        (
            "unique_combination_of_columns",
            {"columns": exp.tuple_("source", "product_id", "similar_product_id")},
        ),
        ("accepted_range", {"column": exp.column("score"), "min_v": 0, "max_v": 1}),
    ],
    description="One row per source, product that was ever sold and place in its list of up to ten similar "
    "products: those that the same customers bought, at any time. What is out of stock or was taken out"
    " of the catalogue has a list, and is in none. Judged in ml.product_recommendation_evaluation. "
    "Nothing here is additive. Answers: what to show beside a product, and in the place of one that is "
    "gone.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    for shop in read_shops(context):
        yield from similar_products(shop)
