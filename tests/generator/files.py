"""Generated files as tests read them: with Python's own readers, not with the loaders or the generator."""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from generator.build import Summary

Row = dict[str, Any]
PATTERNS = {
    "pos_line": "pos/*/*.csv",
    "web_order": "web/*.jsonl",
    "stock": "stock/*.parquet",
    "shipment": "shipment/*.csv",
    "product_feed": "product_feed/*.jsonl",
    "customer_feed": "customer_feed/*.jsonl",
    "rating": "rating/*.csv",
    "store": "store/stores.csv",
    "warehouse": "warehouse/warehouses.csv",
}


@dataclass(frozen=True)
class Generated:
    """A folder that was generated, and what the generator said of it."""

    folder: Path
    summary: Summary
    _headers: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def files(self, table: str) -> list[Path]:
        return sorted(self.store.glob(PATTERNS[table]))

    def rows(self, table: str) -> list[Row]:
        """Return a table's rows with the file's day."""
        return [{**row, "file_day": path.stem} for path in self.files(table) for row in read_file(path)]

    def header(self, table: str) -> list[str]:
        """Return the names of a CSV table's columns."""
        if table not in self._headers:
            self._headers[table] = self.files(table)[0].read_text("utf-8").splitlines()[0].split(",")
        return self._headers[table]

    def truth(self, name: str) -> list[Row]:
        return list(read_file(self.folder / "truth" / f"{name}.csv"))

    @cached_property
    def orders(self) -> dict[str, list[Row]]:
        """The documents of each web order, by sequence."""
        found: dict[str, list[Row]] = {}
        for row in self.rows("web_order"):
            found.setdefault(row["order_id"], []).append(row)
        return {key: sorted(rows, key=lambda row: row["sequence"]) for key, rows in found.items()}


def read_file(path: Path) -> Iterator[Row]:
    """Yield a file's rows."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as text:
            yield from csv.DictReader(text)
    elif path.suffix == ".jsonl":
        for line in path.read_text("utf-8").splitlines():
            yield json.loads(line)
    else:
        found = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        for values in found.fetchall():
            yield dict(zip(names, values, strict=True))


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
