"""The union of what the sources give to a conformed entity."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.errors import SQLMeshError


@macro()
def union_sources(
    evaluator: MacroEvaluator, entity: exp.Expression, *columns: exp.Expression
) -> exp.Expression:
    """`@UNION_SOURCES(payment, source, …)`: these columns of stg.SOURCE__to_payment, over all sources.

    Which sources give the entity says the variable `sources` in config.yaml. With none there is no row.
    """
    sources = evaluator.var("sources")
    if not isinstance(sources, dict):
        raise SQLMeshError("config.yaml: the variable `sources` has to map each source to its entities")
    names = [column.name for column in columns]
    selects = [
        exp.select(*names).from_(exp.to_table(f"stg.{source}__to_{entity.name}"))
        for source, entities in sources.items()
        if entity.name in entities
    ]
    if not selects:
        return exp.select(*[exp.alias_(exp.null(), name) for name in names]).where(exp.false())
    united: exp.Query = selects[0]
    for select in selects[1:]:
        united = exp.union(united, select, distinct=False, copy=False)
    return united
