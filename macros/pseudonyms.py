"""Keyed hashes in the place of personal values, from staging on."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.errors import SQLMeshError

FUNCTION = "privacy.pseudonym"
STAND_IN = "pseudonym of "


@macro()
def pseudonym(evaluator: MacroEvaluator, value: exp.Expression) -> exp.Expression:
    """`@PSEUDONYM(email)`: HMAC-SHA256 of the trimmed text, hexadecimal; NULL where there is none.

    The same value gives the same hash, so that it joins and counts. The key stays in the server: it stands
    neither in the model nor in SQLMesh's state. `@PSEUDONYM(LOWER(email))` where case means nothing. In a
    model's unit test it is 'pseudonym of …', because every server has a key of its own.
    """
    if evaluator.dialect != "postgres":
        raise SQLMeshError(
            f"@PSEUDONYM needs Postgres: {evaluator.dialect or 'this engine'} has no {FUNCTION}"
        )
    text = exp.Trim(this=exp.cast(value.copy(), "text"))
    content = exp.Nullif(this=text, expression=exp.Literal.string(""))
    if evaluator.runtime_stage == "testing":
        return exp.DPipe(this=exp.Literal.string(STAND_IN), expression=content)
    if evaluator.runtime_stage in ("creating", "evaluating"):
        require_function(evaluator)
    return exp.Dot.build(
        [exp.to_identifier("privacy"), exp.Anonymous(this="pseudonym", expressions=[content])]
    )


def require_function(evaluator: MacroEvaluator) -> None:
    """Raise SQLMeshError that says what to do on a server that does not know the function."""
    adapter = evaluator.locals.get("engine_adapter")
    if adapter is None:
        return
    wanted = exp.Literal.string(f"{FUNCTION}(text)")
    found = adapter.fetchone(exp.select(exp.Anonymous(this="to_regprocedure", expressions=[wanted])))
    if not found or found[0] is None:
        raise SQLMeshError(
            f"This server has no function {FUNCTION}, which hashes personal values with the key RETAIL_HASH_KEY: "
            "`retail start` makes it on the embedded server, `retail connect` on another."
        )
