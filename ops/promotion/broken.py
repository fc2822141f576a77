"""What promotions were allowed to drop: `ingest.broken_dependent`, listed and built again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.errors import OpsError
from ops.promotion.dependents import Dependent, restore
from ops.promotion.swap import KEPT
from ops.settings import Settings

LISTED = f"""
    SELECT broken_dependent_id, view, name, owner, reason, statements, dropped_at FROM {KEPT}
    ORDER BY broken_dependent_id
"""


@dataclass(frozen=True)
class Kept:
    """A definition that was kept, with the statements that make it again."""

    number: int
    view: str
    name: str
    owner: str
    reason: str
    statements: tuple[str, ...]
    dropped_at: datetime


def kept(settings: Settings) -> list[Kept]:
    """Return what was dropped, oldest first. Raises OpsError where the record is missing."""
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NULL", [KEPT])
            if cursor.fetchone() == (True,):
                raise OpsError(f"There is no {KEPT} yet: `retail load` or `retail refresh` makes it.")
            cursor.execute(LISTED)
            return [
                Kept(number, view, name, owner, reason, tuple(statements), when)
                for number, view, name, owner, reason, statements, when in cursor.fetchall()
            ]
    finally:
        connection.close()


def build_again(settings: Settings, numbers: Sequence[int]) -> list[Kept]:
    """Build what was dropped again, all of it or nothing, in the order in which it was kept.

    Raises OpsError where one cannot be built, with what Postgres says.
    """
    listed = {one.number: one for one in kept(settings)}
    unknown = sorted(set(numbers) - listed.keys())
    if unknown:
        raise OpsError(
            f"Nothing was kept under {', '.join(map(str, unknown))}. `retail broken` lists what was."
        )
    wanted = [listed[number] for number in sorted(set(numbers))]
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            broken = [
                problem
                for one in wanted
                for problem in restore(cursor, one.view, [Dependent(one.name, one.owner, one.statements)])
            ]
            if broken:
                told = "\n".join(f"  {one}" for one in broken)
                raise OpsError(f"Nothing was built again, because this cannot be:\n{told}")
    finally:
        connection.close()
    return wanted
