"""Which rows differ: by SQLMesh's table_diff, along the grain, where a quick look says that any do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops import bi_contract
from ops.diff.relations import Relation, Relations
from ops.diff.state import Pair
from ops.diff.types import RowChange, Sample, Skipped

if TYPE_CHECKING:
    import pandas as pd
    from sqlmesh.core.engine_adapter.base import EngineAdapter
    from sqlmesh.core.table_diff import RowDiff

# How many rows, and a number that is the same when the rows are, in whatever order.
CONTENT = "SELECT count(*), sum(hash_record_extended(ROW({}), 0)::numeric) FROM {}"
UNHASHED = (
    "json",
    "xml",
    "point",
    "polygon",
    "path",
    "line",
    "box",
    "circle",
    "lseg",
)  # no hash: their text has one
# To the right of here the linter lets nothing personal in; left of it free text may stand.
IMPERSONAL = ("core", "mart", "ml", bi_contract.LAYER, "seed")
PLAIN = (
    "numeric",
    "integer",
    "bigint",
    "smallint",
    "double",
    "real",
    "date",
    "timestamp",
    "boolean",
    "interval",
)


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


def row_changes(
    cursor: Cursor,
    pair: Pair,
    relations: Relations,
    same_tables: Collection[str],
    samples: int,
    say: Callable[[str], None],
) -> Rows:
    """Compare the rows of the models that changed and whose tables are not the same."""
    asked, skipped, same, changes = [], [], [], []
    for name in pair.modified:
        if name in same_tables:
            continue
        found = _asked(pair, relations, name)
        if isinstance(found, Skipped):
            skipped.append(found)
        elif found:
            asked.append(found)
    exposed = exposed_columns(relations)
    for number, one in enumerate(sorted(asked, key=lambda item: item.model), 1):
        say(f"Comparing rows: {one.model} ({number} of {len(asked)})")
        if _is_same(cursor, one):
            same.append(one.model)
            continue
        change = _compared(pair.adapter, one, samples, exposed)
        if change.added or change.removed or change.changed:
            changes.append(change)
        else:
            same.append(one.model)  # but for the last digits of numbers in floating point
    return Rows(tuple(changes), tuple(same), tuple(sorted(skipped, key=lambda item: item.what)))


def exposed_columns(relations: Relations) -> frozenset[str]:
    """Return the names of the columns that the views of bi show in both environments together."""
    return frozenset(
        column
        for side in (relations.after, relations.before)
        for relation in side.values()
        if relation.name[0].partition("__")[0] == bi_contract.LAYER
        for column in relation.columns
    )


def shown_columns(
    schema: str, columns: Mapping[str, str], grain: Collection[str], exposed: Collection[str]
) -> list[str]:
    """Return the columns whose values a sample may show: what bi shows, the grain, and what cannot tell of a person.

    That is numbers, dates and yes or no, in the layers from core on: the linter keeps personal columns out of these.
    """
    is_impersonal = schema.partition("__")[0] in IMPERSONAL
    return [
        name
        for name, kind in columns.items()
        if name in exposed
        or name in grain
        or (is_impersonal and kind.startswith(PLAIN) and not kind.endswith("[]"))
    ]


def _asked(pair: Pair, relations: Relations, name: str) -> _Asked | Skipped | None:
    after = pair.after.changed[name]
    if not after.is_model or after.is_symbolic:
        return (
            None
            if not after.is_model
            else Skipped(after.node.name, f"{after.model.kind.name.value.lower()}: no rows of its own")
        )
    model = after.node.name
    old, new = relations.before.get(name), relations.after.get(name)
    if old is None or new is None:
        return Skipped(model, f"{(pair.before if old is None else pair.after).name} shows no view of it")
    grain = tuple(column.strip('"') for column in after.model.on)
    if not grain:
        return Skipped(model, "it has no grain to find the same rows by")
    if missing := [column for column in grain if column not in old.columns or column not in new.columns]:
        return Skipped(model, f"not both have {', '.join(missing)} of its grain")
    return _Asked(model, grain, old, new)


def _is_same(cursor: Cursor, asked: _Asked) -> bool:
    """Whether the columns that both have hold the same: one pass over each, where to join them takes many."""
    shared = [name for name, kind in asked.before.columns.items() if asked.after.columns.get(name) == kind]
    terms = [
        sql.SQL("{}::text" if asked.before.columns[name].startswith(UNHASHED) else "{}").format(
            sql.Identifier(name)
        )
        for name in shared
    ]
    found = []
    for relation in (asked.before, asked.after):
        cursor.execute(sql.SQL(CONTENT).format(sql.SQL(", ").join(terms), relation.identifier))
        found.append(cursor.fetchone())
    return found[0] == found[1]


def _compared(adapter: EngineAdapter, asked: _Asked, samples: int, exposed: Collection[str]) -> RowChange:
    from sqlmesh.core.table_diff import TableDiff

    before, after = (sql_name(relation) for relation in (asked.before, asked.after))
    difference = TableDiff(adapter, before, after, on=_columns(asked.grain), limit=samples).row_diff(
        skip_grain_check=True
    )
    return RowChange(
        asked.model,
        asked.grain,
        before=difference.source_count,
        after=difference.target_count,
        added=difference.t_only_count,
        removed=difference.s_only_count,
        changed=difference.partial_match_count,
        changed_columns=_changed_columns(difference),
        sample=_sample(difference, asked, exposed),
    )


def sql_name(relation: Relation) -> str:
    """Return the quoted name as SQLMesh takes it."""
    from sqlglot import exp

    return exp.table_(relation.name[1], db=relation.name[0], quoted=True).sql("postgres")


def _columns(grain: Collection[str]) -> list[Any]:
    from sqlglot import exp

    return [exp.to_identifier(column, quoted=True) for column in grain]


def _changed_columns(difference: RowDiff) -> dict[str, int]:
    shares = difference.column_stats["pct_match"].fillna(100).astype(float)
    counts = {str(name): round(difference.join_count * (100 - share) / 100) for name, share in shares.items()}
    return {name: count for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count}


def _sample(difference: RowDiff, asked: _Asked, exposed: Collection[str]) -> Sample:
    columns = {**asked.before.columns, **asked.after.columns}
    shown = shown_columns(asked.before.name[0], columns, asked.grain, exposed)
    changed = [
        {
            **{column: row[column] for column in asked.grain},
            **{
                column: [row[f"s__{column}"], row[f"t__{column}"]]
                for column in shown
                if f"s__{column}" in row and not _is_equal(row[f"s__{column}"], row[f"t__{column}"])
            },
        }
        for row in _rows(difference.joined_sample)
    ]
    added, removed = (
        tuple({column: row[column] for column in shown if column in row} for row in _rows(sample))
        for sample in (difference.t_sample, difference.s_sample)
    )
    hidden = tuple(name for name in columns if name not in shown)
    return Sample(added, removed, tuple(changed), hidden if added or removed or changed else ())


def _rows(sample: pd.DataFrame) -> list[dict[str, Any]]:
    import pandas as pd

    rows = sample.astype(object).where(sample.notna(), None).to_dict("records")
    return [
        {
            str(name): value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
            for name, value in row.items()
        }
        for row in rows
    ]


def _is_equal(before: object, after: object) -> bool:
    return bool(before == after)
