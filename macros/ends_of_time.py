"""The ends of time in versioned rows: far away, yet dates that every BI tool can read."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def beginning_of_time(evaluator: MacroEvaluator) -> exp.Expression:
    """`@BEGINNING_OF_TIME()`: from when a first version holds."""
    return exp.cast(exp.Literal.string("1900-01-01 00:00:00+00"), "timestamptz")


@macro()
def end_of_time(evaluator: MacroEvaluator) -> exp.Expression:
    """`@END_OF_TIME()`: until when a current version holds."""
    return exp.cast(exp.Literal.string("9999-12-31 00:00:00+00"), "timestamptz")
