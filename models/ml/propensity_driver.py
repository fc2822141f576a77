"""What the served probabilities hang on: permutation importance on the holdout."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.propensity.reading import champions_query, propensity_options, read_sample
from ml.propensity.results import propensity_drivers, served_methods
from ml.query import model_table

COLUMNS = {
    "source": "text",
    "horizon_days": "int",
    "driver_kind": "text",
    "driver": "text",
    "driver_group": "text",
    "importance_rank": "int",
    "auc_loss": "double",
    "auc_loss_deviation": "double",
    "direction": "double",
    "as_of_date": "date",
    "method": "text",
    "holdout_count": "bigint",
    "holdout_auc": "double",
}


@model(
    "ml.propensity_driver",
    kind=COPY_FULL,
    owner="data_science",
    grains=["(source, horizon_days, driver_kind, driver)"],
    tags=["ml", "customers"],
    columns=COLUMNS,
    column_descriptions={
        "source": "The shop.",
        "horizon_days": "Days within which an order is asked for.",
        "driver_kind": (
            "group: features of one meaning, shuffled together; feature: one alone, which looks weak "
            "where another says the same."
        ),
        "driver": (
            "The group, or the column of ml.customer_feature (overdue_ratio, average_order_amount and "
            "year_ago_order_count are made of its columns)."
        ),
        "driver_group": "The group that it belongs to.",
        "importance_rank": "1 is the most important of its driver_kind. Not additive.",
        "auc_loss": (
            "AUC that is lost when the values are shuffled between customers, mean of five times; about "
            "0: it does not matter. Not additive."
        ),
        "auc_loss_deviation": "Standard deviation over the shuffles. Not additive.",
        "direction": (
            "Rank correlation of the feature with the probability, -1 to 1. Empty for groups. Not additive."
        ),
        "as_of_date": "The holdout's as-of date.",
        "method": "The method whose scores are served.",
        "holdout_count": "Customers that were shuffled.",
        "holdout_auc": "AUC before shuffling. Not additive.",
    },
    description=(
        "One row per source, horizon and driver. No rows where the base rate is served. Nothing is "
        "additive. A driver tells what the probability hangs on, not what would change it."
    ),
    depends_on=["ml.customer_feature", "ml.customer_outcome", "ml.customer_propensity_evaluation"],
    audits=[
        ("not_null", {"columns": exp.tuple_("source", "horizon_days", "driver_kind", "driver", "auc_loss")}),
        (
            "unique_combination_of_columns",
            {"columns": exp.tuple_("source", "horizon_days", "driver_kind", "driver")},
        ),
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
    rows = propensity_drivers(frame, champions, options)
    if rows.empty:
        yield from ()
        return
    yield rows[list(COLUMNS)]
