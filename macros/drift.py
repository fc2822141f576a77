"""Drift: how far a distribution has moved, and the record of the scores' distributions that it is measured by."""

from __future__ import annotations

import typing as t

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.console import get_console
from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.errors import SQLMeshError

from macros.evaluations import LEARNED_LAYER, may_add

DISTRIBUTIONS = "ingest.score_distribution"
DECILES = "ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]"
ONE_IN_TWENTY = 1.644854  # standard deviations that a normal value exceeds once in twenty


@macro()
def psi(evaluator: MacroEvaluator, expected: exp.Expression, actual: exp.Expression) -> exp.Expression:
    """`@PSI(expected_rate, actual_rate)`: the population stability index, added up over the bins.

    The sum of (actual - expected) × ln(actual / expected); no rate may be 0, which is what @BIN_RATE sees to.
    """
    return evaluator.parse_one(f"SUM(({actual} - {expected}) * LN({actual} / {expected}))")


@macro()
def bin_rate(
    evaluator: MacroEvaluator, count: exp.Expression, total: exp.Expression, bins: exp.Expression
) -> exp.Expression:
    """`@BIN_RATE(row_count, total_count, bin_count)`: a bin's share of all, with half a row more in each bin."""
    return evaluator.parse_one(f"(({count}) + 0.5)::DOUBLE PRECISION / (({total}) + 0.5 * ({bins}))")


@macro()
def psi_limit(
    evaluator: MacroEvaluator, bins: exp.Expression, expected: exp.Expression, actual: exp.Expression
) -> exp.Expression:
    """`@PSI_LIMIT(bin_count, expected_count, actual_count)`: what chance alone exceeds once in twenty times.

    Without a drift PSI / (1 / expected_count + 1 / actual_count) is chi-square with bins - 1 degrees of freedom
    (Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation
    14, 2020); its quantile by Wilson and Hilferty's cube. NULL for one bin or no rows.
    """
    freedom = f"NULLIF(({bins}) - 1, 0)::DOUBLE PRECISION"
    part = f"2 / (9 * {freedom})"
    quantile = f"{freedom} * POWER(1 - {part} + {ONE_IN_TWENTY} * SQRT({part}), 3)"
    return evaluator.parse_one(
        f"(1.0 / NULLIF({expected}, 0) + 1.0 / NULLIF({actual}, 0))::DOUBLE PRECISION * {quantile}"
    )


@macro()
def record_scores(evaluator: MacroEvaluator) -> list[str]:
    """`@RECORD_SCORES()` after a plan or run: how the watched scores are distributed, where that changed.

    The variable `watched_scores` lists the columns of each model; the models have a column `source`. The bins are the
    deciles of the first time that a source's score was recorded, in whichever environment, so that all compare.
    """
    watched = evaluator.var("watched_scores", {})
    if not isinstance(watched, dict):
        raise SQLMeshError("config.yaml: the variable `watched_scores` has to map models to lists of columns")
    if evaluator.runtime_stage != "after_all" or evaluator.dialect != "postgres" or not watched:
        return []
    views = [exp.to_table(view, dialect="postgres") for view in evaluator.views]
    learned = {
        f"{LEARNED_LAYER}.{view.name}": view for view in views if view.db.split("__")[0] == LEARNED_LAYER
    }
    found = [(model, column) for model, columns in watched.items() if model in learned for column in columns]
    adapter = evaluator.engine_adapter
    if not found or not may_add(adapter, DISTRIBUTIONS):
        return []
    return [
        distribution(evaluator.this_env, model, column, learned[model])
        for model, column in found
        if has_columns(adapter, model, learned[model], (column, "source"))
    ]


def has_columns(adapter: t.Any, model: str, view: exp.Table, columns: tuple[str, ...]) -> bool:
    """Whether a view has the columns; says so where not, since the plan has ended and nothing else is wrong."""
    missing = sorted(set(columns) - set(adapter.columns(exp.table_(view.name, db=view.db))))
    if missing:
        get_console().log_warning(f"config.yaml, watched_scores: {model} has no column {', '.join(missing)}.")
    return not missing


def distribution(environment: str, model: str, column: str, view: exp.Table) -> str:
    """Return the statement that records a score's distribution per source, unless it is what was recorded last."""
    label, name, score = (exp.Literal.string(text).sql("postgres") for text in (environment, model, column))
    table = exp.table_(view.name, db=view.db, quoted=True).sql("postgres")
    quoted = exp.to_identifier(column, quoted=True).sql("postgres")
    return f"""
        WITH score AS (
            SELECT source, {quoted}::double precision AS value FROM {table} WHERE {quoted} IS NOT NULL
        ), known AS (
            SELECT DISTINCT ON (source) source, edges FROM {DISTRIBUTIONS}
            WHERE model = {name} AND column_name = {score} ORDER BY source, recorded_at
        ), binned AS (
            SELECT source, coalesce(known.edges, own.edges) AS edges
            FROM (
                SELECT source, (
                    SELECT array_agg(DISTINCT edge ORDER BY edge)
                    FROM unnest(percentile_disc({DECILES}) WITHIN GROUP (ORDER BY value)) AS edge
                ) AS edges
                FROM score GROUP BY source
            ) AS own LEFT JOIN known USING (source)
        ), counted AS (
            SELECT score.source, width_bucket(score.value, binned.edges) AS bin, count(*) AS row_count
            FROM score JOIN binned USING (source) GROUP BY 1, 2
        ), drawn AS (
            SELECT binned.source, binned.edges, array_agg(coalesce(counted.row_count, 0) ORDER BY place.bin) AS counts
            FROM binned
            CROSS JOIN LATERAL generate_series(0, cardinality(binned.edges)) AS place(bin)
            LEFT JOIN counted ON counted.source = binned.source AND counted.bin = place.bin
            GROUP BY 1, 2
        ), last AS (
            SELECT DISTINCT ON (source) source, edges, counts FROM {DISTRIBUTIONS}
            WHERE environment = {label} AND model = {name} AND column_name = {score}
            ORDER BY source, recorded_at DESC
        )
        INSERT INTO {DISTRIBUTIONS} (environment, model, source, column_name, edges, counts)
        SELECT {label} AS environment, {name} AS model, source, {score} AS column_name, edges, counts
        FROM (SELECT source, edges, counts FROM drawn EXCEPT SELECT source, edges, counts FROM last) AS changed
    """
