"""The units of each product that each store is expected to sell in each of the next weeks."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.forecast.demand_tables import DEMAND_FORECAST_COLUMNS, DEMAND_SERVED_COLUMNS, demand_forecast_rows
from ml.forecast.descriptions import DEMAND_FORECAST_DESCRIPTIONS
from ml.forecast.reading import read_columns
from ml.kind import COPY_FULL

GRAIN = ("source", "product_id", "channel", "store_key", "week_start_date")


@model(
    "ml.product_demand_forecast",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(GRAIN)})"],
    tags=["ml", "forecast"],
    columns=DEMAND_FORECAST_COLUMNS,
    column_descriptions=DEMAND_FORECAST_DESCRIPTIONS,
    description=(
        "One row per source, product, channel, store and week to come, for what sold in the last "
        "forecast_active_weeks (config.yaml). Forecasts add up over products, stores and weeks; bounds of "
        "intervals do not. Answers: how much of what has to be where."
    ),
    depends_on=["ml.product_demand_champion", "ml.product_demand_forecast_evaluation"],
    audits=[
        ("not_null", {"columns": exp.tuple_(*GRAIN)}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*GRAIN)}),
        ("not_null", {"columns": exp.tuple_("forecast_units", "method")}),
        ("accepted_range", {"column": exp.column("forecast_units"), "min_v": exp.Literal.number(0)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    champions = read_columns(context, "ml.product_demand_champion", DEMAND_SERVED_COLUMNS)
    if champions["week_units"].notna().any():
        yield demand_forecast_rows(champions)
    else:
        yield from ()
