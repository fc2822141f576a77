"""The audit that holds forecasts of categories, totals, days and weeks to each other."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.marts(which="ml")

MONDAY = "2025-06-23"
DAYS = [f"2025-06-{day}" for day in range(23, 30)]


def forecast(category: str, kind: str, start: str, amount: str) -> dict[str, Any]:
    return {
        "source": "shop",
        "currency": "EUR",
        "category": category,
        "period_kind": kind,
        "period_start_date": start,
        "origin_date": "2025-06-20",
        "forecast_amount": amount,
    }


def rows_of(category: str, day: str, week: str) -> list[dict[str, Any]]:
    return [
        *(forecast(category, "day", start, day) for start in DAYS),
        forecast(category, "week", MONDAY, week),
    ]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ([], 0),
        ([*rows_of("c", "0.01", "0.07")], 8),  # a category that the total leaves out
        ([forecast("d", "day", "2025-06-30", "5.00")], 1),  # its total is missing
        ([forecast("all", "day", "2025-06-30", "5.00"), forecast("d", "day", "2025-06-30", "5.00")], 0),
    ],
)
def test_categories_add_up_to_all(bench, changed: list[dict[str, Any]], found: int):
    rows = [*rows_of("a", "1.10", "7.70"), *rows_of("b", "2.00", "14.00"), *rows_of("all", "3.10", "21.70")]
    bench.fill("ml.sales_forecast", rows + changed)
    assert bench.complaints("ml.sales_forecast", "sales_forecast_adds_up") == found


@pytest.mark.parametrize(("week", "found"), [("7.70", 0), ("7.71", 2)])
def test_days_add_up_to_their_week(bench, week: str, found: int):
    bench.fill("ml.sales_forecast", [*rows_of("a", "1.10", week), *rows_of("all", "1.10", week)])
    assert bench.complaints("ml.sales_forecast", "sales_forecast_adds_up") == found
