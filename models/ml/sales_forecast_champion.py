"""Which method is served for each series of revenue, and how each did."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.forecast.descriptions import SALES_CHAMPION_DESCRIPTIONS
from ml.forecast.reading import read_candidates
from ml.forecast.sales_tables import SALES_CHAMPION_COLUMNS, sales_champion_rows
from ml.kind import COPY_FULL

GRAIN = ("source", "currency", "category")


@model(
    "ml.sales_forecast_champion",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(GRAIN)})"],
    tags=["ml", "forecast"],
    columns=SALES_CHAMPION_COLUMNS,
    column_descriptions=SALES_CHAMPION_DESCRIPTIONS,
    description=(
        "One row per source, currency and category (all of them together: all) with the method whose "
        "forecasts are served. Nothing is additive. Answers: why is this method used here."
    ),
    depends_on=["ml.sales_forecast_candidate"],
    audits=[
        ("not_null", {"columns": exp.tuple_(*GRAIN)}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*GRAIN)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    candidates = read_candidates(context)
    if candidates.empty:
        yield from ()
        return
    yield sales_champion_rows(candidates)
