"""What a rollback must get right: tables that are gone or shared, days and loads since then, the janitor's week."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmesh import Context
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.core.state_sync.common import ExpiredBatchRange, RowBoundary

from ops.errors import OpsError
from ops.promotion import swap
from ops.promotion.candidate import quiet_sqlmesh
from ops.promotion.record import Promotion, promotions
from ops.promotion.rollback import way_back
from ops.refresh_ledger import TABLES
from tests.promotion.conftest import SALE, Shop
from tests.promotion.prod import SOLD, TOTAL, amount, back, in_state, promoted, state, views
from tests.support import ROOT

WEEK = timedelta(days=7)


def on_record(*rows: tuple[str, int | None]) -> list[Promotion]:
    """A record of promotions (`p`) and rollbacks (`r`, and to which)."""
    return [
        Promotion(
            number,
            "promotion" if kind == "p" else "rollback",
            None,
            "us",
            datetime(2026, 1, number, tzinfo=UTC),
            None,
            {},
            to,
            number > 1,
            1.0,
        )
        for number, (kind, to) in enumerate(rows, 1)
    ]


def found(rows: list[Promotion], to: int | None = None) -> tuple[int, int | None]:
    way = way_back(rows, to)
    return way.left.promotion_id, way.number


P = ("p", None)


@pytest.mark.parametrize(
    ("rows", "to", "left", "restored"),
    [
        ([P, P], None, 2, 1),
        ([P, P, P], None, 3, 2),
        ([P, P, P, ("r", 2)], None, 2, 1),  # a second rollback goes on, it does not take the first one back
        ([P, P, P, ("r", 2), P], None, 5, 2),  # what was promoted upon a rollback is taken back alone
        ([P, P, P], 1, 2, 1),
        ([P, P, P, ("r", 2)], 3, 4, 3),  # forward again
        ([P, P, P, ("r", 1), ("r", 3)], 2, 3, 2),
        ([P, P, P, ("r", 1), ("r", 3)], 4, 5, 1),  # a rollback's number means what it brought back
    ],
)
def test_the_way_back_is_found_in_the_record(
    rows: list[tuple[str, int | None]], to: int | None, left: int, restored: int | None
) -> None:
    assert found(on_record(*rows), to) == (left, restored)


@pytest.mark.parametrize(
    ("rows", "to", "said"),
    [
        ([], None, "No promotion is on record"),
        ([P], None, "Promotion 1 made prod: before it there was nothing"),
        ([P, P, ("r", 1)], None, "Promotion 1 made prod"),
        ([P, P], 2, "after promotion 2 already"),
        ([P, P, ("r", 1)], 1, "after promotion 1 already"),
        ([P, P], 7, "There is no promotion 7 on record"),
        ([P, P, ("r", None)], None, "before the first promotion on record"),
    ],
)
def test_a_way_that_is_not_there_is_told(
    rows: list[tuple[str, int | None]], to: int | None, said: str
) -> None:
    with pytest.raises(OpsError, match=said):
        way_back(on_record(*rows), to)


def test_versions_live_for_a_week_after_they_were_replaced() -> None:
    context = Context(paths=str(ROOT), load=False)
    with closing(context):
        assert context.config.snapshot_ttl == "in 1 week"
        assert context.config.environment_ttl == "in 1 week"


both = pytest.mark.both_versions
long = pytest.mark.thorough(minutes=2)


@both
@long
def test_the_janitor_leaves_what_was_replaced_for_a_week_from_then(shared: Shop) -> None:
    amount(shared, 40)
    promoted(shared)
    (old,) = identifiers(shared)
    in_state(
        shared, "UPDATE sqlmesh._snapshots SET updated_ts = updated_ts - 86400000 * 30::bigint"
    )  # made long ago
    amount(shared, 41)
    promoted(shared)
    moment = promotions(shared.settings)[-1].promoted_at
    assert old not in expired(shared, moment + WEEK - timedelta(hours=1))
    assert old in expired(shared, moment + WEEK + timedelta(hours=1))


def identifiers(shop: Shop) -> set[str]:
    """The version of the table that prod shows."""
    with closing(Context(paths=str(shop.root), load=False)) as context:
        prod = context.state_sync.get_environment("prod")
        return {one.identifier for one in prod.snapshots if one.name.endswith('"core"."sale"')}


def expired(shop: Shop, moment: datetime) -> set[str]:
    with closing(Context(paths=str(shop.root), load=False)) as context:
        batch = context.state_sync.get_expired_snapshots(
            current_ts=int(moment.timestamp() * 1000),
            batch_range=ExpiredBatchRange(
                start=RowBoundary.lowest_boundary(),
                end=RowBoundary(updated_ts=10**15, name="", identifier=""),
            ),
        )
        return {one.identifier for one in batch.expired_snapshot_ids} if batch else set()


@both
@long
def test_tables_that_the_janitor_took_are_told_and_nothing_is_changed(shop: Shop) -> None:
    amount(shop, 11)
    promoted(shop)
    shop.sqlmesh("janitor", "--ignore-ttl", answers="y\n")
    before = state(shop), views(shop)
    with pytest.raises(OpsError, match=r"tables of then are gone \(bi.sale, bi.total, core.sale\)") as told:
        back(shop)
    assert "`sqlmesh plan prod` computes them again" in str(told.value)
    assert (state(shop), views(shop)) == before
    shop.write()
    shop.plan()
    assert shop.query(SOLD) == [(10,)]


@both
@long
def test_a_table_that_somebody_dropped_is_told_too(shared: Shop) -> None:
    amount(shared, 42)
    promoted(shared)
    (old,) = [str(row[0]) for row in shared.query(READ) if "sale" in str(row[0])]
    amount(shared, 43)
    promoted(shared)
    shared.query(f"DROP TABLE {old} CASCADE")
    with pytest.raises(OpsError, match=r"tables of then are gone \(.*core.sale"):
        back(shared)


READ = """
    SELECT DISTINCT link.refobjid::regclass::text
    FROM pg_depend AS link JOIN pg_rewrite AS rule ON rule.oid = link.objid
    WHERE rule.ev_class = 'core.sale'::regclass AND link.refclassid = 'pg_class'::regclass
      AND link.refobjid <> rule.ev_class
