"""ml.customer_segment_evaluation: how good the learned segments are, beside the rule-based ones."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN, evaluation_frame
from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.query import model_table
from ml.segments.evaluate import segment_evaluations
from ml.segments.query import at_cut_query, customers_query
from ml.segments.settings import segment_settings


@model(
    "ml.customer_segment_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    tags=["ml", "customers", "evaluation"],
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    depends_on=[
        "core.fct_order",
        "core.fct_order_line",
        "mart.customer",
        "mart.order_sale",
        "ml.segment_curve",
        "seed.rfm_segment",
    ],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
    description="One row per source, currency (part) and metric of the learned segments, beside a baseline: "
    "silhouette, stability and smallest share of what is served, and how much of the variance of the holdout's revenue "
    "segments explain that were learned before it. Nothing adds up.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    settings = segment_settings(context)
    placed, sale, line, customer, curve, grid = (
        model_table(context, name)
        for name in (
            "core.fct_order",
            "mart.order_sale",
            "core.fct_order_line",
            "mart.customer",
            "ml.segment_curve",
            "seed.rfm_segment",
        )
    )
    customers = read_frame(context, customers_query(customer, settings.features))
    if customers.empty:
        yield from ()
        return
    yield evaluation_frame(
        segment_evaluations(
            customers,
            read_frame(context, exp.select("*").from_(curve).where("is_chosen")),
            read_frame(context, at_cut_query(placed, sale, line, int(context.var("segment_holdout_days")))),
            read_frame(context, exp.select("*").from_(grid)),
            settings,
        )
    )
