"""Whether both tools built the same: each model's rows, counted and hashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from benchmarks.warehouse import Warehouse

# A sum of hashes of rows is the same in any order, and tells a row that stands there twice.
CONTENTS = (
    "SELECT count(*), coalesce(sum(hashtextextended(ROW({columns})::text, 0)::numeric), 0) FROM {table}"
)


@dataclass(frozen=True)
class Difference:
    """A model that is not the same: its rows by SQLMesh and by dbt."""

    model: str
    rows: int
    dbt_rows: int

    def __str__(self) -> str:
        if self.rows == self.dbt_rows:
            return f"{self.model}: {self.rows:,} rows each, which are not the same"
        return f"{self.model}: {self.rows:,} rows by SQLMesh, {self.dbt_rows:,} by dbt"


def differences(warehouse: Warehouse, columns: Mapping[tuple[str, str], Sequence[str]]) -> list[Difference]:
    """Return the models (with their columns) that prod and dbt's prod do not hold alike."""
    found = []
    with warehouse.settings.connect() as connection, connection.cursor() as cursor:
        for (schema, name), names in columns.items():
            ours, theirs = (
                _contents(cursor, table, names)
                for table in (sql.Identifier(schema, name), sql.Identifier(f"dbt_prod_{schema}", name))
            )
            if ours != theirs:
                found.append(Difference(f"{schema}.{name}", ours[0], theirs[0]))
    return found


def _contents(cursor: Any, table: sql.Identifier, columns: Sequence[str]) -> tuple[int, str]:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    cursor.execute(sql.SQL(CONTENTS).format(columns=listed, table=table))
    rows, contents = cursor.fetchone()
    return int(rows), str(contents)
