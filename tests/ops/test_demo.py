"""The whole way with the real models on a small shop: load, plan, refresh, and doing nothing the second time."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import Project

HEADER = "Invoice,StockCode,Description,Quantity,Price,Customer ID,Country,InvoiceDate\n"
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)

pytestmark = pytest.mark.slow


def deliver(project: Project, day: date, *quantities: int) -> None:
    """Put a day's file into the data folder: one line per quantity, at 1.25 each."""
    lines = [
        f"{day:%m%d}{number},2{number}001,mug,{quantity},1.25,12345.0,France,{day}\n"
        for number, quantity in enumerate(quantities)
    ]
    folder = project.root / "data" / "online_retail"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{day}_transactions.csv").write_text(HEADER + "".join(lines))


def sales(project: Project) -> dict[object, object]:
    rows = project.query("SELECT order_date, sum(net_amount) FROM core.fct_order_line GROUP BY 1")
    return dict(rows)


def test_demo_builds_once_and_a_redelivered_file_changes_just_its_day(
    project: Project, tmp_path: Path
) -> None:
    deliver(project, FIRST, 4, 8)
    deliver(project, SECOND, 2)
    timings = tmp_path / "demo.json"
    shown = project.retail("demo", "--json", str(timings))
    assert "2 files loaded with 3 rows" in shown
    assert "17.50" in shown  # revenue of both days
    assert set(json.loads(timings.read_text())["seconds"]) == {"Postgres", "Load", "Models", "Count"}
    assert sales(project) == {FIRST: Decimal("15.00"), SECOND: Decimal("2.50")}

    assert "Nothing was done: there was nothing to load and nothing to plan." in project.retail("demo")

    deliver(project, SECOND, 3)
    shown = project.retail("demo")
    assert f"{SECOND} to {SECOND}" in shown
    assert "Nothing was done" not in shown
    assert sales(project) == {FIRST: Decimal("15.00"), SECOND: Decimal("3.75")}
    assert project.query("SELECT restated_dates FROM ingest.refresh ORDER BY refresh_id") == [
        ([FIRST, SECOND],),
        ([SECOND],),
    ]
    assert "Nothing was done" in project.retail("demo")
