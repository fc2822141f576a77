"""What a promotion would still have to compute, and about how many rows that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.diff.relations import Relation, Relations
from ops.diff.state import Interval, Pair, Version
from ops.diff.types import Backfill

DAY = 86_400_000


def backfills(
    cursor: Cursor, pair: Pair, relations: Relations, computed_until: int | None
) -> tuple[Backfill, ...]:
    """Return what the environment has not computed of the versions that the other would get.

    That is what the other has computed of its own version; of a model that is new, all days until `computed_until`.
    Days that neither has are not counted: the other would compute them without a promotion too.
    """
    found = []
    for name in [*pair.added, *pair.modified]:
        after = pair.after.changed[name]
        if not after.info.is_model or not after.info.is_materialized:
            continue
        before = pair.before.changed.get(name)
        needed = list(before.intervals) if before else _all_days(after, computed_until)
        missing = subtract(needed, after.intervals)
        if missing:
            rows = _rows(cursor, after, relations.before.get(name), missing, is_all=missing == merged(needed))
            spans = [(_day(start), _day(end - 1)) for start, end in missing]
            days = sum((last - first).days + 1 for first, last in spans)
            is_whole = not after.info.is_incremental
            found.append(Backfill(after.name, tuple(spans), days, is_whole, rows))
    return tuple(sorted(found, key=lambda item: item.model))


def uncomputed(pair: Pair, missing: Sequence[Backfill]) -> frozenset[str]:
    """Return the models of which the environment has computed nothing yet, and the views that read them.

    To compare them with anything would only say so.
    """
    to_backfill = {item.model for item in missing}
    changed = {key: version for key, version in pair.after.changed.items() if version.info.is_model}
    found = {
        key
        for key, item in changed.items()
        if item.name in to_backfill and not item.intervals and not item.is_previewed
    }
    while more := {
        key
        for key, item in changed.items()
        if key not in found
        and not item.info.is_materialized
        and any(parent.name in found for parent in item.info.parents)
    }:
        found |= more
    return frozenset(found)


def merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Return the same time as intervals that neither touch nor overlap."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def subtract(intervals: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """Return the time of the first that none of the second covers."""
    left = merged(intervals)
    for start, end in merged(taken):
        left = [
            part
            for first, last in left
            for part in ((first, min(last, start)), (max(first, end), last))
            if part[0] < part[1]
        ]
    return left


def _all_days(version: Version, until: int | None) -> list[Interval]:
    from sqlmesh.utils.date import to_timestamp

    if until is None or not version.start:
        return []
    start = to_timestamp(version.start)
    return [(start, until)] if start < until else []


def _rows(
    cursor: Cursor, version: Version, before: Relation | None, missing: Sequence[Interval], *, is_all: bool
) -> int | None:
    """Estimate by what the other environment holds: of those days where rows have one, otherwise all of it."""
    if before is None:
        return None
    if is_all or version.day not in before.columns:
        return before.estimated_rows
    spans = [
        sql.SQL("{day} >= {first} AND {day} < {last}").format(
            day=sql.Identifier(version.day),
            first=sql.Literal(_day(start)),
            last=sql.Literal(_day(end - 1 + DAY)),
        )
        for start, end in missing
    ]
    cursor.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE {}").format(before.identifier, sql.SQL(" OR ").join(spans))
    )
    row = cursor.fetchone()
    return int(row[0]) if row else None


def _day(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()
