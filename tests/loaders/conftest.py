"""A small shop whose files the tests write, load and look at."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from loaders import ledger
from loaders.contract import Contract
from loaders.load import LoadResult, load_source
from ops.settings import Settings

Columns = Mapping[str, Mapping[str, Any]]
SALE: Columns = {"id": {"required": True}, "day": {"required": True}, "note": {}}
#: A file with one row on each of three days.
ONE = "id,day,note\n1,2024-01-01,a\n2,2024-01-02,b\n3,2024-01-03,c\n"


def shop_contract(columns: Columns = SALE, *, source: str = "shop", **table: Any) -> Contract:
    """A contract with one table `sale`: rows have an id, a day and a note, unless the test says otherwise."""
    event = {"event_time": {"column": "day", "format": "%Y-%m-%d"}} if "day" in columns else {}
    sale = {"files": "*.csv", "apply": "append", "key": ["id"] if "id" in columns else [], **event, **table}
    return Contract.model_validate({"source": source, "tables": {"sale": {**sale, "columns": columns}}})


@dataclass
class Shop:
    """Files, a database, and a contract that tests may replace."""

    settings: Settings
    folder: Path
    contract: Contract

    def connect(self) -> Connection:
        return self.settings.connect_loader()

    def write(self, content: str | bytes, name: str = "sales.csv") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def load_paths(self, *paths: Path, **options: Any) -> list[LoadResult]:
        return load_source(self.connect, self.contract, list(paths), self.folder, **options)

    def load(self, content: str | bytes, name: str = "sales.csv") -> LoadResult:
        """Write a file and load it."""
        (result,) = self.load_paths(self.write(content, name))
        return result

    def error(self, content: str | bytes, name: str = "sales.csv") -> str:
        """Write a file that cannot be loaded and return why."""
        result = self.load(content, name)
        assert result.status == "failed", result.message
        return result.message

    def query(self, text: str | sql.Composable) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall()
        finally:
            connection.close()

    def rows(self, columns: str = "id, day, note") -> list[tuple[Any, ...]]:
        return self.query(f"SELECT {columns} FROM raw_shop.sale ORDER BY _load_id, _row_number")

    def rejected(self) -> list[tuple[int, str, str]]:
        """Return line number, text and reason of the rejected rows."""
        return self.query(
            "SELECT line_number, raw, reason FROM ingest.rejected_row ORDER BY load_id, row_number"
        )

    def ledger(self) -> list[dict[str, Any]]:
        """Return the ledger, oldest first."""
        connection = self.connect()
        try:
            return ledger.loads(connection)[::-1]
        finally:
            connection.close()


@pytest.fixture
def shop(module_database: Settings, tmp_path: Path) -> Shop:
    """The shop, with nothing loaded yet."""
    connection = module_database.connect_loader()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'raw%' OR nspname = 'ingest'")
        for (schema,) in cursor.fetchall():
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    connection.close()
    return Shop(module_database, tmp_path, shop_contract())
