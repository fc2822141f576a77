"""The evidence of data quality as one HTML page that needs nothing beside itself."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from ops.html import template
from ops.quality import Report, Row
from ops.wording import measured, percent

BAR_WIDTH = 120  # of the little bars beside rates, in their own units


def page(report: Report) -> str:
    """Return the page. Text from the data is escaped."""
    return template("quality.html").render(parts_of(report))


def parts_of(report: Report) -> dict[str, Any]:
    """Return what the sections of the page show."""
    total = report.total
    blocking = report.failures("block")
    checks = [with_bar(row) for row in report.checks]
    parts = [
        ("valid", "good", total["valid_count"]),
        ("repeated, counted once", "soft", total["repeated_count"]),
        ("held back", "warn", total["quarantined_count"]),
        ("rejected", "bad", total["rejected_count"]),
    ]
    return {
        "report": report,
        "total": total,
        "headline": percent(total["valid_rate"]) or "nothing",
        "parts": parts,
        "blocking": blocking,
        "warned": [name for name in report.failures("warn") if name not in blocking],
        "loud": [row for row in checks if row["failed_count"] or not row["is_passed"]],
        "quiet": [row for row in checks if not row["failed_count"] and row["is_passed"]],
        "charts": charts(report),
        "measured": _measured,
    }


def with_bar(row: Row) -> Row:
    """Add a check's rate over all days and the lengths of its bar, on a scale that shows rate and limit."""
    rate = row["failed_count"] / row["tested_count"] if row["tested_count"] else 0.0
    limit = float(row["threshold_rate"])
    scale = BAR_WIDTH / max(rate, limit * 1.25, 0.001)
    return {
        **row,
        "rate": rate,
        "width": round(min(rate * scale, BAR_WIDTH), 1),
        "limit": round(min(limit * scale, BAR_WIDTH), 1),
    }


def charts(report: Report) -> list[dict[str, Any]]:
    """Return, for each source's entity with the most rows, a bar per day and how to colour it."""
    busiest: dict[str, Row] = {}
    for row in report.layers:
        if row["source"] not in busiest or row["raw_count"] > busiest[row["source"]]["raw_count"]:
            busiest[row["source"]] = row
    unusual = {(row["source"], row["event_date"]) for row in report.anomalies if row["measure"] == "volume"}
    failed = {(row["source"], row["event_date"]) for row in report.failed_days}
    result = []
    for (source, entity), rows in groupby(report.days, lambda row: (row["source"], row["entity"])):
        if busiest[source]["entity"] != entity:
            continue
        counts = {row["event_date"]: row["raw_count"] for row in rows}
        marks = {day: "warn" for s, day in unusual if s == source}
        marks |= {day: "bad" for s, day in failed if s == source}
        result.append(_chart(source, entity, counts, marks))
    return result


def _chart(source: str, entity: str, counts: dict[date, int], marks: dict[date, str]) -> dict[str, Any]:
    first, last = min(counts), max(counts)
    top = max(counts.values()) or 1
    bars = []
    for day, count in counts.items():
        height = max(round(100 * count / top, 1), 1.5)
        bars.append(
            {
                "x": (day - first).days,
                "y": round(100 - height, 1),
                "height": height,
                "kind": marks.get(day, "accent"),
                "day": day,
                "count": count,
            }
        )
    width = (last - first + timedelta(days=1)).days
    return {
        "source": source, "entity": entity, "top": top, "bars": bars, "width": width, "first": first, "last": last,
    }  # fmt: skip


def _measured(row: Row, column: str) -> str:
    return measured(row["measure"], row[column])
