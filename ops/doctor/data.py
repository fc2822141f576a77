"""The data: loads that failed or wait, promises of freshness, quality, what a promotion had to drop."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from loaders.contract import Contract
from ops import quality as evidence
from ops.doctor.check import Check, Place, Row
from ops.errors import OpsError
from ops.refresh_ledger import touched_since_last_refresh

MOST = 5
NOT_MENDED = """
    SELECT DISTINCT ON (load.source, load.table_name, load.file)
        load.load_id, load.source, load.table_name, load.file, load.status, load.error, load.finished_at
    FROM ingest.load AS load
    WHERE load.status IN ('failed', 'interrupted')
      AND NOT EXISTS (
        SELECT FROM ingest.load AS later
        WHERE (later.source, later.table_name, later.file) = (load.source, load.table_name, load.file)
          AND later.status = 'loaded' AND later.load_id > load.load_id
      )
    ORDER BY load.source, load.table_name, load.file, load.load_id DESC
"""
RUNNING = (
    "SELECT source, table_name, file, started_at FROM ingest.load WHERE status = 'running' ORDER BY load_id"
)
# Per source, the newest day that rows have. A row may lie a day ahead of its load: clocks east of UTC.
LANDED = """
    SELECT load.source,
        max(landed.day) FILTER (WHERE landed.day <= (load.finished_at AT TIME ZONE 'UTC')::date + 1) AS day
    FROM ingest.load AS load LEFT JOIN LATERAL unnest(load.event_dates) AS landed (day) ON true
    WHERE load.status = 'loaded' GROUP BY load.source ORDER BY load.source
"""
# What was dropped and has not been made again since.
BROKEN = """
    SELECT name, owner, view, reason, dropped_at
    FROM ingest.broken_dependent
    WHERE CASE WHEN name ~ '^(function|procedure) ' THEN to_regprocedure(regexp_replace(name, '^\\w+ ', ''))::oid
        ELSE to_regclass(regexp_replace(name, '^(materialized )?\\w+ ', ''))::oid END IS NULL
    ORDER BY dropped_at DESC
"""
NOTHING_YET = "Nothing was loaded yet."


def loads(place: Place) -> Check:
    """Whether every file that was tried is loaded, and what was loaded is in prod."""
    if not place.has("ingest.load"):
        return Check("loads", "warn", NOTHING_YET, "`retail load --all`, or `retail demo`.")
    broken = place.rows(NOT_MENDED)
    running = place.rows(RUNNING)
    waiting = touched_since_last_refresh(place.warehouse.connection) if place.has("ingest.refresh") else {}
    told = []
    if broken:
        files = ", ".join(f"{row['source']} {row['file']} ({row['status']})" for row in broken[:MOST])
        more = f" and {len(broken) - MOST} more" if len(broken) > MOST else ""
        told.append(f"not loaded: {files}{more}")
    if running:
        told.append(f"{len(running)} under way, or killed; loads behind them wait")
    if waiting:
        told.append(f"loaded and not in prod yet: {', '.join(sorted(waiting))}")
    details = broken + running
    if any(row["status"] == "failed" for row in broken):
        advice = "`retail loads --status failed` says why; mend the file and `retail load` its source."
        return Check("loads", "fail", "; ".join(told), advice, details)
    if broken:
        return Check(
            "loads", "warn", "; ".join(told), "`retail load --all` loads what was interrupted.", details
        )
    if waiting or running:
        return Check("loads", "warn", "; ".join(told), "`retail refresh` brings prod up to date.", details)
    return Check("loads", "ok", "Every file that was tried is loaded, and in prod.")


def landed_days(place: Place) -> dict[str, Row]:
    """Return, per source that was loaded, its newest day."""
    return {row["source"]: row for row in place.rows(LANDED)} if place.has("ingest.load") else {}


def freshness(place: Place, contracts: Mapping[str, Contract], today: date | None = None) -> Check:
    """Whether each source keeps its contract's promise (`fresh_within_days`)."""
    today = today or datetime.now(UTC).date()
    landed = landed_days(place)
    stale, told, details = [], [], []
    for source, contract in contracts.items():
        day = landed[source]["day"] if source in landed else None
        promise = contract.fresh_within_days
        details.append({"source": source, "last_event_date": day, "fresh_within_days": promise})
        if day is None and promise is None:
            continue
        age = "no data" if day is None else f"{day}, {(today - day).days} days ago"
        told.append(f"{source}: {age}" + (f" (promised: {promise})" if promise else ""))
        if promise and (day is None or (today - day).days > promise):
            stale.append(source)
    if stale:
        advice = f"Ask where the files of {', '.join(stale)} are; `retail load` them, then `retail refresh`."
        return Check("freshness", "fail", "; ".join(told), advice, details)
    return Check("freshness", "ok", "; ".join(told) or NOTHING_YET, details=details)


def quality(place: Place) -> Check:
    """Whether a blocking check of the data failed."""
    try:
        found = evidence.report(place.settings)
    except OpsError as error:
        return Check("quality", "skipped", str(error))
    failed, warned = found.failures("block"), found.failures("warn")
    advice = "`retail quality` shows the evidence."
    if failed:
        return Check("quality", "fail", "; ".join(failed), advice)
    if warned:
        return Check("quality", "warn", "; ".join(warned), advice)
    return Check("quality", "ok", "No check failed.")


def dependents(place: Place) -> Check:
    """Whether promotions dropped something that others had built, and nobody made it again."""
    found = place.rows(BROKEN) if place.has("ingest.broken_dependent") else []
    if not found:
        return Check("dependents", "ok", "What others built on the views is there.")
    told = "; ".join(
        f"{row['name']} of {row['owner']} ({row['dropped_at']:%Y-%m-%d}): {row['reason']}"
        for row in found[:MOST]
    )
    advice = (
        "Tell its owner. `retail broken --restore N` builds it again; where nobody wants it any more, the loader "
        "may delete its row of ingest.broken_dependent."
    )
    return Check("dependents", "warn", told, advice, found)
