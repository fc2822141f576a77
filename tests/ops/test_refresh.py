"""Refreshing prod: which dates and models are computed again after which loads."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812

from loaders import ledger
from loaders.contract import load_contracts
from loaders.schema import ensure_tables
from ops import refresh as subject
from ops.errors import OpsError
from ops.plan_inputs import plan_inputs
from ops.refresh import far_restatements_for, far_tables, restatements_for
from ops.refresh_ledger import Touched, alone, nobody_else
from ops.restatement import Restatement, ranges
from ops.settings import Settings
from ops.sqlmesh import Prod, SqlMesh, readers
from tests.support import ROOT

DAY = date(2026, 3, 1)
READERS = {
    ("shop", "sale"): ["stg.shop__sale", "stg.shop__to_control_total"],
    ("shop", "payment"): ["stg.shop__payment"],
    ("shop", "product"): ["stg.shop__product"],
}


def days(*offsets: int) -> list[date]:
    return [DAY + timedelta(days=offset) for offset in offsets]


def test_contiguous_dates_are_one_range() -> None:
    assert ranges(days(2, 0, 1, 5)) == [(days(0)[0], days(2)[0]), (days(5)[0], days(5)[0])]
    assert ranges([]) == []


def test_many_scattered_dates_are_few_ranges_and_the_widest_gaps_stay_open() -> None:
    assert ranges(days(0, 2, 4, 100, 102, 200), most=3) == [
        (days(0)[0], days(4)[0]),
        (days(100)[0], days(102)[0]),
        (days(200)[0], days(200)[0]),
    ]


@given(st.sets(st.integers(0, 400), min_size=1), st.integers(1, 8))
def test_ranges_cover_every_date_in_order_without_touching(offsets: set[int], most: int) -> None:
    wanted = days(*offsets)
    found = ranges(wanted, most)
    assert len(found) <= most
    assert all(any(first <= day <= last for first, last in found) for day in wanted)
    assert all(first in wanted and last in wanted for first, last in found)
    assert all(later[0] - earlier[1] > timedelta(days=1) for earlier, later in pairwise(found))


def test_only_the_models_that_read_a_touched_table_are_restated_for_its_dates() -> None:
    touched = {"shop": Touched(7, {"sale": set(days(0, 1)), "payment": set(days(1))})}
    assert restatements_for(touched, READERS, days(9)[0]) == [
        Restatement(("stg.shop__payment", "stg.shop__sale", "stg.shop__to_control_total"), *days(0, 1))
    ]


def test_rows_that_count_with_an_earlier_row_are_computed_apart_and_the_last_days_first() -> None:
    touched = {"shop": Touched(7, {"sale": set(days(0)), "payment": set(days(1, 5, 6))})}
    far = {("shop", "payment")}
    assert restatements_for(touched, READERS, days(9)[0], far) == [
        Restatement(("stg.shop__sale", "stg.shop__to_control_total"), days(0)[0], days(0)[0])
    ]
    assert far_restatements_for(touched, READERS, days(9)[0], far) == [
        Restatement(("stg.shop__payment",), *days(5, 6)),
        Restatement(("stg.shop__payment",), *days(1, 1)),
    ]
    assert far_tables(load_contracts()) == {("store", "rating")}


def test_a_restatement_is_planned_as_of_the_last_day_that_prod_holds() -> None:
    plan = Restatement(("stg.shop__sale",), *days(0, 1))
    assert plan.arguments(days(4)[0])[-2:] == ["--execution-time", str(days(5)[0])]
    assert "--execution-time" not in plan.arguments()


def test_a_table_without_event_time_is_restated_for_all_time() -> None:
    touched = {"shop": Touched(7, timeless_tables={"product"})}
    (plan,) = restatements_for(touched, READERS, days(9)[0])
    assert plan == Restatement(("stg.shop__product",))
    assert "--start" not in plan.arguments()


def test_days_that_were_not_computed_yet_and_tables_nobody_reads_are_left_out() -> None:
    touched = {
        "shop": Touched(7, {"sale": set(days(9, 10, 11)), "payment": set(days(11))}),
        "new": Touched(8, timeless_tables={"thing"}),
    }
    (plan,) = restatements_for(touched, READERS, days(9)[0])
    assert plan == Restatement(("stg.shop__sale", "stg.shop__to_control_total"), days(9)[0], days(9)[0])


class Warehouse(SqlMesh):
    """A ledger in a real database, with SQLMesh replaced by a list of the commands it would have run."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.commands: list[list[str]] = []
        self.plan: str | None = None
        self.fails = ""
        self.changed = False
        self.computed_until = days(30)[0]
        connection = settings.connect_loader()
        ensure_tables(connection, load_contracts())
        connection.close()

    def load(self, table: str, dates: Sequence[date] | None, status: str = "loaded") -> None:
        connection = self.settings.connect_loader()
        self._insert(connection, table, dates, status)
        connection.close()

    def _insert(self, connection: Connection, table: str, dates: Sequence[date] | None, status: str) -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ingest.load (source, table_name, file, sha256, bytes, rows_read, rows_loaded, "
                "rows_rejected, event_dates, status) "
                "VALUES ('shop', %s, 'f', 's', 1, 1, 1, 0, %s::date[], %s)",
                [table, None if dates is None else list(dates), status],
            )

    @contextmanager
    def slow_load(self, table: str, dates: Sequence[date]) -> Iterator[None]:
        """A load by another process that ends with the block."""
        connection = self.settings.connect_loader()
        with ledger.table_lock(connection, "shop", table, lambda _: None):
            self._insert(connection, table, dates, "running")
            yield
            with connection, connection.cursor() as cursor:
                cursor.execute("UPDATE ingest.load SET status = 'loaded' WHERE status = 'running'")
        connection.close()

    def refresh(self, *, search_all: bool = False) -> subject.Result:
        self.commands = []
        return subject.refresh(self.settings, lambda _: None, self, search_all=search_all)

    # What stands in for SQLMesh:

    def run(self, arguments: Sequence[str], answer: str = "") -> None:
        self.commands.append(list(arguments))
        if arguments[0] != "plan":
            return
        restates = "--restate-model" in arguments
        if (self.fails == "restatement" and restates) or (self.fails == "plan" and "--run" in arguments):
            raise OpsError(f"the {self.fails} failed")
        if restates or self.plan is None or self.changed:
            self.plan = f"{len(self.commands)} {self.plan}"
        if not restates and self.changed:
            self.changed, self.fails = False, ""

    def restate(self, restatement: Restatement) -> None:
        self.run(restatement.arguments())

    def prod_mark(self) -> str | None:
        return self.plan

    def prod(self) -> Prod:
        return Prod(READERS, computed_until=self.computed_until)

    @property
    def restated(self) -> list[str]:
        commands = [command for command in self.commands if "--restate-model" in command]
        return [" ".join(c[c.index("--start") :]) if "--start" in c else "all" for c in commands]


