"""SQLMesh's methods are wrapped once, and a SQLMesh that has them no more is told by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.utils.errors import SQLMeshError

from ops.promotion import plan_lock, same_tables, swap
from ops.promotion.patch import wrap


class Counter:
    def count(self) -> int:
        return 1


def doubled(method: Callable[..., int]) -> Callable[..., int]:
    return lambda self: 2 * method(self)


def test_a_method_is_wrapped_once_however_often_it_is_asked_for():
    wrap(Counter, "count", doubled)
    wrap(Counter, "count", doubled)
    assert Counter().count() == 2


def test_a_method_that_is_gone_is_named():
    with pytest.raises(
        SQLMeshError, match=r"no Counter\.counted: install the version that requirements\.lock pins"
    ):
        wrap(Counter, "counted", doubled)


def test_a_plan_a_run_and_the_swap_of_views_are_wrapped():
    methods = (
        (BuiltInPlanEvaluator, "evaluate"),
        (Scheduler, "run"),
        (BuiltInPlanEvaluator, "visit_virtual_layer_update_stage"),
        (BuiltInPlanEvaluator, "_promote_snapshots"),
        (BuiltInPlanEvaluator, "_evaluate_stages"),
        (PostgresEngineAdapter, "create_view"),
        (BuiltInPlanEvaluator, "visit_environment_record_update_stage"),
        (BuiltInPlanEvaluator, "visit_migrate_schemas_stage"),
    )
    for installed in (plan_lock, swap, same_tables):
        installed.install()
    before = [getattr(owner, name) for owner, name in methods]
    for installed in (plan_lock, swap, same_tables):
        installed.install()
    assert [getattr(owner, name) for owner, name in methods] == before
    assert all(hasattr(method, "_retailmesh") for method in before)
