"""The evidence of data quality in an environment: what was read, what was left out and why, and which checks failed."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.sql import Composed

from ops.environments import PROD, in_environment, require
from ops.settings import Settings

Row = dict[str, Any]
MODELS = tuple(
    f"quality.{name}"
    for name in (
        "load_metric",
        "rejected_row",
        "quarantined_row",
        "check_result",
        "layer_comparison",
        "anomaly",
    )
)
GRAVITY = ("info", "warn", "block")

# Rows read by the loads whose rows are in the raw tables, and what became of them.
RECORDS = """
    WITH read AS (
        SELECT source, sum(read_count) AS read_count, sum(rejected_count) AS rejected_count
        FROM {quality.load_metric} WHERE is_current GROUP BY source
    ), held AS (
        SELECT source, count(*) AS quarantined_count
        FROM {quality.quarantined_row} WHERE healed_at IS NULL GROUP BY source
    ), repeated AS (
        SELECT source, sum(failed_count) AS repeated_count
        FROM {quality.check_result} WHERE check_name = 'duplicate_row' GROUP BY source
    )
    SELECT source, read_count::bigint, rejected_count::bigint,
        coalesce(quarantined_count, 0)::bigint AS quarantined_count,
        coalesce(repeated_count, 0)::bigint AS repeated_count
    FROM read LEFT JOIN held USING (source) LEFT JOIN repeated USING (source)
    ORDER BY source
"""
CHECKS = """
    SELECT result.source, result.check_name, result.table_name, result.severity, result.action,
        coalesce(own.meaning, common.meaning) AS meaning,
        sum(result.tested_count)::bigint AS tested_count, sum(result.failed_count)::bigint AS failed_count,
        max(result.threshold_rate) AS threshold_rate,
        count(*) AS day_count, count(*) FILTER (WHERE NOT result.is_passed) AS failed_day_count,
        max(result.failed_rate) AS worst_rate,
        (array_agg(result.event_date ORDER BY result.failed_rate DESC NULLS LAST, result.event_date))[1]
            AS worst_date,
        bool_and(result.is_passed) AS is_passed
    FROM {quality.check_result} AS result
    LEFT JOIN {seed.quality_check} AS own USING (check_name, source)
    LEFT JOIN {seed.quality_check} AS common ON common.check_name = result.check_name AND common.source = '*'
    WHERE result.check_name <> 'completeness' AND result.event_date >= %(since)s
    GROUP BY 1, 2, 3, 4, 5, 6
    ORDER BY bool_and(result.is_passed), array_position(ARRAY['block', 'warn', 'info'], result.severity),
        sum(result.failed_count) DESC, 1, 3, 2
"""
COMPLETENESS = """
    SELECT source, table_name, column_name, sum(tested_count)::bigint AS tested_count,
        sum(failed_count)::bigint AS empty_count
    FROM {quality.check_result}
    WHERE check_name = 'completeness' AND event_date >= %(since)s
    GROUP BY 1, 2, 3 ORDER BY 1, sum(failed_count) / sum(tested_count) DESC, 2, 3
"""
REASONS = """
    WITH left_out AS (
        SELECT 'rejected' AS fate, source, table_name, rule_name, reason, since_at, healed_at
        FROM {quality.rejected_row}
        UNION ALL
        SELECT 'quarantined', source, table_name, rule_name, reason, since_at, healed_at
        FROM {quality.quarantined_row}
    )
    SELECT fate, source, table_name, rule_name,
        count(*) FILTER (WHERE healed_at IS NULL) AS open_count,
        count(*) FILTER (WHERE healed_at IS NOT NULL) AS healed_count,
        min(since_at) AS first_since_at, max(healed_at) AS last_healed_at, min(reason) AS example
    FROM left_out
    GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1 DESC, 2, 3, 4
"""
LAYERS = """
    SELECT source, entity, count(*) AS day_count,
        sum(raw_count)::bigint AS raw_count, sum(staged_count)::bigint AS staged_count,
        sum(quarantined_count)::bigint AS quarantined_count, sum(repeated_count)::bigint AS repeated_count,
        sum(superseded_count)::bigint AS superseded_count, sum(core_count)::bigint AS core_count,
        count(*) FILTER (WHERE difference_count <> 0 OR staged_difference_count <> 0) AS differing_day_count
    FROM {quality.layer_comparison} WHERE event_date >= %(since)s
    GROUP BY 1, 2 ORDER BY 1, 2
