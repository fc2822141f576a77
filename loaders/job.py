"""What happens to a table in the one transaction that loads a file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders import ledger
from loaders.arrived import ArrivedKeys
from loaders.contract import Contract
from loaders.copying import RejectedRows, copy_rows
from loaders.erasure import erase_again
from loaders.errors import LoadError
from loaders.files import SourceFile
from loaders.held import HeldTable
from loaders.ledger import Counts
from loaders.readers import open_reader
from loaders.rows import BATCH_BYTES, Batch, Plan, Seen
from loaders.schema import ensure_indexes, table_name
from loaders.touched import TouchedDates


class NothingLoadedError(LoadError):
    """Every row of a file was rejected."""

    def __init__(self, message: str, counts: Counts) -> None:
        super().__init__(message)
        self.counts = counts


@dataclass(frozen=True)
class Outcome:
    """What a load did."""

    counts: Counts
    seen: Seen
    sha256: str
    event_dates: list[date] | None
    has_replaced: bool

    def message(self) -> str:
        """Return the outcome in a sentence."""
        counts, seen = self.counts, self.seen
        text = (
            f"{counts.rows_loaded:,} rows loaded" if counts.rows_read else "the file has a header and no rows"
        )
        if counts.rows_rejected:
            text += f", {counts.rows_rejected:,} rejected"
        if self.has_replaced:
            text += ", earlier rows replaced"
        if seen.extra_columns:
            text += f"; unknown columns kept in _extra: {', '.join(seen.extra_columns)}"
        if seen.missing_columns:
            text += f"; optional columns that are not in the file: {', '.join(seen.missing_columns)}"
        return text


@dataclass(frozen=True)
class Job:
    """One file on its way into its table. The caller opens the transaction, commits it or rolls it back."""

    cursor: Cursor
    contract: Contract
    file: SourceFile
    size: int
    held: HeldTable
    load_id: int
    rejected: RejectedRows
    on_batch: Callable[[Batch], None]

    def run(self) -> Outcome:
        """Put the file's rows in the place of those they replace, and close the ledger row.

        Raises LoadError for a file that cannot be read, NothingLoadedError if all its rows are bad,
        psycopg2.Error.
        """
        cursor, name, table = self.cursor, self.file.table, self.contract.tables[self.file.table]
        is_snapshot = table.apply == "snapshot"
        held = self.held
        replaced = held.of_all() if is_snapshot else held.of_file(self.file.name)
        touched, arrived = TouchedDates(self.contract, name), ArrivedKeys(self.contract, name)
        if (held.has_rows or not self._is_empty()) and (is_snapshot or replaced):
            old_rows = sql.SQL("true" if is_snapshot else "_load_id = ANY({})").format(sql.Literal(replaced))
            touched.before(cursor, old_rows)
            arrived.before(cursor, old_rows)
            cursor.execute(sql.SQL("DELETE FROM {} WHERE {}").format(self._target, old_rows))
        counts, seen, sha256 = self._copy()
        if not held.is_indexed:
            loads = 1 if is_snapshot else 1 + held.has_others(self.file.name)
            ensure_indexes(cursor, self.contract, name, loads=loads)
        self.rejected.store(cursor)
        if held.has_erasures:
            erase_again(cursor, self.contract, name, self.load_id)
        dates = touched.after(cursor, self.load_id, seen.event_dates)
        arrived.after(cursor, self.load_id)
        ledger.finish(
            cursor, self.load_id, sha256, counts, dates, seen.extra_columns, seen.missing_columns, replaced
        )
        return Outcome(counts, seen, sha256, dates, has_replaced=bool(replaced))

    @property
    def _target(self) -> sql.Identifier:
        return table_name(self.contract, self.file.table)

    def _copy(self) -> tuple[Counts, Seen, str]:
        self.cursor.execute(
            "SELECT set_config('retail.load_id', %s, true), set_config('retail.source_file', %s, true)",
            [str(self.load_id), self.file.name],
        )
        table = self.contract.tables[self.file.table]
        reader = open_reader(self.file.path, Plan(table, self.contract.time_zone))
        ahead = self.size > BATCH_BYTES
        rows = copy_rows(self.cursor, self._target, reader, self.rejected, self.on_batch, ahead=ahead)
        rejected = self.rejected.count
        if rows and rows == rejected:
            raise NothingLoadedError(self._all_rejected(), Counts(rows, 0, rejected))
        return Counts(rows, rows - rejected, rejected), reader.seen, reader.sha256

    def _is_empty(self) -> bool:
        """Return whether the table has no rows.

        If so, give it new storage, which COPY can fill without logging.
        """
        cursor = self.cursor
        cursor.execute(sql.SQL("SELECT NOT EXISTS (SELECT FROM {})").format(self._target))
        row = cursor.fetchone()
        if not (row and row[0]):
            return False
        cursor.execute("SAVEPOINT new_storage")
        try:
            cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(self._target))
            cursor.execute(sql.SQL("TRUNCATE {}").format(self._target))
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.InsufficientPrivilege):
            cursor.execute(
                "ROLLBACK TO SAVEPOINT new_storage"
            )  # somebody reads it just now: then with the log
        cursor.execute("RELEASE SAVEPOINT new_storage")
        return True

    def _all_rejected(self) -> str:
        first = "; ".join(self.rejected.first)
        more = "; …" if self.rejected.count > len(self.rejected.first) else ""
        return (
            f"{self.file.path}: none of its {self.rejected.count:,} rows could be loaded, "
            f"so the table stays as it was. {first}{more}"
        )
