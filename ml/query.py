"""Queries of the Python models, written as SQL with the models' names and asked in the engine's own dialect."""

from __future__ import annotations

import typing as t

import pandas as pd
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext

from ml.frame import read_frame


def model_table(context: ExecutionContext, name: str) -> exp.Table:
    """Return the table behind a model's name in this environment, to put into a query.

    The model has to stand in the reading model's `depends_on`: `resolve_table` says so where it does not.
    """
    return exp.to_table(context.resolve_table(name), dialect=context.engine_adapter.dialect)


def read_query(
    context: ExecutionContext, text: str, coded: t.Collection[str] = (), packed: t.Collection[str] = ()
) -> pd.DataFrame:
    """Return the rows of a query in Postgres' dialect whose tables are models such as `core.fct_order_line`.

    Each model has to stand in the reading model's `depends_on`. coded, packed: as in read_frame.
    """
    query = t.cast(exp.Expression, parse_one(text, dialect="postgres"))
    for table in list(query.find_all(exp.Table)):
        if table.db:  # a CTE has none
            stored = model_table(context, f"{table.db}.{table.name}")
            table.replace(exp.alias_(stored, table.alias_or_name, table=True))
    return read_frame(context, query, coded, packed)
