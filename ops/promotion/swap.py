"""The views of an environment are swapped in one transaction, and what others built on them stays.

SQLMesh swaps each view in a transaction of its own, by DROP VIEW … CASCADE and CREATE VIEW: a reader of two views may
see one of before and one of after, and what others built on a view is gone. Here

- all views are swapped in one transaction, so that a reader sees all of before or all of after;
- a view is replaced in place where Postgres can, which leaves grants, comments and dependents as they are;
- where it cannot (a column is gone, moved or of another type), dependents are built again on the new view, and one that
  cannot be stops the plan with nothing changed;
- that holds for the views behind these views too, which SQLMesh makes anew where a change upstream breaks nothing: its
  DROP … CASCADE would take the view of prod with it until the swap;
- a lock that is not had at once is waited for with the transaction rolled back, so that readers are never the ones that
  Postgres ends to resolve a deadlock.

SQLMesh has no hook for this: `install` puts it into the classes of the one SQLMesh version that the project pins.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name
from sqlglot import exp
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator
from sqlmesh.core.state_sync import StateReader
from sqlmesh.utils.errors import PlanError

from ops.promotion import record
from ops.promotion.dependents import (
    Broken,
    Dependent,
    Grant,
    dependents_of,
    grant_statements,
    grants_of,
    parts_of,
    relation_id,
    restore,
)
from ops.promotion.patch import wrap

ALLOW_BROKEN = "RETAIL_ALLOW_BROKEN_DEPENDENTS"
LOCK_WAIT = "200ms"  # far less than Postgres' deadlock_timeout of 1 s, after which it would end somebody
PATIENCE_SECONDS = 600.0
KEPT = "ingest.broken_dependent"
# The arguments of create_view after the name and the query, which SQLMesh gives by name or by place.
OPTIONS = tuple(signature(EngineAdapter.create_view).parameters)[3:]


@dataclass(frozen=True)
class _Views:
    """The quoted names of the views that a stage replaces and drops, and what models gave on the former so far."""

    replaced: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    given: frozenset[tuple[str, str, str]] = frozenset()  # view, privilege, grantee


@dataclass(frozen=True)
class _Swap:
    """The swap that is under way, and what could not be built again in it so far."""

    views: _Views
    broken: list[Broken] = field(default_factory=list)


_under_way: ContextVar[_Swap | None] = ContextVar("under_way", default=None)


def install() -> None:
    """Make this process's SQLMesh promote as described above. Again is harmless."""
    wrap(BuiltInPlanEvaluator, "visit_virtual_layer_update_stage", _in_one_transaction)
    wrap(BuiltInPlanEvaluator, "_promote_snapshots", _unless_something_broke)
    wrap(PostgresEngineAdapter, "create_view", _in_place)
    record.install()


def allowing(is_allowed: bool) -> dict[str, str]:
    """The variable by which what cannot be built again is let go; none where it may not."""
    return {ALLOW_BROKEN: "1"} if is_allowed else {}


def _in_one_transaction(stage_of: Callable[..., None]) -> Callable[..., None]:
    """The stage that swaps the views, all or none; on other engines as SQLMesh has it."""

    def visit_virtual_layer_update_stage(self: BuiltInPlanEvaluator, stage: Any, plan: Any) -> None:
        evaluator = self.snapshot_evaluator
        if not isinstance(evaluator.adapter, PostgresEngineAdapter):
            stage_of(self, stage, plan)
            return
        views = _views_of(stage, plan, self.state_sync)
        tasks, evaluator.ddl_concurrent_tasks = evaluator.ddl_concurrent_tasks, 1  # on this connection

        def recorded() -> None:
            stage_of(self, stage, plan)
            record.add(evaluator.adapter.cursor, plan.environment)

        try:
            patiently(lambda: _swap(evaluator.adapter, views, recorded))
        finally:
            evaluator.ddl_concurrent_tasks = tasks

    return visit_virtual_layer_update_stage


