"""Why a row refers to nothing, and which check of seed.quality_check a row failed, told by the words that say why."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

# What @QUARANTINE_REASON writes; anything else is a text that is no value of its type.
QUARANTINE = {
    "^[a-z0-9_]+ is missing": "missing_value",
    "^[a-z0-9_]+ '[^']*' is negative": "negative_price",
}
# What the loader writes into ingest.rejected_row.
REJECTION = {
    "^event time .* lies after the day of loading$": "future_date",
    "^(no )?event time": "invalid_date",
}


@macro()
def quarantine_rule(evaluator: MacroEvaluator, reason: exp.Expression) -> exp.Expression:
    """`@QUARANTINE_RULE(quarantine_reason)`: the check that a row failed first; meaningless without a reason.

    Reads the words of `@QUARANTINE_REASON` only: a mapping that writes reasons of its own names their rules.
    """
    return first_match(reason, QUARANTINE, "invalid_value")


@macro()
def orphan_reason(evaluator: MacroEvaluator, *references: exp.Expression) -> exp.Expression:
    """`@ORPHAN_REASON((line.store_id, known_store.store_id), …)`: which ids have no match, NULL where all have one.

    An id that is NULL refers to nothing and needs no match. A reference that is not a pair is a text of its own, NULL
    where all is well. `retail refresh` looks for the quoted id when new rows come.
    """
    reasons = [
        _unknown(*pair.expressions) if isinstance(pair, exp.Tuple) else pair.copy() for pair in references
    ]
    # Not CONCAT_WS, as in `@QUARANTINE_REASON`.
    joined = exp.ArrayToString(this=exp.array(*reasons), expression=exp.Literal.string("; "))
    return exp.Nullif(this=joined, expression=exp.Literal.string(""))


def _unknown(asked: exp.Expression, match: exp.Expression) -> exp.Expression:
    """`store_id 'S9' is unknown`, where an id has no match; NULL where there is no id, too."""
    start, end = exp.Literal.string(f"{asked.name} '"), exp.Literal.string("' is unknown")
    text = exp.DPipe(this=exp.DPipe(this=start, expression=asked.copy()), expression=end)
    return exp.Case(ifs=[exp.If(this=exp.Is(this=match.copy(), expression=exp.null()), true=text)])


@macro()
def failed_rule(
    evaluator: MacroEvaluator, quarantine_reason: exp.Expression, orphan_reason: exp.Expression
) -> exp.Expression:
    """`@FAILED_RULE(quarantine_reason, orphan_reason)`: the check that a row failed first; NULL: it is accepted."""
    is_fine = exp.Is(this=quarantine_reason.copy(), expression=exp.null())
    has_all = exp.Is(this=orphan_reason.copy(), expression=exp.null())
    by_value = exp.If(this=exp.not_(is_fine), true=quarantine_rule(evaluator, quarantine_reason))
    by_reference = exp.If(this=exp.not_(has_all), true=exp.Literal.string("orphan_reference"))
    return exp.Case(ifs=[by_value, by_reference])


@macro()
def rejection_rule(evaluator: MacroEvaluator, reason: exp.Expression) -> exp.Expression:
    """`@REJECTION_RULE(reason)`: the check for which the loader refused a row."""
    return first_match(reason, REJECTION, "unreadable_row")


def first_match(text: exp.Expression, rules: dict[str, str], otherwise: str) -> exp.Expression:
    """The name behind the first pattern that the text matches."""
    branches = [
        exp.If(
            this=exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(pattern)),
            true=exp.Literal.string(name),
        )
        for pattern, name in rules.items()
    ]
    return exp.Case(ifs=branches, default=exp.Literal.string(otherwise))
