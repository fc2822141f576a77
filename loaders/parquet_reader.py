"""Parquet files to batches for COPY, read with DuckDB.

Every value becomes the text that DuckDB writes for it; timestamps with a zone are in UTC, nested values are
JSON.
"""

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from loaders.errors import LoadError
from loaders.files import digest, file_stamp
from loaders.header import match_header
from loaders.json_reader import json_text
from loaders.rows import Batch, Plan, RowWriter, Seen

FETCHED_ROWS = 5_000
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 1,
    "autoinstall_known_extensions": False,
}
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_NESTED = ("STRUCT", "MAP", "UNION")


class ParquetReader:
    """Reads a Parquet file by its contract.

    Raises LoadError for a file that is none or whose columns do not fit.
    """

    delimiter = ","
    has_quotes = False  # RowWriter puts no empty field in quotes

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path = path
        self._size = file_stamp(path).size
        self.sha256 = digest(path)
        columns = self._describe()
        self._layout = match_header(plan.table, [name for name, _ in columns], str(path))
        self._query = "SELECT {} FROM read_parquet(?)".format(", ".join(map(_as_text, columns)))
        extra = self._layout.extra
        self.seen = Seen(extra_columns=list(extra), missing_columns=list(self._layout.missing))
        self._writer = RowWriter(plan, self._layout.columns, self.seen, extra=bool(extra))
        self.copy_columns = self._writer.copy_columns

    def batches(self) -> Iterator[Batch]:
        """Yield the file's rows. Raises LoadError for a damaged file."""
        for rows, position in self._rows():
            for row in rows:
                self._add(row)
            yield self._writer.take(position)

    def _add(self, row: tuple[str | None, ...]) -> None:
        raw = _ENCODER.encode(dict(zip(self._layout.fields, row, strict=True)))
        values, unknown = row, {}
        if self._layout.extra:
            pairs = list(zip(self._layout.fields, self._layout.is_known, row, strict=True))
            unknown = {name: value for name, known, value in pairs if not known}
            values = tuple(value for _, known, value in pairs if known)
        values = tuple(value or None for value in values)
        self._writer.add(values, json_text(unknown) if unknown else None, None, raw)

    def _describe(self) -> list[tuple[str, str]]:
        """Return the file's columns and their types."""
        return [(row[0], row[1]) for row in self._run("DESCRIBE SELECT * FROM read_parquet(?)")]

    def _rows(self) -> Iterator[tuple[list[Any], int]]:
        ((total,),) = self._run("SELECT count(*) FROM read_parquet(?)")
        done = 0
        with tempfile.TemporaryDirectory() as folder, _database().cursor() as connection:
            try:
                result = connection.execute(self._query, [_plain_name(self._path, folder)])
                while rows := result.fetchmany(FETCHED_ROWS):
                    done += len(rows)
                    yield rows, self._size * done // max(total, 1)
            except duckdb.Error as error:
                raise LoadError(f"{self._path}: {_first_line(error)}") from error

    def _run(self, query: str) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder, _database().cursor() as connection:
            try:
                return connection.execute(query, [_plain_name(self._path, folder)]).fetchall()
            except duckdb.Error as error:
                raise LoadError(f"{self._path}: is no valid Parquet file ({_first_line(error)})") from error


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Return the database of this process: to make one takes longer than to read a small file."""
    connection = duckdb.connect(config=_SETTINGS)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def _plain_name(path: Path, folder: str) -> str:
    """Return a name for the file in which DuckDB finds no pattern: it would expand * ? and [."""
    link = Path(folder) / "file.parquet"
    if not link.is_symlink():
        link.symlink_to(path.resolve())
    return str(link)


def _as_text(column: tuple[str, str]) -> str:
    name, kind = column
    quoted = '"' + name.replace('"', '""') + '"'
    is_nested = kind.startswith(_NESTED) or kind.endswith("]")
    return f"CAST({f'to_json({quoted})' if is_nested else quoted} AS VARCHAR)"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
