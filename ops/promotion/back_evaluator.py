"""SQLMesh's plan evaluator, for a plan that only points prod to tables that are there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.environment import Environment, EnvironmentNamingInfo, EnvironmentStatements
from sqlmesh.core.plan.definition import EvaluatablePlan
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator
from sqlmesh.core.snapshot import DeployabilityIndex, Snapshot, SnapshotId
from sqlmesh.utils.date import now

from ops.promotion.record import PROD
from ops.promotion.swap import two_parts

Shown = Collection[tuple[str, str, SnapshotId]]  # name, version and number of what prod shows
READ_BY = """
    SELECT DISTINCT place.nspname, view.relname
    FROM pg_depend AS link
    JOIN pg_rewrite AS rule ON rule.oid = link.objid
    JOIN pg_class AS view ON view.oid = rule.ev_class AND view.oid <> link.refobjid
    JOIN pg_namespace AS place ON place.oid = view.relnamespace
    WHERE link.classid = 'pg_rewrite'::regclass AND link.refclassid = 'pg_class'::regclass
      AND link.refobjid = to_regclass(%s)
"""


def plan_of(environment: Environment, statements: Sequence[EnvironmentStatements]) -> EvaluatablePlan:
    """Return the plan that makes prod this environment and computes nothing."""
    return EvaluatablePlan(
        start=environment.start_at,
        end=now(),
        execution_time=now(),
        new_snapshots=[],
        environment=environment,
        environment_statements=list(statements),
        no_gaps=False,
        skip_backfill=True,
        empty_backfill=False,
        restatements={},
        restate_all_snapshots=False,
        is_dev=False,
        allow_destructive_models=set(),
        allow_additive_models=set(),
        forward_only=False,
        end_bounded=False,
        ensure_finalized_snapshots=False,
        directly_modified_snapshots=[],
        indirectly_modified_snapshots={},
        metadata_updated_snapshots=[],
        removed_snapshots=[],
        requires_backfill=False,
        disabled_restatement_models=set(),
    )


def evaluator_of(context: Context, shown: Shown) -> BackEvaluator:
    """Return the evaluator with the context's connections."""
    context._load_materializations()
    return BackEvaluator(shown, context)


class BackEvaluator(BuiltInPlanEvaluator):
    """Leaves tables as they are, and makes the views behind views anew that two versions share.

    Where a change upstream broke nothing, SQLMesh lets a view keep its version, and so its physical view, which then
    reads the new tables: it has to read the old ones again. That is done in the transaction of the swap.
    """

    def __init__(self, shown: Shown, context: Context) -> None:
        super().__init__(
            state_sync=context.state_sync,
            snapshot_evaluator=context.snapshot_evaluator,
            create_scheduler=context.create_scheduler,
            default_catalog=context.default_catalog,
            console=context.console,
        )
        self._shown = shown

    def visit_physical_layer_schema_creation_stage(self, stage: Any, plan: Any) -> None:
        """Nothing: what is promoted is there."""

    visit_physical_layer_update_stage = visit_physical_layer_schema_creation_stage
    visit_backfill_stage = visit_physical_layer_schema_creation_stage
    visit_migrate_schemas_stage = visit_physical_layer_schema_creation_stage

    def _promote_snapshots(
        self,
        plan: EvaluatablePlan,
        target_snapshots: Iterable[Snapshot],
        environment_naming_info: EnvironmentNamingInfo,
        snapshots: dict[SnapshotId, Snapshot],
        deployability_index: DeployabilityIndex | None = None,
        on_complete: Callable[[Any], None] | None = None,
    ) -> None:
        targets = list(target_snapshots)
        wanted = {info.snapshot_id for info in plan.environment.snapshots}
        all_wanted = {number: one for number, one in snapshots.items() if number in wanted}
        shared = [one for one in targets if one.is_view and self._is_shared(one)]
        self._keep_apart(shared, all_wanted)
        if shared:
            self.snapshot_evaluator.migrate(shared, all_wanted)
        super()._promote_snapshots(
            plan, targets, environment_naming_info, snapshots, deployability_index, on_complete
        )

    def _is_shared(self, snapshot: Snapshot) -> bool:
        return any(
            (name, version) == (snapshot.name, snapshot.version) and number != snapshot.snapshot_id
            for name, version, number in self._shown
        )

    def _keep_apart(self, shared: Sequence[Snapshot], wanted: Mapping[SnapshotId, Snapshot]) -> None:
        """Have every environment's view of a shared one show for a moment its own version's query itself.

        So Postgres lets go of columns that the old version has not, and another environment goes on showing its own.
        """
        if not shared:
            return
        readers = {one.name: self._readers(one) for one in shared}
        for environment in self.state_sync.get_environments():
            if environment.name == PROD:
                held = {one.name: one for one in wanted.values()}
            elif any(
                _view(environment, info) in readers.get(info.name, ()) for info in environment.snapshots
            ):
                stored = self.state_sync.get_snapshots(environment.snapshots)
                held = {one.name: one for one in stored.values()}
            else:
                continue
            for name, views in readers.items():
                if name in held and (view := _view(environment, held[name])) in views:
                    self._show_query(view, held[name], held)

    def _readers(self, snapshot: Snapshot) -> set[tuple[str, str]]:
        cursor: Cursor = self.snapshot_evaluator.adapter.cursor
        table = two_parts(exp.to_table(snapshot.table_name(), dialect="postgres"))
        cursor.execute(READ_BY, [table])
        return set(cursor.fetchall())

    def _show_query(self, view: tuple[str, str], snapshot: Snapshot, held: Mapping[str, Snapshot]) -> None:
        adapter = self.snapshot_evaluator.adapter
        index = DeployabilityIndex.create(held.values())
        query = snapshot.model.render_query_or_raise(
            engine_adapter=adapter, snapshots=dict(held), deployability_index=index, execution_time=now()
        )
        adapter.create_view(
            exp.table_(view[1], db=view[0], quoted=True), query, snapshot.model.columns_to_types
        )


def _view(environment: Environment, info: Any) -> tuple[str, str]:
    table = info.qualified_view_name.table_for_environment(environment.naming_info, dialect="postgres")
    return table.db, table.name