"""


@both
@long
def test_a_change_that_broke_nothing_is_taken_back_in_the_views_that_kept_their_version(shop: Shop) -> None:
    shop.write(sale=f"{SALE}, 7::INT AS more")
    shop.plan(environment="dev")
    promoted(shop)
    assert shop.query("SELECT more FROM bi.sale") == [(7,)]
    shop.plan(environment="other")
    back(shop)
    columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'bi.sale'::regclass AND attnum > 0"
    assert "more" not in {row[0] for row in shop.query(columns)}
    assert shop.query("SELECT more FROM bi__other.sale") == [(7,)]  # which goes on showing what it did
    shop.write()
    assert "No changes" in shop.plan()
    for environment in ("dev", "other"):
        shop.sqlmesh("invalidate", environment)
    shop.sqlmesh("janitor", "--ignore-ttl", answers="y\n")  # takes the new tables, with all that reads them
    assert shop.query(SOLD) == shop.query(TOTAL) == [(10,)]


@both
@long
def test_what_was_changed_in_place_cannot_be_taken_back_and_is_told(shop: Shop) -> None:
    shop.write(sale=f"{SALE}, 7::INT AS more")
    shop.plan("--forward-only")
    before = state(shop), views(shop)
    with pytest.raises(OpsError, match=r"core.sale.* was changed forward-only.*Nothing was changed"):
        back(shop)
    assert (state(shop), views(shop)) == before


@both
@long
def test_days_and_loads_since_then_are_told_and_caught_up_with(shared: Shop) -> None:
    amount(shared, 44)
    promoted(shared)
    (old,) = identifiers(shared)
    amount(shared, 45)
    loader = shared.settings.connect_loader()
    with loader, loader.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute(
            "INSERT INTO ingest.refresh (source, up_to_load_id, finished_at) VALUES ('a', 1, now())"
        )
    promoted(shared)
    with loader, loader.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest.refresh (source, up_to_load_id, finished_at) VALUES ('b', 2, now())"
        )
    loader.close()
    in_state(
        shared, f"UPDATE sqlmesh._intervals SET end_ts = end_ts - 86400000 WHERE identifier = '{old}'"
    )  # as if a day had come since
    done = back(shared)
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    assert done.behind["core.sale"] == day
    assert done.reopened == ("b",)
    assert shared.query("SELECT source FROM ingest.refresh") == [("a",)]
    shared.sqlmesh("run", "--ignore-cron")
    assert missing(shared) == []
    assert shared.query(SOLD) == [(44,)]


def missing(shop: Shop) -> list[Any]:
    """What SQLMesh has not computed of prod."""
    with closing(Context(paths=str(shop.root), load=False)) as context:
        prod = context.state_sync.get_environment("prod")
        stored: list[Snapshot] = list(context.state_sync.get_snapshots(prod.snapshots).values())
        return [one.name for one in stored if one.missing_intervals("2024-01-01", "yesterday")]


@both
@long
def test_a_plan_that_ended_before_its_views_were_swapped_is_no_state_to_go_back_to(
    shared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    amount(shared, 46)
    promoted(shared)
    before = views(shared)

    def killed(_swap: object) -> None:
        raise KeyboardInterrupt

    shared.write(sale=SALE.replace("10", "47"))
    with quiet_sqlmesh(), monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(swap, "patiently", killed)
        Context(paths=str(shared.root)).plan("prod", auto_apply=True, no_prompts=True)
    assert views(shared) == before
    amount(shared, 48)
    with pytest.raises(
        OpsError, match="The last plan of prod did not end: `sqlmesh plan prod` goes on with it"
    ):
        promoted(shared)
    shared.plan()
    assert shared.query(SOLD) == [(48,)]
    back(shared)
    assert shared.query(SOLD) == [(46,)]
    assert views(shared) == before
