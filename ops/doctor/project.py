"""The project: SQLMesh's state, environments, what prod has not got of the files, intervals, gates."""

from datetime import UTC, datetime, time, timedelta
from importlib.metadata import version
from typing import Any

from croniter import croniter

from ops.doctor.check import Check, Place, Row
from ops.doctor.data import landed_days
from ops.errors import OpsError
from ops.evaluation import evaluated
from ops.plan_inputs import plan_inputs
from ops.sqlmesh import PROD_MARK

PROD = "prod"
MOST = 8
NO_STATE = "SQLMesh has made nothing here yet."
MAKE_PROD = "`retail refresh` makes prod of what was loaded; `retail demo` does it all."
VERSIONS = "SELECT schema_version, sqlglot_version, sqlmesh_version FROM sqlmesh._versions"
# Each environment, and how many of its models prod has not got or has in another version.
ENVIRONMENTS = """
    WITH part AS (
        SELECT environment.name AS environment, part.name, part.fingerprint
        FROM sqlmesh._environments AS environment
        CROSS JOIN json_to_recordset(environment.snapshots::json) AS part (name text, fingerprint text)
    )
    SELECT name, finalized_ts IS NOT NULL AS is_whole, to_timestamp(expiration_ts / 1000.0) AS expires_at, (
        SELECT count(*) FROM part
        WHERE part.environment = environment.name AND NOT EXISTS (
            SELECT FROM part AS ours
            WHERE ours.environment = 'prod' AND (ours.name, ours.fingerprint) = (part.name, part.fingerprint)
        )
    ) AS own_count
    FROM sqlmesh._environments AS environment ORDER BY name
"""
# How often prod's models are due, how many each way, until when the first and the last of them are computed.
DUE = """
    SELECT snapshot.snapshot::json #>> '{node,cron}' AS cron, count(*) AS model_count,
        count(*) FILTER (WHERE computed.end_ts IS NULL) AS never_count,
        to_timestamp(min(computed.end_ts) / 1000.0) AS first_end_at,
        to_timestamp(max(computed.end_ts) / 1000.0) AS last_end_at
    FROM sqlmesh._environments AS environment
    CROSS JOIN json_to_recordset(environment.snapshots::json) AS part (name text, version text, fingerprint jsonb)
    JOIN sqlmesh._snapshots AS snapshot
      ON snapshot.name = part.name AND snapshot.fingerprint::jsonb = part.fingerprint
    LEFT JOIN LATERAL (
        SELECT max(end_ts) AS end_ts FROM sqlmesh._intervals AS interval
        WHERE (interval.name, interval.version) = (part.name, part.version) AND NOT is_dev AND NOT is_removed
    ) AS computed ON true
    WHERE environment.name = 'prod' AND snapshot.kind_name NOT IN ('EXTERNAL', 'EMBEDDED', 'SEED')
    GROUP BY 1 ORDER BY 1
"""
AS_FILES = "prod is what the project's files say."
ASK_SQLMESH = "`retail doctor --changes` names the models that differ, which takes SQLMesh half a minute."
LEFT = "SELECT prod_mark, plan_inputs FROM ingest.refreshed_prod"


def state(place: Place) -> Check:
    """Whether the state is of the installed SQLMesh's version."""
    if place.state is None:
        found = f"There is no way into the state's database, {place.settings.state_database}."
        return Check(
            "state", "fail", found, "`retail start`, or `retail connect`, makes it where it is missing."
        )
    rows = place.state_rows(VERSIONS)
    if not rows:
        return Check("state", "warn", NO_STATE, MAKE_PROD)
    kept = rows[0]
    installed = {"sqlmesh": version("sqlmesh"), "sqlglot": version("sqlglot")}
    found = f"SQLMesh {kept['sqlmesh_version']}, sqlglot {kept['sqlglot_version']}"
    if installed["sqlmesh"] == kept["sqlmesh_version"] and _same(
        installed["sqlglot"], kept["sqlglot_version"]
    ):
        return Check("state", "ok", f"The state is of the installed {found}.")
    from sqlmesh.core.state_sync.base import SCHEMA_VERSION

    told = (
        f"The state is of {found} (schema {kept['schema_version']}); installed are SQLMesh {installed['sqlmesh']}, "
        f"sqlglot {installed['sqlglot']} (schema {SCHEMA_VERSION})."
    )
    same = all(_same(installed[name], kept[f"{name}_version"]) for name in installed)
    if same and kept["schema_version"] == SCHEMA_VERSION:
        return Check("state", "ok", told)
    is_behind = kept["schema_version"] < SCHEMA_VERSION or any(
        _number(kept[f"{name}_version"]) < _number(text) for name, text in installed.items()
    )
    advice = (
        "Back up, then `sqlmesh migrate` while no plan is under way (docs/operations.md)."
        if is_behind
        else f"Somebody migrated it with SQLMesh {kept['sqlmesh_version']}: install that (`make env` after a pull)."
    )
    return Check("state", "fail", told, advice)


def _number(text: str) -> tuple[int, ...]:
    """The first two parts of a version, which SQLMesh compares."""
    return tuple(int(part) for part in text.split(".")[:2])


def _same(one: str, other: str) -> bool:
    return _number(one) == _number(other)


def environments(place: Place) -> Check:
    """Which environments differ from prod, when they expire, and whether a plan of one did not end."""
    rows = place.state_rows(ENVIRONMENTS)
    if not any(row["name"] == PROD for row in rows):
        return Check("environments", "warn" if rows else "skipped", "There is no prod yet.", MAKE_PROD, rows)
    torn = [row["name"] for row in rows if not row["is_whole"]]
    told = [_environment(row) for row in rows if row["name"] != PROD]
    if torn:
        found = f"A plan of {', '.join(torn)} did not end. {' '.join(told)}".strip()
        return Check(
            "environments", "warn", found, f"`sqlmesh plan {torn[0]}` again goes on where it stopped.", rows
        )
    return Check("environments", "ok", " ".join(told) or "There is prod, and no other.", details=rows)


