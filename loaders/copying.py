"""From a reader to COPY: reading and Postgres work at the same time, memory stays bounded."""

import csv
import queue
import tempfile
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders.contract import META_COLUMNS
from loaders.errors import LoadError
from loaders.rows import Batch, Reader

WAITING_BATCHES = 3
SPOOL_BYTES = 4 << 20  # of rejected rows in memory; more go to a temporary file
REJECTED_COLUMNS = ("load_id", "source", "table_name", "file", "line_number", "row_number", "raw", "reason")


class RejectedRows:
    """Rejected rows on their way to the database, kept out of memory until the good ones are copied."""

    def __init__(self, load_id: int, source: str, table: str, file: str) -> None:
        self._origin = (load_id, source, table, file)
        self._file: Any = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed in __exit__
            SPOOL_BYTES, mode="w+", encoding="utf-8", newline=""
        )
        self._writer = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self.count = 0
        self.first: list[str] = []  # the first reasons, for messages

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, batch: Batch) -> None:
        """Keep a batch's rejected rows."""
        for row in batch.rejected:
            self._writer.writerow((*self._origin, row.line_number, row.row_number, row.raw, row.reason))
            if len(self.first) < 3:
                place = f"line {row.line_number}" if row.line_number else f"row {row.row_number}"
                self.first.append(f"{place}: {row.reason}")
        self.count += len(batch.rejected)

    def store(self, cursor: Cursor) -> None:
        """Write the rows into ingest.rejected_row, in the cursor's transaction."""
        if not self.count:
            return
        self._file.seek(0)
        columns = ", ".join(REJECTED_COLUMNS)
        cursor.copy_expert(
            f"COPY ingest.rejected_row ({columns}) FROM STDIN "
            "(FORMAT csv, FORCE_NULL (line_number), ENCODING 'utf8')",
            self._file,
        )


class BatchStream:
    """A reader's batches as a file for COPY. With `ahead` the reader runs in a thread of its own.

    psycopg2 sends data without holding Python's lock, so the next batch is prepared while Postgres takes one.
    A file of one batch has none, and a thread would cost more than to read it.
    """

    def __init__(
        self, reader: Reader, rejected: RejectedRows, on_batch: Callable[[Batch], None], *, ahead: bool
    ) -> None:
        self._reader = reader
        self._ahead = ahead
        self._rejected = rejected
        self._on_batch = on_batch
        self._queue: queue.Queue[Batch | None] = queue.Queue(WAITING_BATCHES)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._produce, name="reader", daemon=True)
        self.rows_read = 0
        self.error: BaseException | None = None
        self._batches = iter(self._queue.get, None) if ahead else reader.batches()

    def __enter__(self) -> Self:
        if self._ahead:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._ahead:
            self._thread.join()

    def readline(self, size: int = -1) -> bytes:  # psycopg2's types ask for it; COPY does not
        return self.read(size)

    def read(self, size: int = -1) -> bytes:
        """Return the next batch's text, whatever its size; empty at the end."""
        try:
            return self._next()
        except BaseException as error:  # psycopg2 would raise another one in its place
            self.error = error
            raise

    def _next(self) -> bytes:
        for batch in self._batches:
            self._rejected.add(batch)
            self.rows_read = batch.rows_read
            self._on_batch(batch)
            if batch.data:
                return batch.data
        if self.error:
            raise self.error
        return b""

    def _produce(self) -> None:
        try:
            for batch in self._reader.batches():
                if not self._put(batch):
                    return
        except BaseException as error:  # told to the thread that reads, which raises it
            self.error = error
        self._put(None)

    def _put(self, batch: Batch | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(batch, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False


def copy_rows(
    cursor: Cursor,
    target: sql.Identifier,
    reader: Reader,
    rejected: RejectedRows,
    on_batch: Callable[[Batch], None],
    *,
    ahead: bool = True,
) -> int:
    """Copy a reader's rows into a table, reading ahead of Postgres or not. Returns how many rows were read.

    Raises LoadError from the reader, psycopg2.Error from the server, and LoadError if Postgres counts
    other rows.
    """
    columns = list(reader.copy_columns)
    texts = [name for name in columns if name not in META_COLUMNS]
    empty = sql.SQL(", FORCE_NULL ({})").format(_names(texts)) if reader.has_quotes and texts else sql.SQL("")
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER {}, ENCODING 'utf8'{})").format(
        target, _names(columns), sql.Literal(reader.delimiter), empty
    )
    with BatchStream(reader, rejected, on_batch, ahead=ahead) as stream:
        try:
            cursor.copy_expert(statement, stream)
        except Exception:
            if stream.error:
                raise stream.error from None
            raise
        copied, expected = cursor.rowcount, stream.rows_read - rejected.count
    if copied != expected:
        raise LoadError(f"Postgres took {copied:,} rows where {expected:,} were sent; nothing was kept")
    return stream.rows_read


def _names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
