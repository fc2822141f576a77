"""Rows from the database as a DataFrame, the same way for every Python model."""

from __future__ import annotations

import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext


def read_frame(context: ExecutionContext, query: exp.Expression) -> pd.DataFrame:
    """Return the rows of a query.

    NUMERIC comes as float64: sum money in the query. Order the query by its grain where the order matters.
    """
    return context.fetchdf(query)
