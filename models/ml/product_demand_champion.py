"""Which method is served for each product in each store, and how it did."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.forecast.demand import source_demands
from ml.forecast.demand_choice import DEMAND_CHAMPION_COLUMNS, demand_champion_rows
from ml.forecast.descriptions import DEMAND_CHAMPION_DESCRIPTIONS
from ml.forecast.reading import forecast_settings, read_surroundings, read_weekly_demand
from ml.kind import COPY_FULL

GRAIN = ("source", "product_id", "channel", "store_key")


@model(
    "ml.product_demand_champion",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(GRAIN)})"],
    tags=["ml", "forecast"],
    columns=DEMAND_CHAMPION_COLUMNS,
    column_descriptions=DEMAND_CHAMPION_DESCRIPTIONS,
    description=(
        "One row per source, product, channel and store that sold anything in the weeks before an origin, "
        "with the method that is served and what the backtest tells of it. A product that never sold has no "
        "row. Errors and widths are not additive. Answers: why is this method used here, and how reliable "
        "is it."
    ),
    depends_on=["core.fct_order_line", "core.fct_order", "mart.sales_daily", "core.dim_date"],
    audits=[
        ("not_null", {"columns": exp.tuple_(*GRAIN)}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*GRAIN)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    settings = forecast_settings(context)
    for series in source_demands(read_weekly_demand(context), *read_surroundings(context), settings):
        yield demand_champion_rows(series, settings)
