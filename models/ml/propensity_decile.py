"""What the served probabilities said of the holdout, by tenths, and what happened."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.propensity.reading import champions_query, propensity_options, read_sample
from ml.propensity.results import propensity_deciles, served_methods
from ml.query import model_table

COLUMNS = {
    "source": "text",
    "horizon_days": "int",
    "decile": "int",
    "as_of_date": "date",
    "method": "text",
    "customer_count": "bigint",
    "ordering_customer_count": "bigint",
    "predicted_rate": "double",
    "least_predicted_rate": "double",
    "most_predicted_rate": "double",
    "actual_rate": "double",
    "calibration_gap": "double",
    "lift_ratio": "double",
    "captured_rate": "double",
}


@model(
    "ml.propensity_decile",
    kind=COPY_FULL,
    owner="data_science",
    grains=["(source, horizon_days, decile)"],
    tags=["ml", "customers"],
    columns=COLUMNS,
    column_descriptions={
        "source": "The shop.",
        "horizon_days": "Days within which an order is asked for.",
        "decile": "1: the tenth that was most likely to order, to 10. Equals are in one decile.",
        "as_of_date": "The holdout's as-of date: nothing later was seen in fitting.",
        "method": "The method whose scores are served.",
        "customer_count": "Customers of the decile.",
        "ordering_customer_count": "Those of them who ordered within the horizon.",
        "predicted_rate": "Mean probability. Not additive.",
        "least_predicted_rate": "Smallest probability. Not additive.",
        "most_predicted_rate": "Largest probability. Not additive.",
        "actual_rate": "ordering_customer_count by customer_count. Not additive.",
        "calibration_gap": "predicted_rate less actual_rate. Not additive.",
        "lift_ratio": "actual_rate by that of all deciles: how much better than chance. Not additive.",
        "captured_rate": "Share of all who ordered that this decile and those before it hold. Not additive.",
    },
    description=(
        "One row per source, horizon and decile of the holdout: predicted against actual. No rows where "
        "the base rate is served. Customers add up over deciles, never over horizons."
    ),
    depends_on=["ml.customer_feature", "ml.customer_outcome", "ml.customer_propensity_evaluation"],
    audits=[
        (
            "not_null",
            {"columns": exp.tuple_("source", "horizon_days", "decile", "customer_count", "actual_rate")},
        ),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "horizon_days", "decile")}),
        ("accepted_range", {"column": exp.column("captured_rate"), "min_v": 0, "max_v": 1}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    evaluation = model_table(context, "ml.customer_propensity_evaluation")
    frame = read_sample(context)
    if frame.empty:
        yield from ()
        return
    options = propensity_options(context)
    champions = served_methods(read_frame(context, champions_query(evaluation)))
    rows = propensity_deciles(frame, champions, options)
    if rows.empty:
        yield from ()
        return
    yield rows[list(COLUMNS)]
