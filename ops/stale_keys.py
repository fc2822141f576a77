"""Facts that hold the key of a version that is gone, on days that no load touched.

A version's key is made of its start. When a restated day moves the start, or takes the version away, facts of
other days keep the old key, which no row of the dimension has any more. A restatement does not reach those days.

To look through all facts takes longer with every year. So the versions are copied before anything is computed and
compared afterwards: only facts of customers and products whose versions moved are looked at, and only from the day
on from which another version holds. That is enough if facts and versions agreed before; where nobody can tell
(a refresh was killed, prod was planned by hand), all facts are looked through.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Self

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.errors import OpsError
from ops.restatement import Restatement, ranges
from ops.settings import Settings

MOST_ROUNDS = 3  # one mends all, unless the facts are made otherwise than is looked for here
MOST_DAYS_NAMED = 10
WHY = (
    "facts there hold the key of a customer's or product's version that now begins at another time or is gone"
)
UNKNOWN = "md5('7:unknown')::uuid"  # @UNKNOWN_KEY()
Days = Mapping[str, frozenset[date]]


@dataclass(frozen=True)
class Reference:
    """A fact's key of a dimension with versions: that of the version which held at `instant`."""

    fact: str
    entity: str
    day: str = "order_date"
    instant: str = "ordered_at"
    is_end_of_day: bool = False  # the version that held up to the instant, not from it on
    is_optional: bool = False  # without an id the key comes from elsewhere

    @property
    def dimension(self) -> str:
        return f"core.dim_{self.entity}"

    @property
    def sql(self) -> str:
        """The days with a key that is not that of the version as of the event, or of the Unknown member."""
        after, before = (">", "<=") if self.is_end_of_day else (">=", "<")
        return f"""
            SELECT DISTINCT fact.{self.day}
            FROM {self.fact} AS fact
            LEFT JOIN {self.dimension} AS version
              ON version.source = fact.source
              AND version.{self.entity}_id = fact.{self.entity}_id
              AND fact.{self.instant} {after} version.valid_from_at
              AND fact.{self.instant} {before} version.valid_to_at
            WHERE fact.{self.entity}_key IS DISTINCT FROM COALESCE(version.{self.entity}_key, {UNKNOWN})
              {f"AND fact.{self.entity}_id IS NOT NULL" if self.is_optional else ""}
        """

    @property
    def moved(self) -> str:
        """The same, of the facts on which another version holds now; of new ones those that had none."""
        mine = f"moved.source = fact.source AND moved.id = fact.{self.entity}_id"
        return f"""
            {self.sql} AND fact.{self.day} BETWEEN %(first)s AND %(last)s AND EXISTS (
                SELECT FROM pg_temp.moved WHERE {mine} AND NOT moved.is_new
                AND fact.{self.instant} BETWEEN moved.from_at AND moved.to_at
            )
            UNION
            {self.sql} AND fact.{self.entity}_key = {UNKNOWN} AND fact.{self.entity}_id IS NOT NULL
            AND EXISTS (SELECT FROM pg_temp.moved WHERE {mine} AND moved.is_new)
        """


REFERENCES = (
    Reference("core.fct_order", "customer"),
    Reference("core.fct_order_line", "customer"),
    Reference("core.fct_order_line", "product"),
    Reference("core.fct_review", "customer", is_optional=True),
    Reference("core.fct_review", "product"),
    Reference("core.fct_inventory_snapshot", "product", "snapshot_date", "counted_at", is_end_of_day=True),
)
DIMENSIONS = {reference.entity: reference.dimension for reference in REFERENCES}
VERSION = """
    SELECT source, {entity}_id::text AS id, {entity}_key AS key, valid_from_at, valid_to_at FROM {dimension}
"""
# The time for which another version of an entity holds than did before. A version that only ended later or
# earlier moves the time in between, not all of its own.
MOVED = """
    CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
    SELECT source, id, old.key IS NULL AND NOT EXISTS (
            SELECT FROM pg_temp.{entity}_before AS known WHERE (known.source, known.id) = (source, id)
        ) AS is_new, span.from_at, span.to_at
    FROM pg_temp.{entity}_before AS old FULL JOIN ({version}) AS new USING (source, id, key)
    CROSS JOIN LATERAL (VALUES
        (LEAST(old.valid_from_at, new.valid_from_at), CASE WHEN old.key IS NULL OR new.key IS NULL
            THEN GREATEST(old.valid_to_at, new.valid_to_at)
            ELSE GREATEST(old.valid_from_at, new.valid_from_at) END),
        (LEAST(old.valid_to_at, new.valid_to_at), GREATEST(old.valid_to_at, new.valid_to_at))
    ) AS span (from_at, to_at)
    WHERE span.from_at < span.to_at
"""


