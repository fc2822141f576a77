"""`retail forget` as a course of steps: what is run on SQLMesh, what is not, and how it goes on after a failure."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from loaders.contract import Contract
from loaders.load import load_source
from ops.errors import OpsError
from ops.forget import Forgotten, forget, restatements_for
from ops.refresh_ledger import LOCK
from ops.restatement import Restatement
from ops.settings import Settings
from ops.sqlmesh import Prod, SqlMesh
from tests.support import query

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 3)


class Recorded(SqlMesh):
    """Notes what would be run; fails as often as it is told to."""

    def __init__(self, settings: Settings, *, state: bool = True, failures: int = 0) -> None:
        super().__init__(settings)
        self.state, self.failures = state, failures
        self.runs: list[tuple[str, ...]] = []
        self.gates_warn = False

    def let_gates_warn(self) -> None:
        self.gates_warn = not self.runs

    def run(self, arguments: Sequence[str], answer: str = "") -> None:
        if self.failures:
            self.failures -= 1
            raise OpsError("the plan failed")
        self.runs.append(tuple(arguments))

    def prod_mark(self) -> str | None:
        return "a plan" if self.state else None

    def has_state(self) -> bool:
        return self.state

    def prod(self) -> Prod:
        return Prod({("shop", "sale"): ["stg.shop__sale"], ("shop", "other"): ["stg.shop__other"]})

    def environments_of_their_own(self) -> list[str]:
        return ["dev"]


def shop(*, person: str | None = "sale.customer") -> Contract:
    table = {
        "files": "*.csv",
        "apply": "append",
        "event_time": {"column": "day", "format": "%Y-%m-%d"},
        "columns": {"customer": {"personal": "pseudonym"}, "day": {"required": True}, "amount": {}},
    }
    return Contract.model_validate({"source": "shop", "person": person, "tables": {"sale": table}})


@pytest.fixture
def loaded(database: Settings) -> Settings:
    """A database with two customers' sales."""
    file = database.root / "sales.csv"
    file.write_text(f"customer,day,amount\nann-1,{FIRST},1\nann-1,{LAST},2\nbob-2,{FIRST},4\n")
    load_source(database.connect_loader, shop(), [file], database.root)
    return database


def customers(settings: Settings) -> list[str]:
    return [str(row[0]) for row in query(settings, "SELECT customer FROM raw_shop.sale ORDER BY _row_number")]


def nothing(_line: str) -> None:
    """Say nothing."""


def test_the_days_are_computed_again_and_the_rest_is_dropped(loaded: Settings) -> None:
    sqlmesh = Recorded(loaded)
    found = forget(loaded, shop(), "ann-1", nothing, sqlmesh=sqlmesh)
    assert found.rows == {"sale": 2}
    assert found.dates == [FIRST, LAST]
    assert sqlmesh.gates_warn
    plans = [run for run in sqlmesh.runs if run[0] == "plan"]
    assert [run[run.index("--start") :] for run in plans] == [
        ("--start", str(LAST), "--end", str(LAST)),
        ("--start", str(FIRST), "--end", str(FIRST)),
        ("--start", str(FIRST), "--end", str(LAST)),
    ]
    assert all("stg.shop__sale" in run and "stg.shop__other" not in run for run in plans[:-1])
    assert "conformed.return_match" in plans[-1]
    assert sqlmesh.runs[-2:] == [("invalidate", "dev"), ("janitor", "--ignore-ttl")]
    assert query(loaded, "SELECT finished_at IS NOT NULL FROM ingest.erasure") == [(True,)]


def test_a_dry_run_tells_the_same_and_changes_nothing(loaded: Settings) -> None:
    before, sqlmesh = customers(loaded), Recorded(loaded)
    dry = forget(loaded, shop(), "ann-1", nothing, dry_run=True, sqlmesh=sqlmesh)
    assert (customers(loaded), sqlmesh.runs) == (before, [])
    assert query(loaded, "SELECT count(*) FROM ingest.erasure") == [(0,)]
    assert forget(loaded, shop(), "ann-1", nothing, sqlmesh=sqlmesh) == dry


def test_an_erasure_that_failed_half_way_is_gone_on_with(loaded: Settings) -> None:
    with pytest.raises(OpsError, match="the plan failed"):
        forget(loaded, shop(), "ann-1", nothing, sqlmesh=Recorded(loaded, failures=1))
    half = customers(loaded)
    assert "ann-1" not in half
    again = Recorded(loaded)
    assert forget(loaded, shop(), "ann-1", nothing, sqlmesh=again).dates == [FIRST, LAST]
    assert len(again.runs) == 5
    assert customers(loaded) == half


def test_a_customer_who_was_erased_is_not_erased_again(loaded: Settings) -> None:
    forget(loaded, shop(), "ann-1", nothing, sqlmesh=Recorded(loaded))
    again = Recorded(loaded)
    assert forget(loaded, shop(), "ann-1", nothing, sqlmesh=again).finished_before is not None
    assert again.runs == []


def test_without_sqlmesh_only_the_raw_layer_is_erased(loaded: Settings) -> None:
    sqlmesh = Recorded(loaded, state=False)
    assert forget(loaded, shop(), "ann-1", nothing, sqlmesh=sqlmesh).rows == {"sale": 2}
    assert sqlmesh.runs == []


def test_what_cannot_be_done_is_said_and_changes_nothing(loaded: Settings) -> None:
    before = customers(loaded)
    with pytest.raises(OpsError, match="names this customer"):
        forget(loaded, shop(), "nobody", nothing, sqlmesh=Recorded(loaded))
    with pytest.raises(OpsError, match="names no `person`"):
        forget(loaded, shop(person=None), "ann-1", nothing, sqlmesh=Recorded(loaded))
    other = loaded.connect_loader()
    with other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    with pytest.raises(OpsError, match="refresh of prod is under way"):
        forget(loaded, shop(), "ann-1", nothing, sqlmesh=Recorded(loaded))
    other.close()
    assert customers(loaded) == before


def test_a_person_without_days_still_leaves_the_dimensions() -> None:
    [plan] = restatements_for(
        "shop", Forgotten("shop", {"customer": 1}, []), {("shop", "customer"): ["stg.shop__customer"]}
    )
    yesterday = date.today() - timedelta(days=1)
    assert plan.models == ("stg.shop__customer",)
    assert plan.first == plan.last
    assert abs((plan.first or yesterday) - yesterday) <= timedelta(days=1)


def test_rows_by_which_the_person_is_known_come_first_and_then_the_last_days() -> None:
    days = [FIRST, LAST, date(2026, 3, 5)]
    readers = {("shop", "customer"): ["a"], ("shop", "sale"): ["b"]}
    erased = Forgotten("shop", {"customer": 1, "sale": 3}, days, own_dates=[LAST])
    plans = restatements_for("shop", erased, readers)
    assert [plan.first for plan in plans] == [LAST, days[2], LAST, FIRST, FIRST]
    assert {plan.models for plan in plans[:-1]} == {("a", "b")}
    assert plans[-1] == Restatement(("conformed.return_match",), FIRST, days[2])


def test_only_models_of_touched_tables_are_computed_again() -> None:
    readers = {("shop", "sale"): ["a"], ("shop", "other"): ["b"], ("else", "sale"): ["c"]}
    erased = Forgotten("shop", {"sale": 1, "ingest.rejected_row": 2, "other._extra": 1}, [FIRST])
    assert restatements_for("shop", erased, readers) == [Restatement(("a", "b"), FIRST, FIRST)]
    assert restatements_for("shop", Forgotten("shop", {"ingest.load": 1}, []), readers) == []
