"""Exponential smoothing and the Theta method over all series at once.

The parameters are searched on a grid and all points of the grid run side by side, so that one pass along time gives
the fit at every origin: a pass costs a few operations per period, whatever the number of series. An optimiser per
series finds parameters that are a little better in the sample and takes a hundred times as long.
"""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt

from ml.forecast.panel import first_periods

LEVEL_WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
SEASON_WEIGHTS = (0.01, 0.05, 0.15)
TREND_WEIGHTS = (0.02, 0.1)
DAMPING = 0.95
INDEX_CYCLES = 8


def ets_grid(season: int) -> npt.NDArray[np.float64]:
    """Return the grid of ETS(A,N,N) and ETS(A,Ad,N), and with a season > 1 also ETS(A,N,A) and ETS(A,Ad,A).

    Shape (5, points): weights of level (alpha), trend (beta = alpha × this), season (gamma), whether there is a trend
    and a season (1 or 0). gamma <= 1 - alpha holds.
    """
    points = []
    for alpha in LEVEL_WEIGHTS:
        for with_season in (0.0, 1.0) if season > 1 else (0.0,):
            for gamma in SEASON_WEIGHTS if with_season else (0.0,):
                points.append((alpha, 0.0, gamma, 0.0, with_season))
                if alpha <= 0.3:  # a trend on a restless level follows the noise
                    points.extend((alpha, beta, gamma, 1.0, with_season) for beta in TREND_WEIGHTS)
    return np.array(points).T


def ets(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, season: int
) -> npt.NDArray[np.float64]:
    """Additive exponential smoothing in its error-correction form, form and weights by the corrected AIC.

    Forms: level; level and damped trend; each with or without a season (all with additive errors). Initial states:
    the mean of the first two seasons (of the first 4 periods where the season is 1), trend 0; NaN at origins where
    less is known. Source: Hyndman, Koehler, Ord, Snyder, Forecasting with Exponential Smoothing (2008), table 2.2 and
    ch. 5.
    """
    alpha, beta, gamma, with_trend, with_season = ets_grid(season)[:, :, None]
    warm_up = 2 * season if season > 1 else 4
    starts = first_periods(values)
    first_level, first_season = _first_states(values, starts, season, warm_up)
    shape = (len(alpha), len(values))  # few points, many series: numpy is quick along the last axis
    level = np.repeat(first_level[None], shape[0], axis=0)
    trend = np.zeros(shape)
    seasons = first_season.T[:, None] * with_season  # (season, points, series)
    squares = np.zeros(shape)
    forecasts = np.full((len(origins), len(values), horizon), np.nan)
    wanted = {origin: number for number, origin in enumerate(origins)}
    known, filled = _by_period(values)
    for period in range(max(origins, default=-1) + 1):
        if period in wanted:
            length = period - starts
            best = _least_aicc(squares, length, with_trend, with_season, season)
            rows = np.arange(len(values))
            phases = [seasons[(period + ahead) % season][best, rows] for ahead in range(horizon)]
            damped = np.cumsum(DAMPING ** np.arange(1, horizon + 1))
            ahead = level[best, rows][:, None] + trend[best, rows][:, None] * damped + np.array(phases).T
            forecasts[wanted[period]] = np.where((length >= warm_up)[:, None], ahead, np.nan)
        if period == values.shape[1]:
            break
        phase = seasons[period % season]
        pushed = DAMPING * trend
        error = (filled[period] - level - pushed - phase) * known[period]
        level += pushed + alpha * error
        trend = pushed + (alpha * beta) * error
        phase += gamma * error
        squares += error * error
    return forecasts