class StaleKeys:
    """Finds the days on which facts of prod hold stale keys. Used around all that computes prod again."""

    def __init__(self, settings: Settings, *, search_all: bool) -> None:
        self._settings, self.searches_all = settings, search_all
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        self._connection = self._settings.connect()
        if not self.searches_all:
            with self._connection, self._connection.cursor() as cursor:
                for entity, dimension in DIMENSIONS.items():
                    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [dimension])
                    if cursor.fetchone() == (True,):
                        version = VERSION.format(entity=entity, dimension=dimension)
                        cursor.execute(f"CREATE TEMPORARY TABLE {entity}_before AS {version}")
                        cursor.execute(f"ANALYZE pg_temp.{entity}_before")
                        self._known.add(entity)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def rounds(self) -> Iterator[list[Restatement]]:
        """Yield the plans that mend the facts, and look again, until there are none.

        Raises OpsError, with the days, when they are still there after a few rounds.
        """
        for _ in range(MOST_ROUNDS):
            restatements = restatements_of(self.days())
            if not restatements:
                return
            yield restatements
        if left := self.days():
            raise OpsError(
                f"After computing them again {MOST_ROUNDS} times facts still hold keys that are not those of "
                f"the version as of the order: {described(left)}. Do these models join their dimensions on "
                "source, natural key, valid_from_at and valid_to_at?"
            )

    def days(self) -> Days:
        """Return, per fact of prod, the days with a stale key; facts without any are left out."""
        found: dict[str, set[date]] = defaultdict(set)
        for entity, dimension in DIMENSIONS.items():
            with self._connection, self._connection.cursor() as cursor:
                span = _moved(cursor, entity, dimension) if entity in self._known else None
                if entity in self._known and span is None:
                    continue
                for reference in REFERENCES:
                    if reference.entity == entity and _is_there(cursor, reference):
                        if span:
                            cursor.execute(reference.moved, {"first": span[0], "last": span[1]})
                        else:
                            cursor.execute(reference.sql)
                        found[reference.fact].update(day for (day,) in cursor.fetchall())
        return {fact: frozenset(days) for fact, days in found.items() if days}


def _moved(cursor: Cursor, entity: str, dimension: str) -> tuple[date, date] | None:
    """Make the table of moved versions; return between which days they moved, or None if none did."""
    version = VERSION.format(entity=entity, dimension=dimension)
    cursor.execute(MOVED.format(entity=entity, version=version))
    cursor.execute("ANALYZE pg_temp.moved")
    # A shop's day may begin and end half a day beside that of UTC.
    cursor.execute(
        "SELECT min(from_at AT TIME ZONE 'UTC') FILTER (WHERE NOT is_new)::date - 1, "
        "least(max(to_at AT TIME ZONE 'UTC') FILTER (WHERE NOT is_new)::date, '9999-12-30') + 1, "
        "count(*) FROM pg_temp.moved"
    )
    row = cursor.fetchone()
    if row is None or not row[2]:
        return None
    return (row[0] or date.max, row[1] or date.max)


def _is_there(cursor: Cursor, reference: Reference) -> bool:
    """Whether prod has both tables, and the fact its columns: prod may be older than the project."""
    cursor.execute(
        "SELECT to_regclass(%s) IS NOT NULL AND count(*) = 2 FROM pg_attribute "
        "WHERE attrelid = to_regclass(%s) AND attname = ANY(%s) AND NOT attisdropped",
        [reference.dimension, reference.fact, [f"{reference.entity}_id", reference.instant]],
    )
    return cursor.fetchone() == (True,)


def restatements_of(stale: Days) -> list[Restatement]:
    """Return the plans for the days; facts with the same days share theirs."""
    together: dict[frozenset[date], list[str]] = defaultdict(list)
    for fact, days in sorted(stale.items()):
        together[days].append(fact)
    return [
        Restatement(tuple(facts), first, last, why=WHY)
        for days, facts in together.items()
        for first, last in ranges(sorted(days))
    ]


def described(stale: Days) -> str:
    """Return facts and days as text, of many days the first few."""
    parts = []
    for fact, days in sorted(stale.items()):
        named = ", ".join(map(str, sorted(days)[:MOST_DAYS_NAMED]))
        rest = f" and {len(days) - MOST_DAYS_NAMED} more" if len(days) > MOST_DAYS_NAMED else ""
        parts.append(f"{fact} on {named}{rest}")
    return "; ".join(parts)
