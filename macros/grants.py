"""What readers need beside the `grants` of the models."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

READER = "bi_reader"
READABLE_LAYERS = ("bi",)


@macro()
def grant_usage_to_readers(evaluator: MacroEvaluator) -> list[str]:
    """`@GRANT_USAGE_TO_READERS()` after a plan or run: USAGE on the schemas that readers may read.

    `grants` in a model gives SELECT on its view and survives promotions; a role needs USAGE beside it.
    """
    if evaluator.runtime_stage != "after_all" or evaluator.dialect != "postgres":
        return []
    adapter = evaluator.engine_adapter
    if not adapter.fetchone(exp.select("1").from_("pg_roles").where(exp.column("rolname").eq(READER))):
        return []
    schemas = {exp.to_table(view, dialect=evaluator.dialect).db for view in evaluator.views}
    readable = sorted(schema for schema in schemas if schema.split("__")[0] in READABLE_LAYERS)
    names = [exp.to_identifier(schema, quoted=True).sql("postgres") for schema in readable]
    return [f"GRANT USAGE ON SCHEMA {name} TO {READER}" for name in names]
