"""How far off a forecast was, and which method is served."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.forecast.naive import mean_of_known


def naive_scale(values: npt.NDArray[np.float64], origin: int, season: int) -> npt.NDArray[np.float64]:
    """Return each series' root mean squared difference from season to season before the origin: what its errors are divided by.

    The scale of RMSSE (Hyndman & Koehler, Int. J. Forecasting 22 (2006); the M5 competition's). Where all differences are
    zero, the mean; NaN where that is zero too, or nothing is known.
    """
    known = values[:, :origin]
    differences = known[:, season:] - known[:, :-season] if origin > season else np.full((len(values), 1), np.nan)
    scale = np.sqrt(mean_of_known(differences**2, axis=1))
    mean = np.abs(mean_of_known(known, axis=1)) if origin else np.full(len(values), np.nan)
    scale = np.where(np.isnan(scale) | (scale <= 0), mean, scale)
    return np.where(scale > 0, scale, np.nan)


def cumulative_error(
    forecasts: npt.NDArray[np.float64], actuals: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the mean over the leads of |sum of errors up to the lead| / lead, by the scale.

    forecasts: (..., series, horizon); actuals: (series, horizon); scale: (series,). It asks whether the stock that was
    ordered by the forecast would have been right, so that a forecast of zero for an intermittent series pays for each sale
    it did not see; the mean absolute error per day rewards it (Wallström & Segerstedt, Int. J. Production Economics 128
    (2010); Kolassa, Int. J. Forecasting 36 (2020)).
    """
    leads = np.arange(1, actuals.shape[-1] + 1)
    off = np.abs(np.cumsum(forecasts - actuals, axis=-1)) / leads
    return np.asarray(off.mean(axis=-1) / scale)


def root_mean_squared_scaled_error(
    forecasts: npt.NDArray[np.float64], actuals: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return RMSSE over the horizon; the shapes are those of cumulative_error."""
    return np.asarray(np.sqrt(((forecasts - actuals) ** 2).mean(axis=-1)) / scale)


def relative_scores(
    scores: npt.NDArray[np.float64], groups: npt.NDArray[np.int64], prior_windows: float
) -> npt.NDArray[np.float64]:
    """Return (methods, series): each method's error against that of the middle method, drawn towards that of the series' group.

    scores: (methods, windows, series), NaN where a method had no forecast. A few windows of one series say little: the
    mean of the series' group counts as prior_windows more. 1 is as good as the middle method, 0.9 a tenth better; NaN where
    no series of the group has a score.
    """
    seen = ~np.isnan(scores)
    middle = _median_of_known(scores)
    own = np.where(seen, scores, 0.0).sum(axis=1)
    usual = np.where(seen, np.nan_to_num(middle), 0.0).sum(axis=1)
    ratio = np.divide(own, usual, out=np.full(own.shape, np.nan), where=usual > 0)
    windows = np.where(np.isnan(ratio), 0, seen.sum(axis=1))
    result = np.full(own.shape, np.nan)
    for group in np.unique(groups):
        inside = groups == group
        typical = mean_of_known(ratio[:, inside], axis=1)[:, None]
        weight = windows[:, inside]
        result[:, inside] = (np.nan_to_num(ratio[:, inside]) * weight + prior_windows * typical) / (
            weight + prior_windows
        )
    return result


def _median_of_known(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (windows, series): the median over the methods that have a score; NaN where none has."""
    ordered = np.sort(scores, axis=0)  # NaN come last
    count = (~np.isnan(scores)).sum(axis=0)
    low, high = (np.maximum(count - 1, 0) // 2)[None], (count // 2)[None]
    high = np.minimum(high, np.maximum(count - 1, 0)[None])
    pair = np.take_along_axis(ordered, low, axis=0) + np.take_along_axis(ordered, high, axis=0)
    return np.asarray(pair[0] / 2)


def choose_methods(
    scores: npt.NDArray[np.float64],
    available: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.int64],
    prior_windows: float,
    order: tuple[int, ...],
) -> npt.NDArray[np.int64]:
    """Return (origins, series): the method served from each origin, by the windows before it.

    scores: (methods, windows, series); available: (methods, origins, series), whether a method has a forecast there. The
    windows end where the next origin begins, so that origin k knows the windows 0 .. k - 1. Where nothing is scored yet,
    the first available method of order; -1 where none is available.
    """
    origins = available.shape[1]
    chosen = np.full(available.shape[1:], -1, dtype=np.int64)
    for origin in range(origins):
        rated = np.full(available[:, 0].shape, np.nan)
        if origin:
            rated = relative_scores(scores[:, :origin], groups, prior_windows)
        default = np.full(rated.shape, np.inf)
        for rank, method in enumerate(order):
            default[method] = 1e9 + rank
        cost = np.where(np.isnan(rated), default, rated)
        cost = np.where(available[:, origin], cost, np.inf)
        best = cost.argmin(axis=0)
        chosen[origin] = np.where(np.isfinite(cost.min(axis=0)), best, -1)
    return chosen


def served_forecasts(
    forecasts: npt.NDArray[np.float64], chosen: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return (origins, series, horizon): the chosen method's of (methods, origins, series, horizon); zero where none is (-1)."""
    taken = np.take_along_axis(forecasts, np.maximum(chosen, 0)[None, :, :, None], axis=0)[0]
    return np.where((chosen < 0)[:, :, None], 0.0, taken)


def beats_baseline(
    scores: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.int64],
    baseline: int,
    groups: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Return per series whether the methods chosen for its group were better than the baseline on the windows that followed.

    scores: (methods, windows, series); chosen: (origins, series), each by the windows before it, so that nothing was seen
    that is judged. The first window is left out: nothing was known to choose by. True where there is nothing to judge by.
    """
    windows = scores.shape[1]
    better = np.ones(scores.shape[2], dtype=bool)
    if windows < 2:
        return better
    served = np.take_along_axis(scores, np.maximum(chosen[:windows], 0)[None], axis=0)[0][1:]
    naive = scores[baseline][1:]
    both = ~np.isnan(served) & ~np.isnan(naive) & (chosen[1:windows] >= 0)
    for group in np.unique(groups):
        inside = both & (groups == group)[None]
        if inside.any():
            better[groups == group] = served[inside].sum() < naive[inside].sum()
    return better
