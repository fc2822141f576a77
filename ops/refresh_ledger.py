"""What refreshes of prod are recorded: which loads are in it, and as what it was left."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from loaders.contract import load_contracts
from loaders.schema import ensure_tables
from ops.errors import OpsError
from ops.settings import Settings

LOCK = 7_265_002  # one refresh at a time
TABLES = """
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
    'Event dates that were touched; null where the first plan, or a restatement of all time, did it.';
CREATE TABLE IF NOT EXISTS ingest.refreshed_prod (
    prod_mark text NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE ingest.refreshed_prod ADD COLUMN IF NOT EXISTS plan_inputs text;
COMMENT ON TABLE ingest.refreshed_prod IS
    'As what the last refresh left prod, one row; none while a refresh is under way, or after one that ended early.';
COMMENT ON COLUMN ingest.refreshed_prod.plan_inputs IS
    'Day and hash of what its plan read of the project (ops/plan_inputs.py).';
"""
HAS_TABLES = """
SELECT FROM pg_attribute WHERE attrelid = to_regclass('ingest.refreshed_prod') AND attname = 'plan_inputs'
"""


@dataclass
class Touched:
    """What the loads since the last refresh changed in a source: days per table, or a whole table."""

    up_to_load_id: int
    days: dict[str, set[date]] = field(default_factory=dict)
    timeless_tables: set[str] = field(default_factory=set)

    @property
    def dates(self) -> list[date]:
        return sorted(set().union(*self.days.values()))


@dataclass(frozen=True)
class Left:
    """As what a refresh left prod, and what its plan read of the project."""

    prod_mark: str
    plan_inputs: str


@contextmanager
def alone(settings: Settings) -> Iterator[Connection]:
    """Open the loader's connection, with its tables in place and no other refresh under way."""
    connection = settings.connect_loader()
    try:
        with nobody_else(connection):
            ensure_tables(
                connection, load_contracts()
            )  # models read the tables of sources without files, too
            with connection, connection.cursor() as cursor:
                cursor.execute(HAS_TABLES)
                if cursor.fetchone() is None:
                    cursor.execute(TABLES)
            yield connection
    finally:
        connection.close()


@contextmanager
def nobody_else(connection: Connection) -> Iterator[None]:
    """Hold the lock of whoever computes prod again. Raises OpsError when it is taken.

    It is given back, rather than left to the end of the connection, which the server may notice only after the next
    command has asked for it.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise OpsError("A refresh of prod is under way: wait for it, or look for its process.")
    try:
        yield
    finally:
        with suppress(psycopg2.Error):  # a lost connection has lost the lock
            connection.rollback()
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def refreshed_up_to(connection: Connection) -> dict[str, int]:
    """Return, per source, the last load that is in prod."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, max(up_to_load_id) FROM ingest.refresh WHERE finished_at IS NOT NULL GROUP BY 1"
        )
        return dict(cursor.fetchall())


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
            item.days.setdefault(table, set()).update(dates)
    return touched


def is_an_unfinished_one_outdated(connection: Connection, touched: Mapping[str, Touched]) -> bool:
    """Say whether a refresh that did not end has read less than what is loaded now."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, min(up_to_load_id) FROM ingest.refresh WHERE finished_at IS NULL GROUP BY source"
        )
        seen = dict(cursor.fetchall())
    return bool(seen) and any(item.up_to_load_id > seen.get(source, 0) for source, item in touched.items())


def drop_unfinished(connection: Connection, but: Sequence[int]) -> None:
    """Forget the refreshes that did not end, but these."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ingest.refresh WHERE finished_at IS NULL AND refresh_id <> ALL(%s)", [list(but)]
        )


def begin(connection: Connection, touched: Mapping[str, Touched]) -> list[int]:
    """Record a refresh that is to bring this into prod; return its numbers."""
    recorded = []
    with connection, connection.cursor() as cursor:
        for source, item in touched.items():
            cursor.execute(
                "INSERT INTO ingest.refresh (source, up_to_load_id, restated_dates) "
                "VALUES (%s, %s, %s::date[]) RETURNING refresh_id",
                [source, item.up_to_load_id, None if item.timeless_tables else item.dates],
            )
            row = cursor.fetchone()
            recorded.append(int(row[0]) if row else 0)
    return recorded


def finish(connection: Connection, recorded: Sequence[int], left: Left) -> None:
    """Record that it is done, and how it leaves prod."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingest.refresh SET finished_at = clock_timestamp() WHERE refresh_id = ANY(%s)",
            [list(recorded)],
        )
        cursor.execute("DELETE FROM ingest.refreshed_prod")
        cursor.execute(
            "INSERT INTO ingest.refreshed_prod (prod_mark, plan_inputs) VALUES (%s, %s)",
            [left.prod_mark, left.plan_inputs],
        )


def take_left(connection: Connection) -> Left | None:
    """Return how the last refresh left prod, and forget it until this one has ended."""
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM ingest.refreshed_prod RETURNING prod_mark, coalesce(plan_inputs, '')")
        row = cursor.fetchone()
    return Left(*row) if row else None


def reopen_since(connection: Connection, moment: datetime) -> list[str]:
    """Forget the refreshes that ended since a moment: prod is what it was then, without what they brought.

    Returns the sources whose loads the next refresh brings in again.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ingest.refresh') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return []
        cursor.execute("DELETE FROM ingest.refresh WHERE finished_at > %s RETURNING source", [moment])
        return sorted({row[0] for row in cursor.fetchall()})
