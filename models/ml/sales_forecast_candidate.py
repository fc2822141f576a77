"""What each forecasting method says of the daily revenue of each category, today and at earlier origins."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.forecast.descriptions import CANDIDATE_DESCRIPTIONS
from ml.forecast.reading import forecast_settings, read_category_sales, read_surroundings
from ml.forecast.sales import CANDIDATE_COLUMNS, sales_candidates
from ml.kind import COPY_FULL

GRAIN = ("source", "currency", "category", "origin_date", "sales_date")


@model(
    "ml.sales_forecast_candidate",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(GRAIN)})"],
    tags=["ml", "forecast"],
    columns=CANDIDATE_COLUMNS,
    column_descriptions=CANDIDATE_DESCRIPTIONS,
    description=(
        "One row per source, currency, category (all of them together: all), origin and day ahead, with the "
        "forecast of each method: what ml.sales_forecast is chosen from. Never add the category all to the "
        "others, nor amounts over currencies. Answers: what would other methods have said."
    ),
    depends_on=["mart.category_sales_daily", "mart.sales_daily", "core.fct_order", "core.dim_date"],
    audits=[
        ("not_null", {"columns": exp.tuple_(*GRAIN)}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*GRAIN)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    orders, sources, calendar = read_surroundings(context)
    rows = sales_candidates(
        read_category_sales(context), orders, sources, calendar, forecast_settings(context)
    )
    if rows.empty:
        yield from ()
        return
    yield rows
