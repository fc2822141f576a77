"""Indexes on physical tables, named after the table's version so that each version gets its own."""

from __future__ import annotations

import hashlib

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def index_on(evaluator: MacroEvaluator, *columns: exp.Expression) -> exp.Expression | None:
    """`@INDEX_ON(source, order_id);` behind a query: a B-tree over these columns when the table is made, on Postgres."""
    if evaluator.runtime_stage != "creating" or evaluator.dialect != "postgres":
        return None
    table = exp.to_table(evaluator.locals["this_model"], dialect=evaluator.dialect)
    names = [column.name for column in columns]
    return exp.Create(
        kind="INDEX",
        exists=True,
        this=exp.Index(
            this=exp.to_identifier(index_name(table.name, names), quoted=True),
            table=table,
            params=exp.IndexParameters(columns=[exp.Ordered(this=exp.column(name, quoted=True)) for name in names]),
        ),
    )


def index_name(table: str, columns: list[str]) -> str:
    """A name within Postgres' 63 bytes that differs for each version of a table and each list of columns."""
    return f"ix_{hashlib.md5('|'.join([table, *columns]).encode()).hexdigest()[:20]}_{columns[-1]}"[:63]


@macro()
def refresh_statistics(evaluator: MacroEvaluator) -> exp.Expression | None:
    """`@REFRESH_STATISTICS()` behind every model: the planner knows a table right after it was filled, on Postgres.

    Autovacuum would come minutes later; until then joins with the new table may take a nested loop over all of it.
    """
    if evaluator.runtime_stage != "evaluating" or evaluator.dialect != "postgres":
        return None
    if evaluator.locals.get("model_kind_name") in ("VIEW", "EMBEDDED", "EXTERNAL"):
        return None
    return exp.Analyze(this=exp.to_table(evaluator.locals["this_model"], dialect=evaluator.dialect))
