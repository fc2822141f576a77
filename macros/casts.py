"""Casts that never fail a plan: a text that is no such value becomes NULL, and its row is quarantined."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

# What Postgres itself accepts is wider than what a file may say: 'NaN', '1_000' and '0x1F' are numbers to it,
# 'today' and 'infinity' are dates. So a text also has to look like the type before Postgres is asked.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INTEGER = r"^[+-]?[0-9]+$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CLOCK = r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
ZONE = r"[+-][0-9]{2}(:?[0-9]{2})?|Z"
LOCAL_TIME = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({CLOCK})?$"
INSTANT = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({CLOCK}({ZONE})?)?$"


def shape_of(kind: exp.DataType) -> str | None:
    """The pattern that a text has to match to be a value of this type, or None where any text may be one."""
    if kind.is_type(*exp.DataType.INTEGER_TYPES):
        return INTEGER
    if kind.is_type(*exp.DataType.NUMERIC_TYPES):
        return NUMBER
    if kind.is_type("date"):
        return DATE
    if kind.is_type("timestamp"):  # Postgres would drop a zone without a word
        return LOCAL_TIME
    if kind.is_type(*exp.DataType.TEMPORAL_TYPES):
        return INSTANT
    return None


def is_valid(text: exp.Expression, to: str) -> exp.Expression:
    """The condition that a trimmed text can be cast to a type, without an error and without loss."""
    kind = exp.DataType.build(to, dialect="postgres")
    checks: list[exp.Expression] = []
    if shape := shape_of(kind):
        checks.append(exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(shape)))
    checks.append(exp.Anonymous(this="pg_input_is_valid", expressions=[text.copy(), exp.Literal.string(to)]))
    if kind.is_type("decimal") and len(kind.expressions) == 2:
        scale = exp.Literal.number(int(kind.expressions[1].name))
        exact = exp.cast(text.copy(), "decimal")
        rounded = exp.Round(this=exact.copy(), decimals=scale)
        # CASE, because AND may look at its second side first, and this cast fails on what is no number.
        is_exact = exp.EQ(this=exact, expression=rounded)
        return exp.Case(ifs=[exp.If(this=exp.and_(*checks), true=is_exact)], default=exp.false())
    return exp.and_(*checks)


def trimmed(value: exp.Expression) -> exp.Expression:
    """The text without blanks around it."""
    return exp.Trim(this=value.copy())


@macro()
def cast_or_null(evaluator: MacroEvaluator, value: exp.Expression, to: exp.Expression) -> exp.Expression:
    """`@CAST_OR_NULL(column, 'numeric(12, 4)')`: the trimmed text as that type, or NULL where it is not one.

    Postgres 16 and later know whether a text is valid input for a type; other engines have TRY_CAST.
    """
    kind = exp.DataType.build(to.name, dialect="postgres")
    text = trimmed(value)
    if evaluator.dialect != "postgres":
        return exp.TryCast(this=text, to=kind)
    return exp.Case(ifs=[exp.If(this=is_valid(text, to.name), true=exp.cast(text.copy(), kind))])


@macro()
def quarantine_reason(evaluator: MacroEvaluator, *rules: exp.Expression) -> exp.Expression:
    """`@QUARANTINE_REASON((quantity, 'integer', TRUE), …)`: why a raw row cannot be used, NULL where it can.

    A rule is (column, type, is it required?, pattern that the whole text has to match, if any). The reason names
    each column at fault and what stands in it.
    """
    reasons = [reason for rule in rules for reason in reasons_of(evaluator, rule)]
    # Not CONCAT_WS: sqlglot's simplifier (30.8) forgets that it skips NULLs and makes it NULL if one text is.
    joined = exp.ArrayToString(this=exp.array(*reasons), expression=exp.Literal.string("; "))
    return exp.Nullif(this=joined, expression=exp.Literal.string(""))


def reasons_of(evaluator: MacroEvaluator, rule: exp.Expression) -> list[exp.Expression]:
    """The texts, NULL where all is well, that one rule adds to the reason."""
    column, to, required, *pattern = rule.expressions
    text = trimmed(column)
    content = exp.Nullif(this=text.copy(), expression=exp.Literal.string(""))
    is_missing = exp.Is(this=content, expression=exp.null())
    reasons: list[exp.Expression] = []
    if required.this:
        missing = exp.Literal.string(f"{column.name} is missing")
        reasons.append(exp.Case(ifs=[exp.If(this=is_missing.copy(), true=missing)]))
    complaint: exp.Expression | None = None
    if to.name != "text":
        complaint = _unless(validity(evaluator, text, to.name), column, text, f"is no {to.name}")
    if pattern:
        whole = exp.Literal.string(f"^({pattern[0].name})$")
        matches = exp.RegexpLike(this=text.copy(), expression=whole)
        complaint = _unless(matches, column, text, f"is not one of {pattern[0].name}", complaint)
    if complaint:
        reasons.append(exp.Case(ifs=[exp.If(this=exp.not_(is_missing.copy()), true=complaint)]))
    return reasons


def _unless(
    is_fine: exp.Expression,
    column: exp.Expression,
    text: exp.Expression,
    fault: str,
    before: exp.Expression | None = None,
) -> exp.Expression:
    """The complaint made before, else one that shows the text and its fault, else NULL."""
    shown = exp.Left(this=text.copy(), expression=exp.Literal.number(60))
    start, end = exp.Literal.string(f"{column.name} '"), exp.Literal.string(f"' {fault}")
    concat = exp.DPipe(this=exp.DPipe(this=start, expression=shown), expression=end)
    complaint = exp.Case(ifs=[exp.If(this=exp.not_(exp.paren(is_fine)), true=concat)])
    return exp.Coalesce(this=before, expressions=[complaint]) if before else complaint


def validity(evaluator: MacroEvaluator, text: exp.Expression, to: str) -> exp.Expression:
    """Whether the text is a value of the type, in the engine's own way."""
    if evaluator.dialect == "postgres":
        return is_valid(text, to)
    tried = exp.TryCast(this=text.copy(), to=exp.DataType.build(to, dialect="postgres"))
    return exp.not_(exp.Is(this=tried, expression=exp.null()))
