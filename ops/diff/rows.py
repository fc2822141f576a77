"""Which rows differ: by SQLMesh's table_diff, along the grain, where a quick look says that any do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.diff.relations import Relation, Relations
from ops.diff.samples import exposed_columns, sample_of, shown_columns
from ops.diff.state import Pair, Version
from ops.diff.types import Backfill, RowChange, Skipped
from ops.summary import LAYERS

if TYPE_CHECKING:
    from sqlmesh.core.engine_adapter.base import EngineAdapter
    from sqlmesh.core.table_diff import RowDiff

# Per day, where rows have one: how many, and a number that is the same when the rows are, in whatever order.
CONTENT = """
    SELECT {day}, count(*), sum(hash_record_extended(ROW({columns}), 0)::numeric) FROM {view} WHERE {where} GROUP BY 1
"""
MOST_DAYS_NAMED = 100
INCOMPARABLE = {
    "json",
    "xml",
    "point",
    "polygon",
    "path",
    "line",
    "box",
    "circle",
    "lseg",
}  # types without equality
NOT_COMPUTED = "nothing of it is computed yet"
VIEW = "a view that nobody changed: it differs where what it reads does"
WITHOUT_ROWS = {
    "EMBEDDED": "embedded: it is part of the models that read it",
    "EXTERNAL": "external: others fill it",
}


@dataclass(frozen=True)
class Rows:
    """What came of comparing rows."""

    changes: tuple[RowChange, ...]
    same: tuple[str, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class _Asked:
    model: str
    grain: tuple[str, ...]
    before: Relation
    after: Relation
    day: str  # the column by which both hold days, or nothing
    where: sql.Composable  # the rows that are compared
    is_direct: bool


@dataclass(frozen=True)
class _Difference:
    """What a quick look saw of a model whose rows differ."""

    before: int
    after: int
    where: sql.Composable  # the rows of the days that differ


def row_changes(
    cursor: Cursor,
    pair: Pair,
    relations: Relations,
    same_tables: Collection[str],
    missing: Sequence[Backfill],
    not_computed: Collection[str],
    samples: int,
    say: Callable[[str], None],
) -> Rows:
    """Compare the rows of the models that changed and whose tables are not the same, of days that both have."""
    to_backfill = {item.model: item for item in missing}
    found = [
        Skipped(pair.names[name], NOT_COMPUTED)
        if name in not_computed
        else _asked(pair, relations, name, to_backfill)
        for name in pair.modified
        if name not in same_tables
    ]
    asked = sorted((one for one in found if isinstance(one, _Asked)), key=_place)
    skipped = sorted((one for one in found if isinstance(one, Skipped)), key=lambda one: one.what)
    exposed = exposed_columns(relations)
    changes, same = [], []
    for number, one in enumerate(asked, 1):
        say(f"Comparing rows: {one.model} ({number} of {len(asked)})")
        seen = _quick_look(cursor, one)
        change = _compared(cursor, pair.adapter, one, seen, samples, exposed) if seen else None
        if change and (change.added or change.removed or change.changed):
            changes.append(change)
        else:  # a hash also sees the last digits of floating point, which table_diff rounds off
            same.append(one.model)
    return Rows(tuple(changes), tuple(same), tuple(skipped))


def _place(asked: _Asked) -> tuple[bool, int, str]:
    """What somebody changed first, then as the data goes."""
    layer = asked.after.layer
    return not asked.is_direct, LAYERS.index(layer) if layer in LAYERS else len(LAYERS), asked.model


def _asked(
    pair: Pair, relations: Relations, name: str, to_backfill: Mapping[str, Backfill]
) -> _Asked | Skipped | None:
    """What is to be compared of a model, or why nothing; None for what is no model."""
    version = pair.after.changed[name]
    info, grain = version.info, version.grain
    if not info.is_model or not pair.before.infos[name].is_model:
        return None
    old, new = relations.before.get(name), relations.after.get(name)
    if reason := WITHOUT_ROWS.get(info.kind_name or ""):
        return Skipped(version.name, reason)
    if old is None or new is None:
        return Skipped(
            version.name, f"{(pair.before if old is None else pair.after).name} shows no view of it"
        )
    if info.is_view and not pair.is_direct(name) and not _reads_embedded(pair, name):
        return Skipped(version.name, VIEW)
    if not grain:
        return Skipped(version.name, "it has no grain to find the same rows by")
    shared = _shared(old, new)
    if absent := [column for column in grain if column not in shared]:
        return Skipped(version.name, f"not both have {', '.join(absent)} of its grain, of the same type")
    day = version.day if old.columns.get(version.day) == new.columns.get(version.day) == "date" else ""
    where = _computed(version, day, to_backfill.get(version.name))
    return _Asked(version.name, grain, old, new, day, where, pair.is_direct(name))


def _shared(before: Relation, after: Relation) -> list[str]:
    """The columns that both have, and whose values can be compared."""
    return [
        name
        for name, kind in before.columns.items()
        if after.columns.get(name) == kind and kind.rstrip("[]") not in INCOMPARABLE
    ]


def _reads_embedded(pair: Pair, name: str) -> bool:
    """Whether a part of its own query changed, which stands in a model that has no rows."""
    parents = [parent.name for parent in pair.after.infos[name].parents]
    return any(parent in pair.after.changed and pair.after.infos[parent].is_embedded for parent in parents)


def _computed(version: Version, day: str, missing: Backfill | None) -> sql.Composable:
    """The condition that a row's day is computed in both environments, where rows have a day."""
    if missing is None or not day or not version.intervals:
        return sql.SQL("TRUE")
    return sql.SQL(" AND ").join(
        sql.SQL("({} BETWEEN {} AND {}) IS NOT TRUE").format(
            sql.Identifier(day), sql.Literal(str(first)), sql.Literal(str(last))
        )
        for first, last in missing.spans
    )


