"""Which columns of the served views differ, and what of that BI tools rely on."""

from __future__ import annotations

from collections.abc import Mapping

from ops import bi_contract
from ops.diff.relations import Relation, Relations
from ops.diff.types import ColumnChange, ContractChange

Columns = Mapping[str, str]  # name -> type, in their order


def column_changes(relations: Relations, names: Mapping[str, str]) -> tuple[ColumnChange, ...]:
    """Return the differing columns of the models that changed; `names` are their names by those of the state."""
    found: list[ColumnChange] = []
    for key, name in sorted(names.items(), key=lambda item: item[1]):
        after, before = relations.after.get(key), relations.before.get(key)
        if after and before:
            found += compared(name, before.columns, after.columns)
    return tuple(found)


def compared(view: str, before: Columns, after: Columns) -> list[ColumnChange]:
    """Return what became of each column of a view."""
    found = [
        ColumnChange(view, name, "removed", before=kind) for name, kind in before.items() if name not in after
    ]
    found += [
        ColumnChange(view, name, "added", after=kind) for name, kind in after.items() if name not in before
    ]
    found += [
        ColumnChange(view, name, "type changed", kind, after[name])
        for name, kind in before.items()
        if after.get(name, kind) != kind
    ]
    kept, again = [name for name in before if name in after], [name for name in after if name in before]
    return found + [
        ColumnChange(view, name, "moved", before[name], after[name])
        for name, other in zip(again, kept, strict=True)
        if name != other
    ]


def is_replaced_in_place(before: Columns, after: Columns) -> bool:
    """Return whether Postgres can replace the view as it is: the same columns, or more at the end."""
    return list(after.items())[: len(before)] == list(before.items())


def contract_changes(relations: Relations) -> tuple[ContractChange, ...]:
    """Return how the views of bi differ, what breaks reports first."""
    after, before = (_served(side) for side in (relations.after, relations.before))
    breaking, harmless = bi_contract.differences(before, after)
    return (
        *(ContractChange(text, is_breaking=True) for text in breaking),
        *(ContractChange(text, is_breaking=False) for text in harmless),
    )


def _served(side: Mapping[str, Relation]) -> dict[str, Columns]:
    """The views of bi, by their names."""
    return {
        relation.name[1]: relation.columns
        for relation in side.values()
        if relation.layer == bi_contract.LAYER
    }
