"""Facts that hold the key of a version that is gone, on days that no load touched.

A version's key is made of its start. When a restated day moves the start, or takes the version away, facts of
other days keep the old key, which no row of the dimension has any more. A restatement does not reach those days.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from ops.errors import OpsError
from ops.restatement import Restatement, ranges
from ops.settings import Settings
from ops.sqlmesh import SqlMesh

MOST_ROUNDS = 3  # one mends all, unless the facts are made otherwise than is looked for here
MOST_DAYS_NAMED = 10
WHY = (
    "facts there hold the key of a customer's or product's version that now begins at another time or is gone"
)
Days = Mapping[str, frozenset[date]]


@dataclass(frozen=True)
class Reference:
    """A fact's key of a dimension with versions."""

    fact: str
    dimension: str
    entity: str

    @property
    def sql(self) -> str:
        """The days with a key that is not that of the version as of the event, or of the Unknown member."""
        return f"""
            SELECT DISTINCT fact.order_date
            FROM {self.fact} AS fact
            LEFT JOIN {self.dimension} AS version
              ON version.source = fact.source
              AND version.{self.entity}_id = fact.{self.entity}_id
              AND fact.ordered_at >= version.valid_from_at
              AND fact.ordered_at < version.valid_to_at
            WHERE fact.{self.entity}_key IS DISTINCT FROM COALESCE(
                version.{self.entity}_key,
                (SELECT {self.entity}_key FROM {self.dimension} WHERE source = 'unknown')
            )
        """


REFERENCES = (
    Reference("core.fct_order", "core.dim_customer", "customer"),
    Reference("core.fct_order_line", "core.dim_customer", "customer"),
    Reference("core.fct_order_line", "core.dim_product", "product"),
)


def mend_stale_keys(settings: Settings, say: Callable[[str], None], sqlmesh: SqlMesh) -> list[Restatement]:
    """Compute the facts of prod again on the days with stale keys; return what was done.

    Raises OpsError, with the days, when they are still there after a few rounds.
    """
    done: list[Restatement] = []
    for _ in range(MOST_ROUNDS):
        restatements = restatements_of(stale_days(settings))
        if not restatements:
            return done
        for restatement in restatements:
            say(f"Computing again {restatement} ({WHY})")
            sqlmesh.run(restatement.arguments())
        done += restatements
    if left := stale_days(settings):
        raise OpsError(
            f"After computing them again {MOST_ROUNDS} times facts still hold keys that are not those of "
            f"the version as of the order: {described(left)}. Do these models join their dimensions on "
            "source, natural key, valid_from_at and valid_to_at?"
        )
    return done


def stale_days(settings: Settings) -> Days:
    """Return, per fact of prod, the days with a stale key; facts without any are left out."""
    found: dict[str, set[date]] = defaultdict(set)
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            for reference in REFERENCES:
                tables = [reference.fact, reference.dimension]
                cursor.execute(
                    "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s) AS name", [tables]
                )
                row = cursor.fetchone()
                if row and row[0]:
                    cursor.execute(reference.sql)
                    found[reference.fact].update(day for (day,) in cursor.fetchall())
    finally:
        connection.close()
    return {fact: frozenset(days) for fact, days in found.items() if days}


def restatements_of(stale: Days) -> list[Restatement]:
    """Return the plans for the days; facts with the same days share theirs."""
    together: dict[frozenset[date], list[str]] = defaultdict(list)
    for fact, days in sorted(stale.items()):
        together[days].append(fact)
    return [
        Restatement(tuple(facts), first, last)
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
