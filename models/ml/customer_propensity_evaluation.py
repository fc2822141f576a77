"""How good the probability of an order is on data not seen, beside baselines; names the method that is served."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext, model

from ml.evaluation import EVALUATION_COLUMNS, EVALUATION_DESCRIPTIONS, EVALUATION_GRAIN
from ml.kind import COPY_FULL
from ml.propensity.reading import propensity_options, read_sample
from ml.propensity.results import evaluate_propensity


@model(
    "ml.customer_propensity_evaluation",
    kind=COPY_FULL,
    owner="data_science",
    grains=[f"({', '.join(EVALUATION_GRAIN)})"],
    tags=["ml", "customers", "evaluation"],
    columns=EVALUATION_COLUMNS,
    column_descriptions=EVALUATION_DESCRIPTIONS,
    description=(
        "One row per source, horizon, method and metric of the probability of an order, on the last as-of date whose "
        "label window is complete. Nothing is additive. The champion is what ml.customer_propensity serves."
    ),
    depends_on=["ml.customer_feature", "ml.customer_outcome"],
    audits=[
        ("gates_hold", {}),
        ("not_null", {"columns": exp.tuple_(*EVALUATION_GRAIN, "role", "as_of_date")}),
        ("unique_combination_of_columns", {"columns": exp.tuple_(*EVALUATION_GRAIN)}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    frame = read_sample(context)
    if frame.empty:
        yield from ()
        return
    options = propensity_options(context)
    yield evaluate_propensity(frame, options)
