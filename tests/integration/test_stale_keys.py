"""A restated day that moves a version's start: facts of other days must not keep the version's old key."""

import pytest

from tests.integration.shops import INVOICES, Line, write_invoices, write_shops
from tests.integration.star import delete_all_environments, fingerprints
from tests.support import Project

pytestmark = pytest.mark.thorough(minutes=3)

# 502 moved to France on 07-03 (in shops.py) and orders from there the next day.
NEXT_DAY: list[Line] = [("700010", "10002", "tin tray", "4", "1.125", "502.0", "France")]
WITHOUT_502: list[Line] = [("700011", "10001A", "blue kettle", "1", "4.25", "501.0", "United Kingdom")]


def customer_of_next_day(project: Project) -> list[tuple[object, ...]]:
    return project.query(
        "SELECT customer.version_number, customer.country_code, "
        "(customer.valid_from_at AT TIME ZONE 'Europe/London')::date::text "
        "FROM core.fct_order AS fact LEFT JOIN core.dim_customer AS customer USING (customer_key) "
        "WHERE fact.order_id = '700010'"
    )


def test_a_corrected_file_that_moves_a_version_leaves_no_fact_with_its_old_key(project: Project) -> None:
    data = project.root / "data"
    write_shops(data)
    write_invoices(data, "2025-07-04", NEXT_DAY)
    project.retail("load", "--all")
    assert "hold the key" not in project.retail("refresh")
    assert customer_of_next_day(project) == [(2, "FR", "2025-07-03")]

    write_invoices(data, "2025-07-03", WITHOUT_502)
    project.retail("load", "online_retail")
    shown = project.retail("refresh")
    assert "Computing again core.fct_order, core.fct_order_line: 2025-07-04 to 2025-07-04 (facts" in shown
    assert customer_of_next_day(project) == [(2, "FR", "2025-07-04")]
    assert "Nothing to do" in project.retail("refresh")

    refreshed = fingerprints(project)
    delete_all_environments(project)
    project.retail("refresh")
    assert fingerprints(project) == refreshed


def sold_pieces(project: Project) -> list[tuple[object, ...]]:
    return project.query(
        "SELECT sale.order_id, sale.quantity::int FROM core.bridge_return AS bridge "
        "JOIN core.fct_order_line AS sale ON sale.order_line_key = bridge.sale_line_key"
    )


def test_a_corrected_file_that_changes_a_sale_matches_the_return_of_a_later_day_again(
    project: Project,
) -> None:
    data = project.root / "data"
    write_shops(data)
    project.retail("load", "--all")
    project.retail("refresh")
    assert sold_pieces(project) == [("700001", 6)]

    (first, *others) = INVOICES["2025-07-01"]
    write_invoices(data, "2025-07-01", [(*first[:3], "1", *first[4:]), *others])  # fewer than came back
    project.retail("load", "online_retail")
    assert "Computing again conformed.return_match: 2025-07-02 to 2025-07-02" in project.retail("refresh")
    assert sold_pieces(project) == [("700001", 2)]

    refreshed = fingerprints(project)
    delete_all_environments(project)
    project.retail("refresh")
    assert fingerprints(project) == refreshed
