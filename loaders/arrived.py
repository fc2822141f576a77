"""Which keys a redelivery brought that the rows it replaced did not have.

A row that refers to another one is held back until that one arrives. When that was stands in the ledger for
rows that were loaded once. A redelivery gives all rows of its file a new load, so the keys that it brought for
the first time are noted: only those arrived with it. A key is kept as a hash: it may tell of a person.
"""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders.contract import Contract
from loaders.schema import table_name


class ArrivedKeys:
    """Compares the keys that others refer to before and after a load; `before` runs while old rows are there."""

    def __init__(self, contract: Contract, name: str) -> None:
        self._source = contract.source
        self._name = name
        self._target = table_name(contract, name)
        targets = [
            contract.reference(column.references)
            for table in contract.tables.values()
            for column in table.columns.values()
            if column.references
        ]
        self._columns = sorted({target[1] for target in targets if target and target[0] == name})
        self._has_old_keys = False

    def before(self, cursor: Cursor, old_rows: sql.Composable) -> None:
        """Remember the keys of the rows that are about to be replaced; `old_rows` is a condition on them."""
        if not self._columns:
            return
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE keys_before ON COMMIT DROP AS {}").format(self._keys(old_rows))
        )
        self._has_old_keys = True

    def after(self, cursor: Cursor, load_id: int) -> None:
        """Note the keys that came with the load; nothing where it replaced nothing."""
        if not self._has_old_keys:
            return
        cursor.execute(
            sql.SQL(
                "INSERT INTO ingest.arrived_key (load_id, source, table_name, column_name, key_hash) "
                "SELECT {}, {}, {}, * FROM ({} EXCEPT SELECT * FROM keys_before) AS new_key"
            ).format(
                sql.Literal(load_id),
                sql.Literal(self._source),
                sql.Literal(self._name),
                self._keys(sql.SQL("_load_id = {}").format(sql.Literal(load_id))),
            )
        )

    def _keys(self, rows: sql.Composable) -> sql.Composed:
        return sql.SQL(" UNION ").join(
            sql.SQL(
                "SELECT {}::text, hashtextextended(trim({}), 0) FROM {} WHERE {} AND {} IS NOT NULL"
            ).format(sql.Literal(column), sql.Identifier(column), self._target, rows, sql.Identifier(column))
            for column in self._columns
        )
