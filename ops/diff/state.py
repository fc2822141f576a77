"""Two environments as SQLMesh's state holds them, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.settings import Settings
from ops.sqlmesh import SqlMesh

if TYPE_CHECKING:
    from sqlmesh import Context
    from sqlmesh.core.engine_adapter.base import EngineAdapter
    from sqlmesh.core.environment import Environment, EnvironmentSummary
    from sqlmesh.core.snapshot import Snapshot, SnapshotTableInfo
    from sqlmesh.core.state_sync import StateReader

Name = tuple[str, str]  # schema and name of a view or table


@dataclass(frozen=True)
class Side:
    """An environment, and its versions of the models that are not the same in the other."""

    environment: Environment
    infos: dict[str, SnapshotTableInfo]  # of all models, by the name that the state gives them
    changed: dict[str, Snapshot]

    @property
    def name(self) -> str:
        return self.environment.name

    @property
    def models(self) -> list[str]:
        """The models that it has a view of."""
        shown = {info.name for info in self.environment.promoted_snapshots}
        return [
            name
            for name, info in self.infos.items()
            if name in shown and info.is_model and not info.is_symbolic
        ]

    def view(self, name: str, dialect: str = "postgres") -> Name:
        """Return where the environment shows a model."""
        from sqlglot import exp

        shown = self.infos[name].qualified_view_name.for_environment(self.environment.naming_info, dialect)
        table = exp.to_table(shown, dialect=dialect)
        return table.db, table.name


@dataclass(frozen=True)
class Pair:
    """An environment and the one that it is compared with."""

    after: Side
    before: Side
    adapter: EngineAdapter

    @property
    def added(self) -> list[str]:
        return sorted(self.after.infos.keys() - self.before.infos.keys())

    @property
    def removed(self) -> list[str]:
        return sorted(self.before.infos.keys() - self.after.infos.keys())

    @property
    def names(self) -> dict[str, str]:
        """The names of the models that changed, by those that the state gives them."""
        found = {**self.before.changed, **self.after.changed}
        return {key: snapshot.node.name for key, snapshot in found.items() if snapshot.is_model}

    @property
    def modified(self) -> list[str]:
        return sorted(self.after.changed.keys() & self.before.changed.keys())


@dataclass(frozen=True)
class State:
    """What the state says of a pair of environments, with the connections that it was read by."""

    pair: Pair
    context: Context

    @property
    def computed_until(self) -> int | None:
        """The end, in milliseconds, of the last interval that was computed of any model of the other environment."""
        return max(
            self.context.state_reader.max_interval_end_per_model(self.pair.before.name).values(), default=None
        )

    def close(self) -> None:
        self.context.engine_adapter.close()
        self.context.close()


def opened(settings: Settings, environment: str, against: str) -> State:
    """Read two environments; the caller closes what comes back.

    Raises OpsError where one of them is not there, not finished or expired, and names those that there are.
    """
    from sqlmesh import Context
    from sqlmesh.utils.errors import SQLMeshError

    if not SqlMesh(settings).has_state():  # SQLMesh would make it
        raise OpsError(f"{problem_of(environment, None)} {there_are([])}")
    try:
        context = Context(paths=str(settings.root), load=False)
    except SQLMeshError as error:
        raise OpsError(f"SQLMesh cannot read its configuration: {error}") from error
    try:
        return State(_read(context, environment, against), context)
    except BaseException as error:
        context.close()
        if isinstance(error, SQLMeshError):
            raise OpsError(f"SQLMesh does not say what {environment} and {against} are: {error}") from error
        raise


def _read(context: Context, environment: str, against: str) -> Pair:
    from sqlmesh.core.environment import EnvironmentNamingInfo

    state = context.state_reader
    after_name, before_name = (EnvironmentNamingInfo.sanitize_name(name) for name in (environment, against))
    if after_name == before_name:
        raise OpsError(
            f"{after_name} would be compared with itself. {there_are(state.get_environments_summary())}"
        )
    after, before = (_found(state, name) for name in (after_name, before_name))
    sides = [{info.name: info for info in side.snapshots} for side in (after, before)]
    changed = [
        {
            name: info
            for name, info in mine.items()
            if name not in other or other[name].fingerprint != info.fingerprint
        }
        for mine, other in (sides, sides[::-1])
    ]
    stored = state.get_snapshots([info.snapshot_id for side in changed for info in side.values()])
    snapshots = [{name: stored[info.snapshot_id] for name, info in side.items()} for side in changed]
    return Pair(
        Side(after, sides[0], snapshots[0]), Side(before, sides[1], snapshots[1]), context.engine_adapter
    )


def _found(state: StateReader, name: str) -> Environment:
    found = state.get_environment(name)
    problem = problem_of(name, found)
    if found is None or problem:
        raise OpsError(f"{problem} {there_are(state.get_environments_summary())}")
    return found


def problem_of(name: str, found: EnvironmentSummary | None) -> str:
    """Return why an environment cannot be compared, and what to do; empty where it can be."""
    again = f"`sqlmesh plan {name}`"
    if found is None:
        return f"There is no environment {name}; {again} makes it."
    if found.finalized_ts is None:
        return f"The last plan of {name} did not end; {again} goes on with it."
    if found.expired:
        return f"The environment {name} has expired; {again} makes it again."
    return ""


def there_are(environments: list[EnvironmentSummary]) -> str:
    """Return the environments there are, in words."""
    names = []
    for one in sorted(environments, key=lambda item: item.name):
        state = "not finished" if one.finalized_ts is None else "expired" if one.expired else ""
        names.append(f"{one.name} ({state})" if state else one.name)
    return f"There are: {', '.join(names)}." if names else "There are none yet."
