"""Queries of the Python models, written as SQL with the models' names and asked in the engine's own dialect."""

from __future__ import annotations

import typing as t

import pandas as pd
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext

from ml.frame import read_frame


def read_query(context: ExecutionContext, text: str) -> pd.DataFrame:
    """Return the rows of a query in Postgres' dialect whose tables are models such as `core.fct_order_line`.

    Each model has to stand in the reading model's `depends_on`: `resolve_table` says so where one does not.
    """
    query = t.cast(exp.Expression, parse_one(text, dialect="postgres"))
    for table in list(query.find_all(exp.Table)):
        if table.db:  # a CTE has none
            resolved = context.resolve_table(f"{table.db}.{table.name}")
            stored = exp.to_table(resolved, dialect=context.engine_adapter.dialect)
            table.replace(exp.alias_(stored, table.alias_or_name, table=True))
    return read_frame(context, query)
