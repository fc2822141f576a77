"""What the propensity models read, on any engine, and their settings."""

from __future__ import annotations

import typing as t

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext

from ml.frame import read_frame
from ml.propensity.study import PropensityOptions
from ml.query import model_table

#: The models that read_sample asks; a Python model that calls it depends on them.
FEATURE_TABLES = ("ml.customer_feature", "ml.customer_outcome")

SAMPLED_CUSTOMERS = 20_000
KEYS = ("source", "customer_id", "as_of_date")
WHOLE_COLUMNS = ("source", "customer_id", "as_of_date", "currency", "sample_rank")
NUMBER_COLUMNS = (
    "recency_days",
    "tenure_days",
    "active_rate",
    "order_count",
    "order_day_count",
    "last_30_days_order_count",
    "last_90_days_order_count",
    "last_365_days_order_count",
    "year_ago_30_days_order_count",
    "year_ago_90_days_order_count",
    "unit_count",
    "discount_rate",
    "net_sale_amount",
    "last_30_days_net_sale_amount",
    "last_90_days_net_sale_amount",
    "last_365_days_net_sale_amount",
    "return_rate",
    "mean_gap_days",
    "gap_deviation_days",
    "longest_gap_days",
    "category_count",
    "web_order_rate",
    "store_order_rate",
    "late_rate",
    "mean_delay_days",
    "review_count",
    "mean_review_score",
)


def propensity_options(context: ExecutionContext) -> PropensityOptions:
    """Return what config.yaml says."""
    days: t.Any = context.var("propensity_least_history_days")
    margin: t.Any = context.var("propensity_margin")
    risk: t.Any = context.var("propensity_risk_factor")
    return PropensityOptions(int(days), float(margin), float(risk))


def read_sample(context: ExecutionContext) -> pd.DataFrame:
    """Return the rows of propensity_query without everybody, for those who judge."""
    # Within the function: SQLMesh gives each model a copy of what it imports at the top, and this is for all.
    from ml.shared import read_once

    return read_once(context, FEATURE_TABLES, lambda: _sample(context))


def _sample(context: ExecutionContext) -> pd.DataFrame:
    features, outcomes = (model_table(context, name) for name in FEATURE_TABLES)
    return read_frame(context, propensity_query(features, outcomes))


def propensity_query(features: exp.Table, outcomes: exp.Table, with_everybody: bool = False) -> exp.Select:
    """Return the query for the features of a random sample of SAMPLED_CUSTOMERS by source and as-of date.

    `features` and `outcomes` are the tables of ml.customer_feature and ml.customer_outcome. With `with_everybody` the
    rows of the current as-of date are whole: all customers who are scored. Numbers come as doubles.
    """
    own = [exp.column(name, table="feature") for name in WHOLE_COLUMNS]
    numbers = [
        exp.alias_(exp.cast(exp.column(name, table="feature"), "double"), name) for name in NUMBER_COLUMNS
    ]
    label = exp.alias_(exp.cast(exp.column("next_order_days", table="outcome"), "double"), "next_order_days")
    same = exp.and_(*(exp.column(key, table="outcome").eq(exp.column(key, table="feature")) for key in KEYS))
    wanted: exp.Condition = exp.column("sample_rank", table="feature") <= SAMPLED_CUSTOMERS
    if with_everybody:
        wanted = exp.or_(wanted, exp.column("is_current", table="feature"))
    return (
        exp.select(*own, *numbers, label)
        .from_(exp.alias_(features, "feature", table=True))
        .join(exp.alias_(outcomes, "outcome", table=True), on=same, join_type="left")
        .where(wanted)
    )


def champions_query(evaluation: exp.Table) -> exp.Select:
    """Return the query for who is served: source, part and method from ml.customer_propensity_evaluation."""
    champion = exp.column("role").eq(exp.Literal.string("champion"))
    return exp.select("source", "part", "method").distinct().from_(evaluation).where(champion)
