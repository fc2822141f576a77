"""Reviews: what is measured of them, whatever they are grouped by, and means that a few of them hardly move."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

# `review` is core.fct_review, `placed` the review's order in core.fct_order.
MEASURES = """
    COUNT(*)::INT AS review_count,
    (COUNT(*) FILTER (WHERE review.score = 1))::INT AS score_1_count,
    (COUNT(*) FILTER (WHERE review.score = 2))::INT AS score_2_count,
    (COUNT(*) FILTER (WHERE review.score = 3))::INT AS score_3_count,
    (COUNT(*) FILTER (WHERE review.score = 4))::INT AS score_4_count,
    (COUNT(*) FILTER (WHERE review.score = 5))::INT AS score_5_count,
    (SUM(review.score)::DECIMAL / COUNT(*))::DECIMAL(9, 6) AS average_review_score,
    ((COUNT(*) FILTER (WHERE review.score <= 2))::DECIMAL / COUNT(*))::DECIMAL(9, 6) AS low_score_rate,
    ((COUNT(*) FILTER (WHERE review.score = 5))::DECIMAL / COUNT(*))::DECIMAL(9, 6) AS top_score_rate,
    ((COUNT(*) FILTER (WHERE review.has_comment))::DECIMAL / COUNT(*))::DECIMAL(9, 6) AS comment_rate,
    COUNT(review.response_days)::INT AS surveyed_review_count,
    AVG(review.response_days)::DECIMAL(12, 3) AS average_response_days,
    (PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY review.response_days))::DECIMAL(12, 3) AS median_response_days,
    (COUNT(*) FILTER (WHERE NOT placed.is_late))::INT AS on_time_review_count,
    (COUNT(*) FILTER (WHERE placed.is_late))::INT AS late_review_count,
    (AVG(review.score) FILTER (WHERE NOT placed.is_late))::DECIMAL(9, 6) AS average_on_time_score,
    (AVG(review.score) FILTER (WHERE placed.is_late))::DECIMAL(9, 6) AS average_late_score,
    (
        AVG(review.score) FILTER (WHERE placed.is_late) - AVG(review.score) FILTER (WHERE NOT placed.is_late)
    )::DECIMAL(9, 6) AS late_score_effect
"""


@macro()
def review_measures(evaluator: MacroEvaluator) -> list[exp.Expression]:
    """`@REVIEW_MEASURES()`: the columns that a query grouping `review` joined with `placed` has beside its grain."""
    return sqlglot.parse_one(f"SELECT {MEASURES}", dialect="postgres").expressions


@macro()
def shrunk_mean(
    evaluator: MacroEvaluator,
    total: exp.Expression,
    number: exp.Expression,
    usual: exp.Expression,
    weight: exp.Expression,
) -> exp.Expression:
    """`@SHRUNK_MEAN(score_sum, review_count, mean_score, 10)`: the mean after ten more at the usual mean are added."""
    above = exp.Add(this=exp.Mul(this=_one(weight), expression=_one(usual)), expression=_one(total))
    below = exp.Add(this=_one(weight), expression=_one(number))
    # `typed`: divided as Postgres does, where SQLGlot would take it for a division of floats
    return exp.Div(this=exp.paren(above), expression=exp.paren(below), typed=True)


def _one(part: exp.Expression) -> exp.Expression:
    """A copy that stays together among other operators."""
    return exp.paren(part.copy()) if isinstance(part, exp.Binary) else part.copy()
