"""SQLMesh's methods are wrapped once, and a SQLMesh that has them no more is told by name."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.utils.errors import SQLMeshError

from ml.shared import read_once
from ops.promotion import alerting, longest_first, plan_lock, same_tables, shared_reads, swap
from ops.promotion.patch import wrap


class Counter:
    def count(self) -> int:
        return 1


class OtherCounter(Counter):
    def count(self) -> int:
        return 2


def doubled(method: Callable[..., int]) -> Callable[..., int]:
    return lambda self: 2 * method(self)


def increased(method: Callable[..., int]) -> Callable[..., int]:
    return lambda self: method(self) + 1


def test_a_method_is_wrapped_once_however_often_it_is_asked_for():
    wrap(Counter, "count", doubled)
    wrap(Counter, "count", doubled)
    assert Counter().count() == 2


def test_a_method_is_wrapped_once_by_each_who_asks():
    for wrapped in (doubled, increased, doubled, increased):
        wrap(OtherCounter, "count", wrapped)
    assert OtherCounter().count() == 5


def test_a_method_that_is_gone_is_named():
    with pytest.raises(
        SQLMeshError, match=r"no Counter\.counted: install the version that requirements\.lock pins"
    ):
        wrap(Counter, "counted", doubled)


def test_a_plan_a_run_and_the_swap_of_views_are_wrapped():
    methods = (
        (BuiltInPlanEvaluator, "evaluate"),
        (Scheduler, "run"),
        (Scheduler, "run_merged_intervals"),
        (Scheduler, "_dag"),
        (BuiltInPlanEvaluator, "visit_virtual_layer_update_stage"),
        (BuiltInPlanEvaluator, "_promote_snapshots"),
        (BuiltInPlanEvaluator, "_evaluate_stages"),
        (PostgresEngineAdapter, "create_view"),
        (BuiltInPlanEvaluator, "visit_environment_record_update_stage"),
        (BuiltInPlanEvaluator, "visit_migrate_schemas_stage"),
    )
    for installed in (plan_lock, swap, same_tables, alerting, shared_reads, longest_first):
        installed.install()
    before = [getattr(owner, name) for owner, name in methods]
    for installed in (plan_lock, swap, same_tables, alerting, shared_reads, longest_first):
        installed.install()
    assert [getattr(owner, name) for owner, name in methods] == before
    assert all(hasattr(method, "_retailmesh") for method in before)


def test_one_pass_over_the_models_reads_once_and_the_next_one_anew():
    class Passes:
        def run_merged_intervals(self) -> list[int]:
            return [read_once(context, ["core.fct_order"], lambda: next(numbers)) for _ in range(2)]

    numbers = iter(range(10))
    server = SimpleNamespace(host="127.0.0.1", port=5432, dbname="retail")
    cursor = SimpleNamespace(connection=SimpleNamespace(info=server))
    context = SimpleNamespace(
        engine_adapter=SimpleNamespace(dialect="postgres", cursor=cursor), resolve_table=lambda name: name
    )
    wrap(Passes, "run_merged_intervals", shared_reads._keeping_what_is_read)
    assert Passes().run_merged_intervals() == [0, 0]
    assert Passes().run_merged_intervals() == [1, 1]
