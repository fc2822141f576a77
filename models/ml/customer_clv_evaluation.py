"""ml.customer_clv_evaluation: how well purchases and spending were foreseen, beside the customers' own past."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.clv.evaluation import evaluate_clv
from ml.clv.reading import clv_days_query
from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN, evaluation_frame
from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.query import model_table


@model(
    "ml.customer_clv_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    tags=["ml", "customers", "evaluation"],
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    depends_on=["core.fct_order", "core.fct_order_line"],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
    description="One row per source, currency (part), method and metric of customer lifetime value: purchases and net "
    "spending of the customers known before cut_date, and the value of a purchase of those who bought after it, beside "
    "the customers' own past. Spending and values are in the currency. Nothing adds up. The champions serve.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    line, order = (model_table(context, name) for name in ("core.fct_order_line", "core.fct_order"))
    days = read_frame(context, clv_days_query(line, order))
    if days.empty:
        yield from ()
        return
    yield evaluation_frame(evaluate_clv(days, int(context.var("clv_holdout_days"))))
