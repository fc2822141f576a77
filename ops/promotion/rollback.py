"""`retail rollback`: prod shows what it showed before a promotion, by the tables that are still there.

The record holds what SQLMesh's state said of prod then. SQLMesh's own plan evaluator brings it back, with the safe swap
of `ops.promotion.swap`, and computes nothing: the state is as if that had been planned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError
from ops.promotion import verify
from ops.promotion.candidate import quiet_sqlmesh, told
from ops.promotion.checks import Check, Say, made
from ops.promotion.record import (
    PROD,
    Promotion,
    Said,
    changed_models,
    model_name,
    promotions,
    saying,
    state_before,
)
from ops.promotion.swap import allowing, two_parts
from ops.promotion.variables import variables
from ops.refresh_ledger import nobody_else, reopen_since
from ops.settings import Settings
from ops.sqlmesh import GATES_WARN

if TYPE_CHECKING:
    from sqlmesh import Context
    from sqlmesh.core.environment import Environment
    from sqlmesh.core.snapshot import Snapshot

MOST_NAMED = 8
LOST = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL ORDER BY 1"


@dataclass(frozen=True)
class Way:
    """Where a rollback leads: the record whose `replaced` is brought back, and whose state that is."""

    left: Promotion  # with which prod left the state that it returns to
    restored: Promotion | None  # None for the state before the first on record

    @property
    def number(self) -> int | None:
        return self.restored.promotion_id if self.restored else None

    def __str__(self) -> str:
        return str(self.restored) if self.restored else f"the state before promotion {self.left.promotion_id}"


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did. `behind` are models whose tables lack days that prod had, each with their last day."""

    restored: int | None
    models: Mapping[str, str]
    behind: Mapping[str, str]
    reopened: tuple[str, ...]  # sources whose loads since then the next refresh brings in again
    seconds: float
    checks: tuple[Check, ...]

    @property
    def is_well(self) -> bool:
        return all(check.is_passed for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "restored_promotion_id": self.restored,
            "models": dict(self.models),
            "behind": dict(self.behind),
            "reopened_sources": list(self.reopened),
            "seconds": round(self.seconds, 3),
            "checks": [check.as_dict() for check in self.checks],
        }


def way_back(listed: Sequence[Promotion], to: int | None = None) -> Way:
    """Find the state that prod is to return to: that before what it shows now, or that after promotion `to`.

    Raises OpsError where there is none, and says which there are.
    """
    if not listed:
        raise OpsError("No promotion is on record, so there is nothing to go back to.")
    ids = [one.promotion_id for one in listed]
    by_number: dict[int | None, Promotion] = dict(zip(ids, listed, strict=True))
    position = listed[-1].position
    if to is not None:
        if to not in ids:
            raise OpsError(f"There is no promotion {to} on record. `retail promotions` lists them.")
        wanted = listed[ids.index(to)].position
        if wanted == position:
            raise OpsError(f"prod shows what it did after promotion {to} already.")
        return Way(listed[ids.index(to) + 1], by_number.get(wanted))  # the last one's position is prod's
    if position is None:
        raise OpsError(
            "prod shows what it did before the first promotion on record: nothing older is known. "
            "`retail rollback --to N` goes forward again; `retail promotions` lists them."
        )
    left = by_number[position]
    if not left.has_before:
        raise OpsError(f"Promotion {position} made prod: before it there was nothing to go back to.")
    index = ids.index(position)
    return Way(left, by_number.get(listed[index - 1].position) if index else None)


def roll_back(
    settings: Settings,
    say: Say,
    confirm: Callable[[str], None],
    to: int | None = None,
    *,
    allow_broken: bool = False,
) -> RolledBack:
    """Return prod to the promotion before, or to promotion `to`. `confirm` raises where that is not wanted.

    Raises OpsError where there is nothing to go back to or the old tables are gone; then nothing is changed.
    """
    way = way_back(promotions(settings), to)
    with quiet_sqlmesh(), _context(settings) as context, closing(settings.connect_loader()) as loader:
        back = _Back(settings, context, way)
        back.check()
        confirm(f"prod returns to {way}: {back.told()}")
        with nobody_else(loader):
            reopened = reopen_since(loader, way.left.promoted_at)
            began = time.monotonic()
            # The way back is never barred by a gate: models that are worse than prod's are what it may be about.
            with variables(**GATES_WARN, **allowing(allow_broken)):
                back.swap()
            took = time.monotonic() - began
        say(f"prod is back at {way}: {took:.1f} s, nothing computed")
        checks = made(back.looks(), say)
        return RolledBack(way.number, back.models, back.behind(), tuple(reopened), took, tuple(checks))


