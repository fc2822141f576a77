"""What is known of days that are still to come: weekday, month, holidays."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

HOLIDAY_PREFIX = "is_holiday_"
FAR_DAYS = 15  # a holiday further away than two weeks is no reason to buy yet


def country_holidays(calendar: pd.DataFrame, country_code: str) -> list[date]:
    """Return a country's holidays from columns calendar_date and is_holiday_XX; none where the calendar has no such
    column.
    """
    column = f"{HOLIDAY_PREFIX}{country_code.lower()}"
    if column not in calendar:
        return []
    days = pd.to_datetime(calendar.loc[calendar[column].astype(bool), "calendar_date"])
    return sorted(days.dt.date)


def calendar_features(
    first_date: date, periods: int, step_days: int, holidays: list[date]
) -> npt.NDArray[np.float64]:
    """Return (periods, 6): weekday 0..6, day of month, month, days to the next holiday, days since the last, holidays
    within.

    A period of more than one day has the values of its first day, and counts the holidays of all its days.
    """
    days = pd.date_range(first_date, periods=periods, freq=f"{step_days}D")
    numbers = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    marks = np.array(sorted(holidays), dtype="datetime64[D]").astype(np.int64)
    following = np.searchsorted(marks, numbers)
    ended = np.concatenate([[-(10**6)], marks, [10**6]])
    ahead = np.minimum(ended[following + 1] - numbers, FAR_DAYS)
    behind = np.minimum(numbers - ended[following], FAR_DAYS)
    within = np.searchsorted(marks, numbers + step_days) - following
    return np.column_stack([days.dayofweek, days.day, days.month, ahead, behind, within]).astype(np.float64)
