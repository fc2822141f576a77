"""Trying, before a promotion, whether what others built on prod's views can be built again on those of an environment.

It is done as the promotion does it, in a transaction that is rolled back: Postgres itself says what would break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from ops.promotion.candidate import View
from ops.promotion.dependents import (
    Broken,
    Dependent,
    dependents_of,
    grants_of,
    relation_id,
    restore,
)
from ops.promotion.swap import LOCK_WAIT, grant_again, model_is_gone, patiently
from ops.settings import Settings

FILLS = "REFRESH MATERIALIZED VIEW"


def rehearsed(
    settings: Settings, pairs: Sequence[tuple[View, View]], removed: Sequence[View]
) -> tuple[list[Broken], int]:
    """Return what would break, and how much was tried.

    `pairs` are views of prod with the views whose columns they are to have; `removed` are views that go. Waits for
    locks as a promotion does, so that readers are not the ones that Postgres ends.
    """
    broken: list[Broken] = []
    tried: list[Dependent] = []
    connection = settings.connect()

    def once() -> None:
        broken.clear()
        tried.clear()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
                for view, model in pairs:
                    found, bad = _replaced(cursor, _quoted(cursor, view), _quoted(cursor, model))
                    tried.extend(found)
                    broken.extend(bad)
                for view in removed:
                    name = _quoted(cursor, view)
                    found = _dependents(cursor, name)
                    tried.extend(found)
                    broken.extend(model_is_gone(one, name) for one in found)
        finally:
            connection.rollback()

    try:
        patiently(once)
    finally:
        connection.close()
    return broken, len(tried)


def _replaced(cursor: Cursor, view: str, model: str) -> tuple[Sequence[Dependent], list[Broken]]:
    """Give a view the columns of another; what depends on it, and what of that cannot be built again."""
    relation, dependents = relation_id(cursor, view), _dependents(cursor, view)
    if relation is None or not dependents or relation_id(cursor, model) is None:
        return dependents, []
    query = f"VIEW {view} AS SELECT * FROM {model}"
    cursor.execute("SAVEPOINT in_place")
    try:
        cursor.execute(f"CREATE OR REPLACE {query}")
        return dependents, []
    except psycopg2.errors.InvalidTableDefinition:
        cursor.execute("ROLLBACK TO SAVEPOINT in_place")
    grants = grants_of(cursor, relation)
    cursor.execute(f"DROP VIEW {view} CASCADE")
    cursor.execute(f"CREATE {query}")
    grant_again(cursor, view, grants)
    return dependents, restore(cursor, view, [_unfilled(one) for one in dependents])


def _dependents(cursor: Cursor, view: str) -> list[Dependent]:
    relation = relation_id(cursor, view)
    return dependents_of(cursor, relation) if relation is not None else []


def _unfilled(dependent: Dependent) -> Dependent:
    """The same without its rows: to fill it is the promotion's, and readers would wait for it twice."""
    return replace(
        dependent, statements=tuple(one for one in dependent.statements if not one.startswith(FILLS))
    )


def _quoted(cursor: Cursor, view: View) -> str:
    return str(sql.Identifier(*view).as_string(cursor))
