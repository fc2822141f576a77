"""How good the forecasts of revenue were on windows that nothing was chosen by, beside the naive method."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN
from ml.forecast.reading import read_candidates
from ml.forecast.sales_evaluation import sales_evaluation_rows
from ml.kind import COPY_FULL


@model(
    "ml.sales_forecast_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    tags=["ml", "forecast", "evaluation"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    description=(
        "One row per source, part (currency, total or category, day or week), method and metric of the "
        "forecasts of revenue: each window is judged with the methods, totals and intervals that the "
        "windows before it gave. Nothing is additive. Answers: how far off are the forecasts, and do the "
        "intervals hold what they promise."
    ),
    depends_on=["ml.sales_forecast_candidate"],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    candidates = read_candidates(context)
    if candidates.empty:
        yield from ()
        return
    yield sales_evaluation_rows(candidates)
