"""Which models differ between two environments, and how SQLMesh classed that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.diff.state import Pair, Side, Version
from ops.diff.types import ADDED, REMOVED, Change, ModelChange

if TYPE_CHECKING:
    from sqlmesh.core.snapshot import SnapshotTableInfo

# Beside SQLMesh's own words; from the most severe on.
CATEGORIES = (
    "breaking",
    "non-breaking",
    "forward-only",
    "indirect breaking",
    "indirect non-breaking",
    "metadata",
)


def model_changes(pair: Pair, same_tables: frozenset[str]) -> tuple[ModelChange, ...]:
    """Return what differs, what somebody changed first. `same_tables`: the models that both show from one table."""
    found = [_one(pair.after, name, ADDED) for name in pair.added]
    found += [_one(pair.before, name, REMOVED) for name in pair.removed]
    for name in pair.modified:
        after, before = pair.after.changed[name], pair.before.changed[name]
        found.append(
            ModelChange(
                after.name,
                _change(pair, name),
                category_between(after.info, before.info),
                _kind(after),
                name in same_tables,
                is_behind=before.info.fingerprint not in _fingerprints(after.info),
            )
        )
    order = {"added": 0, "removed": 1, "directly modified": 2, "indirectly modified": 3, "metadata only": 4}
    return tuple(sorted(found, key=lambda item: (order[item.change], item.model)))


def category_between(after: SnapshotTableInfo, before: SnapshotTableInfo) -> str:
    """Return the most severe class of the versions that lie between two of a model, on the way to either.

    A change that was planned in several steps is classed step by step: the last one alone may be harmless.
    """
    ways = [
        [version for version in mine.all_versions if version.fingerprint not in _fingerprints(other)]
        for mine, other in ((after, before), (before, after))
    ]
    # On the way back to a version that both come from, what was done is undone.
    steps = [version.change_category for way in ways for version in way]
    classed = [int(category) for category in steps if category is not None]
    return CATEGORIES[min(classed) - 1] if classed else ""


def _fingerprints(info: SnapshotTableInfo) -> set[object]:
    return {version.fingerprint for version in info.all_versions}


def _change(pair: Pair, name: str) -> Change:
    if pair.is_direct(name):
        return "directly modified"
    after, before = pair.after.infos[name].fingerprint, pair.before.infos[name].fingerprint
    return "metadata only" if after.parent_data_hash == before.parent_data_hash else "indirectly modified"


def _one(side: Side, name: str, change: Change) -> ModelChange:
    version = side.changed[name]
    return ModelChange(version.name, change, "", _kind(version), is_same_table=False, is_behind=False)


def _kind(version: Version) -> str:
    return version.info.kind_name.value if version.info.kind_name else "AUDIT"