def _first_states(
    values: npt.NDArray[np.float64], starts: npt.NDArray[np.int64], season: int, warm_up: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the first level (series,) and season (series, season), the latter by phase of the period's number."""
    if values.shape[1] == 0:
        return np.zeros(len(values)), np.zeros((len(values), season))
    places = np.minimum(starts[:, None] + np.arange(warm_up), values.shape[1] - 1)
    first = np.nan_to_num(np.take_along_axis(values, places, axis=1))
    level = first.mean(axis=1)
    if season == 1:
        return level, np.zeros((len(values), 1))
    by_age = first.reshape(len(values), warm_up // season, season).mean(axis=1) - level[:, None]
    ages = (np.arange(season)[None, :] - starts[:, None]) % season
    return level, np.take_along_axis(by_age, ages, axis=1)


def _least_aicc(
    squares: npt.NDArray[np.float64],
    known: npt.NDArray[np.int64],
    with_trend: npt.NDArray[np.float64],
    with_season: npt.NDArray[np.float64],
    season: int,
) -> npt.NDArray[np.int64]:
    """Return each series' best point of the grid: n ln(SSE / n) + 2k + 2k(k + 1) / (n - k - 1)."""
    count = np.maximum(known, 1).astype(np.float64)
    parameters = 3 + 2 * with_trend + season * with_season
    spare = count - parameters - 1
    penalty = np.where(
        spare > 0,
        2 * parameters + 2 * parameters * (parameters + 1) / np.where(spare > 0, spare, 1),
        1e9 * parameters,
    )
    tiny = 1e-12 * (1 + squares.max(axis=0))  # a constant series fits perfectly: ln 0
    return np.asarray(np.argmin(count * np.log((squares + tiny) / count) + penalty, axis=0))


def _by_period(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (periods, series): 1 where a value is known, else 0, and the values with 0 where there is none."""
    by_period = np.ascontiguousarray(values.T)
    known = ~np.isnan(by_period)
    return known.astype(np.float64), np.where(known, by_period, 0.0)


def ses_states(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], weights: t.Sequence[float], warm_up: int = 1
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Simple exponential smoothing: the level that is best at each origin, and its weight; each (origins, series).

    The first level is the mean of the first warm_up values; the weight is the one with the least squared one-step
    errors up to the origin. NaN where fewer than warm_up values are known.
    """
    alpha = np.asarray(weights)
    starts = first_periods(values)
    places = np.minimum(starts[:, None] + np.arange(warm_up), max(values.shape[1] - 1, 0))
    first = np.take_along_axis(values, places, axis=1) if values.shape[1] else np.zeros((len(values), 1))
    level = np.repeat(np.nan_to_num(first).mean(axis=1)[None], len(alpha), axis=0)
    squares = np.zeros(level.shape)
    levels = np.full((len(origins), len(values)), np.nan)
    best_weights = np.full((len(origins), len(values)), np.nan)
    wanted = {origin: number for number, origin in enumerate(origins)}
    rows = np.arange(len(values))
    is_known, filled = _by_period(values)
    for period in range(max(origins, default=-1) + 1):
        if period in wanted:
            best = squares.argmin(axis=0)
            known = period - starts >= warm_up
            levels[wanted[period]] = np.where(known, level[best, rows], np.nan)
            best_weights[wanted[period]] = np.where(known, alpha[best], np.nan)
        if period == values.shape[1]:
            break
        error = (filled[period] - level) * is_known[period]
        level += alpha[:, None] * error
        squares += error * error
    return levels, best_weights


def theta(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, season: int
) -> npt.NDArray[np.float64]:
    """The Theta method on the series without its season: smoothing with half of the trend line's slope as drift.

    The season is the additive index of the last 8 cycles. Assimakopoulos & Nikolopoulos, Int. J. Forecasting 16
    (2000); in the form of Hyndman & Billah, Int. J. Forecasting 19 (2003), equation (4). NaN where under max(4, 2
    seasons) are known.
    """
    forecasts = np.full((len(origins), len(values), horizon), np.nan)
    starts = first_periods(values)
    warm_up = max(4, season)
    smoothed = ses_states(values, origins, LEVEL_WEIGHTS, warm_up) if season == 1 else None
    for number, origin in enumerate(origins):
        index = _season_index(values[:, :origin], season)
        plain = values[:, :origin] - index[:, np.arange(origin) % season]
        if smoothed is None:
            (level,), (alpha,) = ses_states(plain, [origin], LEVEL_WEIGHTS, warm_up)
        else:  # there is no season to take off, so that all origins know the same series
            level, alpha = smoothed[0][number], smoothed[1][number]
        known = np.maximum(origin - starts, 1).astype(np.float64)
        drift = _slope(plain) / 2
        begun = (1 - (1 - alpha) ** known) / alpha
        ahead = level[:, None] + drift[:, None] * (np.arange(horizon)[None, :] + begun[:, None])
        ahead += index[:, (origin + np.arange(horizon)) % season]
        forecasts[number] = np.where((known >= max(4, 2 * season))[:, None], ahead, np.nan)
    return forecasts


def _season_index(values: npt.NDArray[np.float64], season: int) -> npt.NDArray[np.float64]:
    """Return (series, season): each phase's mean over the last cycles less the mean of all, by the period's number."""
    count = values.shape[1]
    cycles = min(INDEX_CYCLES, count // season)
    if season == 1 or cycles == 0:
        return np.zeros((len(values), season))
    window = values[:, count - cycles * season :].reshape(len(values), cycles, season)
    seen = ~np.isnan(window)
    sums, counts = np.where(seen, window, 0.0).sum(axis=1), seen.sum(axis=1)
    phases = np.divide(sums, counts, out=np.zeros(sums.shape), where=counts > 0)
    by_place = np.where((counts > 0).all(axis=1)[:, None], phases - phases.mean(axis=1, keepdims=True), 0.0)
    return by_place[:, (np.arange(season) - count) % season]


def _slope(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the least-squares slope per period of each series' known values; 0 where fewer than two are known."""
    seen = ~np.isnan(values)
    time = np.where(seen, np.arange(values.shape[1], dtype=np.float64), 0.0)
    count = np.maximum(seen.sum(axis=1), 1)
    centred = np.where(seen, time - (time.sum(axis=1) / count)[:, None], 0.0)
    spread = (centred**2).sum(axis=1)
    slopes = np.zeros(len(values))
    np.divide((centred * np.nan_to_num(values)).sum(axis=1), spread, out=slopes, where=spread > 0)
    return slopes
