"""A check and its verdict, and what checks look at."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from ops.settings import Settings

Verdict = Literal["ok", "warn", "fail", "skipped"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """What was looked at, how it is, what was found, and what to do about it."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""
    details: Sequence[Mapping[str, Any]] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Place:
    """The warehouse and SQLMesh's state, open for reading as the transformer."""

    settings: Settings
    warehouse: Cursor
    state: Cursor | None = None
    reads_models: bool = False  # SQLMesh may be asked what is in the files

    def rows(self, question: str | sql.Composable, *values: object) -> list[Row]:
        """Ask the warehouse."""
        return _rows(self.warehouse, question, values)

    def state_rows(self, question: str, *values: object) -> list[Row]:
        """Ask SQLMesh's state; nothing where there is none."""
        return _rows(self.state, question, values) if self.state and self.has_state() else []

    def has(self, relation: str) -> bool:
        """Whether the warehouse has a table or view."""
        return self.rows("SELECT to_regclass(%s) IS NOT NULL AS yes", relation)[0]["yes"] is True

    def has_state(self) -> bool:
        """Whether SQLMesh has ever made anything here."""
        if self.state is None:
            return False
        self.state.execute(
            "SELECT to_regclass('sqlmesh._environments') IS NOT NULL AND to_regclass('sqlmesh._versions') IS NOT NULL"
        )
        return self.state.fetchone() == (True,)


def _rows(cursor: Cursor, question: str | sql.Composable, values: tuple[object, ...]) -> list[Row]:
    cursor.execute(question, values or None)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
