"""The simple methods: what any other has to beat."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt

YEAR_DAYS = 364  # 52 weeks: the same day of the week a year before


def seasonal_naive(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, season: int
) -> npt.NDArray[np.float64]:
    """Repeat the last season: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (2021), 5.2."""
    forecasts = np.full((len(origins), len(values), horizon), np.nan)
    for number, origin in enumerate(origins):
        if origin >= season:
            repeats = -(-horizon // season)
            forecasts[number] = np.tile(values[:, origin - season : origin], repeats)[:, :horizon]
    return forecasts


def window_average(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, season: int, cycles: int
) -> npt.NDArray[np.float64]:
    """Average each phase of the season (day of the week) over the last cycles; a young series, over what there is of
    it.

    A phase that was not seen yet takes the mean of those that were.
    """
    forecasts = np.full((len(origins), len(values), horizon), np.nan)
    for number, origin in enumerate(origins):
        seen = min(cycles, origin // season)
        if seen == 0:
            continue
        window = values[:, origin - seen * season : origin].reshape(len(values), seen, season)
        phases = mean_of_known(window, axis=1)
        overall = mean_of_known(window.reshape(len(values), -1), axis=1)
        phases = np.where(np.isnan(phases), overall[:, None], phases)
        forecasts[number] = np.tile(phases, -(-horizon // season))[:, :horizon]
    return forecasts


def last_year(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, step_days: int
) -> npt.NDArray[np.float64]:
    """Repeat the same weeks of the last year, times the growth of the last 8 weeks over those a year before.

    NaN where the series is younger than a year and 8 weeks, or sold nothing a year ago.
    """
    forecasts = np.full((len(origins), len(values), horizon), np.nan)
    year, recent = YEAR_DAYS // step_days, 56 // step_days
    for number, origin in enumerate(origins):
        if origin < year + recent or horizon > year:
            continue
        now = values[:, origin - recent : origin].sum(axis=1)
        then = values[:, origin - recent - year : origin - year].sum(axis=1)
        growth = np.divide(now, then, out=np.full(len(values), np.nan), where=(then > 0) & (now >= 0))
        forecasts[number] = values[:, origin - year : origin - year + horizon] * growth[:, None]
    return forecasts


def mean_of_known(values: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
    """Return means that leave NaN out, without a warning where nothing else is there (NaN)."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def median_of_known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the medians over the first axis of what is not NaN; NaN where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN come last
    count = (~np.isnan(values)).sum(axis=0)
    low, high = (np.maximum(count - 1, 0) // 2)[None], (count // 2)[None]
    high = np.minimum(high, np.maximum(count - 1, 0)[None])
    pair = np.take_along_axis(ordered, low, axis=0) + np.take_along_axis(ordered, high, axis=0)
    return np.asarray(pair[0] / 2)
