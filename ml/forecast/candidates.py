"""The candidates, run at every origin."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt

from ml.forecast.boosting import boosted
from ml.forecast.intermittent import adida_imapa, croston_sba, tsb
from ml.forecast.naive import last_year, median_of_known, seasonal_naive, window_average
from ml.forecast.smoothing import ets, theta

CANDIDATES = (
    "seasonal_naive",
    "window_average",
    "last_year",
    "ets",
    "theta",
    "croston_sba",
    "tsb",
    "adida",
    "imapa",
    "combination",
    "boosting",
)
BASELINE = "seasonal_naive"
#: What is served where nothing was scored yet: the first of these that the series is long enough for.
FALLBACKS = ("combination", "window_average", "seasonal_naive")
RATES = ("croston_sba", "tsb", "adida", "imapa")
COMBINED = ("window_average", "ets", "theta", "tsb")
WINDOW_DAYS = 56
MOST_AGGREGATED_DAYS = 91
CHUNK_SERIES = 3_000  # whose numbers fit the processor's cache: at 63,000 at once each step waits for memory


def candidate_forecasts(
    values: npt.NDArray[np.float64],
    origins: t.Sequence[int],
    horizon: int,
    step_days: int,
    calendar: npt.NDArray[np.float64],
    prices: npt.NDArray[np.float64] | None = None,
    is_count: bool = False,
) -> npt.NDArray[np.float64]:
    """Return (methods, origins, series, horizon) in the order of CANDIDATES, none below zero; NaN where a method has
    none.

    Days have a season of a week, weeks have none: the seasonal naive method then repeats the last week. combination
    is the median of COMBINED. calendar and prices as in boosting.
    """
    if not len(values):
        return np.empty((len(CANDIDATES), len(origins), 0, horizon))
    forecasts = np.empty((len(CANDIDATES), len(origins), len(values), horizon))
    boosting = boosted(values, origins, horizon, step_days, calendar, prices, is_count)
    for begin in range(0, len(values), CHUNK_SERIES):
        part = slice(begin, begin + CHUNK_SERIES)
        made = _own_forecasts(values[part], origins, horizon, step_days)
        made["boosting"] = boosting[:, part]
        for number, name in enumerate(CANDIDATES):
            forecasts[number, :, part] = np.maximum(made[name], 0.0)
    return forecasts


def _own_forecasts(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, step_days: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Return by method the forecasts of those that look at each series by itself: these may take a few at a time."""
    season = 7 // step_days
    made = {
        "seasonal_naive": seasonal_naive(values, origins, horizon, season),
        "window_average": window_average(values, origins, horizon, season, WINDOW_DAYS // 7),
        "last_year": last_year(values, origins, horizon, step_days),
        "ets": ets(values, origins, horizon, season),
        "theta": theta(values, origins, horizon, season),
        "croston_sba": croston_sba(values, origins, horizon),
        "tsb": tsb(values, origins, horizon),
    }
    made["adida"], made["imapa"] = adida_imapa(values, origins, horizon, MOST_AGGREGATED_DAYS // step_days)
    if season > 1:
        for name in RATES:
            made[name] = made[name] * _phase_shape(values, origins, made["window_average"], season)
    made["combination"] = median_of_known(np.stack([made[name] for name in COMBINED]))
    return made


def _phase_shape(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], average: npt.NDArray[np.float64], season: int
) -> npt.NDArray[np.float64]:
    """Return what a rate is multiplied by on each day ahead: the window average by weekday to its mean.

    1 for a series that sells on less than half of the days: what it sold on which weekday is chance.
    """
    shape = np.ones(average.shape)
    for number, origin in enumerate(origins):
        if not origin:
            continue
        busy = (np.nan_to_num(values[:, max(0, origin - WINDOW_DAYS) : origin]) > 0).mean(axis=1) >= 0.5
        usual = average[number, :, :season].mean(axis=1)
        use = busy & (usual > 0)
        shape[number, use] = np.maximum(average[number, use], 0) / usual[use, None]
    return shape


def fallback_order() -> tuple[int, ...]:
    """Return the numbers of FALLBACKS among CANDIDATES."""
    return tuple(CANDIDATES.index(name) for name in FALLBACKS)
