"""Loading: each file in one transaction, whole or not at all, with its ledger row."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
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
from loaders.held import HeldTable, Loaded, hold
from loaders.job import Job, NothingLoadedError, Outcome
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
        results: list[LoadResult] = []
        for table, same in groupby(files, key=lambda file: file.table):
            results += _load_table(conn, contract, table, list(same), progress, tell)
        return results
    except psycopg2.Error as error:
        raise LoadError(f"The database gave up: {str(error).strip()}") from error
    finally:
        conn.close()


def _load_table(
    conn: Connection,
    contract: Contract,
    table: str,
    files: Sequence[SourceFile],
    progress: Progress | None,
    notify: Notify,
) -> list[LoadResult]:
    """Load a table's files one after the other under its lock. Raises LoadError without a connection."""
    results = []
    with ledger.table_lock(conn, contract.source, table, notify):
        with conn, conn.cursor() as cursor:
            held = hold(cursor, contract, table)
        for file in files:
            try:
                results.append(_load_file(conn, contract, file, held, progress))
            except LoadError as error:
                if conn.closed:
                    raise
                results.append(_result(contract, file, "failed", str(error)))
        if any(result.status == "loaded" for result in results):
            _analyze(conn, contract, table)
    return results


def _load_file(
    conn: Connection, contract: Contract, file: SourceFile, held: HeldTable, progress: Progress | None
) -> LoadResult:
    """Load one file into its table, whose lock is held.

    Raises LoadError when the file cannot be loaded; then the table is as before and the ledger says why.
    """
    began, stamp = time.monotonic(), file_stamp(file.path)
    source, table = contract.source, file.table
    if held.may_be_known(stamp.size):
        same = held.same_content(file.name, stamp.size, digest(file.path))
        if same and same.file != file.name:
            _refuse_to_guess(held.of_file(file.name), file, same.file)
        if same:
            return _result(contract, file, "unchanged", _unchanged(file, same.file), same.load_id)
    with conn, conn.cursor() as cursor:
        load_id = ledger.start(cursor, source, table, file.name, stamp.size)
    with RejectedRows(load_id, source, table, file.name) as rejected:
        try:
            with conn, conn.cursor() as cursor:
                report = _report(file, stamp.size, progress)
                job = Job(cursor, contract, file, stamp.size, held, load_id, rejected, report)
                outcome = job.run()
                if file_stamp(file.path) != stamp:
                    raise LoadError(f"{file.path}: was changed while it was read; load it again")
        except BaseException as error:
            _note_failure(conn, load_id, rejected, error)
            if isinstance(error, psycopg2.Error) and not conn.closed:
                raise LoadError(f"{file.path}: Postgres refused it: {str(error).strip()}") from error
            raise
    _note_success(held, contract, file, stamp.size, load_id, outcome)
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


def _note_success(
    held: HeldTable, contract: Contract, file: SourceFile, size: int, load_id: int, outcome: Outcome
) -> None:
    """Keep in mind what the next file of the table need not find out again."""
    is_snapshot = contract.tables[file.table].apply == "snapshot"
    held.has_rows = held.has_rows or outcome.counts.rows_loaded > 0
    held.is_indexed = not is_snapshot and held.has_others(file.name)  # that was when its last index was made
    loaded = Loaded(load_id, file.name, size, outcome.sha256, outcome.counts.rows_read)
    held.note(loaded, replaces_all=is_snapshot)


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


def _analyze(conn: Connection, contract: Contract, name: str) -> None:
    """Tell the planner about new rows now: other tables' loads look them up, and then models are built."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "SET LOCAL default_statistics_target = 10"
        )  # rough but quick; autovacuum refines it later
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


def _refuse_to_guess(own: Sequence[int], file: SourceFile, other: str) -> None:
    """Raise LoadError when a file that is loaded comes back with the content of another one that is.

    To replace its rows would double the other's, to leave them would keep rows that were taken back.
    """
    if own:
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
