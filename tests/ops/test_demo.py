"""The whole way with the real models on a small shop: load, plan, refresh, and doing nothing the second time."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ops.postgres.programs import psql_of_wheel
from tests.support import Project

HEADER = "Invoice,StockCode,Description,Quantity,Price,Customer ID,Country,InvoiceDate\n"
YES = "y\n" * 5  # to whatever a bare `sqlmesh plan` asks
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)

pytestmark = [pytest.mark.slow, pytest.mark.thorough(minutes=2)]


def deliver(project: Project, day: date, *quantities: int) -> None:
    """Put a day's file into the data folder: one line per quantity, at 1.25 each."""
    lines = [
        f"{day:%m%d}{number},2{number}001,mug,{quantity},1.25,12345.0,France,{day}\n"
        for number, quantity in enumerate(quantities)
    ]
    folder = project.root / "data" / "online_retail"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{day}_transactions.csv").write_text(HEADER + "".join(lines))


def change_model(project: Project, old: str, new: str) -> None:
    """Change core.fct_order as somebody would who tries something in dev."""
    file = project.root / "models" / "core" / "fct_order.sql"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def sales(project: Project) -> dict[object, object]:
    rows = project.query("SELECT order_date, sum(net_amount) FROM core.fct_order_line GROUP BY 1")
    return dict(rows)


def test_demo_builds_once_and_a_redelivered_file_changes_just_its_day(
    project: Project, tmp_path: Path
) -> None:
    deliver(project, FIRST, 4, 8)
    deliver(project, SECOND, 2)
    timings = tmp_path / "demo.json"
    shown = project.retail("demo", "--no-generate", "--json", str(timings))
    assert "2 files loaded with 3 rows" in shown
    assert "17.50" in shown  # revenue of both days
    assert set(json.loads(timings.read_text())["seconds"]) == {"Data", "Postgres", "Load", "Models", "Count"}
    assert sales(project) == {FIRST: Decimal("15.00"), SECOND: Decimal("2.50")}

    assert "Nothing was done: there was nothing to load and nothing to plan." in project.retail(
        "demo", "--no-generate"
    )

    deliver(project, SECOND, 3)
    shown = project.retail("demo", "--no-generate")
    assert f"{SECOND} to {SECOND}" in " ".join(shown.split())
    assert "Nothing was done" not in shown
    assert sales(project) == {FIRST: Decimal("15.00"), SECOND: Decimal("3.75")}
    assert project.query("SELECT restated_dates FROM ingest.refresh ORDER BY refresh_id") == [
        ([FIRST, SECOND],),
        ([SECOND],),
    ]
    assert "Nothing was done" in project.retail("demo", "--no-generate")


def test_what_the_demo_names_as_next_steps_works(project: Project) -> None:
    deliver(project, FIRST, 4, 8)
    deliver(project, SECOND, 2)
    shown = project.retail("demo", "--no-generate")

    address = project.retail("url", "--bi").strip()
    command = [str(psql_of_wheel()), address, "-X", "-A", "-t", "-c", "SELECT count(*) FROM bi.order_line"]
    assert project.run(command).strip() == "3"
    assert project.retail("url", "--bi", "--no-password").strip() in shown

    applied = project.sqlmesh("plan", "dev", answers=YES)
    assert project.query("SELECT count(*) FROM core__dev.fct_order") == [(3,)], applied
    change_model(
        project,
        "placed.channel::TEXT",
        "(CASE placed.order_id WHEN '03020' THEN 'phone' ELSE placed.channel END)::TEXT",
    )
    applied = project.sqlmesh("plan", "dev", answers=YES)
    changed = "SELECT count(*) FROM core{}.fct_order WHERE channel = 'phone'"
    assert project.query(changed.format("__dev")) == [(1,)], applied
    assert project.query(changed.format("")) == [(0,)]
    compared = project.sqlmesh("table_diff", "prod:dev", "core.fct_order", "-o", "order_key")
    assert "PARTIAL MATCH: 1 row" in compared, compared
    fetched = project.sqlmesh(
        "fetchdf", "SELECT order_id, order_amount FROM core.fct_order ORDER BY 1 LIMIT 5"
    )
    assert "03020" in fetched, fetched
    ran = project.sqlmesh("run")
    assert "rror" not in ran, ran


def test_without_any_data_the_demo_makes_a_shop_once_and_loads_it(project: Project) -> None:
    shown = project.retail("demo", "--scale", "tiny")
    assert "an invented shop was generated" in shown
    assert "no files in" in shown  # of the sources that nobody may hand on
    assert "Nothing was done" not in shown
    [(files, lines)] = project.query(
        "SELECT count(*), sum(rows_loaded) FILTER (WHERE table_name = 'pos_line') FROM ingest.load "
        "WHERE source = 'store' AND status = 'loaded'"
    )
    assert files == sum(path.is_file() for path in (project.root / "data" / "store").rglob("*"))
    assert lines
    assert (project.root / "data" / "truth" / "faults.csv").read_text().count("\n") > 1

    again = project.retail("demo", "--scale", "tiny")
    assert "an invented shop was generated" not in again
    assert "Nothing was done: there was nothing to load and nothing to plan." in again
    other = project.retail("demo", "--scale", "medium", check=False)
    assert "is of the scale tiny, not medium" in other
