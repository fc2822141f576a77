"""Loading: each file in one transaction, whole or not at all, with its ledger row."""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loaders import ledger
from loaders.contract import Contract
from loaders.copying import RejectedRows, copy_rows
from loaders.errors import LoadError
from loaders.files import SourceFile, digest, find_files, match_files
from loaders.ledger import Counts, Notify
from loaders.readers import open_reader
from loaders.rows import Batch, Plan, Seen
from loaders.schema import ensure_indexes, ensure_tables, table_name
from loaders.touched import TouchedDates

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


class _NothingLoadedError(LoadError):
    """Every row of a file was rejected."""

    def __init__(self, message: str, counts: Counts) -> None:
        super().__init__(message)
        self.counts = counts


def load_source(
    connect: Connect,
    contract: Contract,
    paths: Sequence[Path] | None,
    data_dir: Path,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> list[LoadResult]:
    """Load a source's files: those of its folder in `data_dir`, or the given files and folders.

    Returns a result per file, in loading order. A file that cannot be loaded has the status 'failed' and leaves its
    table as it was; the others are loaded nevertheless. `notify` takes messages such as waiting for another loader.
    Raises LoadError when there is nothing to load, and when the database cannot be used.
    """
    tell: Notify = notify or _silent
    files = match_files(contract, paths) if paths else find_files(contract, data_dir / contract.source)
    conn = connect()
    try:
        ensure_tables(conn, [contract])
        if not files:
            raise LoadError(_no_files(contract, data_dir))
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
    began, stamp = time.monotonic(), _stamp(file.path)
    sha256, size = digest(file.path)
    with ledger.table_lock(conn, contract.source, file.table, notify or _silent):
        with conn, conn.cursor() as cursor:
            same = ledger.find_same_content(cursor, contract.source, file.table, sha256)
            if same:
                return _result(contract, file, "unchanged", _unchanged(file, same[1]), same[0])
            load_id = ledger.start(cursor, contract.source, file.table, file.name, sha256, size)
        with RejectedRows(load_id, contract.source, file.table, file.name) as rejected:
            try:
                with conn, conn.cursor() as cursor:
                    result = _replace_rows(
                        cursor, contract, file, load_id, rejected, _report(file, size, progress)
                    )
                    if _stamp(file.path) != stamp:
                        raise LoadError(f"{file.path}: was changed while it was read; load it again")
            except BaseException as error:
                _note_failure(conn, load_id, rejected, error)
                if isinstance(error, psycopg2.Error) and not conn.closed:
                    raise LoadError(f"{file.path}: Postgres refused it: {str(error).strip()}") from error
                raise
    return replace(result, seconds=time.monotonic() - began)


def _replace_rows(
    cursor: Cursor,
    contract: Contract,
    file: SourceFile,
    load_id: int,
    rejected: RejectedRows,
    on_batch: Callable[[Batch], None],
) -> LoadResult:
    """Put the file's rows in the place of those it replaces, in the cursor's transaction."""
    table, target = contract.tables[file.table], table_name(contract, file.table)
    is_snapshot = table.apply == "snapshot"
    replaced = ledger.find_current(cursor, contract.source, file.table, None if is_snapshot else file.name)
    old_rows = sql.SQL("true") if is_snapshot else sql.SQL("_load_id = ANY({})").format(sql.Literal(replaced))
    touched = TouchedDates(contract, file.table)
    if is_snapshot or replaced:
        touched.before(cursor, old_rows)
        cursor.execute(sql.SQL("DELETE FROM {} WHERE {}").format(target, old_rows))
    plan = Plan(table, contract.time_zone, load_id, file.name)
    reader = open_reader(file.path, plan)
    rows = copy_rows(cursor, target, reader, rejected, on_batch)
    counts = Counts(rows, rows - rejected.count, rejected.count)
    if rows and not counts.rows_loaded:
        raise _NothingLoadedError(_all_rejected(file, rejected), counts)
    ensure_indexes(cursor, contract, file.table)
    rejected.store(cursor)
    seen = reader.seen
    dates = touched.after(cursor, load_id, seen.event_dates)
    ledger.finish(cursor, load_id, counts, dates, seen.extra_columns, seen.missing_columns, replaced)
    return LoadResult(
        source=contract.source,
        table=file.table,
        file=file.name,
        path=file.path,
        status="loaded",
        message=_loaded(counts, seen, replaced=bool(replaced)),
        load_id=load_id,
        rows_read=counts.rows_read,
        rows_loaded=counts.rows_loaded,
        rows_rejected=counts.rows_rejected,
        event_dates=dates,
        extra_columns=tuple(seen.extra_columns),
        missing_columns=tuple(seen.missing_columns),
    )


def _note_failure(conn: Connection, load_id: int, rejected: RejectedRows, error: BaseException) -> None:
    """Write a failure into the ledger; without a connection it stays 'running' and is found out by the next load."""
    if conn.closed:
        return
    stopped = isinstance(error, KeyboardInterrupt | SystemExit)
    text = "stopped by the user" if stopped else str(error).strip() or type(error).__name__
    counts = error.counts if isinstance(error, _NothingLoadedError) else None
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
        for name in sorted(tables):
            cursor.execute(sql.SQL("ANALYZE {}").format(table_name(contract, name)))


def _report(file: SourceFile, size: int, progress: Progress | None) -> Callable[[Batch], None]:
    def report(batch: Batch) -> None:
        if progress:
            progress(file.name, min(batch.position, size), size, batch.rows_read)

    return report


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # opening it says what is wrong
    return status.st_size, status.st_mtime_ns


def _result(
    contract: Contract,
    file: SourceFile,
    status: Literal["loaded", "unchanged", "failed"],
    message: str,
    load_id: int | None = None,
) -> LoadResult:
    return LoadResult(contract.source, file.table, file.name, file.path, status, message, load_id)


def _loaded(counts: Counts, seen: Seen, *, replaced: bool) -> str:
    if not counts.rows_read:
        text = "the file has a header and no rows"
    else:
        text = f"{counts.rows_loaded:,} rows loaded"
    if counts.rows_rejected:
        text += f", {counts.rows_rejected:,} rejected"
    if replaced:
        text += ", earlier rows replaced"
    if seen.extra_columns:
        text += f"; unknown columns kept in _extra: {', '.join(seen.extra_columns)}"
    if seen.missing_columns:
        text += f"; optional columns that are not in the file: {', '.join(seen.missing_columns)}"
    return text


def _unchanged(file: SourceFile, other: str) -> str:
    if other == file.name:
        return "the same content is loaded already; nothing to do"
    return f"the same content is loaded already, as {other!r}; nothing to do"


def _all_rejected(file: SourceFile, rejected: RejectedRows) -> str:
    first = "; ".join(rejected.first)
    return (
        f"{file.path}: none of its {rejected.count:,} rows could be loaded, so the table stays as it was. {first}"
        f"{'; …' if rejected.count > len(rejected.first) else ''}"
    )


def _no_files(contract: Contract, data_dir: Path) -> str:
    patterns = ", ".join(table.files for table in contract.tables.values())
    text = f"There are no files for {contract.source!r} in {data_dir / contract.source}: it takes {patterns}."
    return f"{text} They come from {contract.download}" if contract.download else text


def _silent(_message: str, /) -> None:
    """Take a message and tell nobody."""
