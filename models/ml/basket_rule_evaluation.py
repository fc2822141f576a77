"""ml.basket_rule_evaluation: which share of the rules found before a day holds after it."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.basket_evaluation import evaluate_rules
from ml.basket_source import BASKET_TABLES, read_baskets, rule_limits
from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN, evaluation_frame
from ml.kind import COPY_FULL


@model(
    "ml.basket_rule_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    depends_on=BASKET_TABLES,
    tags=["ml", "products", "evaluation"],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
    description="One row per model, source, family of rules, method and metric: rules that know nothing of the 28 "
    "days that end with the source's last sale, judged by the baskets of those days, beside as many "
    "rules between the most popular items. Nothing here is additive. Answers: do the rules hold.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    limits = rule_limits(context)
    evaluations = [one for shop in read_baskets(context) for one in evaluate_rules(shop, limits)]
    if not evaluations:
        yield from ()
        return
    yield evaluation_frame(evaluations)
