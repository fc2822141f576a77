"""A plan for prod looks at no table whose columns cannot have changed.

Of each table that keeps its version, SQLMesh compares the columns with the model's: it makes an empty table of the
model, indexes included, reads both, and drops it. A new description lets all models downstream keep their versions, so
that promoting one took half a minute of processor time for nothing. Here a table is left out whose model and all
upstream say what they said in prod before, by SQLMesh's own hashes of what concerns data. After a plan for prod that
did not end, which may have changed columns, every table is looked at.

SQLMesh has no hook for this: `install` puts it into the classes of the one SQLMesh version that the project pins.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from sqlmesh.core.environment import Environment
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator
from sqlmesh.core.snapshot import Snapshot, SnapshotInfoLike

from ops.promotion.patch import wrap

_before: ContextVar[Environment | None] = ContextVar("before", default=None)


def install() -> None:
    """Make this process's SQLMesh plan as described above. Again is harmless."""
    wrap(BuiltInPlanEvaluator, "visit_environment_record_update_stage", _remembering_what_was)
    wrap(BuiltInPlanEvaluator, "visit_migrate_schemas_stage", _of_what_may_have_changed)


def _remembering_what_was(stage_of: Callable[..., None]) -> Callable[..., None]:
    """The stage that writes down what the environment is from now on."""

    def visit_environment_record_update_stage(self: BuiltInPlanEvaluator, stage: Any, plan: Any) -> None:
        _before.set(self.state_sync.get_environment(plan.environment.name))
        stage_of(self, stage, plan)

    return visit_environment_record_update_stage


def _of_what_may_have_changed(stage_of: Callable[..., None]) -> Callable[..., None]:
    """The stage, after that one, that adapts the columns of tables to their models."""

    def visit_migrate_schemas_stage(self: BuiltInPlanEvaluator, stage: Any, plan: Any) -> None:
        before = _before.get()
        ended = before.snapshots if before and before.finalized_ts is not None else []
        known = {_what_it_holds(one) for one in ended}
        chosen = [one for one in stage.snapshots if _has_own_grants(one) or _what_it_holds(one) not in known]
        stage_of(self, replace(stage, snapshots=chosen), plan)

    return visit_migrate_schemas_stage


def _what_it_holds(snapshot: SnapshotInfoLike) -> tuple[str, str | None, str, str]:
    """The table, and what decides over its columns and rows."""
    said = snapshot.fingerprint
    return snapshot.name, snapshot.version, said.data_hash, said.parent_data_hash


def _has_own_grants(snapshot: Snapshot) -> bool:
    """Whether SQLMesh gives rights on the table itself, which it does in the same stage."""
    model = snapshot.model
    return bool(model.grants) and not model.grants_target_layer.is_virtual
