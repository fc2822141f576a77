"""Which rows of the facts a refresh added, removed or changed, by fact, source and day."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from types import TracebackType
from typing import Any, Self

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.restatement import Restatement
from ops.settings import Settings
from ops.sqlmesh import Fact, Prod

MOST_DAYS_NAMED = 7
ROW_BEFORE = """
    CREATE TEMPORARY TABLE row_before (fact text, source text, day date, key text, content bigint)
"""
# {read}: the days that were remembered, and those that had not been computed.
NEW = "SELECT fact.source, fact.{day}, count(*), 0, 0 FROM {fact} AS fact WHERE {read} GROUP BY 1, 2 ORDER BY 1, 2"
COMPARED = """
    SELECT source, day, count(*) FILTER (WHERE old.key IS NULL), count(*) FILTER (WHERE new.key IS NULL),
        count(*) FILTER (WHERE old.key IS NOT NULL AND new.key IS NOT NULL)
    FROM (SELECT source, day, key, content FROM pg_temp.row_before WHERE fact = {name}) AS old
    FULL JOIN (
        SELECT fact.source, fact.{day} AS day, fact.{key}::text AS key,
            hash_record_extended(fact, 0) AS content
        FROM {fact} AS fact WHERE {read}
    ) AS new USING (source, day, key)
    WHERE old.content IS DISTINCT FROM new.content
    GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Change:
    """What became of the rows of a fact, source and day."""

    fact: str
    source: str
    day: date
    added: int
    removed: int
    changed: int

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


class Changes:
    """Compares facts of prod with what they were. It reads the days that it is told of before they change.

    A row is the same if its key is; one whose day moved is removed on one day and added on the other.
    """

    def __init__(self, settings: Settings, prod: Prod) -> None:
        self._settings, self._prod = settings, prod
        self._read: list[tuple[date, date]] = []

    def __enter__(self) -> Self:
        self._connection = self._settings.connect()
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(ROW_BEFORE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """Give a cursor that sees what was remembered, as pg_temp.row_before, in a transaction of its own."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute("ANALYZE pg_temp.row_before")
            yield cursor

    def within(self, name: str) -> sql.Composable:
        """Return the condition that a row of the fact stands on one of the days that were remembered."""
        return next(
            (_within(fact, self._read) for fact in self._prod.facts if fact.name == name), sql.SQL("FALSE")
        )

    def remember(self, restatement: Restatement) -> None:
        """Read the rows of the days that will be computed again, unless they were read before."""
        with self._connection, self._connection.cursor() as cursor:
            for fact in self._there(cursor, self._prod.facts):
                cursor.execute(
                    sql.SQL(
                        "INSERT INTO pg_temp.row_before SELECT {name}, fact.source, fact.{day}, "
                        "fact.{key}::text, hash_record_extended(fact, 0) FROM {fact} AS fact "
                        "WHERE ({read}) AND NOT ({before})"
                    ).format(
                        **_names(fact),
                        read=_within(fact, [restatement.span]),
                        before=_within(fact, self._read),
                    )
                )
        self._read.append(restatement.span)

    def found(self, facts: Sequence[Fact]) -> list[Change]:
        """Return what is different now, on those days and on days that were not computed when it began."""
        last = self._prod.computed_until
        spans = [*self._read, (date.min if last is None else last + timedelta(days=1), date.max)]
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute("ANALYZE pg_temp.row_before")
            return [
                Change(fact.name, *row)
                for fact in self._there(cursor, facts)
                for row in self._of(cursor, fact, spans)
            ]

    def _of(self, cursor: Cursor, fact: Fact, spans: Sequence[tuple[date, date]]) -> list[tuple[Any, ...]]:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_temp.row_before WHERE fact = %s)", [fact.name])
        query = COMPARED if cursor.fetchone() == (True,) else NEW
        cursor.execute(sql.SQL(query).format(**_names(fact), read=_within(fact, spans)))
        return list(cursor.fetchall())

    def _there(self, cursor: Cursor, facts: Sequence[Fact]) -> list[Fact]:
        """Return those that exist in prod, in the order of their names."""
        names = [fact.name for fact in facts]
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL", [names]
        )
        there = {name for (name,) in cursor.fetchall()}
        return sorted((fact for fact in facts if fact.name in there), key=lambda fact: fact.name)


def described(changes: Sequence[Change]) -> list[str]:
    """Return a line of text per fact and source: how many rows, on which days."""
    together: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        together.setdefault((change.fact, change.source), []).append(change)
    lines = []
    for (fact, source), items in together.items():
        counts = {
            "added": sum(item.added for item in items),
            "removed": sum(item.removed for item in items),
            "changed": sum(item.changed for item in items),
        }
        what = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
        lines.append(f"{fact}, {source}: {what} on {_days([item.day for item in items])}")
    return lines


def _days(days: Sequence[date]) -> str:
    if len(days) <= MOST_DAYS_NAMED:
        return ", ".join(map(str, days))
    return f"{len(days):,} days from {min(days)} to {max(days)}"


def _names(fact: Fact) -> dict[str, sql.Composable]:
    return {
        "name": sql.Literal(fact.name),
        "fact": sql.Identifier(*fact.name.split(".")),
        "day": sql.Identifier(fact.day),
        "key": sql.Identifier(fact.key),
    }


def _within(fact: Fact, spans: Sequence[tuple[date, date]]) -> sql.Composable:
    """The condition that a row's day lies in one of the spans."""
    parts = [
        sql.SQL("fact.{} BETWEEN {} AND {}").format(sql.Identifier(fact.day), *map(sql.Literal, span))
        for span in spans
    ]
    return sql.SQL(" OR ").join(parts) if parts else sql.SQL("FALSE")