def _environment(row: Row) -> str:
    differs = f"differs from prod in {row['own_count']} models" if row["own_count"] else "is as prod"
    expires = row["expires_at"]
    if expires is None:
        return f"{row['name']} {differs}."
    is_over = expires < datetime.now(UTC)
    when = (
        "expired, and goes with the next `sqlmesh janitor`"
        if is_over
        else f"expires {expires:%Y-%m-%d %H:%M} UTC"
    )
    return f"{row['name']} {differs}, {when}."


def unpromoted(place: Place) -> Check:
    """Whether prod is what the project's files say: by their hash, or, which takes long, as SQLMesh reads them."""
    if not place.state_rows("SELECT FROM sqlmesh._environments WHERE name = 'prod'"):
        return Check("unpromoted", "skipped", "There is no prod yet.", MAKE_PROD)
    if place.reads_models:
        return _differences(place)
    left = place.rows(LEFT) if place.has("ingest.refreshed_prod") else []
    mark = place.state_rows(f"SELECT ({PROD_MARK}) AS mark")[0]["mark"]
    if not left or left[0]["prod_mark"].partition("-")[0] != mark.partition("-")[0]:
        return Check("unpromoted", "skipped", "prod was planned since the last refresh.", ASK_SQLMESH)
    _, _, read = (left[0]["plan_inputs"] or "").partition(" ")
    _, _, now = plan_inputs(place.settings).partition(" ")
    if read != now:
        return Check(
            "unpromoted", "warn", "The project's files are not those of the last refresh.", ASK_SQLMESH
        )
    return Check("unpromoted", "ok", AS_FILES)


def _differences(place: Place) -> Check:
    changed = differences(place)
    told = "; ".join(
        f"{what}: {', '.join(names[:MOST])}" + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
        for what, names in changed.items()
        if names
    )
    if not told:
        return Check("unpromoted", "ok", AS_FILES)
    details = [{"change": what, "model": name} for what, names in changed.items() for name in names]
    return Check("unpromoted", "warn", told, "`sqlmesh plan` shows what it does to prod.", details)


def differences(place: Place) -> dict[str, list[str]]:
    """Return the models that the files add to prod, change or leave out. Raises OpsError when they cannot be read."""
    from sqlmesh import Context
    from sqlmesh.core.console import NoopConsole, set_console
    from sqlmesh.core.context_diff import ContextDiff
    from sqlmesh.utils.errors import SQLMeshError

    from ops.sqlmesh_process import set_up
    from ops.sqlmesh_worker import without_tests

    set_up()
    set_console(NoopConsole())
    try:
        context = Context(paths=[str(place.settings.root)], loader=without_tests())
        diff: ContextDiff = context._context_diff(PROD)
    except (SQLMeshError, ValueError) as error:
        first = next(iter(str(error).strip().splitlines()), "")
        raise OpsError(f"SQLMesh cannot read the project: {first}") from error
    direct = {
        name
        for name, (ours, theirs) in diff.modified_snapshots.items()
        if ours.fingerprint.data_hash != theirs.fingerprint.data_hash
        or ours.fingerprint.metadata_hash != theirs.fingerprint.metadata_hash
    }
    return {
        "added": _names(snapshot.name for snapshot in diff.added),
        "changed": _names(direct),
        "removed": _names(snapshot.name for snapshot in diff.removed_snapshots),
        "changed with them": _names(set(diff.modified_snapshots) - direct),
    }


def _names(names: Any) -> list[str]:
    return sorted(name.replace('"', "").partition(".")[2] for name in names)


def intervals(place: Place, now: datetime | None = None) -> Check:
    """Until when prod is computed, and when the next interval is due."""
    now = now or datetime.now(UTC)
    rows = place.state_rows(DUE)
    if not rows:
        return Check("intervals", "skipped", "There is no prod yet.", MAKE_PROD)
    landed = max((row["day"] for row in landed_days(place).values() if row["day"]), default=None)
    # Models by day, and what reads them, wait for the data of a day.
    data_end = datetime.combine(landed + timedelta(days=1), time.min, UTC) if landed else now
    told = []
    is_behind = False
    for row in rows:
        tick = croniter(row["cron"], now)
        row["next_due_at"], last = tick.get_next(datetime), tick.get_prev(datetime)
        first, until = row["first_end_at"], row["last_end_at"]
        is_behind |= bool(row["never_count"] or first < min(last, data_end))
        done = f"{first:%Y-%m-%d}" + (f" to {until:%Y-%m-%d}" if until != first else "") if first else "never"
        due = f"{row['next_due_at']:%Y-%m-%d %H:%M} UTC"
        told.append(f"{row['model_count']} models ({row['cron']}) computed until {done}, next due {due}")
    found = "; ".join([*told, f"data has landed up to {landed}" if landed else "no data has landed"])
    if is_behind:
        return Check("intervals", "warn", found, "Some are due: `retail refresh`.", rows)
    return Check("intervals", "ok", found, details=rows)


def gates(place: Place) -> Check:
    """Whether the gates of learned models hold in prod."""
    if not place.has("ml.model_evaluation"):
        return Check("gates", "skipped", "prod has no evaluations of learned models.")
    found = evaluated(place.settings)
    if found.failures:
        return Check(
            "gates", "fail", "; ".join(found.failures), "`retail evaluate` shows what they are worth."
        )
    count = sum(bool(item.gates) for item in found.judged)
    return Check("gates", "ok", f"{count} judged, and each gate holds.")
