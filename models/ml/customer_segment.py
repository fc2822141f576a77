"""ml.customer_segment: the learned segment of each customer."""

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
from ml.segments.run import customer_segments
from ml.segments.settings import segment_settings


@model(
    "ml.customer_segment",
    kind=COPY_FULL,
    owner="data_science",
    tags=["ml", "customers"],
    grains=["(source, customer_id, currency)"],
    columns={
        "source": "text",
        "currency": "text",
        "customer_id": "text",
        "as_of_date": "date",
        "recency_days": "int",
        "order_count": "int",
        "net_amount": "decimal(18, 4)",
        "recency_rank_rate": "double",
        "frequency_rank_rate": "double",
        "value_rank_rate": "double",
        "cluster_number": "int",
        "segment": "text",
        "recommended_action": "text",
        "rule_distance": "double",
        "centroid_distance": "double",
        "is_outlier": "boolean",
        "note": "text",
    },
    column_descriptions={
        "source": "The shop.",
        "currency": "Currency of the amounts, ISO 4217.",
        "customer_id": "The customer's natural key in its source.",
        "as_of_date": "The last order_date of the source: the features are told for this day.",
        "recency_days": "Days from the last order to as_of_date. Not additive.",
        "order_count": "Orders that sold merchandise.",
        "net_amount": "Revenue: merchandise bought less discounts, less what came back. Never add over currencies.",
        "recency_rank_rate": "Share of the source's customers who bought less recently, equals half. Not additive.",
        "frequency_rank_rate": "The same with fewer orders; 0 for one order. Not additive.",
        "value_rank_rate": "The same with a smaller net_amount; 0 where that is not positive. Not additive.",
        "cluster_number": "The customer's cluster, from 1: the one with the highest mean value_rank_rate.",
        "segment": "Name of the cluster, from seed.learned_segment; not the RFM segment of mart.customer.",
        "recommended_action": "What to do with customers of the segment.",
        "rule_distance": "How far the cluster stands outside of the name's rule: 0 the rule holds. Not additive.",
        "centroid_distance": "Distance to the cluster's centroid, in standard deviations. Not additive.",
        "is_outlier": "A feature lies more than four standard deviations from the mean, and was drawn in for the fit.",
        "note": "What to keep in mind about the customer; empty where there is nothing to say.",
    },
    depends_on=[
        "mart.customer",
        "ml.customer_segment_evaluation",
        "ml.segment_curve",
        "seed.learned_segment",
    ],
    audits=[
        (
            "not_null",
            {"columns": exp.tuple_("source", "customer_id", "currency", "segment", "recommended_action")},
        ),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "customer_id", "currency")}),
    ],
    description="One row per source, customer who bought, and currency: the segment that k-means found. net_amount "
    "adds up over customers of one currency; days, rates and distances do not. Answers: which kind of customer is it, "
    "and what to do.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    settings = segment_settings(context)
    query = customers_query(model_table(context, "mart.customer"), settings.features)
    curve = exp.select("*").from_(model_table(context, "ml.segment_curve")).where("is_chosen")
    rules = exp.select("*").from_(model_table(context, "seed.learned_segment"))
    own = model_table(context, "ml.customer_segment")  # what the last run wrote; empty before the first
    last = exp.select("source", "currency", "customer_id", "segment").from_(own)
    tables = (read_frame(context, one) for one in (query, curve, rules))
    segments = customer_segments(*tables, settings, before=read_frame(context, last))
    if segments.empty:
        yield from ()
    else:
        yield segments
