"""Sales of the public data: the marts against pandas straight from the raw files, and against their definitions."""

from decimal import Decimal

import pandas as pd
import pytest

from tests.integration.measures import differences
from tests.integration.public_data import merchandise, needs_public_data, olist_sales
from tests.support import Project

pytestmark = [pytest.mark.long, pytest.mark.slow, needs_public_data]

MONTHLY = """
SELECT to_char(month_start_date, 'YYYY-MM'), gross_amount, return_amount, net_amount, order_count, unit_count,
    customer_count, new_customer_count, average_order_value
FROM bi.sales_monthly WHERE source = %s AND channel = 'all' ORDER BY 1
"""


def rounded(net: Decimal, orders: int) -> Decimal | None:
    """Return the average order value as the marts keep it."""
    return round(Decimal(net) / orders, 4) if orders else None


@pytest.fixture(scope="module")
def wholesale() -> pd.DataFrame:
    """The wholesaler's merchandise with its month, and whether it was sold or came back."""
    lines = merchandise()
    return lines.assign(month=lines["InvoiceDate"].str[:7], is_sale=lines["quantity"] > 0)


def test_the_wholesalers_months_are_those_of_the_files(every_mart: Project, wholesale: pd.DataFrame) -> None:
    first_month = wholesale[wholesale["is_sale"]].groupby("Customer ID")["month"].min().drop("")
    expected = []
    for month, lines in wholesale.groupby("month"):
        sold, back = lines[lines["is_sale"]], lines[~lines["is_sale"]]
        orders, net = sold["Invoice"].nunique(), sum(lines["amount"])
        expected.append(
            (
                month,
                sum(sold["amount"]),
                -sum(back["amount"]),
                net,
                orders,
                sold["quantity"].sum(),
                sold["Customer ID"].replace("", None).nunique(),
                (first_month == month).sum(),
                rounded(net, orders),
            )
        )
    assert every_mart.query(MONTHLY, "online_retail") == expected
    assert len(expected) == 11


def test_the_wholesalers_days_are_those_of_the_files_and_the_closed_ones_are_zero(
    every_mart: Project, wholesale: pd.DataFrame
) -> None:
    net = wholesale.groupby("InvoiceDate")["amount"].sum()
    days = pd.date_range(net.index.min(), net.index.max()).strftime("%Y-%m-%d")
    found = every_mart.query(
        "SELECT sales_date::text, net_amount FROM bi.sales_trend "
        "WHERE source = 'online_retail' AND channel = 'all' ORDER BY 1"
    )
    assert found == [(day, net.get(day, Decimal(0))) for day in days]


def test_olists_months_are_those_of_the_files(every_mart: Project) -> None:
    items = olist_sales()
    items = items.assign(month=items["order_purchase_timestamp"].str[:7])
    first_month = items.groupby("customer_unique_id")["month"].min()
    months = pd.period_range(items["month"].min(), items["month"].max(), freq="M").astype(str)
    expected = []
    for month in months:
        sold = items[items["month"] == month]
        orders, net = sold["order_id"].nunique(), sum(sold["amount"], Decimal(0))
        expected.append(
            (
                month,
                net,
                Decimal(0),
                net,
                orders,
                len(sold),
                sold["customer_unique_id"].nunique(),
                (first_month == month).sum(),
                rounded(net, orders),
            )
        )
    assert every_mart.query(MONTHLY, "olist") == expected
    assert any(orders == 0 for *_, orders, _, _, _, _ in expected), (
        "the quiet month of 2016 is a row of zeros"
    )


def test_olists_freight_is_that_of_the_files(every_mart: Project) -> None:
    items = olist_sales()
    freight = items.groupby(items["order_purchase_timestamp"].str[:7])["freight"].sum()
    found = every_mart.query(
        "SELECT to_char(sales_date, 'YYYY-MM'), sum(freight_amount) FROM bi.sales_daily "
        "WHERE source = 'olist' GROUP BY 1 ORDER BY 1"
    )
    assert found == list(freight.items())


def test_the_sql_of_each_definition_gives_the_number_that_is_served(every_mart: Project) -> None:
    assert differences(every_mart) == []


def test_a_month_that_the_data_cover_in_part_says_so_and_has_no_growth(every_mart: Project) -> None:
    found = every_mart.query(
        "SELECT source, month_start_date::text FROM bi.sales_monthly WHERE channel = 'all' "
        "AND (NOT is_complete OR net_month_over_month_growth IS NULL) AND month_start_date >= '2017-06-01' "
        "ORDER BY 1, 2"
    )
    assert found == [
        ("olist", "2018-08-01"),
        ("online_retail", "2025-06-01"),
        ("online_retail", "2025-07-01"),  # the month before is not whole
        ("online_retail", "2026-04-01"),
        ("store", "2026-05-01"),
        ("store", "2026-06-01"),
    ]
