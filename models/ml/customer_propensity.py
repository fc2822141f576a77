"""How likely each customer is to order within the next 30 and 90 days, by the method that was judged best."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.propensity.reading import champions_query, propensity_options, propensity_query
from ml.propensity.results import score_propensity, served_methods
from ml.query import model_table

COLUMNS = {
    "source": "text",
    "customer_id": "text",
    "as_of_date": "date",
    "horizon_days": "int",
    "method": "text",
    "probability_rate": "double",
    "base_rate": "double",
    "decile": "int",
    "is_likely": "boolean",
    "is_churn_risk": "boolean",
    "note": "text",
}


@model(
    "ml.customer_propensity",
    kind=COPY_FULL,
    owner="data_science",
    grains=["(source, customer_id, horizon_days)"],
    tags=["ml", "customers"],
    columns=COLUMNS,
    column_descriptions={
        "source": "The shop.",
        "customer_id": "The customer's natural key in its source.",
        "as_of_date": "The last order_date of the source: the horizon begins on the next day.",
        "horizon_days": "Days within which an order is asked for.",
        "method": "logistic, boosting, or where these do not beat them: recency, base_rate.",
        "probability_rate": (
            "Probability of an order within the horizon, calibrated. Empty where no window tells a rate. "
            "Added over customers it is the expected number of ordering customers."
        ),
        "base_rate": "Share of the source's customers who ordered in the last complete window. Not additive.",
        "decile": (
            "1: the tenth that is most likely to order, to 10; equals are in one decile. Empty with "
            "base_rate."
        ),
        "is_likely": "At least as likely as the source's customers are on average. Empty with base_rate.",
        "is_churn_risk": (
            "Less likely than propensity_risk_factor (config.yaml) times the average. Empty with base_rate."
        ),
        "note": "Why the base rate is served, or how it was come by. Empty where there is nothing to say.",
    },
    description=(
        "One row per source, known customer and horizon: the probability of an order. Never add over "
        "horizons. How good it is stands in ml.customer_propensity_evaluation."
    ),
    depends_on=["ml.customer_feature", "ml.customer_outcome", "ml.customer_propensity_evaluation"],
    audits=[
        (
            "not_null",
            {"columns": exp.tuple_("source", "customer_id", "as_of_date", "horizon_days", "method")},
        ),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "customer_id", "horizon_days")}),
        ("accepted_range", {"column": exp.column("probability_rate"), "min_v": 0, "max_v": 1}),
        ("accepted_range", {"column": exp.column("decile"), "min_v": 1, "max_v": 10}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    features = model_table(context, "ml.customer_feature")
    outcomes = model_table(context, "ml.customer_outcome")
    evaluation = model_table(context, "ml.customer_propensity_evaluation")
    frame = read_frame(context, propensity_query(features, outcomes, with_everybody=True))
    if frame.empty:
        yield from ()
        return
    options = propensity_options(context)
    champions = served_methods(read_frame(context, champions_query(evaluation)))
    yield score_propensity(frame, champions, options)[list(COLUMNS)]
