"""Series whose truth is known, for the tests of the forecasts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.forecast.demand import SERIES_KEYS

FIRST = date(2024, 1, 1)  # a Monday
WEEKDAYS = np.array([0.8, 0.9, 1.0, 1.0, 1.1, 1.3, 0.9])


def seasonal(
    series: int, days: int, *, seed: int = 1, noise: float = 0.1, trend: float = 0.0
) -> npt.NDArray[np.float64]:
    """Return (series, days): a level of 100, a week's pattern, a trend per day, noise as a share of the level."""
    rng = np.random.default_rng(seed)
    level = 100 * (1 + trend * np.arange(days))
    return level * WEEKDAYS[np.arange(days) % 7] * (1 + noise * rng.standard_normal((series, days)))


def intermittent(series: int, periods: int, *, rate: float, seed: int = 1) -> npt.NDArray[np.float64]:
    """Return (series, periods): a sale with the chance rate, of 1 to 5 pieces; the first period always sells."""
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((series, periods)) < rate, rng.integers(1, 6, (series, periods)), 0).astype(
        float
    )
    values[:, 0] = 1.0
    return values


def shop(days: int = 260, categories: int = 3, *, source: str = "shop", seed: int = 1) -> pd.DataFrame:
    """Return rows of sales: source, currency, category, sales_date, net_amount, unit_count.

    Category number n sells n + 1 times as much as the first; the last one little, and on 3 of 10 days only.
    """
    rng = np.random.default_rng(seed)
    values = seasonal(categories, days, seed=seed)
    rows = []
    for number in range(categories):
        for day in range(days):
            if number == categories - 1 and rng.random() < 0.7:
                continue
            size = 0.2 if number == categories - 1 else number + 1
            net = round(float(values[number, day]) * size, 2)
            rows.append(
                (source, "EUR", f"c{number}", FIRST + timedelta(days=day), net, float(rng.integers(1, 9)))
            )
    columns = ["source", "currency", "category", "sales_date", "net_amount", "unit_count"]
    return pd.DataFrame(rows, columns=columns)


def orders_of(sales: pd.DataFrame) -> pd.DataFrame:
    """Return 50 orders for each day that sold anything."""
    days = sales[["source", "sales_date"]].drop_duplicates()
    return days.assign(order_count=50.0)


def sources_of(sales: pd.DataFrame, country_code: str = "GB") -> pd.DataFrame:
    """Return each source with its last day and a country."""
    last = sales.groupby("source", as_index=False)["sales_date"].max()
    return last.rename(columns={"sales_date": "as_of_date"}).assign(country_code=country_code)


def calendar(holidays: tuple[date, ...] = ()) -> pd.DataFrame:
    """Return three years of days with is_holiday_gb."""
    days = [FIRST + timedelta(days=day) for day in range(1100)]
    return pd.DataFrame({"calendar_date": days, "is_holiday_gb": [day in holidays for day in days]})


def weekly_demand(values: npt.NDArray[np.float64], source: str = "shop") -> pd.DataFrame:
    """Return rows of weekly demand for (series, weeks) of units: products p000.. in one store at a price of 2 EUR."""
    store = "00000000-0000-0000-0000-000000000001"
    rows = [
        (
            source,
            f"p{number:03d}",
            "store",
            store,
            FIRST + timedelta(days=7 * week),
            "EUR",
            value,
            2.0 * value,
        )
        for number, row in enumerate(values.tolist())
        for week, value in enumerate(row)
        if value
    ]
    columns = ["source", *SERIES_KEYS, "week_start_date", "currency", "unit_count", "net_amount"]
    return pd.DataFrame(rows, columns=columns)
