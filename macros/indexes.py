"""Indexes on physical tables, named after the table's version so that each version gets its own."""

from __future__ import annotations

import hashlib

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def index_on(evaluator: MacroEvaluator, *columns: exp.Expression) -> exp.Expression | None:
    """`@INDEX_ON(source, order_id);` behind a query: a B-tree over these columns, on Postgres."""
    return _index(evaluator, columns, None)


@macro()
def unique_index_on(evaluator: MacroEvaluator, *columns: exp.Expression) -> exp.Expression | None:
    """`@UNIQUE_INDEX_ON(product_key);`: a B-tree that lets no key in twice, which the planner then knows.

    A view that joins the table by LEFT JOIN for names is then as fast as one without where nobody asks for them:
    the planner leaves the join out.
    """
    return _index(evaluator, columns, None, unique=True)


@macro()
def index_on_rows(
    evaluator: MacroEvaluator, condition: exp.Expression, *columns: exp.Expression
) -> exp.Expression | None:
    """`@INDEX_ON_ROWS(NOT rule_name IS NULL, order_date);`: a B-tree over the few rows that meet a condition."""
    return _index(evaluator, columns, condition)


def _index(
    evaluator: MacroEvaluator,
    columns: tuple[exp.Expression, ...],
    condition: exp.Expression | None,
    unique: bool = False,
) -> exp.Expression | None:
    if evaluator.runtime_stage != "creating" or evaluator.dialect != "postgres":
        return None
    table = exp.to_table(evaluator.locals["this_model"], dialect=evaluator.dialect)
    names = [column.name for column in columns]
    ordered = [exp.Ordered(this=exp.column(name, quoted=True)) for name in names]
    parts = names if condition is None else [condition.sql("postgres"), *names]
    return exp.Create(
        kind="INDEX",
        unique=unique,
        exists=True,
        this=exp.Index(
            this=exp.to_identifier(index_name(table.name, parts), quoted=True),
            table=table,
            params=exp.IndexParameters(
                columns=ordered, where=None if condition is None else exp.Where(this=condition.copy())
            ),
        ),
    )


def index_name(table: str, columns: list[str]) -> str:
    """A name within Postgres' 63 bytes that differs for each version of a table and each list of columns."""
    version = hashlib.sha256("|".join([table, *columns]).encode()).hexdigest()[:20]
    return f"ix_{version}_{columns[-1]}"[:63]


@macro()
def refresh_statistics(evaluator: MacroEvaluator) -> exp.Expression | None:
    """`@REFRESH_STATISTICS()` behind every model: the planner knows a table right after it was filled.

    Autovacuum would come minutes later. Until then a join with the new table may become a nested loop over
    all of it: seven minutes instead of three seconds, once. A table that grew by a few days keeps what it has:
    the sample costs as much on a day as on all of them.
    """
    # SQLMesh calls it "creating" when it makes a table and fills it in one go, as it does the first time.
    if evaluator.runtime_stage not in ("creating", "evaluating") or evaluator.dialect != "postgres":
        return None
    kind = evaluator.locals.get("model_kind_name")
    if kind in ("VIEW", "EMBEDDED", "EXTERNAL"):
        return None
    table = exp.to_table(evaluator.locals["this_model"], dialect=evaluator.dialect)
    if kind == "INCREMENTAL_BY_TIME_RANGE" and not _has_grown(evaluator, table):
        return None
    return exp.Analyze(this=table)


def _has_grown(evaluator: MacroEvaluator, table: exp.Table) -> bool:
    """Whether the table has a tenth more pages than when its statistics were made, or has none."""
    name = exp.Literal.string(table.sql("postgres", identify=True, comments=False)).sql("postgres")
    row = evaluator.engine_adapter.fetchone(
        "SELECT reltuples < 0 OR pg_relation_size(oid) > 1.1 * relpages * current_setting('block_size')::int "
        f"FROM pg_class WHERE oid = to_regclass({name})"
    )
    return row is None or bool(row[0])