class _Back:
    """One rollback: what prod is, what it is to be again."""

    def __init__(self, settings: Settings, context: Context, way: Way) -> None:
        self._settings, self._context, self._way = settings, context, way
        now = context.state_sync.get_environment(PROD)
        if now is None:
            raise OpsError("SQLMesh knows of no prod. `retail refresh` makes it.")
        self._now: Environment = now
        then, self._statements = state_before(settings, way.left.promotion_id)
        self._then = self._as_next_plan(then)
        self._snapshots: dict[Any, Snapshot] = context.state_sync.get_snapshots(
            [*self._then.snapshots, *now.snapshots]
        )
        self.models = changed_models(now, self._then)

    def _as_next_plan(self, then: Environment) -> Environment:
        from sqlmesh.utils import random_id

        return then.copy(
            update={
                "plan_id": random_id(),
                "previous_plan_id": self._now.plan_id,
                "previous_finalized_snapshots_": self._now.finalized_or_current_snapshots,
                "finalized_ts": None,
            }
        )

    def told(self) -> str:
        """Return which models change, in words."""
        names = [f"{name} ({change})" for name, change in self.models.items()]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"{', '.join(names[:MOST_NAMED])}{more}" if names else "the same versions of all models"

    def check(self) -> None:
        """Raise OpsError where what prod was cannot be brought back as it was."""
        gone = {info.name for info in self._then.snapshots if info.snapshot_id not in self._snapshots}
        gone |= self._without_tables()
        if gone:
            commit = self._way.restored.commit if self._way.restored else None
            raise OpsError(
                f"prod cannot return to {self._way}: tables of then are gone ({_named(gone)}). The janitor deletes "
                "what no environment uses once it is a week old (snapshot_ttl in config.yaml), and `retail forget` "
                "at once. Nothing was changed. Check out the files of then and plan them: `sqlmesh plan prod` "
                "computes them again." + (f" They were of commit {commit}." if commit else "")
            )
        kept = self._changed_in_place()
        if kept:
            raise OpsError(
                f"prod cannot return to {self._way}: {_named(kept)} was changed forward-only, so old and new version "
                "share a table, and what was computed into it since cannot be taken back. Nothing was changed. Put "
                "the old definition into the files, plan it, and compute the days again: `sqlmesh plan prod "
                "--restate-model MODEL --start DAY`."
            )

    def _without_tables(self) -> set[str]:
        tables = {
            two_parts(_table(one)): one.name for one in self._stored() if one.is_model and not one.is_symbolic
        }
        connection = self._settings.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(LOST, [list(tables)])
                return {tables[row[0]] for row in cursor.fetchall()}
        finally:
            connection.close()

    def _changed_in_place(self) -> set[str]:
        now = {info.name: info for info in self._now.snapshots}
        return {
            one.name
            for one in self._stored()
            if (current := now.get(one.name)) is not None
            and current.snapshot_id != one.snapshot_id
            and current.version == one.version
            and (one.unrestorable or self._snapshots[current.snapshot_id].is_forward_only)
        }

    def _stored(self) -> list[Snapshot]:
        return [
            self._snapshots[info.snapshot_id]
            for info in self._then.snapshots
            if info.snapshot_id in self._snapshots
        ]

    def swap(self) -> None:
        """Have SQLMesh promote what prod was. Raises OpsError where that fails; then the views are as they were."""
        from sqlmesh.utils.errors import SQLMeshError

        from ops.promotion.back_evaluator import evaluator_of, plan_of

        plan = plan_of(self._then, self._statements)
        shown = {(info.name, info.version, info.snapshot_id) for info in self._now.snapshots}
        with saying(Said("rollback", restored=self._way.number)):
            try:
                evaluator_of(self._context, shown).evaluate(plan)
            except SQLMeshError as error:
                raise OpsError(told(error)) from error

    def behind(self) -> dict[str, str]:
        """Return the models whose tables lack what prod had computed: model -> the last day that they hold."""
        from sqlmesh.core.snapshot.definition import remove_interval

        now = {info.name: self._snapshots[info.snapshot_id] for info in self._now.snapshots}
        found = {}
        for one in self._stored():
            lacking = now[one.name].intervals if one.name in now else []
            for start, end in one.intervals:
                lacking = remove_interval(lacking, start, end)
            if lacking and one.is_materialized:
                found[model_name(one.name)] = _last_day(one)
        return found

    def looks(self) -> list[tuple[str, Callable[[], Any]]]:
        """Return what is looked at afterwards."""
        return verify.looks(self._settings, self._stored(), self._then.naming_info)


def _table(snapshot: Snapshot) -> Any:
    from sqlglot import exp

    return exp.to_table(snapshot.table_name(), dialect="postgres")


def _last_day(snapshot: Snapshot) -> str:
    if not snapshot.intervals:
        return "none"
    return datetime.fromtimestamp(snapshot.intervals[-1][1] / 1000 - 1, UTC).date().isoformat()


def _named(names: set[str]) -> str:
    listed = sorted(map(model_name, names))
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return f"{', '.join(listed[:MOST_NAMED])}{more}"


@contextmanager
def _context(settings: Settings) -> Iterator[Context]:
    from sqlmesh import Context
    from sqlmesh.utils.errors import SQLMeshError

    try:
        context = Context(paths=str(settings.root), load=False)  # the files are not asked
    except SQLMeshError as error:
        raise OpsError(f"SQLMesh cannot read its configuration: {error}") from error
    try:
        yield context
    except SQLMeshError as error:
        raise OpsError(str(error)) from error
    finally:
        context.close()
