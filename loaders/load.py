"""Loading: each file in one transaction, whole or not at all, with its ledger row."""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from loaders import ledger
from loaders.contract import Contract
from loaders.copying import RejectedRows
from loaders.errors import LoadError
from loaders.files import SourceFile, digest, file_stamp, find_files, match_files, without_superseded
from loaders.job import Job, NothingLoadedError
from loaders.ledger import Notify
from loaders.rows import Batch
from loaders.schema import ensure_tables, table_name

Connect = Callable[[], Connection]
Progress = Callable[[str, int, int, int], None]
"""Called with a file's name, bytes read so far, bytes in all, rows read so far."""


@dataclass(frozen=True)
class LoadResult:
    """What became of one file. `message` says it in a sentence."""

    source: str
    table: str
    file: str
    path: Path
    status: Literal["loaded", "unchanged", "failed"]
    message: str
    load_id: int | None = None
    rows_read: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    event_dates: list[date] | None = None
    extra_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    seconds: float = 0.0


def load_source(
    connect: Connect,
    contract: Contract,
    paths: Sequence[Path] | None,
    data_dir: Path,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> list[LoadResult]:
    """Load a source's files: those of its folder in `data_dir`, or the given files and folders.

    Returns a result per file, in loading order. A file that cannot be loaded has the status 'failed' and
    leaves its table as it was; the others are loaded nevertheless. `notify` takes messages such as waiting
    for another loader. Raises LoadError when there is nothing to load, and when the database cannot be used.
    """
    tell: Notify = notify or _silent
    files = match_files(contract, paths) if paths else find_files(contract, data_dir / contract.source)
    conn = connect()
    try:
        ensure_tables(conn, [contract])
        if not files:
            raise LoadError(_no_files(contract, data_dir))
        files = without_superseded(contract, files, tell)
        with conn, conn.cursor() as cursor:
            for name in ledger.mark_interrupted(cursor):
                tell(f"{name}: an earlier load was interrupted and left the table as it was")
        results = []
        for file in files:
            try:
                results.append(load_file(conn, contract, file, progress, tell))
            except LoadError as error:
                if conn.closed:
                    raise
                results.append(_result(contract, file, "failed", str(error)))
        _analyze(conn, contract, {result.table for result in results if result.status == "loaded"})
        return results
    except psycopg2.Error as error:
        raise LoadError(f"The database gave up: {str(error).strip()}") from error
    finally:
        conn.close()


def load_file(
    conn: Connection,
    contract: Contract,
    file: SourceFile,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> LoadResult:
    """Load one file into its table. `ensure_tables` must have run.

    Raises LoadError when the file cannot be loaded; then the table is as before and the ledger says why.
    """
    began, stamp = time.monotonic(), file_stamp(file.path)
    source, table = contract.source, file.table
    with ledger.table_lock(conn, source, table, notify or _silent):
        with conn, conn.cursor() as cursor:
            if ledger.may_be_known(cursor, source, table, stamp.size):
                same = ledger.find_same_content(cursor, source, table, file.name, digest(file.path))
                if same and same[1] != file.name:
                    _refuse_to_guess(ledger.find_current(cursor, source, table), file, same[1])
                if same:
                    return _result(contract, file, "unchanged", _unchanged(file, same[1]), same[0])
            load_id = ledger.start(cursor, source, table, file.name, stamp.size)
        with RejectedRows(load_id, source, table, file.name) as rejected:
            try:
                with conn, conn.cursor() as cursor:
                    job = Job(cursor, contract, file, load_id, rejected, _report(file, stamp.size, progress))
                    outcome = job.run()
                    if file_stamp(file.path) != stamp:
                        raise LoadError(f"{file.path}: was changed while it was read; load it again")
            except BaseException as error:
                _note_failure(conn, load_id, rejected, error)
                if isinstance(error, psycopg2.Error) and not conn.closed:
                    raise LoadError(f"{file.path}: Postgres refused it: {str(error).strip()}") from error
                raise
    return LoadResult(
        source=source,
        table=table,
        file=file.name,
        path=file.path,
        status="loaded",
        message=outcome.message(),
        load_id=load_id,
        rows_read=outcome.counts.rows_read,
        rows_loaded=outcome.counts.rows_loaded,
        rows_rejected=outcome.counts.rows_rejected,
        event_dates=outcome.event_dates,
        extra_columns=tuple(outcome.seen.extra_columns),
        missing_columns=tuple(outcome.seen.missing_columns),
        seconds=time.monotonic() - began,
    )


def _note_failure(conn: Connection, load_id: int, rejected: RejectedRows, error: BaseException) -> None:
    """Write a failure into the ledger. Without a connection, the next load finds it out."""
    if conn.closed:
        return
    stopped = isinstance(error, KeyboardInterrupt | SystemExit)
    text = "stopped by the user" if stopped else str(error).strip() or type(error).__name__
    counts = error.counts if isinstance(error, NothingLoadedError) else None
    with (
        contextlib.suppress(psycopg2.OperationalError, psycopg2.InterfaceError),
        conn,
        conn.cursor() as cursor,
    ):
        ledger.fail(cursor, load_id, text, "interrupted" if stopped else "failed", counts)
        if counts:
            rejected.store(cursor)


def _analyze(conn: Connection, contract: Contract, tables: Iterable[str]) -> None:
    """Tell the planner about new rows now: models are built right after a load."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "SET LOCAL default_statistics_target = 10"
        )  # rough but quick; autovacuum refines it later
        for name in sorted(tables):
            table = contract.tables[name]
            columns = ["_load_id", *(["_event_date"] if table.has_event_date else []), *table.key]
            cursor.execute(
                sql.SQL("ANALYZE {} ({})").format(
                    table_name(contract, name), sql.SQL(", ").join(map(sql.Identifier, columns))
                )
            )


def _report(file: SourceFile, size: int, progress: Progress | None) -> Callable[[Batch], None]:
    def report(batch: Batch) -> None:
        if progress:
            progress(file.name, min(batch.position, size), size, batch.rows_read)

    return report


def _result(
    contract: Contract,
    file: SourceFile,
    status: Literal["loaded", "unchanged", "failed"],
    message: str,
    load_id: int | None = None,
) -> LoadResult:
    return LoadResult(contract.source, file.table, file.name, file.path, status, message, load_id)


def _unchanged(file: SourceFile, other: str) -> str:
    if other == file.name:
        return "the same content is loaded already; nothing to do"
    return f"the same content is loaded already, as {other!r}; nothing to do"


def _refuse_to_guess(current: Sequence[tuple[int, str]], file: SourceFile, other: str) -> None:
    """Raise LoadError when a file that is loaded comes back with the content of another one that is.

    To replace its rows would double the other's, to leave them would keep rows that were taken back.
    """
    if any(name == file.name for _, name in current):
        raise LoadError(
            f"{file.path}: now holds what {other!r} holds, which is loaded too. If both are right, change "
            f"{other!r} first; if not, deliver the right {file.name!r}. The table is as it was"
        )


def _no_files(contract: Contract, data_dir: Path) -> str:
    patterns = ", ".join(table.files for table in contract.tables.values())
    text = f"There are no files for {contract.source!r} in {data_dir / contract.source}: it takes {patterns}."
    return f"{text} They come from {contract.download}" if contract.download else text


def _silent(_message: str, /) -> None:
    """Take a message and tell nobody."""