@pytest.fixture
def warehouse(database: Settings) -> Warehouse:
    return Warehouse(database)


def test_the_first_refresh_plans_and_restates_nothing(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0, 1))
    result = warehouse.refresh()
    assert (result.planned, result.restatements, len(warehouse.commands)) == (True, [], 1)


def test_a_second_refresh_finds_nothing_to_do(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0, 1))
    warehouse.refresh()
    assert warehouse.refresh().did_nothing


def test_no_plan_is_made_where_nothing_was_loaded_or_changed(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    for _ in range(2):
        assert warehouse.refresh().did_nothing
        assert warehouse.commands == []
    warehouse.refresh(search_all=True)
    assert len(warehouse.commands) == 1


@pytest.mark.parametrize("part", ["models/a.sql", "config.yaml", "ml/b.py", "seeds/c.csv"])
def test_a_plan_is_made_where_a_file_of_the_project_changed(warehouse: Warehouse, part: str) -> None:
    warehouse.load("sale", days(0))
    file = warehouse.settings.root / part
    file.parent.mkdir(parents=True, exist_ok=True)
    for change in (lambda: file.write_text("1"), lambda: file.write_text("2"), file.unlink):
        warehouse.refresh()
        assert warehouse.refresh().did_nothing
        assert warehouse.commands == []
        change()
        warehouse.refresh()
        assert len(warehouse.commands) == 1


def test_a_plan_is_made_where_prod_is_another_than_the_last_refresh_left(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.plan = "by hand"
    warehouse.refresh()
    assert len(warehouse.commands) == 1


def test_a_plan_is_made_after_one_that_failed(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.fails = "plan"
    with pytest.raises(OpsError):
        warehouse.refresh(search_all=True)
    warehouse.fails = ""
    warehouse.refresh()
    assert len(warehouse.commands) == 1


def test_a_plan_is_made_each_day_and_no_model_is_due_more_often(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    inputs = plan_inputs(warehouse.settings)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr("ops.plan_inputs.datetime", Mock(now=lambda _: tomorrow))
    assert plan_inputs(warehouse.settings) != inputs
    warehouse.refresh()
    assert len(warehouse.commands) == 1

    assert re.findall("cron.*", (ROOT / "config.yaml").read_text("utf-8")) == ["cron: '@daily'"]
    models = [file for file in (ROOT / "models").rglob("*") if file.suffix in (".sql", ".py")]
    assert len(models) > 100
    assert [file for file in models if re.search(r"\bcron\b", file.read_text("utf-8"))] == []


def test_a_redelivered_file_restates_just_its_days_and_just_once(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0, 1, 2))
    warehouse.refresh()
    warehouse.load("sale", days(1))
    warehouse.refresh()
    assert warehouse.restated == [f"--start {days(1)[0]} --end {days(1)[0]}"]
    warehouse.refresh()
    assert warehouse.restated == []


def test_days_that_prod_has_not_come_to_are_left_to_the_plan(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.load("sale", days(29, 31))
    warehouse.refresh()
    assert warehouse.restated == [f"--start {days(29)[0]} --end {days(29)[0]}"]


def test_a_load_that_changed_or_stored_nothing_restates_nothing(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.load("sale", [])
    warehouse.load("sale", days(1), status="failed")
    assert warehouse.refresh().did_nothing


def test_prod_that_was_planned_by_hand_before_gets_everything_that_was_loaded(warehouse: Warehouse) -> None:
    warehouse.plan = "by hand"
    warehouse.load("sale", days(0))
    warehouse.load("product", None)
    warehouse.refresh()
    assert warehouse.restated == ["all", f"--start {days(0)[0]} --end {days(0)[0]}"]


def test_a_refresh_that_failed_is_done_again(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.load("sale", days(1))
    warehouse.fails = "restatement"
    with pytest.raises(OpsError, match="the restatement failed"):
        warehouse.refresh()
    warehouse.fails = ""
    warehouse.refresh()
    assert warehouse.restated == [f"--start {days(1)[0]} --end {days(1)[0]}"]


def test_late_days_are_computed_again_before_changed_models_read_them(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.load("sale", days(1))
    warehouse.changed = True
    assert warehouse.refresh().planned
    assert ["--restate-model" in command for command in warehouse.commands] == [True, False]


def test_a_restatement_that_a_change_of_the_project_mends_is_tried_again_after_it(
    warehouse: Warehouse,
) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.load("sale", days(1))
    warehouse.changed, warehouse.fails = True, "restatement"
    assert warehouse.refresh().planned
    assert ["--restate-model" in command for command in warehouse.commands] == [True, False, True]
    assert warehouse.refresh().did_nothing


def test_a_first_plan_that_did_not_end_goes_on_unless_files_came_since(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.fails = "plan"
    with pytest.raises(OpsError):
        warehouse.refresh()
    with pytest.raises(OpsError):
        warehouse.refresh()
    assert [command[0] for command in warehouse.commands] == ["plan"]
    warehouse.load("sale", days(0))
    for _ in range(2):
        with pytest.raises(OpsError):
            warehouse.refresh()
    assert [command[0] for command in warehouse.commands] == ["plan"]
    warehouse.load("sale", days(0))
    warehouse.fails = ""
    warehouse.refresh()
    assert [command[0] for command in warehouse.commands] == ["janitor", "plan"]
    assert warehouse.refresh().did_nothing


def test_readers_are_the_models_that_name_a_raw_table() -> None:
    models = {
        "stg.b": {'"retail"."raw_shop"."sale"', '"retail"."seed"."country"'},
        "stg.a": {'"retail"."raw_shop"."sale"'},
        "core.fct": {'"retail"."stg"."a"'},
    }
    assert readers(models) == {("shop", "sale"): ["stg.a", "stg.b"]}


def test_loads_behind_a_running_one_wait_for_it(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    with warehouse.slow_load("sale", days(3)):
        warehouse.load("sale", days(4))
        warehouse.refresh()
        assert warehouse.restated == []
    warehouse.refresh()
    assert warehouse.restated == [f"--start {days(3)[0]} --end {days(4)[0]}"]


def test_two_refreshes_at_once_are_refused(warehouse: Warehouse) -> None:
    with (
        alone(warehouse.settings),
        pytest.raises(OpsError, match="A refresh of prod is under way"),
    ):
        warehouse.refresh()


def test_a_refresh_that_failed_leaves_the_way_free_before_its_connection_is_gone(
    warehouse: Warehouse,
) -> None:
    mine, other = warehouse.settings.connect_loader(), warehouse.settings.connect_loader()
    try:
        with pytest.raises(OpsError, match="because"), nobody_else(mine):
            raise OpsError("because")
        with nobody_else(other):
            pass
    finally:
        mine.close()
        other.close()


def test_a_load_that_was_killed_holds_back_nothing(warehouse: Warehouse) -> None:
    warehouse.load("sale", days(0))
    warehouse.refresh()
    warehouse.load("sale", days(3), status="running")
    warehouse.load("sale", days(4))
    warehouse.refresh()
    assert warehouse.restated == [f"--start {days(4)[0]} --end {days(4)[0]}"]
