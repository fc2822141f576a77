"""ml.product_recommendation_evaluation: how good the recommendations are on the last 28 days, against popularity."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN, evaluation_frame
from ml.kind import COPY_FULL
from ml.recommend.evaluate import evaluate_recommendations
from ml.recommend.source import SHOP_TABLES, read_shops


@model(
    "ml.product_recommendation_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    depends_on=SHOP_TABLES,
    tags=["ml", "products", "evaluation"],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
    description="One row per model, source, part, method and metric: recommendations that know nothing of the 28 "
    "days that end with the source's last sale, judged by what customers bought in them. Nothing here "
    "is additive. Answers: are the lists better than what is popular, and which method is served.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    evaluations = [one for shop in read_shops(context) for one in evaluate_recommendations(shop)]
    if not evaluations:
        yield from ()
        return
    yield evaluation_frame(evaluations)
