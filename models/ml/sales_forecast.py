"""The forecast of revenue by category and in all, by day and by week, with intervals."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.forecast.descriptions import SALES_FORECAST_DESCRIPTIONS
from ml.forecast.reading import read_candidates
from ml.forecast.sales_tables import SALES_FORECAST_COLUMNS, sales_forecast_rows
from ml.kind import COPY_FULL

GRAIN = ("source", "currency", "category", "period_kind", "period_start_date")


@model(
    "ml.sales_forecast",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(GRAIN)})"],
    tags=["ml", "forecast"],
    columns=SALES_FORECAST_COLUMNS,
    column_descriptions=SALES_FORECAST_DESCRIPTIONS,
    description=(
        "One row per source, currency, category (all of them together: all), kind of period (day or week) "
        "and period: what is served now, and what would have been served at earlier origins (is_backtest). "
        "Categories add up to all, and days to weeks, to the cent. Never add all to the categories, days to "
        "weeks, bounds of intervals, or amounts over currencies. Answers: what revenue is to be expected, "
        "and how sure is that."
    ),
    depends_on=["ml.sales_forecast_candidate", "ml.sales_forecast_evaluation"],
    audits=[
        ("not_null", {"columns": exp.tuple_(*GRAIN)}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*GRAIN)}),
        ("accepted_values", {"column": exp.column("period_kind"), "is_in": exp.convert(("day", "week"))}),
        ("sales_forecast_adds_up", {}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    candidates = read_candidates(context)
    if candidates.empty:
        yield from ()
        return
    yield sales_forecast_rows(candidates)
