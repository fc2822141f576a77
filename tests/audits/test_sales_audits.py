"""The audits that hold the sales marts to the order lines, to the orders and to each other."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.marts

DAY, NEXT_DAY, DAY_OUTSIDE = "2025-06-26", "2025-06-27", "2025-06-28"

MERCHANDISE = {
    "source": "shop",
    "order_date": DAY,
    "currency": "GBP",
    "line_kind": "product",
    "quantity": 2,
    "list_amount": "10.00",
    "discount_amount": "1.00",
    "net_amount": "9.00",
    "is_return": False,
    "is_cancelled": False,
}
SALE = {
    "source": "shop",
    "order_date": DAY,
    "currency": "GBP",
    "line_count": 1,
    "unit_count": 2,
    "gross_amount": "10.00",
    "discount_amount": "1.00",
    "net_sale_amount": "9.00",
}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, 0),
        ({"net_sale_amount": "9.004"}, 0),  # less than half a cent
        ({"net_sale_amount": "9.01"}, 1),
        ({"unit_count": 3}, 1),
        ({"currency": "EUR"}, 2),  # missing in one currency, too much in the other
        ({"order_date": NEXT_DAY}, 2),
    ],
)
def test_orders_that_sold_have_the_money_of_their_lines(bench, changed: dict[str, Any], found: int):
    not_counted = [
        {"line_kind": "freight"},
        {"is_return": True},
        {"is_cancelled": True},
        {"order_date": DAY_OUTSIDE},
    ]
    bench.fill("core.fct_order_line", [MERCHANDISE, *(MERCHANDISE | other for other in not_counted)])
    bench.fill("mart.order_sale", [SALE | changed])
    assert bench.complaints("mart.order_sale", "totals_match") == found


@pytest.mark.parametrize(
    ("net", "tax", "found"), [("5.00", "0.50", 0), ("5.01", "0.50", 1), ("5.00", None, 1)]
)
def test_daily_sales_have_the_money_of_the_lines_on_the_day_of_the_refund(bench, net, tax, found):
    back = {"is_return": True, "return_date": DAY, "order_date": NEXT_DAY, "net_amount": "-4.00"}
    bench.fill("core.fct_order_line", [MERCHANDISE | {"tax_amount": "0.50"}, MERCHANDISE | back])
    day = {"source": "shop", "sales_date": DAY, "currency": "GBP", "net_amount": net, "tax_amount": tax}
    bench.fill("mart.sales_daily", [day])
    assert bench.complaints("mart.sales_daily", "totals_match", parent="fct_order_line") == found


@pytest.mark.parametrize(
    ("kept", "freight", "found"), [("7.00", "2.00", 0), ("7.01", "2.00", 1), ("7.00", "0", 1)]
)
def test_daily_sales_have_the_money_of_the_orders(bench, kept, freight, found):
    order = {
        "source": "shop",
        "currency": "GBP",
        "product_amount": "7.00",
        "freight_amount": "2.00",
        "is_cancelled": False,
    }
    bench.fill("core.fct_order", [order, order | {"is_cancelled": True}])
    sold = {
        "source": "shop",
        "currency": "GBP",
        "net_by_sale_date_amount": kept,
        "freight_amount": freight,
    }
    bench.fill("mart.sales_daily", [sold])
    assert bench.complaints("mart.sales_daily", "totals_match", parent="fct_order") == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ([DAY, NEXT_DAY, DAY_OUTSIDE], 0),
        ([DAY, DAY_OUTSIDE], 1),  # a gap
        ([DAY, NEXT_DAY], 1),  # ends before the other channel
        ([DAY, NEXT_DAY, NEXT_DAY, DAY_OUTSIDE], 1),  # a day twice
    ],
)
def test_every_channel_has_every_day_of_its_source(bench, days, found):
    whole = [
        {"source": "shop", "channel": "all", "currency": "GBP", "sales_date": day}
        for day in (DAY, NEXT_DAY, DAY_OUTSIDE)
    ]
    web = [{"source": "shop", "channel": "web", "currency": "GBP", "sales_date": day} for day in days]
    bench.fill("mart.sales_calendar_daily", [*whole, *web])
    assert bench.complaints("mart.sales_calendar_daily", "days_are_gap_free") == found


@pytest.mark.parametrize(("net", "found"), [("5.00", 0), ("5.01", 1)])
def test_a_month_has_the_money_of_its_days(bench, net, found):
    day = {"source": "shop", "channel": "all", "currency": "GBP"}
    bench.fill(
        "mart.sales_calendar_daily",
        [
            day | {"sales_date": DAY, "net_amount": "3.00"},
            day | {"sales_date": NEXT_DAY, "net_amount": "2.00"},
        ],
    )
    bench.fill("mart.sales_monthly", [day | {"month_start_date": "2025-06-01", "net_amount": net}])
    assert bench.complaints("mart.sales_monthly", "totals_match", parent="sales_calendar_daily") == found
