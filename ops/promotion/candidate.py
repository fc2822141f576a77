"""What is to be promoted: the environment, the project's files beside it, and the plan of prod that they make."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from ops.alerts import in_a_line
from ops.errors import OpsError
from ops.promotion.record import PROD, model_name
from ops.settings import Settings

if TYPE_CHECKING:
    from sqlmesh import Context
    from sqlmesh.core.environment import Environment
    from sqlmesh.core.plan import Plan
    from sqlmesh.core.snapshot import Snapshot

View = tuple[str, str]  # schema and name


@dataclass(frozen=True)
class Candidate:
    """An environment that may become prod."""

    settings: Settings
    context: Context
    environment: Environment
    plan: Plan

    @property
    def name(self) -> str:
        return str(self.environment.name)

    @property
    def is_in_prod(self) -> bool:
        """Whether prod is what the project's files say already."""
        return not self.plan.context_diff.has_changes

    @cached_property
    def changed(self) -> list[Snapshot]:
        """The versions that prod does not show yet."""
        prod = self.context.state_reader.get_environment(PROD)
        shown = {info.snapshot_id for info in prod.snapshots} if prod else set()
        return [one for one in self.plan.snapshots.values() if one.snapshot_id not in shown]

    @cached_property
    def removed(self) -> list[View]:
        """The views of prod whose models are gone."""
        from sqlmesh.core.environment import EnvironmentNamingInfo

        prod = EnvironmentNamingInfo(name=PROD)
        infos = self.plan.context_diff.removed_snapshots.values()
        return [view_of(info, prod) for info in infos if info.is_model and not info.is_symbolic]

    def views(self, snapshot: Snapshot) -> tuple[View, View]:
        """Return where prod is to show a model, and where the environment shows it."""
        return view_of(snapshot, self.plan.environment.naming_info), view_of(
            snapshot, self.environment.naming_info
        )

    @cached_property
    def other_versions(self) -> list[str]:
        """The models of which the environment does not hold the version of the files."""
        files = {one.name: one.snapshot_id for one in self.plan.snapshots.values()}
        held = {info.name: info.snapshot_id for info in self.environment.snapshots}
        names = sorted(files.keys() | held.keys())
        return [model_name(name) for name in names if files.get(name) != held.get(name)]

    def left_to_compute(self) -> dict[str, int]:
        """Return the models whose rows a plan of prod would compute now, each with how many spans of days.

        Days whose data has not landed are not: a plan leaves them out too.
        """
        missing = {self.plan.snapshots[one.snapshot_id]: one.intervals for one in self.plan.missing_intervals}
        batches = self.context.scheduler().batch_intervals(
            missing, self.plan.deployability_index, self.plan.environment_naming_info
        )
        return {
            model_name(one.name): len(spans)
            for one, spans in batches.items()
            if spans and one.is_model and one.is_materialized
        }

    def shared(self) -> list[Snapshot]:
        """Return the models of which the environment shows the very table that prod is to show."""
        from sqlmesh.core.snapshot import DeployabilityIndex

        index = DeployabilityIndex.create(self.plan.snapshots, start=self.environment.start_at)
        held = {info.snapshot_id for info in self.environment.promoted_snapshots}
        return [
            one
            for one in self.plan.snapshots.values()
            if one.is_model and not one.is_symbolic and one.snapshot_id in held and index.is_deployable(one)
        ]


def view_of(info: Any, naming: Any) -> View:
    """Return the schema and name of an environment's view of a model."""
    table = info.qualified_view_name.table_for_environment(naming, dialect="postgres")
    return table.db, table.name


@contextmanager
def candidate(settings: Settings, environment: str) -> Iterator[Candidate]:
    """Read the project's files and what is to be promoted.

    Raises OpsError where there is no such environment, it is not finished, or the files do not make a plan.
    """
    from sqlmesh import Context
    from sqlmesh.core.environment import EnvironmentNamingInfo
    from sqlmesh.utils.errors import SQLMeshError

    name = EnvironmentNamingInfo.sanitize_name(environment)
    if name == PROD:
        raise OpsError("prod is what is promoted to: name the environment that it should become like.")
    with quiet_sqlmesh():
        try:
            context = Context(paths=str(settings.root))
        except SQLMeshError as error:
            raise OpsError(f"SQLMesh cannot load the models: {error}") from error
        try:
            found = _finished(context, name)
            prod = context.state_reader.get_environment(PROD)
            if prod is not None and not prod.finalized_ts:
                raise OpsError("The last plan of prod did not end: `sqlmesh plan prod` goes on with it.")
            plan = context.plan_builder(PROD, skip_tests=True, skip_linter=True).build()
            yield Candidate(settings, context, found, plan)
        except SQLMeshError as error:
            raise OpsError(told(error)) from error
        finally:
            context.close()


def told(error: BaseException) -> str:
    """Return what an error of SQLMesh says. Of one that failed for a model SQLMesh says which, and its cause why."""
    from sqlmesh.utils.concurrency import NodeExecutionFailedError

    cause = error.__cause__
    if not isinstance(error, NodeExecutionFailedError) or cause is None:
        return str(error)
    return f"{str(error).removesuffix('.')}: {in_a_line(cause)}"


def _finished(context: Context, name: str) -> Environment:
    environments = context.state_reader.get_environments_summary()
    found = context.state_reader.get_environment(name)
    if found is not None and found.finalized_ts and not found.expired:
        return found
    others = ", ".join(sorted(one.name for one in environments if one.name not in (name, PROD)))
    has = f" There are: {others}." if others else ""
    if found is None:
        raise OpsError(f"There is no environment {name}: `sqlmesh plan {name}` makes it.{has}")
    what = "has expired" if found.expired else "is not finished: its last plan did not end"
    raise OpsError(f"The environment {name} {what}. `sqlmesh plan {name}` makes it whole.{has}")


@contextmanager
def quiet_sqlmesh() -> Iterator[None]:
    """Promote as ours does, and have SQLMesh say what is wrong, on stderr, and nothing else."""
    from sqlmesh.core.console import NoopConsole, get_console, set_console

    from ops.promotion import plan_lock, same_tables, swap
    from ops.sqlmesh_process import set_up

    class Quiet(NoopConsole):
        """Warnings and errors only."""

        def log_warning(self, short_message: str, long_message: str | None = None) -> None:
            click.echo(f"Warning: {short_message}", err=True)

        def log_error(self, message: str) -> None:
            click.echo(message, err=True)

    logging.getLogger("sqlmesh").addHandler(logging.NullHandler())  # else Python prints what it logs
    set_up()
    plan_lock.install()
    swap.install()
    same_tables.install()
    before = get_console()
    set_console(Quiet())
    try:
        yield
    finally:
        set_console(before)
