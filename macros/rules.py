"""Which check of seed.quality_check a row failed, told by the words that say why it was left out."""

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
