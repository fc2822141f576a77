"""How good the forecasts of product demand were on windows that nothing was chosen by, beside a moving average."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN
from ml.forecast.demand_tables import DEMAND_JUDGED_COLUMNS, demand_evaluation_rows
from ml.forecast.reading import forecast_settings, read_columns
from ml.kind import COPY_FULL


@model(
    "ml.product_demand_forecast_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    tags=["ml", "forecast", "evaluation"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    description=(
        "One row per source, part (all, or the class of demand), method and metric of the forecasts of "
        "product demand: each window is judged with the methods and intervals that the windows before it "
        "gave. Nothing is additive. Answers: how far off are the forecasts, and do the intervals hold what "
        "they promise."
    ),
    depends_on=["ml.product_demand_champion"],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    champions = read_columns(context, "ml.product_demand_champion", DEMAND_JUDGED_COLUMNS)
    if champions.empty:
        yield from ()
        return
    yield demand_evaluation_rows(champions, forecast_settings(context))