def _views_of(stage: Any, plan: Any, state: StateReader) -> _Views:
    naming = plan.environment.naming_info
    replaced = {info.name: _quoted(info, naming) for info in stage.promoted_snapshots}
    dropped = [
        _quoted(info, stage.demoted_environment_naming_info or naming) for info in stage.demoted_snapshots
    ]
    before = {
        info.name: info.snapshot_id
        for info in plan.environment.previous_finalized_snapshots or ()
        if info.name in replaced
    }
    known = {
        **state.get_snapshots(set(before.values()) - set(stage.all_snapshots)),
        **stage.all_snapshots,
    }
    given = {
        (replaced[name], privilege.lower(), grantee)
        for name, number in before.items()
        if number in known and known[number].is_model
        for privilege, grantees in (known[number].model.grants or {}).items()
        for grantee in grantees
    }
    return _Views(tuple(sorted(replaced.values())), tuple(sorted(dropped)), frozenset(given))


def _quoted(info: Any, naming: Any) -> str:
    table = info.qualified_view_name.table_for_environment(naming, dialect="postgres")
    return two_parts(table)


def two_parts(table: exp.Table) -> str:
    """A quoted name without the database's."""
    return str(exp.table_(table.this, db=table.args["db"]).sql("postgres", identify=True))


def _swap(adapter: EngineAdapter, views: _Views, stage: Callable[[], None]) -> None:
    """Swap all views in one transaction, and give others back what they might do with them."""
    swap = _Swap(views)
    token = _under_way.set(swap)
    try:
        with adapter.transaction():
            cursor: Cursor = adapter.cursor
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            by_hand = {view: _by_hand(cursor, view, views.given) for view in views.replaced}
            for view in views.dropped:
                swap.broken.extend(_dropped(cursor, view))
            stage()
            for view, grants in by_hand.items():  # SQLMesh takes back what the model does not give
                grant_again(cursor, view, grants)
    finally:
        _under_way.reset(token)


def _unless_something_broke(promote: Callable[..., None]) -> Callable[..., None]:
    """The step of the stage that makes the views. Raises PlanError, before SQLMesh says that all went well."""

    def _promote_snapshots(self: BuiltInPlanEvaluator, *args: Any, **kwargs: Any) -> None:
        promote(self, *args, **kwargs)
        swap = _under_way.get()
        if swap is not None and swap.broken:
            _keep(self.snapshot_evaluator.adapter.cursor, swap.broken)

    return _promote_snapshots


def _dropped(cursor: Cursor, view: str) -> list[Broken]:
    """Drop a view whose model is gone with what others built on it, which `_keep` keeps or refuses."""
    relation = relation_id(cursor, view)
    dependents = dependents_of(cursor, relation) if relation is not None else []
    if dependents:
        cursor.execute(f"DROP VIEW {view} CASCADE")
    return [model_is_gone(one, view) for one in dependents]


def model_is_gone(dependent: Dependent, view: str) -> Broken:
    """What is built on a view that goes."""
    return Broken(dependent, view, f"it is built on {view}, whose model is gone")