def _quick_look(cursor: Cursor, asked: _Asked) -> _Difference | None:
    """See whether the columns that both have hold the same: one pass over each, where to join them takes many."""
    terms = [sql.Identifier(name) for name in _shared(asked.before, asked.after)]
    contents = []
    for relation in (asked.before, asked.after):
        cursor.execute(
            sql.SQL(CONTENT).format(
                day=sql.Identifier(asked.day) if asked.day else sql.SQL("NULL"),
                columns=sql.SQL(", ").join(terms),
                view=relation.identifier,
                where=asked.where,
            )
        )
        contents.append({day: (count, content) for day, count, content in cursor.fetchall()})
    before, after = contents
    days = {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}
    if not days:
        return None
    old, new = (sum(count for count, _ in side.values()) for side in contents)
    return _Difference(old, new, _of_days(asked, days))


def _of_days(asked: _Asked, days: Collection[date | None]) -> sql.Composable:
    """The condition that a row stands on one of some days."""
    known = sorted(day for day in days if day is not None)
    if not asked.day or len(known) < len(days):
        return asked.where
    day = sql.Identifier(asked.day)
    among = (
        sql.SQL("{} IN ({})").format(day, sql.SQL(", ").join(sql.Literal(str(one)) for one in known))
        if len(known) <= MOST_DAYS_NAMED
        else sql.SQL("{} BETWEEN {} AND {}").format(
            day, *(sql.Literal(str(one)) for one in (known[0], known[-1]))
        )
    )
    return sql.SQL("{} AND {}").format(among, asked.where)


def _compared(
    cursor: Cursor,
    adapter: EngineAdapter,
    asked: _Asked,
    seen: _Difference,
    samples: int,
    exposed: Collection[str],
) -> RowChange:
    from sqlglot import exp
    from sqlmesh.core.table_diff import TableDiff

    before, after = (
        exp.table_(one.name[1], db=one.name[0], quoted=True).sql("postgres")
        for one in (asked.before, asked.after)
    )
    columns = {**asked.before.columns, **asked.after.columns}
    same_row = exp.and_(
        *(
            exp.column(column, "s", quoted=True).eq(exp.column(column, "t", quoted=True))
            for column in asked.grain
        )
    )
    difference = TableDiff(
        adapter,
        before,
        after,
        on=same_row,
        skip_columns=[name for name in columns if columns[name].rstrip("[]") in INCOMPARABLE],
        where=seen.where.as_string(cursor),
        limit=samples,
    ).row_diff(skip_grain_check=True)
    shown = shown_columns(asked.before.layer, columns, asked.grain, exposed)
    return RowChange(
        asked.model,
        asked.grain,
        before=seen.before,
        after=seen.after,
        added=difference.t_only_count,
        removed=difference.s_only_count,
        changed=difference.partial_match_count,
        changed_columns=_changed_columns(difference),
        sample=sample_of(difference, columns, asked.grain, shown),
    )


def _changed_columns(difference: RowDiff) -> dict[str, int]:
    """In how many rows each column differs, from the shares in which it does not."""
    shares = difference.column_stats["pct_match"].astype(float).fillna(100)
    counts = {str(name): round(difference.join_count * (100 - share) / 100) for name, share in shares.items()}
    return {name: count for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count}
