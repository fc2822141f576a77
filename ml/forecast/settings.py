"""How far ahead, by how many windows, and up to which day: the same for sales and demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml.forecast.panel import build_panel, complete_days


@dataclass(frozen=True)
class ForecastSettings:
    """horizon_weeks: whole weeks ahead. most_windows: of the backtest. least_known_days: before its first window.

    complete_share, incomplete_days: of complete_days. active_weeks: a product that sold nothing for longer is not
    forecast.
    """

    horizon_weeks: int = 4
    most_windows: int = 6
    least_known_days: int = 56
    complete_share: float = 0.5
    incomplete_days: int = 60
    active_weeks: int = 26


def last_complete_date(orders: pd.DataFrame, first: date, as_of: date, settings: ForecastSettings) -> date:
    """Return the last day whose orders look complete; orders: one source's source, sales_date, order_count."""
    counts = build_panel(orders, ["source"], "sales_date", "order_count", first, as_of)
    if not len(counts.values):
        return as_of
    kept = complete_days(np.nan_to_num(counts.values[0]), settings.complete_share, settings.incomplete_days)
    return first + timedelta(days=kept - 1)


def horizon_days(last: date, weeks: int) -> int:
    """Return the days from the last known one to the end of the last of so many whole weeks (Monday to Sunday)."""
    return (6 - last.weekday()) % 7 + 7 * weeks
