"""ml.customer_clv: what each customer is expected to buy and to be worth."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.clv.columns import CLV_COLUMNS, CLV_DESCRIPTIONS
from ml.clv.reading import clv_champions_query, clv_customers_query
from ml.clv.scores import ClvTerms, clv_scores
from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.query import model_table


@model(
    "ml.customer_clv",
    kind=COPY_FULL,
    owner="data_science",
    tags=["ml", "customers"],
    grains=["(source, customer_id, currency)"],
    columns=CLV_COLUMNS,
    column_descriptions=CLV_DESCRIPTIONS,
    depends_on=["mart.customer", "ml.customer_clv_evaluation", "seed.clv_tier"],
    audits=[
        ("not_null", {"columns": exp.tuple_("source", "customer_id", "currency", "clv_amount", "tier")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_("source", "customer_id", "currency")}),
        ("accepted_range", {"column": exp.column("p_alive_rate"), "min_v": 0, "max_v": 1}),
        ("accepted_range", {"column": exp.column("clv_amount"), "min_v": 0}),
        ("accepted_range", {"column": exp.column("clv_rank_rate"), "min_v": 0, "max_v": 1}),
    ],
    description="One row per source, customer who bought, and currency: what the customer is expected to buy and to be "
    "worth from as_of_date on, those too who never came back. Purchases and values add up over customers of one "
    "currency; rates, days and the ends of the interval do not. Answers: who will bring most, and how sure that is.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    customers = read_frame(context, clv_customers_query(model_table(context, "mart.customer")))
    if customers.empty:
        yield from ()
        return
    champions = read_frame(context, clv_champions_query(model_table(context, "ml.customer_clv_evaluation")))
    tiers = exp.select("tier", "customer_share_rate").from_(model_table(context, "seed.clv_tier"))
    terms = ClvTerms(float(context.var("clv_horizon_days")), float(context.var("clv_discount_rate")))
    yield clv_scores(customers, champions, read_frame(context, tiers), terms)[list(CLV_COLUMNS)]
