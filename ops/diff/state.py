"""Two environments as SQLMesh's state holds them, read once.

SQLMesh's own way to versions of models parses their queries, which takes longer than all the rest. Of those that
changed only some of what they are is needed, and that is read from their stored form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError
from ops.settings import Settings
from ops.sqlmesh import SqlMesh

if TYPE_CHECKING:
    from sqlmesh import Context
    from sqlmesh.core.engine_adapter.base import EngineAdapter
    from sqlmesh.core.environment import Environment, EnvironmentSummary
    from sqlmesh.core.snapshot import SnapshotTableInfo
    from sqlmesh.core.state_sync import StateReader

Name = tuple[str, str]  # schema and name of a view or table
Interval = tuple[int, int]  # milliseconds, the end left out
STORED = "SELECT name, identifier, snapshot FROM sqlmesh._snapshots WHERE identifier = ANY(%s)"


@dataclass(frozen=True)
class Version:
    """A version of a model that is not the same in the other environment."""

    name: str
    info: SnapshotTableInfo
    grain: tuple[str, ...] = ()
    day: str = ""  # the time column of a model that is computed day by day
    start: str = ""
    intervals: tuple[Interval, ...] = ()  # that are computed, for every environment
    is_previewed: bool = False  # something is computed in a table that no promotion would take


@dataclass(frozen=True)
class Side:
    """An environment: all of its models, and those that changed, by the names that the state gives them."""

    environment: Environment
    infos: Mapping[str, SnapshotTableInfo]
    changed: Mapping[str, Version]

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

    def view(self, name: str) -> Name:
        """Return where the environment shows a model."""
        from sqlglot import exp

        naming = self.environment.naming_info
        shown = self.infos[name].qualified_view_name.for_environment(naming, "postgres")
        table = exp.to_table(shown, dialect="postgres")
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
    def modified(self) -> list[str]:
        return sorted(self.after.changed.keys() & self.before.changed.keys())

    @property
    def names(self) -> dict[str, str]:
        """The names of the models that changed, by those that the state gives them."""
        found = {**self.before.changed, **self.after.changed}
        return {key: version.name for key, version in found.items() if version.info.is_model}

    def is_direct(self, name: str) -> bool:
        """Whether a model that was modified is itself another, and not only what it reads."""
        after, before = self.after.infos[name], self.before.infos[name]
        return after.fingerprint.data_hash != before.fingerprint.data_hash


@dataclass(frozen=True)
class State:
    """What the state says of a pair of environments, with the connections that it was read by."""

    pair: Pair
    context: Context

    @property
    def computed_until(self) -> int | None:
        """The end, in milliseconds, of the last interval that the other environment has computed of any model."""
        ends = self.context.state_reader.max_interval_end_per_model(self.pair.before.name)
        return max(ends.values(), default=None)

    def close(self) -> None:
        self.context.engine_adapter.close()
        self.context.close()


def opened(settings: Settings, environment: str, against: str) -> State:
    """Read two environments; the caller closes what comes back.

    Raises OpsError where one of them is not there, not finished or expired, and names those that there are.
    """
    if not SqlMesh(settings).has_state():  # SQLMesh would make it
        raise OpsError(f"{problem_of(environment, None)} {there_are([])}")
    from sqlmesh import Context
    from sqlmesh.utils.errors import SQLMeshError

    try:
        context = Context(paths=str(settings.root), load=False)
    except SQLMeshError as error:
        raise OpsError(f"SQLMesh cannot read its configuration: {error}") from error
    try:
        return State(_read(settings, context, environment, against), context)
    except BaseException as error:
        context.close()
        if isinstance(error, SQLMeshError):
            raise OpsError(f"SQLMesh does not say what {environment} and {against} are: {error}") from error
        raise


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


def there_are(environments: Sequence[EnvironmentSummary]) -> str:
    """Return the environments there are, in words."""
    names = []
    for one in sorted(environments, key=lambda item: item.name):
        state = "not finished" if one.finalized_ts is None else "expired" if one.expired else ""
        names.append(f"{one.name} ({state})" if state else one.name)
    return f"There are: {', '.join(names)}." if names else "There are none yet."


def _read(settings: Settings, context: Context, environment: str, against: str) -> Pair:
    from sqlmesh.core.environment import EnvironmentNamingInfo

    state = context.state_reader
    names = [EnvironmentNamingInfo.sanitize_name(name) for name in (environment, against)]
    if names[0] == names[1]:
        known = there_are(state.get_environments_summary())
        raise OpsError(f"{names[0]} would be compared with itself. {known}")
    after, before = (_found(state, name) for name in names)
    infos = [{info.name: info for info in side.snapshots} for side in (after, before)]
    changed = [
        [
            info
            for name, info in mine.items()
            if name not in other or other[name].fingerprint != info.fingerprint
        ]
        for mine, other in (infos, infos[::-1])
    ]
    versions = _versions(settings, context, [*changed[0], *changed[1]])
    sides = [
        Side(env, mine, {info.name: versions[info.name, info.identifier] for info in differing})
        for env, mine, differing in zip((after, before), infos, changed, strict=True)
    ]
    return Pair(sides[0], sides[1], context.engine_adapter)


def _found(state: StateReader, name: str) -> Environment:
    found = state.get_environment(name)
    problem = problem_of(name, found)
    if found is None or problem:
        raise OpsError(f"{problem} {there_are(state.get_environments_summary())}")
    return found


def _versions(
    settings: Settings, context: Context, infos: Sequence[SnapshotTableInfo]
) -> dict[tuple[str, str], Version]:
    """The stored versions by name and identifier. Raises OpsError where one is not there any more."""
    with (
        closing(settings.connect(database=settings.state_database)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(STORED, [[info.identifier for info in infos]])
        nodes = {(name, identifier): json.loads(text)["node"] for name, identifier, text in cursor.fetchall()}
    computed: dict[tuple[str, str], list[Interval]] = {}
    previewed = set()
    stored: Any = context.state_sync  # a cache around what reads the tables
    for item in stored.state_sync.interval_state.get_snapshot_intervals(infos):
        computed.setdefault((item.name, item.version), []).extend(item.intervals)
        if item.dev_intervals:
            previewed.add((item.name, item.dev_version))
    try:
        return {
            (info.name, info.identifier): _version(
                info,
                nodes[info.name, info.identifier],
                computed.get((info.name, info.version), []),
                is_previewed=(info.name, info.dev_version) in previewed,
            )
            for info in infos
        }
    except KeyError as error:
        raise OpsError(f"The state does not hold the version {error} any more; plan again.") from error


def _version(
    info: SnapshotTableInfo, node: Mapping[str, Any], intervals: Sequence[Interval], *, is_previewed: bool
) -> Version:
    from sqlglot import exp, parse_one

    grains = node.get("grains") or []  # the first one: references would make keys of what may change
    grain = (
        [column.name for column in parse_one(grains[0], dialect="postgres").find_all(exp.Identifier)]
        if grains
        else []
    )
    time_column = (node.get("kind") or {}).get("time_column") or {}
    day = exp.to_column(time_column["column"], dialect="postgres").name if time_column else ""
    return Version(
        node["name"], info, tuple(grain), day, str(node.get("start") or ""), tuple(intervals), is_previewed
    )
