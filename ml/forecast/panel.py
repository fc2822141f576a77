"""Rows of sales as an array of series without gaps, and where the data ends."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class Panel:
    """Series that end on one day.

    keys: one row per series, sorted. values: (series, periods), NaN before the first period that is not zero.
    first_date: the first day of the first period. step_days: 1 or 7.
    """

    keys: pd.DataFrame
    values: npt.NDArray[np.float64]
    first_date: date
    step_days: int

    def period_date(self, period: int) -> date:
        """Return the first day of a period, also of one that is still to come."""
        return self.first_date + timedelta(days=self.step_days * period)


def build_panel(
    rows: pd.DataFrame,
    key_columns: t.Sequence[str],
    date_column: str,
    value_column: str,
    first_date: date,
    last_date: date,
    step_days: int = 1,
) -> Panel:
    """Sum rows into series of days or weeks from first_date to last_date; rows outside are left out.

    A period that last_date cuts is left out. Each combination of the key columns among the rows that are left, is a
    series.
    """
    (panel,) = build_panels(rows, key_columns, date_column, [value_column], first_date, last_date, step_days)
    return panel


def build_panels(
    rows: pd.DataFrame,
    key_columns: t.Sequence[str],
    date_column: str,
    value_columns: t.Sequence[str],
    first_date: date,
    last_date: date,
    step_days: int = 1,
) -> list[Panel]:
    """Return a panel for each of the value columns, as build_panel does, of the same series in each."""
    periods = ((last_date - first_date).days + 1) // step_days
    position = (pd.to_datetime(rows[date_column]) - pd.Timestamp(first_date)).dt.days.to_numpy() // step_days
    inside = (position >= 0) & (position < periods)
    rows, position = rows[inside], position[inside]
    columns = list(key_columns)
    keys = rows[columns].drop_duplicates().sort_values(columns, ignore_index=True)
    series = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(rows[columns]))
    cells = series * max(periods, 1) + position
    keys = keys.astype({name: object for name in columns if keys[name].dtype == "category"})
    panels = []
    for name in value_columns:
        # Sorted before they are summed: the sum of floats depends on their order.
        amounts = rows[name].to_numpy(dtype=np.float64)
        order = np.lexsort((amounts, cells))
        values = np.bincount(cells[order], weights=amounts[order], minlength=len(keys) * periods)
        known = blank_before_first(values.astype(np.float64).reshape(len(keys), max(periods, 0)))
        panels.append(Panel(keys, known, first_date, step_days))
    return panels


def blank_before_first(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the values with NaN before each series' first value that is not zero."""
    begun = np.logical_or.accumulate(values != 0, axis=1)
    return np.where(begun, values, np.nan)


def first_periods(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return each series' first period that is not NaN; the number of periods where there is none."""
    known = ~np.isnan(values)
    if values.shape[1] == 0:
        return np.zeros(len(values), dtype=np.int64)
    firsts = np.where(known.any(axis=1), known.argmax(axis=1), values.shape[1])
    return np.asarray(firsts, dtype=np.int64)


def complete_days(order_counts: npt.NDArray[np.float64], least_share: float, most_days: int) -> int:
    """Return how many leading days look complete: a source that was cut off ends in days of ever fewer orders.

    The incomplete end begins on the first day from which on all days have fewer orders than least_share of the median
    of the 28 days before it. It is at most most_days long: a shop that sells next to nothing for longer has closed,
    and that is to be forecast. Nothing is left out where fewer than 28 days lie before the end.
    """
    count = len(order_counts)
    first = max(count - most_days - 1, 28)
    for day in range(first, count):
        usual = np.median(order_counts[day - 28 : day])
        if order_counts[day:].max() < least_share * usual:
            return day if count - day <= most_days else count
    return count


def backtest_origins(periods: int, step: int, most_windows: int, least_known: int) -> list[int]:
    """Return the origins of the backtest windows, oldest first, and last the number of periods: today's origin.

    Windows do not overlap. At least least_known periods lie before the first.
    """
    windows = max(0, min(most_windows, (periods - least_known) // step))
    return [periods - step * back for back in range(windows, -1, -1)]
