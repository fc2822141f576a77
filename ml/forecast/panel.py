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

    A period that last_date cuts is left out. Each combination of the key columns among the rows that are left, is a series.
    """
    periods = ((last_date - first_date).days + 1) // step_days
    position = (pd.to_datetime(rows[date_column]) - pd.Timestamp(first_date)).dt.days.to_numpy() // step_days
    inside = (position >= 0) & (position < periods)
    rows, position = rows[inside], position[inside]
    columns = list(key_columns)
    keys = rows[columns].drop_duplicates().sort_values(columns, ignore_index=True)
    series = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(rows[columns]))
    # Sorted before they are summed: the sum of floats depends on their order.
    amounts = rows[value_column].to_numpy(dtype=np.float64)
    order = np.lexsort((amounts, position, series))
    cells = (series * max(periods, 1) + position)[order]
    values = np.bincount(cells, weights=amounts[order], minlength=len(keys) * periods)
    return Panel(keys, blank_before_first(values.reshape(len(keys), max(periods, 0))), first_date, step_days)


def blank_before_first(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the values with NaN before each series' first value that is not zero."""
    begun = np.logical_or.accumulate(values != 0, axis=1)
    return np.where(begun, values, np.nan)


def first_periods(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return each series' first period that is not NaN; the number of periods where there is none."""
    known = ~np.isnan(values)
    if values.shape[1] == 0:
        return np.zeros(len(values), dtype=np.int64)
    return np.where(known.any(axis=1), known.argmax(axis=1), values.shape[1]).astype(np.int64)


def complete_days(order_counts: npt.NDArray[np.float64], least_share: float, most_days: int) -> int:
    """Return how many leading days look complete: a source that is cut off ends in days of ever fewer orders.

    A day at the end is incomplete while its orders are below least_share of the median of 28 days, and so is what follows it.
    The 28 days end two weeks before the day that is judged, so that a long fade does not lower its own measure. At most
    most_days are left out: a shop that sells nothing for longer has closed, and that is to be forecast.
    """
    count = len(order_counts)
    kept = count
    for day in range(count - 1, max(count - 1 - most_days, 41), -1):
        usual = np.median(order_counts[day - 42 : day - 14])
        if order_counts[day] >= least_share * usual:
            break
        kept = day
    return count if count - kept >= most_days else kept
