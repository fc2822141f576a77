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

    Rows are compared as sets by count and sum of 64-bit hashes. The same rows in another order are no change of
    a snapshot whose key tells them apart: an export has no order. In files that are added the row's number is
    compared, too: staging names rows by it, and of two rows of one key the first counts. Where a row stands for
    the date of rows that it references (`through`, `touches`), those whose key a changed row names are touched.
    """

    def __init__(self, contract: Contract, name: str) -> None:
        self._contract = contract
        self._name = name
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
        if event.referring:
            by_key = sql.SQL(" UNION ALL ").join(self._by_key(name, old_rows) for name in event.referring)
            cursor.execute(sql.SQL("CREATE TEMPORARY TABLE rows_before ON COMMIT DROP AS {}").format(by_key))
            self._has_old_keys = True

    def after(self, cursor: Cursor, load_id: int, loaded_dates: Collection[str]) -> list[date] | None:
        """Return the touched dates in order, or None where the table's rows have no event time."""
        event = self._table.event_time
        if event is None:
            return None
        new_rows = sql.SQL("_load_id = {}").format(sql.Literal(load_id))
        days = self._own(cursor, new_rows, loaded_dates) if event.column else set()
        for column in event.referring:
            days |= referenced_dates(
                cursor, self._contract, self._name, column, self._changed_keys(column, new_rows)
            )
        return sorted(days)

    def _own(self, cursor: Cursor, new_rows: sql.Composable, loaded_dates: Collection[str]) -> set[date]:
        old = self._old
        if old is None:
            return set(map(date.fromisoformat, loaded_dates))
        new = self._by_date(cursor, new_rows)
        return {day for day in old.keys() | new.keys() if old.get(day) != new.get(day)}

    def _hash(self, *, with_place: bool) -> sql.Composable:
        columns = [*self._table.columns, "_extra", *(("_row_number",) if with_place else ())]
        return sql.SQL("hash_record_extended(ROW({}), 0)::numeric").format(
            sql.SQL(", ").join(map(sql.Identifier, columns))
        )

    def _by_date(self, cursor: Cursor, rows: sql.Composable) -> Fingerprint:
        with_place = not self._table.key or self._table.apply == "append"
        cursor.execute(
            sql.SQL(
                "SELECT _event_date, count(*), sum({}) FROM {} "
                "WHERE {} AND _event_date IS NOT NULL GROUP BY 1"
            ).format(self._hash(with_place=with_place), self._target, rows)
        )
        return {day: (count, total) for day, count, total in cursor.fetchall()}

    def _by_key(self, column: str, rows: sql.Composable) -> sql.Composed:
        return sql.SQL(
            "SELECT {} AS c, {column} AS k, count(*) AS n, sum({}) AS h FROM {} WHERE {} GROUP BY {column}"
        ).format(
            sql.Literal(column),
            self._hash(with_place=not self._table.key),
            self._target,
            rows,
            column=sql.Identifier(column),
        )

    def _changed_keys(self, column: str, new_rows: sql.Composable) -> sql.Composed:
        """The query of the values of a column in the rows that came, went or changed."""
        if not self._has_old_keys:
            return sql.SQL("SELECT {} FROM {} WHERE {}").format(
                sql.Identifier(column), self._target, new_rows
            )
        return sql.SQL(
            "SELECT coalesce(o.k, n.k) FROM (SELECT * FROM rows_before WHERE c = {}) AS o "
            "FULL JOIN ({}) AS n ON n.k = o.k WHERE o.n IS DISTINCT FROM n.n OR o.h IS DISTINCT FROM n.h"
        ).format(sql.Literal(column), self._by_key(column, new_rows))


def referenced_dates(
    cursor: Cursor, contract: Contract, name: str, column: str, keys: sql.Composable
) -> set[date]:
    """Return the event dates of the rows that a table's column references; `keys` is a query of its values."""
    target = contract.reference(contract.tables[name].columns[column].references or "")
    if target is None:  # the contract's own check does not let that happen
        return set()
    cursor.execute(
        sql.SQL("SELECT DISTINCT _event_date FROM {} WHERE {} IN ({}) AND _event_date IS NOT NULL").format(
            table_name(contract, target[0]), sql.Identifier(target[1]), keys
        )
    )
    return {row[0] for row in cursor.fetchall()}
