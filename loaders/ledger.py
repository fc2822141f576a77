"""The ledger `ingest.load`: what was loaded when, from which file, and what became of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extras import RealDictCursor

TABLE_LOCK = 7_265_002  # advisory lock class: one loader per table
KILLED = (
    "the loader ended without finishing (killed, or the connection was lost); the table was left as it was"
)
# A load that runs holds its table's advisory lock. One that says 'running' without it was killed.
_IS_ALIVE = f"""
EXISTS (
    SELECT FROM pg_locks AS k
    WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 2
        AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND k.classid = {TABLE_LOCK} AND k.pid = l.backend_pid
        AND k.objid::bigint = (hashtext(l.source || '.' || l.table_name)::bigint & 4294967295)
)
"""


class Notify(Protocol):
    """Takes a message for people while a load runs."""

    def __call__(self, message: str, /) -> None: ...


@dataclass(frozen=True)
class Counts:
    """What became of a file's rows."""

    rows_read: int
    rows_loaded: int
    rows_rejected: int


@contextmanager
def table_lock(conn: Connection, source: str, table: str, notify: Notify) -> Iterator[None]:
    """Hold a table's lock over several transactions; wait, and say so, while another loader has it."""
    key = f"{source}.{table}"
    with conn.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [TABLE_LOCK, key])
        row = cursor.fetchone()
        if not (row and row[0]):
            notify(f"{key}: another load of this table is running; waiting for it to end")
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [TABLE_LOCK, key])
        conn.commit()
    try:
        yield
    finally:
        if not conn.closed:
            conn.rollback()
            with conn.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [TABLE_LOCK, key])
            conn.commit()


def mark_interrupted(cursor: Cursor) -> list[str]:
    """Mark loads whose process is gone. Returns their files."""
    cursor.execute(
        f"UPDATE ingest.load AS l SET status = 'interrupted', error = %s, finished_at = clock_timestamp() "
        f"WHERE status = 'running' AND NOT {_IS_ALIVE} RETURNING file",
        [KILLED],
    )
    return [row[0] for row in cursor.fetchall()]


def mark_killed(cursor: Cursor, source: str, table: str) -> None:
    """Mark a table's loads that still say 'running': whoever holds the table's lock knows that none does."""
    cursor.execute(
        "UPDATE ingest.load SET status = 'interrupted', error = %s, finished_at = clock_timestamp() "
        "WHERE status = 'running' AND source = %s AND table_name = %s",
        [KILLED, source, table],
    )


def current(cursor: Cursor, source: str, table: str) -> list[tuple[int, str, int, str, int]]:
    """Return the loads whose rows are in the table: number, file name, bytes, hash and rows read."""
    cursor.execute(
        "SELECT load_id, file, bytes, sha256, rows_read FROM ingest.load WHERE source = %s AND table_name = %s "
        "AND status = 'loaded' AND replaced_by IS NULL ORDER BY load_id",
        [source, table],
    )
    return cursor.fetchall()


def start(cursor: Cursor, source: str, table: str, file: str, size: int) -> int:
    """Open a ledger row with the state 'running'. The table's lock must be held."""
    cursor.execute(
        "INSERT INTO ingest.load (source, table_name, file, bytes, status) "
        "VALUES (%s, %s, %s, %s, 'running') RETURNING load_id",
        [source, table, file, size],
    )
    row = cursor.fetchone()
    assert row is not None, "INSERT … RETURNING gives a row"  # noqa: S101
    return int(row[0])


def finish(
    cursor: Cursor,
    load_id: int,
    sha256: str,
    counts: Counts,
    event_dates: Sequence[Any] | None,
    extra_columns: Sequence[str],
    missing_columns: Sequence[str],
    replaced: Sequence[int],
) -> None:
    """Close a ledger row as 'loaded', in the transaction that loads the rows."""
    cursor.execute(
        "UPDATE ingest.load SET status = 'loaded', sha256 = %s, "
        "rows_read = %s, rows_loaded = %s, rows_rejected = %s, "
        "event_dates = %s::date[], extra_columns = %s::text[], missing_columns = %s::text[], "
        "finished_at = clock_timestamp() WHERE load_id = %s",
        [
            sha256,
            counts.rows_read,
            counts.rows_loaded,
            counts.rows_rejected,
            None if event_dates is None else list(event_dates),
            list(extra_columns),
            list(missing_columns),
            load_id,
        ],
    )
    if replaced:
        cursor.execute(
            "UPDATE ingest.load SET replaced_by = %s WHERE load_id = ANY(%s)", [load_id, list(replaced)]
        )


def fail(
    cursor: Cursor, load_id: int, error: str, status: str = "failed", counts: Counts | None = None
) -> None:
    """Close a ledger row of a load that left the table as it was."""
    known = (counts.rows_read, 0, counts.rows_read) if counts else (None, None, None)
    cursor.execute(
        "UPDATE ingest.load SET status = %s, error = %s, "
        "rows_read = %s, rows_loaded = %s, rows_rejected = %s, "
        "finished_at = clock_timestamp() WHERE load_id = %s",
        [status, error.replace("\0", "\\x00"), *known, load_id],
    )


def loads(
    conn: Connection, source: str | None = None, table: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return the ledger, newest first, one dict per load with the columns of `ingest.load` in their order.

    A load whose process is gone is shown as 'interrupted' even before the next load writes that down. Returns
    nothing where nothing was ever loaded.
    """
    with conn.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("SELECT to_regclass('ingest.load') IS NOT NULL AS is_there")
        row = cursor.fetchone()
        if row is None or not row["is_there"]:
            return []
        cursor.execute(
            f"""
            SELECT
                l.load_id, l.source, l.table_name, l.file, l.sha256, l.bytes,
                l.rows_read, l.rows_loaded, l.rows_rejected,
                l.event_dates, l.extra_columns, l.missing_columns,
                CASE WHEN d.is_dead THEN 'interrupted' ELSE l.status END AS status,
                CASE WHEN d.is_dead THEN %s ELSE l.error END AS error,
                l.replaced_by, l.started_at, l.finished_at
            FROM ingest.load AS l
            CROSS JOIN LATERAL (SELECT l.status = 'running' AND NOT {_IS_ALIVE} AS is_dead) AS d
            WHERE (%s::text IS NULL OR l.source = %s) AND (%s::text IS NULL OR l.table_name = %s)
            ORDER BY l.load_id DESC
            LIMIT %s
            """,
            [KILLED, source, source, table, table, limit],
        )
        return [dict(row) for row in cursor.fetchall()]
