"""ml.clv_parameter: what was fitted to the customers of each shop."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.clv.columns import CLV_PARAMETER_COLUMNS, CLV_PARAMETER_DESCRIPTIONS
from ml.clv.reading import clv_customers_query
from ml.clv.scores import clv_parameters
from ml.frame import read_frame
from ml.kind import COPY_FULL
from ml.query import model_table


@model(
    "ml.clv_parameter",
    kind=COPY_FULL,
    owner="data_science",
    tags=["ml", "customers"],
    grains=["(source, currency, method, parameter)"],
    columns=CLV_PARAMETER_COLUMNS,
    column_descriptions=CLV_PARAMETER_DESCRIPTIONS,
    depends_on=["mart.customer"],
    audits=[
        ("not_null", {"columns": exp.tuple_("source", "currency", "method", "parameter", "customer_count")}),
        (
            "unique_combination_of_columns",
            {"columns": exp.tuple_("source", "currency", "method", "parameter")},
        ),
    ],
    description="One row per source, currency, model of purchases or values, and parameter, fitted to all customers as "
    "of as_of_date; those of the evaluation are fitted before its cut. Nothing adds up. Answers: how often customers "
    "buy, how soon they stop, how much they differ.",
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    customers = read_frame(context, clv_customers_query(model_table(context, "mart.customer")))
    if customers.empty:
        yield from ()
        return
    yield clv_parameters(customers)[list(CLV_PARAMETER_COLUMNS)]
