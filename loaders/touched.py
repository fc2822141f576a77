"""Which event dates a load touched: those whose rows it added, changed or removed."""

from collections.abc import Collection
from datetime import date
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders.contract import Contract
from loaders.schema import table_name

Fingerprint = dict[date, tuple[int, Any]]


class TouchedDates:
    """Compares a table's rows before and after a load: `before` runs while the old ones are there.

    Rows are compared as sets by count and sum of 64-bit hashes: the same rows in another order are no change,
    unless the row's number is part of its identity because the table has no key.
    """

    def __init__(self, contract: Contract, name: str) -> None:
        self._contract = contract
        self._table = contract.tables[name]
        self._target = table_name(contract, name)
        self._old: Fingerprint | None = None
        self._has_old_keys = False

    def before(self, cursor: Cursor, old_rows: sql.Composable) -> None:
        """Remember the rows that are about to be replaced; `old_rows` is a condition on them."""
        event = self._table.event_time
        if event is None:
            return
        if event.column:
            self._old = self._by_date(cursor, old_rows)
            return
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE rows_before ON COMMIT DROP AS {}").format(self._by_key(old_rows))
        )
        self._has_old_keys = True

    def after(self, cursor: Cursor, load_id: int, loaded_dates: Collection[str]) -> list[date] | None:
        """Return the touched dates in order, or None where the table's rows have no event time."""
        event = self._table.event_time
        if event is None:
            return None
        new_rows = sql.SQL("_load_id = {}").format(sql.Literal(load_id))
        if event.through:
            return self._through(cursor, event.through, new_rows)
        if self._old is None:
            return sorted(map(date.fromisoformat, loaded_dates))
        new = self._by_date(cursor, new_rows)
        return sorted(day for day in self._old.keys() | new.keys() if self._old.get(day) != new.get(day))

    def _hash(self) -> sql.Composable:
        columns = [*self._table.columns, "_extra", *(() if self._table.key else ("_row_number",))]
        return sql.SQL("hash_record_extended(ROW({}), 0)::numeric").format(
            sql.SQL(", ").join(map(sql.Identifier, columns))
        )

    def _by_date(self, cursor: Cursor, rows: sql.Composable) -> Fingerprint:
        cursor.execute(
            sql.SQL(
                "SELECT _event_date, count(*), sum({}) FROM {} "
                "WHERE {} AND _event_date IS NOT NULL GROUP BY 1"
            ).format(self._hash(), self._target, rows)
        )
        return {day: (count, total) for day, count, total in cursor.fetchall()}

    def _by_key(self, rows: sql.Composable) -> sql.Composed:
        through = self._table.event_time.through if self._table.event_time else None
        return sql.SQL("SELECT {} AS k, count(*) AS n, sum({}) AS h FROM {} WHERE {} GROUP BY 1").format(
            sql.Identifier(through or ""), self._hash(), self._target, rows
        )

    def _through(self, cursor: Cursor, column: str, new_rows: sql.Composable) -> list[date]:
        reference = self._contract.reference(self._table.columns[column].references or "")
        if reference is None:  # the contract's own check does not let that happen
            return []
        parent, parent_column = table_name(self._contract, reference[0]), sql.Identifier(reference[1])
        if self._has_old_keys:
            keys = sql.SQL(
                "SELECT coalesce(o.k, n.k) FROM rows_before AS o FULL JOIN ({}) AS n ON n.k = o.k "
                "WHERE o.n IS DISTINCT FROM n.n OR o.h IS DISTINCT FROM n.h"
            ).format(self._by_key(new_rows))
        else:
            keys = sql.SQL("SELECT {} FROM {} WHERE {}").format(
                sql.Identifier(column), self._target, new_rows
            )
        cursor.execute(
            sql.SQL(
                "SELECT DISTINCT _event_date FROM {} WHERE {} IN ({}) AND _event_date IS NOT NULL ORDER BY 1"
            ).format(parent, parent_column, keys)
        )
        return [row[0] for row in cursor.fetchall()]
