"""Faults in invented files: each is found, under its own rule, on its own day, and nothing else is."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from ops.wording import percent
from tests.integration.shops import INVOICE_HEADER, OLIST, Line, write_csv, write_shops
from tests.support import Project

pytestmark = pytest.mark.thorough(minutes=2)

DAY = "2025-07-04"
UK = "United Kingdom"
GOOD: Line = ("700010", "10001A", "blue kettle", "1", "4.25", "501.0", UK, DAY)


def line(**changed: str) -> Line:
    """A good line of the day with some fields changed."""
    names = ("invoice", "code", "description", "quantity", "price", "customer", "country", "day")
    return tuple(changed.get(name, value) for name, value in zip(names, GOOD, strict=True))


FAULTS: list[Line] = [
    GOOD,
    line(price="-4.25"),
    line(quantity="20000"),
    line(invoice="7x"),
    line(code=""),
    line(quantity="-1"),
    line(customer=""),
    line(description="twice"),
    line(description="twice"),
    line(quantity="many"),
    GOOD[:5],  # too few fields
    line(day="2999-01-01"),
    line(day="4 July"),
]
# What a check found on the day, of the ten lines that could be loaded.
FOUND = {
    "duplicate_row": 1,
    "invalid_value": 1,
    "malformed_invoice": 1,
    "missing_customer": 1,
    "missing_stock_code": 1,
    "missing_value": 0,
    "negative_price": 1,
    "nonpositive_quantity": 1,
    "quantity_out_of_range": 1,
}
MONDAYS = [date(2025, 8, 4) + timedelta(weeks=week) for week in range(10)]
DROP, JUMP = MONDAYS[6], MONDAYS[9]


def write_day(data: Path, lines: list[Line]) -> None:
    write_csv(data / "online_retail" / f"{DAY}_transactions.csv", [INVOICE_HEADER, *lines])


def write_mondays(data: Path) -> None:
    """Forty lines each Monday but one with eight; on another one half of the lines name no customer."""
    for index, monday in enumerate(MONDAYS):
        count = 8 if monday == DROP else 40
        lines = [
            line(
                invoice=f"7001{index:02}",
                description=f"mug {number}",
                customer="" if monday == JUMP and number % 2 else "501.0",
                day=monday.isoformat(),
            )
            for number in range(count)
        ]
        write_csv(data / "online_retail" / f"{monday}_transactions.csv", [INVOICE_HEADER, *lines])


@pytest.fixture(scope="module")
def shops(module_project: Project) -> Project:
    """The two shops with the day of faults and the Mondays, in prod."""
    data = module_project.root / "data"
    write_shops(data)
    write_day(data, FAULTS)
    write_mondays(data)
    module_project.retail("load", "--all")
    module_project.retail("refresh")
    return module_project


def test_each_fault_is_found_by_its_own_check_on_its_own_day(shops: Project) -> None:
    rows = shops.query(
        "SELECT check_name, tested_count, failed_count FROM quality.check_result "
        "WHERE source = 'online_retail' AND event_date = %s AND check_name <> 'completeness' ORDER BY 1",
        DAY,
    )
    assert rows == [(name, 10, count) for name, count in FOUND.items()]
    empty = shops.query(
        "SELECT column_name, failed_count FROM quality.check_result WHERE check_name = 'completeness' "
        "AND source = 'online_retail' AND event_date = %s AND failed_count > 0 ORDER BY 1",
        DAY,
    )
    assert empty == [("customer_id", 1), ("quantity", 1), ("stock_code", 1)]


def test_rows_that_were_refused_count_on_the_day_of_loading(shops: Project) -> None:
    rows = shops.query(
        "SELECT check_name, tested_count, failed_count, is_passed FROM quality.check_result "
        "WHERE source = 'online_retail' AND check_name IN ('future_date', 'invalid_date', 'unreadable_row') "
        "ORDER BY 1"
    )
    read = 14 + len(FAULTS) + 9 * 40 + 8
    assert rows == [(name, read, 1, True) for name in ("future_date", "invalid_date", "unreadable_row")]
    assert shops.query(
        "SELECT row_number, rule_name, healed_at FROM quality.rejected_row ORDER BY row_number"
    ) == [(11, "unreadable_row", None), (12, "future_date", None), (13, "invalid_date", None)]


def test_rows_that_are_held_back_name_their_rule(shops: Project) -> None:
    rows = shops.query(
        "SELECT table_name, row_number, event_date::text, rule_name, reason, healed_at IS NULL, "
        "since_at = (SELECT max(finished_at) FROM ingest.load WHERE file = source_file) "
        "FROM quality.quarantined_row ORDER BY source, table_name, source_file, row_number"
    )
    assert rows == [
        ("order", 4, "2018-03-05", "invalid_value", "order_approved_at 'soon' is no timestamp", True, True),
        ("order_item", 6, None, "orphan_reference", "order_id 'o4' is no accepted order", True, True),
        ("order_item", 7, None, "orphan_reference", "order_id 'o8' is no accepted order", True, True),
        ("transaction", 3, "2025-07-02", "invalid_value", "quantity 'x4' is no integer", True, True),
        ("transaction", 2, DAY, "negative_price", "price '-4.25' is negative", True, True),
        ("transaction", 5, DAY, "missing_stock_code", "stock_code is missing", True, True),
        ("transaction", 10, DAY, "invalid_value", "quantity 'many' is no integer", True, True),
    ]


def test_every_raw_row_is_in_core_or_accounted_for(shops: Project) -> None:
    rows = shops.query(
        "SELECT source, entity, sum(raw_count)::int, sum(staged_count)::int, sum(quarantined_count)::int, "
        "sum(repeated_count)::int, sum(core_count)::int, max(abs(difference_count))::int "
        "FROM quality.layer_comparison GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert rows == [
        ("olist", "order", 5, 5, 1, 0, 4, 0),
        ("olist", "order_line", 6, 6, 1, 0, 5, 0),  # of seven; one has no order and so no day
        ("olist", "payment", 4, 4, 0, 0, 4, 0),
        ("olist", "review", 3, 3, 0, 0, 3, 0),
        ("online_retail", "order_line", 392, 392, 4, 2, 386, 0),
    ]
    day = "SELECT raw_count, quarantined_count, repeated_count, core_count FROM quality.layer_comparison"
    assert shops.query(f"{day} WHERE event_date = %s", DAY) == [(10, 3, 1, 6)]


def test_a_drop_in_volume_and_a_jump_of_empty_values_are_found_and_nothing_else(shops: Project) -> None:
    rows = shops.query(
        "SELECT measure, entity, column_name, event_date, value, expected_value FROM quality.anomaly "
        "WHERE event_date >= %s ORDER BY 1 DESC",
        MONDAYS[5],  # the Mondays of July were closed, which makes the first ones in August an anomaly
    )
    assert rows == [
        ("volume", "order_line", "*", DROP, 8.0, 40.0),
        ("null_rate", "transaction", "customer_id", JUMP, 0.5, 0.0),
    ]


def test_the_command_shows_the_evidence_and_fails_for_what_blocks(shops: Project) -> None:
    page, file = shops.root / "quality.html", shops.root / "quality.json"
    printed = shops.retail("quality", "--html", str(page), "--json", str(file), check=False)
    found = json.loads(file.read_text("utf-8"))
    everything = found["records"][0]
    olist = sum(len(rows) - 1 for rows in OLIST.values())
    assert everything["read_count"] == olist + 14 + len(FAULTS) + 9 * 40 + 8
    assert (everything["rejected_count"], everything["quarantined_count"]) == (3, 7)
    assert everything["repeated_count"] == 2
    assert everything["valid_count"] == everything["read_count"] - 12
    assert "online_retail: negative_price of transaction" in found["failed"]["block"]
    assert f"{percent(everything['valid_rate'])} of the records are valid" in printed
    html = page.read_text("utf-8")
    assert "missing_stock_code" in html
    assert "http" not in html.replace("http-equiv", "")
    calm = shops.exit_code("quality", "--since", MONDAYS[0].isoformat(), "--json", "-", "--fail-on", "block")
    assert calm == 1  # rows were refused today
    assert shops.exit_code("quality") == 1
    assert shops.exit_code("quality", "--fail-on", "never") == 0


def test_a_row_heals_when_its_order_arrives_and_a_refused_one_when_the_file_comes_corrected(
    shops: Project,
) -> None:
    data = shops.root / "data"
    orders = OLIST["olist_orders_dataset.csv"]
    late = ("o8", "c3", "delivered", "2018-03-07 08:00:00", "", "", "", "2018-03-20 00:00:00")
    write_csv(data / "olist" / "olist_orders_dataset.csv", [*orders, late])
    write_day(data, [row for row in FAULTS if len(row) == len(GOOD)])  # without the line that was too short
    shops.retail("load", "--all")
    shops.retail("refresh")
    rows = shops.query(
        "SELECT table_name, row_number, event_date::text, rule_name, since_at < healed_at, "
        "healed_at = (SELECT max(finished_at) FROM ingest.load WHERE table_name = 'order') "
        "FROM quality.quarantined_row WHERE healed_at IS NOT NULL"
    )
    assert rows == [("order_item", 7, "2018-03-07", "orphan_reference", True, True)]
    still_held = shops.query(
        "SELECT row_number FROM quality.quarantined_row WHERE table_name = 'order_item' AND healed_at IS NULL"
    )
    assert still_held == [(6,)]  # its order is there, and held back
    assert shops.query("SELECT rule_name, healed_at IS NULL FROM quality.rejected_row ORDER BY 1") == [
        ("future_date", True),
        ("invalid_date", True),
        ("unreadable_row", False),
    ]
    assert shops.query("SELECT sum(abs(difference_count))::int FROM quality.layer_comparison") == [(0,)]
    # The order was held back before and still is: that stands since its first load, as its day did not change.
    since = shops.query(
        "SELECT since_at = (SELECT min(finished_at) FROM ingest.load WHERE table_name = 'order') "
        "FROM quality.quarantined_row WHERE table_name = 'order'"
    )
    assert since == [(True,)]
