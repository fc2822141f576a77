"""Bring prod up to date: with the project by a plan, with late and corrected files by restating their dates.

A plan computes what is missing. Days that it has computed before it leaves alone, even when a file for them
arrives later. The loaders' ledger says which dates each load touched; `ingest.refresh` says up to which load
they were restated. A restated day can move keys that facts of other days hold: `ops.stale_keys` mends these.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from psycopg2.extensions import connection as Connection  # noqa: N812

from loaders.contract import load_contracts
from loaders.ledger import mark_interrupted
from loaders.schema import ensure_tables
from ops.errors import OpsError
from ops.restatement import PLAN, Restatement, ranges
from ops.settings import Settings
from ops.sqlmesh import RawTable, SqlMesh
from ops.stale_keys import mend_stale_keys

FORGET = ("janitor", "--ignore-ttl")  # deletes what no environment uses
LOCK = 7_265_002  # one refresh at a time
LEDGER = """
CREATE TABLE IF NOT EXISTS ingest.refresh (
    refresh_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    up_to_load_id bigint NOT NULL,
    restated_dates date[],
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
COMMENT ON TABLE ingest.refresh IS
    'One row per source and refresh of prod; with finished_at set, the loads up to up_to_load_id are in it.';
COMMENT ON COLUMN ingest.refresh.restated_dates IS
    'Event dates that were computed again; null where the first plan, or a restatement of all time, did it.';
"""


@dataclass
class Touched:
    """What the loads since the last refresh changed in a source."""

    up_to_load_id: int
    dates: set[date] = field(default_factory=set)
    dated_tables: set[str] = field(default_factory=set)
    timeless_tables: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Result:
    """What a refresh did. `planned`: prod was made or changed by the plan."""

    planned: bool
    restatements: list[Restatement]

    @property
    def did_nothing(self) -> bool:
        return not self.planned and not self.restatements


def refresh(settings: Settings, say: Callable[[str], None], sqlmesh: SqlMesh | None = None) -> Result:
    """Bring prod up to date with what was loaded and with the project. Raises OpsError if a plan fails.

    An interrupted refresh is not recorded as finished: the next one does its restatements again.
    """
    sqlmesh = sqlmesh or SqlMesh(settings)
    with _alone(settings) as connection:
        with connection, connection.cursor() as cursor:
            mark_interrupted(cursor)  # a dead load must not hold back those after it
        touched = touched_since_last_refresh(connection)
        outdated = _is_an_unfinished_one_outdated(connection, touched)
        recorded = _begin(connection, touched)
        if sqlmesh.prod_plan() is None:
            if outdated:
                say("An earlier first plan did not end and files were loaded since: it begins afresh.")
                sqlmesh.run(FORGET, answer="y\n")
                _drop_unfinished(connection, recorded)
            result = _first_plan(sqlmesh)
        else:
            result = _restate_and_plan(sqlmesh, say, touched)
        # Always: what left the keys behind may be a refresh that was killed, or a plan by hand.
        mended = mend_stale_keys(settings, say, sqlmesh)
        result = replace(result, restatements=[*result.restatements, *mended])
        _finish(connection, recorded)
    return result


def _first_plan(sqlmesh: SqlMesh) -> Result:
    """Compute everything that an earlier attempt has not."""
    sqlmesh.run([*PLAN, "--run"])
    if sqlmesh.prod_plan() is None:
        raise OpsError("The plan ended without making prod; what sqlmesh said is above.")
    return Result(True, [])


def _restate_and_plan(sqlmesh: SqlMesh, say: Callable[[str], None], touched: Mapping[str, Touched]) -> Result:
    """Restate first: a changed model would read days that are half old, and its audits would stop the plan.

    A restatement that fails may be what the change is to mend, so it is tried again after the plan.
    """

    def restate() -> list[Restatement]:
        restatements = restatements_for(touched, sqlmesh.prod_readers(), _yesterday()) if touched else []
        for restatement in restatements:
            say(f"Computing again {restatement}")
            sqlmesh.run(restatement.arguments())
        return restatements

    restated, problem = [], None
    try:
        restated = restate()
    except OpsError as error:
        problem = error
    before = sqlmesh.prod_plan()
    sqlmesh.run([*PLAN, "--run"])
    planned = sqlmesh.prod_plan() != before
    if problem and not planned:
        raise problem
    return Result(planned, restate() if problem else restated)


def touched_since_last_refresh(connection: Connection) -> dict[str, Touched]:
    """Return, per source, what was loaded and is not in prod yet.

    Loads behind one that still runs are left for the next time, so that none is ever skipped.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT load.source, load.load_id, load.table_name, load.event_dates
            FROM ingest.load AS load
            LEFT JOIN (
                SELECT source, max(up_to_load_id) AS load_id FROM ingest.refresh
                WHERE finished_at IS NOT NULL GROUP BY source
            ) AS done ON done.source = load.source
            WHERE load.status = 'loaded'
              AND load.load_id > COALESCE(done.load_id, 0)
              AND NOT EXISTS (
                SELECT FROM ingest.load AS running
                WHERE running.status = 'running' AND running.load_id < load.load_id
                  AND running.source = load.source
              )
            ORDER BY load.load_id
            """
        )
        rows = cursor.fetchall()
    touched: dict[str, Touched] = {}
    for source, load_id, table, dates in rows:
        item = touched.setdefault(source, Touched(load_id))
        item.up_to_load_id = load_id
        if dates is None:
            item.timeless_tables.add(table)
        elif dates:  # an empty list: the load changed no row
            item.dates.update(dates)
            item.dated_tables.add(table)
    return touched


def restatements_for(
    touched: Mapping[str, Touched], readers: Mapping[RawTable, list[str]], last_complete: date
) -> list[Restatement]:
    """Return the plans that bring touched tables into prod.

    A table without an event time is read again whole. Days that are not over yet are left to the plan that
    computes them when they are.
    """
    plans = []
    for source, item in sorted(touched.items()):
        if models := _models(source, item.timeless_tables, readers):
            plans.append(Restatement(models))
        complete = [day for day in item.dates if day <= last_complete]
        if models := _models(source, item.dated_tables, readers):
            plans += [Restatement(models, first, last) for first, last in ranges(complete)]
    return plans


def _models(source: str, tables: set[str], readers: Mapping[RawTable, list[str]]) -> tuple[str, ...]:
    return tuple(sorted({model for table in tables for model in readers.get((source, table), [])}))


def _yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


@contextmanager
def _alone(settings: Settings) -> Iterator[Connection]:
    """Open the loader's connection, with its tables in place and no other refresh under way."""
    connection = settings.connect_loader()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            row = cursor.fetchone()
            if not row or not row[0]:
                raise OpsError("Another refresh of prod is under way: wait for it, or look for its process.")
        ensure_tables(connection, load_contracts())  # models read the tables of sources without files, too
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('ingest.refresh')")
            row = cursor.fetchone()
            if not row or row[0] is None:
                cursor.execute(LEDGER)
        yield connection
    finally:
        connection.close()


def _is_an_unfinished_one_outdated(connection: Connection, touched: Mapping[str, Touched]) -> bool:
    """Say whether a refresh that did not end has read less than what is loaded now."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, min(up_to_load_id) FROM ingest.refresh WHERE finished_at IS NULL GROUP BY source"
        )
        seen = dict(cursor.fetchall())
    return bool(seen) and any(item.up_to_load_id > seen.get(source, 0) for source, item in touched.items())


def _drop_unfinished(connection: Connection, but: Sequence[int]) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ingest.refresh WHERE finished_at IS NULL AND refresh_id <> ALL(%s)", [list(but)]
        )


def _begin(connection: Connection, touched: Mapping[str, Touched]) -> list[int]:
    recorded = []
    with connection, connection.cursor() as cursor:
        for source, item in touched.items():
            cursor.execute(
                "INSERT INTO ingest.refresh (source, up_to_load_id, restated_dates) "
                "VALUES (%s, %s, %s::date[]) RETURNING refresh_id",
                [source, item.up_to_load_id, None if item.timeless_tables else sorted(item.dates)],
            )
            row = cursor.fetchone()
            recorded.append(int(row[0]) if row else 0)
    return recorded


def _finish(connection: Connection, recorded: Sequence[int]) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingest.refresh SET finished_at = clock_timestamp() WHERE refresh_id = ANY(%s)",
            [list(recorded)],
        )
