"""Rows to look at, without what tells of a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ops import bi_contract
from ops.diff.relations import Relations
from ops.diff.types import Sample

if TYPE_CHECKING:
    import pandas as pd
    from sqlmesh.core.table_diff import RowDiff

# From core on the linter lets nothing personal in; left of it free text may stand.
IMPERSONAL = ("core", "mart", "ml", bi_contract.LAYER, "seed")
WHOLE = ("integer", "bigint", "smallint")
PLAIN = (*WHOLE, "numeric", "double", "real", "date", "timestamp", "boolean", "interval")


def exposed_columns(relations: Relations) -> frozenset[str]:
    """Return the names of the columns that the views of bi show in both environments together."""
    return frozenset(
        column
        for side in (relations.after, relations.before)
        for relation in side.values()
        if relation.layer == bi_contract.LAYER
        for column in relation.columns
    )


def shown_columns(
    layer: str, columns: Mapping[str, str], grain: Collection[str], exposed: Collection[str]
) -> list[str]:
    """Return the columns whose values a sample may show: what bi shows, the grain, and what cannot tell of a person.

    That is numbers, dates and yes or no, in the layers from core on. `columns`: with their types.
    """
    return [
        name
        for name, kind in columns.items()
        if name in exposed
        or name in grain
        or (layer in IMPERSONAL and kind.startswith(PLAIN) and not kind.endswith("[]"))
    ]


def sample_of(
    difference: RowDiff, columns: Mapping[str, str], grain: Collection[str], shown: Collection[str]
) -> Sample:
    """Return the rows that a comparison took, with the columns that may be shown; of changed rows what changed."""
    added, removed = (
        tuple(
            _typed({name: row[name] for name in columns if name in shown and name in row}, columns)
            for row in rows
        )
        for rows in (_rows(difference.t_sample), _rows(difference.s_sample))
    )
    changed, differing = [], set()
    for row in _rows(difference.joined_sample):
        before, after = (
            _typed({name: row[mark + name] for name in columns if mark + name in row}, columns)
            for mark in ("s__", "t__")
        )
        other = [name for name in before if name in after and before[name] != after[name]]
        differing.update(other)
        key = _typed({name: row[name] for name in grain}, columns)
        changed.append({**key, **{name: [before[name], after[name]] for name in other if name in shown}})
    of_interest = columns if added or removed else differing
    return Sample(added, removed, tuple(changed), tuple(sorted(set(of_interest) - set(shown))))


def _rows(sample: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in row.items()}
        for row in sample.astype(object).where(sample.notna(), None).to_dict("records")
    ]


def _typed(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The values as Postgres has them: a DataFrame makes floating point of decimals, and of whole numbers with gaps."""
    return {name: _value(value, columns[name]) for name, value in row.items()}


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, float) and kind.startswith("numeric"):
        return Decimal(repr(value))
    if isinstance(value, float) and kind.startswith(WHOLE):
        return int(value)
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