"""
FRESHNESS = """
    SELECT source, table_name, count(*) FILTER (WHERE is_current) AS file_count,
        count(*) FILTER (WHERE replaced_by_load_id IS NOT NULL) AS replaced_count,
        count(*) FILTER (WHERE status = 'failed') AS failed_load_count,
        max(last_event_date) FILTER (WHERE is_current) AS last_event_date,
        max(finished_at) FILTER (WHERE is_current) AS last_loaded_at
    FROM {quality.load_metric} GROUP BY 1, 2 ORDER BY 1, 2
"""
ANOMALIES = """
    SELECT source, entity, column_name, measure, event_date, value, expected_value, score, history_count
    FROM {quality.anomaly} WHERE event_date >= %(since)s ORDER BY event_date DESC, score DESC
"""
DAYS = """
    SELECT source, entity, event_date, raw_count, core_count
    FROM {quality.layer_comparison} WHERE event_date >= %(since)s ORDER BY source, entity, event_date
"""
FAILED_DAYS = """
    SELECT DISTINCT source, event_date FROM {quality.check_result}
    WHERE NOT is_passed AND event_date >= %(since)s
"""


@dataclass
class Report:
    """The evidence, ready to print. `failed` names each check that failed, with its severity."""

    generated_at: datetime
    since: date | None
    records: list[Row]
    checks: list[Row]
    completeness: list[Row]
    reasons: list[Row]
    layers: list[Row]
    freshness: list[Row]
    anomalies: list[Row]
    days: list[Row] = field(repr=False)
    failed_days: list[Row] = field(repr=False)

    @property
    def total(self) -> Row:
        """All sources together: rows read and left out, and the share of valid ones."""
        return with_share(
            {
                "source": "all",
                **{
                    name: sum(row[name] for row in self.records)
                    for name in ("read_count", "rejected_count", "quarantined_count", "repeated_count")
                },
            }
        )

    def failures(self, at_least: str) -> list[str]:
        """Name what failed with at least this severity: info, warn or block. Layers that differ block."""
        grave = GRAVITY[GRAVITY.index(at_least) :]
        return [
            f"{row['source']}: {row['check_name']} of {row['table_name']}"
            for row in self.checks
            if not row["is_passed"] and row["severity"] in grave
        ] + [
            f"{row['source']}: layers differ in {row['entity']}"
            for row in self.layers
            if row["differing_day_count"]
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` writes."""
        return {
            "generated_at": self.generated_at,
            "since": self.since,
            "valid_rate": self.total["valid_rate"],
            "failed": {"block": self.failures("block"), "warn": self.failures("warn")},
            "records": [self.total, *self.records],
            "checks": self.checks,
            "completeness": self.completeness,
            "left_out": self.reasons,
            "layers": self.layers,
            "freshness": self.freshness,
            "anomalies": self.anomalies,
        }


def report(settings: Settings, since: date | None = None, environment: str = PROD) -> Report:
    """Read the evidence from an environment as the transformer; with `since`, judge only the days from then on.

    Raises OpsError where the quality models were not built yet, psycopg2.Error without a server.
    """
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            require(cursor, environment, MODELS)
            given = {"since": since or date.min}

            def rows(question: str) -> list[Row]:
                return _rows(cursor, in_environment(question, environment), given)

            return Report(
                datetime.now(UTC),
                since,
                [with_share(row) for row in rows(RECORDS)],
                rows(CHECKS),
                rows(COMPLETENESS),
                rows(REASONS),
                rows(LAYERS),
                [_with_age(row) for row in rows(FRESHNESS)],
                rows(ANOMALIES),
                rows(DAYS),
                rows(FAILED_DAYS),
            )
    finally:
        connection.close()


def with_share(row: Row) -> Row:
    """Add how many of the rows read count, and their share of all; None where nothing was read."""
    left_out = row["rejected_count"] + row["quarantined_count"] + row["repeated_count"]
    valid = row["read_count"] - left_out
    rate = Decimal(valid) / Decimal(row["read_count"]) if row["read_count"] else None
    return {**row, "valid_count": valid, "valid_rate": None if rate is None else round(rate, 6)}


def _with_age(row: Row) -> Row:
    last = row["last_event_date"]
    return {**row, "age_days": (datetime.now(UTC).date() - last).days if last else None}


def _rows(cursor: Cursor, question: Composed, given: dict[str, Any]) -> list[Row]:
    cursor.execute(question, given)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
