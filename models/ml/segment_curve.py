"""ml.segment_curve: how many clusters each source's customers are divided into, and why."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.query import model_table
from ml.segments.query import customers_query
from ml.segments.run import segment_curve
from ml.segments.settings import segment_settings


@model(
    "ml.segment_curve",
    kind=COPY_FULL,
    owner="data_science",
    tags=["ml", "customers"],
    grains=["(source, currency, cluster_count)"],
    columns={
        "source": "text",
        "currency": "text",
        "cluster_count": "int",
        "as_of_date": "date",
        "customer_count": "bigint",
        "silhouette": "double",
        "inertia": "double",
        "elbow": "double",
        "score": "double",
        "stability": "double",
        "smallest_rate": "double",
        "is_stable": "boolean",
        "is_large_enough": "boolean",
        "is_chosen": "boolean",
        "features": "text",
        "note": "text",
    },
    column_descriptions={
        "source": "The shop.",
        "currency": "What its customers paid in, ISO 4217.",
        "cluster_count": "Number of clusters that was tried; 1 only where the customers cannot be divided.",
        "as_of_date": "The last order_date of the source.",
        "customer_count": "Customers who were clustered.",
        "silhouette": "Mean silhouette, -1 to 1: how far apart the clusters are. Not additive.",
        "inertia": "Sum of the squared distances to the own centroid, in standardised features. Not additive.",
        "elbow": "How far the inertia lies below the line between its ends, 0 to 1. Not additive.",
        "score": "60 % silhouette and 40 % elbow, each brought to 0..1 over what was tried. Not additive.",
        "stability": "Mean adjusted Rand index with the clusters of bootstrap samples, 1: the same. Not additive.",
        "smallest_rate": "Share of the customers in the smallest cluster. Not additive.",
        "is_stable": "stability reaches segment_least_stability (config.yaml).",
        "is_large_enough": "smallest_rate reaches segment_least_rate (config.yaml).",
        "is_chosen": "The customers are divided into so many: one row per source and currency.",
        "features": "What was clustered on.",
        "note": "Of the chosen row: why there is no better one, and features that were left out. Else empty.",
    },
    depends_on=["mart.customer"],
    audits=[
        ("not_null", {"columns": exp.tuple_("source", "currency", "cluster_count", "is_chosen")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "currency", "cluster_count")}),
        ("chosen_once", {}),
    ],
    description="One row per source, currency and number of clusters that was tried for its customers. Nothing adds "
    "up. The last run's number is kept while it scores about as well. Answers: why are there so many segments.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    settings = segment_settings(context)
    query = customers_query(model_table(context, "mart.customer"), settings.features)
    own = model_table(context, "ml.segment_curve")  # what the last run wrote; empty before the first
    last = exp.select("source", "currency", "cluster_count").from_(own).where("is_chosen")
    curve = segment_curve(read_frame(context, query), settings, read_frame(context, last))
    if curve.empty:
        yield from ()
    else:
        yield curve
