"""Bring prod up to date: with the project by a plan, with late and corrected files by restating their dates.

A plan computes what is missing: days whose data has landed since. Days that it has computed before it leaves
alone, even when a file for them arrives later. The loaders' ledger says which dates each load touched;
`ingest.refresh` says up to which load they were restated. A restated day can move keys that facts of other days
hold (`ops.stale_keys`), or change a sale that was brought back on another day (`ops.stale_matches`), and rows of
other days may have waited for what it brought (`ops.healing`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from loaders.contract import Contract, load_contracts
from loaders.ledger import mark_interrupted
from ops.changes import Change, Changes
from ops.errors import OpsError
from ops.healing import Healing
from ops.plan_inputs import plan_inputs
from ops.refresh_ledger import (
    Left,
    Touched,
    alone,
    begin,
    drop_unfinished,
    finish,
    is_an_unfinished_one_outdated,
    refreshed_up_to,
    take_left,
    touched_since_last_refresh,
)
from ops.restatement import MOST_RANGES, PLAN, Restatement, ranges
from ops.settings import Settings
from ops.sqlmesh import Prod, RawTable, SqlMesh
from ops.stale_keys import StaleKeys
from ops.stale_matches import restatements_of, restatements_of_lost

Say = Callable[[str], None]
MOST_FAR_RANGES = 2  # the days that a day's ratings name lie close together
FORGET = ("janitor", "--ignore-ttl")  # deletes what no environment uses


@dataclass(frozen=True)
class Result:
    """What a refresh did. `planned`: prod was made or changed by the plan."""

    planned: bool
    restatements: list[Restatement]
    changes: list[Change] = field(default_factory=list)

    @property
    def did_nothing(self) -> bool:
        return not self.planned and not self.restatements

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "planned": self.planned,
            "computed_again": [str(item) for item in self.restatements],
            "changes": [change.as_dict() for change in self.changes],
        }


def refresh(
    settings: Settings, say: Say, sqlmesh: SqlMesh | None = None, *, search_all: bool = False
) -> Result:
    """Bring prod up to date with what was loaded and with the project. Raises OpsError if a plan fails.

    An interrupted refresh is not recorded as finished: the next one does its restatements again. With
    `search_all` every fact is searched for stale keys, not only those of versions that moved. Where prod is as
    the last refresh left it, nothing was loaded and a plan would read the same project on the same day, it is not
    made: it would take SQLMesh a quarter of a minute to find nothing.
    """
    sqlmesh = sqlmesh or SqlMesh(settings)
    inputs = plan_inputs(settings)  # before the plan: what changes meanwhile is for the next one
    with alone(settings) as connection, closing(sqlmesh):
        with connection, connection.cursor() as cursor:
            mark_interrupted(cursor)  # a dead load must not hold back those after it
        done = refreshed_up_to(connection)
        touched = touched_since_last_refresh(connection)
        outdated = is_an_unfinished_one_outdated(connection, touched)
        recorded = begin(connection, touched)
        mark, left = sqlmesh.prod_mark(), take_left(connection)
        if mark is not None and left == Left(mark, inputs) and not touched and not search_all:
            finish(connection, recorded, left)
            return Result(False, [])
        if mark is None and outdated:
            say("An earlier first plan did not end and files were loaded since: it begins afresh.")
            sqlmesh.run(FORGET, answer="y\n")
            drop_unfinished(connection, recorded)
        # What left keys behind may be a refresh that was killed, or a plan by hand: then all is searched.
        moved = mark is None or left is None or mark != left.prod_mark
        with StaleKeys(settings, search_all=search_all or moved) as stale:
            result = _Refresh(settings, say, sqlmesh, touched, done, stale).result(has_prod=mark is not None)
        finish(connection, recorded, Left(sqlmesh.prod_mark() or "", inputs))
    return result


class _Refresh:
    """One refresh under way."""

    def __init__(
        self,
        settings: Settings,
        say: Say,
        sqlmesh: SqlMesh,
        touched: Mapping[str, Touched],
        done: Mapping[str, int],
        stale: StaleKeys,
    ) -> None:
        self.settings, self.say, self.sqlmesh = settings, say, sqlmesh
        self.touched, self.done, self.stale = touched, done, stale
        self.restated: list[Restatement] = []
        self.matched: list[tuple[date, date]] = []  # for which days returns were matched, plan by plan

    def result(self, *, has_prod: bool) -> Result:
        prod = self.sqlmesh.prod() if has_prod else Prod({})
        self.matching = prod.matching
        with Changes(self.settings, prod) as self.changes:
            planned = self._restate_and_plan(prod) if has_prod else self._first_plan()
            for restatements in self.stale.rounds():
                self._restate(restatements)
            self._restate(restatements_of(self.changes, self.matched))
            if self.stale.searches_all:
                self._restate(restatements_of_lost(self.changes))
            if not planned and not self.restated:
                return Result(False, [])
            facts = prod.facts or self.sqlmesh.prod().facts
            return Result(planned, self.restated, self.changes.found(facts))

    def _first_plan(self) -> bool:
        """Compute everything that an earlier attempt has not."""
        self.sqlmesh.run([*PLAN, "--run"])
        if self.sqlmesh.prod_mark() is None:
            raise OpsError("The plan ended without making prod; what sqlmesh said is above.")
        return True

    def _restate_and_plan(self, prod: Prod) -> bool:
        """Restate first: a changed model would read days that are half old, and its audits would stop the plan.

        A restatement that fails may be what the change is to mend, so it is tried again after the plan.
        """
        contracts = load_contracts()
        healing = Healing(self.settings, contracts, self.done)
        last = min(prod.computed_until or date.min, _yesterday())
        touched = healing.added_to(self.touched)
        late = restatements_for(touched, prod.readers, last, far_tables(contracts))
        problem = None
        try:
            self._restate(late, healing)
        except OpsError as error:
            problem = error
        before = self.sqlmesh.prod_mark()
        self.sqlmesh.run([*PLAN, "--run"])
        planned = self.sqlmesh.prod_mark() != before
        healing.was_planned(touched, last)
        self.matched.append((last + timedelta(days=1), date.max))
        if problem and not planned:
            raise problem
        if problem:
            self.restated.clear()
            self._restate(late, healing)
        self._restate(far_restatements_for(touched, prod.readers, last, far_tables(contracts)), healing)
        for waiting in healing.rounds(computed_until=last):
            near = restatements_for(waiting, prod.readers, last, far_tables(contracts))
            far = far_restatements_for(waiting, prod.readers, last, far_tables(contracts))
            self._restate([*near, *far], healing)
        return planned

    def _restate(self, restatements: Sequence[Restatement], healing: Healing | None = None) -> None:
        for restatement in restatements:
            self.say(f"Computing again {restatement}")
            self.changes.remember(restatement)
            self.sqlmesh.restate(restatement)
            self.restated.append(restatement)
            if self.matching.intersection(restatement.models):
                self.matched.append(restatement.span)
            if healing:
                healing.was_computed(restatement)


def restatements_for(
    touched: Mapping[str, Touched],
    readers: Mapping[RawTable, list[str]],
    last: date,
    far: Collection[RawTable] = (),
) -> list[Restatement]:
    """Return the plans that bring touched tables into prod, but those that are `far`.

    A table without an event time is read again whole. Days after the last one that is computed are left to the
    plan that computes them.
    """
    plans: list[Restatement] = []
    for source, item in sorted(touched.items()):
        if models := _models(source, item.timeless_tables, readers):
            plans.append(Restatement(models, source=source))
        near = {table: days for table, days in item.days.items() if (source, table) not in far}
        plans += _dated(source, near, readers, last, MOST_RANGES)
    return plans


def far_restatements_for(
    touched: Mapping[str, Touched],
    readers: Mapping[RawTable, list[str]],
    last: date,
    far: Collection[RawTable],
) -> list[Restatement]:
    """Return the plans of the tables whose rows count on the day of an earlier row (a rating with its sale).

    They are for after the plan, the last days first: the earlier row's day reads what the row's own day gives.
    """
    plans: list[Restatement] = []
    for source, item in sorted(touched.items()):
        days = {table: days for table, days in item.days.items() if (source, table) in far}
        far_plans = _dated(source, days, readers, last, MOST_FAR_RANGES)
        plans += [replace(plan, is_far=True) for plan in reversed(far_plans)]
    return plans


def far_tables(contracts: Mapping[str, Contract]) -> set[RawTable]:
    """Return the tables whose rows touch the days of others."""
    return {
        (contract.source, name)
        for contract in contracts.values()
        for name, table in contract.tables.items()
        if table.event_time and table.event_time.touches
    }


def _dated(
    source: str,
    touched: Mapping[str, set[date]],
    readers: Mapping[RawTable, list[str]],
    last: date,
    most: int,
) -> list[Restatement]:
    computed = {table: {day for day in days if day <= last} for table, days in touched.items()}
    models = _models(source, {table for table, days in computed.items() if days}, readers)
    days = sorted(set().union(*computed.values()))
    return (
        [Restatement(models, first, end, source=source) for first, end in ranges(days, most)]
        if models
        else []
    )


def _models(source: str, tables: set[str], readers: Mapping[RawTable, list[str]]) -> tuple[str, ...]:
    return tuple(sorted({model for table in tables for model in readers.get((source, table), [])}))


def _yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)
