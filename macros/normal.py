"""The normal distribution, of which Postgres has no quantile."""

from __future__ import annotations

import statistics

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.errors import SQLMeshError

DIGITS = 6


@macro()
def normal_quantile(evaluator: MacroEvaluator, share: exp.Expression) -> exp.Expression:
    """`@NORMAL_QUANTILE(0.95)`: below how many standard deviations from the mean this share lies (1.644854)."""
    try:
        value = float(share.name)
        quantile = statistics.NormalDist().inv_cdf(value)
    except ValueError as error:
        raise SQLMeshError(f"@NORMAL_QUANTILE takes a number between 0 and 1, not {share}") from error
    return exp.Literal.number(round(quantile, DIGITS))