def patiently(swap: Callable[[], None]) -> None:
    """Try until all locks are had at once. Raises PlanError when others keep them for too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            swap()
            return
        except Exception as error:
            blocked = _cause(error, psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)
            stopped = _cause(error, PlanError)
            if stopped is not None:
                raise stopped from None  # without SQLMesh's "Execution failed for node …" around it
            if blocked is None:
                raise
            if time.monotonic() > deadline:
                raise PlanError(
                    f"The views could not be swapped within {PATIENCE_SECONDS:.0f} s, because others read them "
                    "without a pause; nothing was changed. Plan again when their queries are over: "
                    "SELECT pid, usename, query FROM pg_stat_activity WHERE state <> 'idle'."
                ) from error
        time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - so that readers come in between


def _in_place(plain: Callable[..., None]) -> Callable[..., None]:
    """Replace a view in place where Postgres can, and otherwise with what depends on it."""

    def create_view(self: EngineAdapter, view_name: Any, query_or_df: Any, *args: Any, **kwargs: Any) -> None:
        kwargs |= dict(zip(OPTIONS, args, strict=False))
        if kwargs.get("materialized") or not kwargs.get("replace", True):
            plain(self, view_name, query_or_df, **kwargs)
            return
        swap = _under_way.get() or _Swap(_Views())
        name = two_parts(exp.to_table(view_name, dialect=self.dialect))
        with self.transaction():
            cursor: Cursor = self.cursor
            view = relation_id(cursor, name)
            if view is None:
                plain(self, view_name, query_or_df, **kwargs)
                return
            cursor.execute("SAVEPOINT in_place")
            try:
                EngineAdapter.create_view(self, view_name, query_or_df, **{**kwargs, "replace": True})
                cursor.execute("RELEASE SAVEPOINT in_place")
                return
            except psycopg2.errors.InvalidTableDefinition:  # columns are gone, moved or of another type
                cursor.execute("ROLLBACK TO SAVEPOINT in_place")
            dependents, parts = dependents_of(cursor, view), parts_of(cursor, view)
            grants, by_hand = grants_of(cursor, view), _by_hand(cursor, name, swap.views.given)
            plain(self, view_name, query_or_df, **kwargs)
            for part in parts:
                cursor.execute(part)
            given = grant_again(cursor, name, grants)  # those who have them build on it
            swap.broken.extend(restore(cursor, name, dependents))
            _take_back(cursor, name, given - set(by_hand))  # SQLMesh gives what the model does
            if swap is not _under_way.get() and swap.broken:
                raise PlanError(_told(swap.broken))

    return create_view


def _keep(cursor: Cursor, broken: Sequence[Broken]) -> None:
    """Keep the definitions of what is lost, where that is allowed. Raises PlanError where it is not."""
    if not os.environ.get(ALLOW_BROKEN):
        raise PlanError(_told(broken))
    for one in broken:
        cursor.execute(
            f"INSERT INTO {KEPT} (view, name, owner, reason, statements) VALUES (%s, %s, %s, %s, %s)",
            [one.view, one.dependent.name, one.dependent.owner, one.reason, list(one.dependent.statements)],
        )


def _told(broken: Sequence[Broken]) -> str:
    lost = "\n".join(f"  {one}" for one in broken)
    return (
        f"This plan would break what others built on its views, so nothing was changed:\n{lost}\n"
        f"Mend that first; or let it go: `retail promote --allow-broken-dependents`, or {ALLOW_BROKEN}=1 in the "
        f"environment of `sqlmesh plan`, drops it and keeps its definition in {KEPT}."
    )


def _by_hand(cursor: Cursor, view: str, given: Collection[tuple[str, str, str]]) -> list[Grant]:
    """The grants on a view that no model gave."""
    relation = relation_id(cursor, view)
    if relation is None:
        return []
    return [
        grant
        for grant in grants_of(cursor, relation)
        if grant.column or (view, grant.privilege.lower(), grant.grantee or "public") not in given
    ]


def grant_again(cursor: Cursor, view: str, grants: Sequence[Grant]) -> set[Grant]:
    """Give what is gone, and return it; a column's grant goes with its column."""
    relation = relation_id(cursor, view)
    if relation is None or not grants:
        return set()
    lost = set(grants) - set(grants_of(cursor, relation))
    cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s AND NOT attisdropped", [relation])
    columns = {row[0] for row in cursor.fetchall()}
    again = [grant for grant in grants if grant in lost and grant.column in {None, *columns}]
    for statement in grant_statements(cursor, f"TABLE {view}", again):
        cursor.execute(statement)
    return set(again)


def _take_back(cursor: Cursor, view: str, grants: Collection[Grant]) -> None:
    """Take back grants on a whole view."""
    for grant in grants:
        grantee = sql.Identifier(grant.grantee) if grant.grantee else sql.SQL("PUBLIC")
        cursor.execute(
            sql.SQL("REVOKE {} ON {} FROM {}").format(sql.SQL(grant.privilege), sql.SQL(view), grantee)
        )


def _cause(error: BaseException | None, *kinds: type[BaseException]) -> BaseException | None:
    """The first of some kinds of errors among an error and what caused it."""
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__ or error.__context__
    return error
