"""Every fault that the generator planted is found under its own rule, and nothing else is: its list is the judge.

The shop delivers in two parts, cut where a customer or a product comes later than their sales, so that rows wait
and heal.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.integration.star import daily_fingerprints
from tests.support import Project

pytestmark = pytest.mark.long(minutes=3)

GENERATE = ("generate", "--scale", "tiny", "--seed", "23", "--faults", "0.05")
LATER = "2026-07-09"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Place = tuple[str, str, int]  # table, file, row number

QUARANTINED = {
    "negative_price": "negative_price",
    "missing_required": "missing_value",
    "orphan_customer": "orphan_reference",
    "orphan_order": "orphan_reference",
    "orphan_product": "orphan_reference",
}
REJECTED = {"future_date": "future_date", "malformed": "unreadable_row"}
LATE = ("late_row", "out_of_order_event", "late_parent")
KEYS = {
    "pos_line": "receipt_id || '/' || line_number",
    "web_order": "order_id || '/' || change_number",
    "shipment": "shipment_id",
    "rating": "rating_id",
    "product_feed": "product_id || '/' || change_number",
    "customer_feed": "customer_id || '/' || change_number",
}
STAGED = {
    table: f"stg.store__{table}" if table.endswith("_feed") else f"stg.store__judged_{table}"
    for table in KEYS
}


@dataclass(frozen=True)
class Shop:
    """The generated shop with its list of faults, delivered in two parts."""

    project: Project
    waiting: frozenset[Place]  # what the rows without a customer or product were after the first part

    @cached_property
    def faults(self) -> pd.DataFrame:
        return read_faults(self.project.root)

    def planted(self, kinds: Iterable[str]) -> dict[Place, str]:
        """Return where faults of these kinds stand, with their kind."""
        found = self.faults[self.faults["kind"].isin(list(kinds))]
        places = zip(found["table"], found["file"], found["row_number"].astype(int), strict=True)
        return dict(zip(places, found["kind"], strict=True))

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.project.query(sql, *values)


def read_faults(root: Path) -> pd.DataFrame:
    return pd.read_csv(root / "generated" / "truth" / "faults.csv", dtype=str)


def delivered_on(file: str) -> date:
    """The day that a file is named after; files without one were there from the beginning."""
    found = DAY.search(file)
    return date.fromisoformat(found.group()) if found else date.min


def deliver(root: Path, first: date, last: date) -> None:
    """Put the files of these days to where they are loaded from."""
    shop = root / "generated" / "store"
    for path in sorted(path for path in shop.rglob("*") if path.is_file()):
        name = path.relative_to(shop)
        if first <= delivered_on(name.as_posix()) <= last:
            target = root / "data" / "store" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def day_before_a_late_parent_comes(root: Path) -> date:
    """The last day on which sales of a late customer or product came without it."""
    faults = read_faults(root)
    shop = root / "generated" / "store"
    for _, fault in faults[faults["kind"] == "late_parent"].iterrows():
        entity, arrives = fault["key"].split("/")[0], delivered_on(fault["file"])
        sales = [
            path
            for path in [*shop.glob("pos/*/*.csv"), *shop.glob("web/*.jsonl")]
            if entity in path.read_text()
        ]
        if early := [day for day in map(delivered_on, map(str, sales)) if day < arrives]:
            return max(early)
    raise AssertionError("no sale came before its customer or product: choose another seed")


@pytest.fixture(scope="module")
def shop(module_project: Project) -> Shop:
    root = module_project.root
    module_project.retail(*GENERATE, "--out", str(root / "generated"))
    cut = day_before_a_late_parent_comes(root)
    for first, last in ((date.min, cut), (date.fromordinal(cut.toordinal() + 1), date.max)):
        deliver(root, first, last)
        module_project.retail("load", "store")
        module_project.retail("refresh")
        if first == date.min:
            waiting = module_project.query(
                "SELECT table_name, source_file, row_number::int FROM quality.quarantined_row "
                "WHERE rule_name = 'orphan_reference' AND healed_at IS NULL"
            )
    return Shop(module_project, frozenset(waiting))


def test_every_kind_of_fault_was_planted(shop: Shop) -> None:
    kinds = {
        *QUARANTINED,
        *REJECTED,
        *LATE,
        "no_customer",
        "duplicate",
        "quantity_out_of_range",
        "repeated_event",
    }
    assert set(shop.faults["kind"]) == kinds


def test_what_is_held_back_was_planted_and_stands_under_its_own_rule(shop: Shop) -> None:
    held = shop.query(
        "SELECT table_name, source_file, row_number::int, rule_name FROM quality.quarantined_row "
        "WHERE healed_at IS NULL"
    )
    planted = {place: QUARANTINED[kind] for place, kind in shop.planted(QUARANTINED).items()}
    assert {(table, file, row): rule for table, file, row, rule in held} == planted


def test_what_is_refused_was_planted_and_stands_under_its_own_rule(shop: Shop) -> None:
    refused = shop.query(
        "SELECT table_name, source_file, row_number::int, rule_name FROM quality.rejected_row"
    )
    planted = {place: REJECTED[kind] for place, kind in shop.planted(REJECTED).items()}
    assert {(table, file, row): rule for table, file, row, rule in refused} == planted


def test_what_is_flagged_was_planted_and_counts_all_the_same(shop: Shop) -> None:
    flagged = shop.query(
        "SELECT 'pos_line', line.source_file, line.row_number::int, line.quality_flag, fact.order_line_key IS NOT NULL "
        "FROM stg.store__judged_pos_line AS line LEFT JOIN core.fct_order_line AS fact "
        "ON fact.source = 'store' AND fact.order_id = line.receipt_id AND fact.line_id = line.line_number::text "
        "WHERE line.quality_flag IS NOT NULL"
    )
    planted = shop.planted(["quantity_out_of_range"])
    assert {row[:3]: row[3] for row in flagged} == planted
    assert all(row[4] for row in flagged)
    assert shop.query("SELECT 1 FROM stg.store__judged_web_order WHERE quality_flag IS NOT NULL") == []


def test_orders_without_a_customer_were_planted_and_point_at_the_unknown_one(shop: Shop) -> None:
    missing = shop.query(
        "SELECT 'web_order', source_file, row_number::int FROM stg.store__judged_web_order WHERE customer_id IS NULL"
    )
    assert set(missing) == set(shop.planted(["no_customer"]))
    orders = {key.split("/")[0] for key in shop.faults.query("kind == 'no_customer'")["key"]}
    unknown = shop.query(
        "SELECT placed.order_id FROM core.fct_order AS placed "
        "JOIN core.dim_customer AS customer USING (customer_key) "
        "WHERE placed.channel = 'web' AND customer.source = 'unknown'"
    )
    assert {order for (order,) in unknown} == orders


@pytest.mark.parametrize("table", KEYS)
def test_what_is_counted_once_though_it_came_twice_was_planted(shop: Shop, table: str) -> None:
    reason = "quarantine_reason" if table.endswith("_feed") else "rule_name"
    repeated = shop.query(
        f"SELECT {KEYS[table]} FROM {STAGED[table]} WHERE {reason} IS NULL AND copy_number > 1"
    )
    twice = shop.faults[
        shop.faults["kind"].isin(["duplicate", "repeated_event"]) & (shop.faults["table"] == table)
    ]
    assert Counter(key for (key,) in repeated) == Counter(twice["key"])


@pytest.mark.parametrize("table", KEYS)
def test_what_came_late_was_planted_and_counts(shop: Shop, table: str) -> None:
    found = shop.query(
        "SELECT coalesce(sum(failed_count), 0)::int FROM quality.check_result "
        "WHERE check_name = 'late_row' AND table_name = %s",
        table,
    )
    planted = shop.planted(LATE)
    late = [place for place in planted if place[0] == table]
    assert found == [(len(late),)]
    reason = "quarantine_reason" if table.endswith("_feed") else "rule_name"
    for _, file, row in late:
        assert shop.query(
            f"SELECT {reason} FROM {STAGED[table]} WHERE source_file = %s AND row_number = %s", file, row
        ) == [(None,)]


def test_rows_that_waited_for_a_late_customer_or_product_heal_when_it_arrives(shop: Shop) -> None:
    waited = {place for place in shop.waiting if place not in shop.planted(QUARANTINED)}
    assert waited, "no row waited: the cut is wrong"
    healed = shop.query(
        "SELECT table_name, source_file, row_number::int, healed_at > since_at FROM quality.quarantined_row "
        "WHERE healed_at IS NOT NULL"
    )
    # Who waited for an order that waited itself counts again, but no ledger tells since when.
    assert {row[:3] for row in healed} == {place for place in waited if place[0] != "shipment"}
    assert all(row[3] for row in healed)
    for table, file, row in waited:
        assert shop.query(
            f"SELECT rule_name FROM {STAGED[table]} WHERE source_file = %s AND row_number = %s", file, row
        ) == [(None,)]


def test_every_row_is_accounted_for_in_every_layer(shop: Shop) -> None:
    differing = shop.query(
        "SELECT * FROM quality.layer_comparison WHERE difference_count <> 0 OR staged_difference_count <> 0"
    )
    assert differing == []
    assert {entity for (entity,) in shop.query("SELECT DISTINCT entity FROM quality.layer_comparison")} == {
        "order",
        "order_line",
        "review",
        "shipment",
        "stock",
    }


def test_the_share_of_valid_records_is_what_the_list_leaves(shop: Shop) -> None:
    read, valid = shop.query(
        "SELECT sum(read_count)::int, sum(read_count - rejected_count)::int FROM quality.load_metric WHERE is_current"
    )[0]
    repeated = shop.faults["kind"].isin(["duplicate", "repeated_event"]).sum()
    assert read - valid == len(shop.planted(REJECTED))
    report = shop.project.retail("quality", "--json", "-", "--fail-on", "never")
    share = 1 - (len(shop.planted([*REJECTED, *QUARANTINED])) + repeated) / read
    assert f'"valid_rate": "{share:.6f}"' in report or f'"valid_rate": {share:.6f}'.rstrip("0") in report


def test_a_web_order_that_changes_later_changes_its_own_day_and_no_other(shop: Shop) -> None:
    project = shop.project
    order = last_shipped(project.root / "data" / "store" / "web")
    day, line = order["placed_at"][:10], order["lines"][0]
    paid = line["quantity"] * line["unit_price"] - line["discount_amount"]
    back = {
        "status": "returned",
        "sequence": order["sequence"] + 2,
        "updated_at": f"{LATER}T00:10:00+05:30",  # the day before in UTC
        "payment": order["payment"] | {"status": "refunded", "refunded_amount": float(paid)},
        "lines": [line | {"returned_quantity": line["quantity"]}, *order["lines"][1:]],
    }
    arrival = {
        "status": "delivered",
        "sequence": order["sequence"] + 1,
        "updated_at": "2026-07-02T12:00:00+05:30",
    }
    before = daily_fingerprints(project)
    [(amount,)] = project.query(
        "SELECT order_amount FROM core.fct_order WHERE order_id = %s", order["order_id"]
    )

    file = project.root / "data" / "store" / "web" / f"{LATER}.jsonl"
    file.write_text("".join(json.dumps(order | change, default=float) + "\n" for change in (arrival, back)))
    project.retail("load", "store")
    project.retail("refresh")

    [row] = project.query(
        "SELECT order_date::text, status, delivered_date::text, order_amount, paid_amount "
        "FROM core.fct_order WHERE order_id = %s",
        order["order_id"],
    )
    assert row[:3] == (day, "delivered", "2026-07-02")
    assert row[3:] == (amount - paid, order["payment"]["amount"] - paid)
    [returned] = project.query(
        "SELECT order_date::text, return_date::text, net_amount FROM core.fct_order_line "
        "WHERE order_id = %s AND is_return",
        order["order_id"],
    )
    assert returned == (day, LATER, -paid)
    after = daily_fingerprints(project)
    changed = {key[2] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {str(one) for one in changed} == {day}


def last_shipped(folder: Path) -> dict:
    """The last document of the latest order that is on its way and paid, its money as Decimal."""
    documents: dict[str, dict] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for row in file.read_text("utf-8").splitlines():
            if row.endswith("}"):
                document = json.loads(row, parse_float=Decimal)
                documents[document["order_id"]] = document
    return max(
        (
            one
            for one in documents.values()
            if one["status"] == "shipped" and one["payment"]["status"] == "captured"
        ),
        key=lambda one: one["placed_at"],
    )
