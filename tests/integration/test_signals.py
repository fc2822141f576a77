"""Days whose data has not landed are not marked as done, so that SQLMesh alone computes them when it has."""

from dataclasses import replace

import pytest

from loaders.contract import load_contracts
from loaders.schema import ensure_tables
from tests.integration.shops import Line, write_invoices, write_shops
from tests.support import Project, query

pytestmark = pytest.mark.thorough(minutes=2)

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")
FACT = '%."core"."fct_order_line"'
NEXT: list[Line] = [("700010", "10002", "tin tray", "4", "1.125", "502.0", "France")]


def computed_until(project: Project) -> str:
    """Return the day before which the order lines of prod are computed; nothing where none is."""
    state = replace(project.settings, database=project.settings.state_database)
    [(end,)] = query(
        state,
        "SELECT (to_timestamp(max(end_ts) / 1000) AT TIME ZONE 'UTC')::date::text "
        "FROM sqlmesh._intervals WHERE name LIKE %s",
        FACT,
    )
    return str(end or "")


def orders(project: Project) -> int:
    [(count,)] = project.query("SELECT count(*) FROM core.fct_order")
    return int(str(count))


def test_days_are_done_up_to_the_last_one_that_has_landed(project: Project) -> None:
    data = project.root / "data"
    write_shops(data)
    (data / "online_retail" / "2025-07-02_transactions.csv").unlink()  # a day without a file holds nothing up
    project.retail("load", "--all")
    project.sqlmesh(*PLAN)
    assert computed_until(project) == "2025-07-04"
    assert "No changes to plan" in project.sqlmesh(*PLAN)

    # Both shops are united: the one that ended in 2018 does not hold the other up.
    assert dict(project.query("SELECT source, count(*) FROM core.fct_order GROUP BY 1")) == {
        "olist": 4,
        "online_retail": 5,
    }

    project.sqlmesh("run", "prod")
    assert computed_until(project) == "2025-07-04"

    write_invoices(data, "2025-07-06", NEXT)
    project.retail("load", "online_retail")
    project.sqlmesh("run", "prod")
    assert computed_until(project) == "2025-07-07"
    assert orders(project) == 10


def test_before_the_first_load_nothing_is_done(project: Project) -> None:
    connection = project.settings.connect_loader()
    ensure_tables(connection, load_contracts())
    connection.close()
    project.sqlmesh(*PLAN)
    assert orders(project) == 0
    assert computed_until(project) == ""
