"""How far off a forecast was, and which method is served."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.forecast.naive import mean_of_known, median_of_known

MOST_SCALES = 3.0
PRIOR_WINDOWS = 4.0  # of the group, beside each series' own windows


def naive_scale(values: npt.NDArray[np.float64], origin: int, season: int) -> npt.NDArray[np.float64]:
    """Return each series' root mean squared difference from season to season before the origin: what its errors are
    divided by.

    The scale of RMSSE (Hyndman & Koehler, Int. J. Forecasting 22 (2006); the M5 competition's). Where all differences
    are zero, the mean; NaN where that is zero too, or nothing is known.
    """
    known = values[:, :origin]
    differences = (
        known[:, season:] - known[:, :-season] if origin > season else np.full((len(values), 1), np.nan)
    )
    scale = np.sqrt(mean_of_known(differences**2, axis=1))
    mean = np.abs(mean_of_known(known, axis=1)) if origin else np.full(len(values), np.nan)
    scale = np.where(np.isnan(scale) | (scale <= 0), mean, scale)
    return np.where(scale > 0, scale, np.nan)


def cumulative_error(
    forecasts: npt.NDArray[np.float64], actuals: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the mean over the leads of |sum of errors up to the lead| / lead / scale.

    forecasts: (..., series, horizon); actuals: (series, horizon); scale: (series,). It asks whether the stock that
    was ordered by the forecast would have been right: a sale on another day than expected costs little, and a
    forecast of zero pays for each sale that it did not see, where the mean absolute error per day rewards it.
    Wallström & Segerstedt, Int. J. Production Economics 128 (2010).
    """
    return np.asarray(np.abs(_cumulated(forecasts, actuals, scale)).mean(axis=-1))


def squared_cumulative_error(
    forecasts: npt.NDArray[np.float64], actuals: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the mean over the leads of (sum of errors up to the lead / lead / scale) squared, each at most 9.

    For series that may sell nothing in the whole horizon: even over it, an absolute error rewards the median, which
    is zero there; squares have their least mean at the mean demand (Kolassa, Int. J. Forecasting 36 (2020)). Beyond 3
    scales it is an order that no method could know, and would decide alone. The shapes are those of cumulative_error.
    """
    return np.asarray(np.minimum(_cumulated(forecasts, actuals, scale) ** 2, MOST_SCALES**2).mean(axis=-1))


def _cumulated(
    forecasts: npt.NDArray[np.float64], actuals: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    leads = np.arange(1, actuals.shape[-1] + 1)
    return np.asarray(np.cumsum(forecasts - actuals, axis=-1) / leads / scale[:, None])


def root_mean_squared_scaled_error(
    forecasts: npt.NDArray[np.float64], actuals: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return RMSSE over the horizon; the shapes are those of cumulative_error."""
    return np.asarray(np.sqrt(((forecasts - actuals) ** 2).mean(axis=-1)) / scale)


def relative_scores(
    scores: npt.NDArray[np.float64], groups: npt.NDArray[np.int64], prior_windows: float
) -> npt.NDArray[np.float64]:
    """Return (methods, series): each method's error by that of the middle method, over all windows and some of the
    group's.

    scores: (methods, windows, series), NaN where a method had no forecast. A few windows of one series say little:
    they are summed with prior_windows as the series' group has them on average. 1 is as good as the middle method,
    0.9 a tenth better; NaN where no series of the group has a score.
    """
    seen = ~np.isnan(scores)
    middle = np.nan_to_num(median_of_known(scores))
    own = np.where(seen, scores, 0.0).sum(axis=1)
    usual = np.where(seen, middle, 0.0).sum(axis=1)
    windows = seen.sum(axis=1)
    result = np.full(own.shape, np.nan)
    for group in np.unique(groups):
        inside = groups == group
        own_sum, usual_sum = own[:, inside].sum(axis=1), usual[:, inside].sum(axis=1)
        typical = np.divide(own_sum, usual_sum, out=np.full(len(own), np.nan), where=usual_sum > 0)
        typical[(own_sum <= 0) & (windows[:, inside].sum(axis=1) > 0)] = 0.0  # never wrong
        window = usual_sum.max() / max(windows[:, inside].max(axis=0).sum(), 1)
        prior = prior_windows * (window if window > 0 else 1.0)
        mixed = own[:, inside] + prior * typical[:, None]
        result[:, inside] = mixed / (usual[:, inside] + prior)
    return result


def choose_methods(
    scores: npt.NDArray[np.float64],
    available: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.int64],
    prior_windows: float,
    order: tuple[int, ...],
) -> npt.NDArray[np.int64]:
    """Return (origins, series): the method served from each origin, by the windows before it.

    scores: (methods, windows, series); available: (methods, origins, series), whether a method has a forecast there;
    groups: (origins, series), as they were known at the origin. The windows end where the next origin begins, so that
    origin k knows the windows 0 .. k - 1. Where nothing is scored yet, the first available method of order; -1 where
    none is available.
    """
    origins = available.shape[1]
    chosen = np.full(available.shape[1:], -1, dtype=np.int64)
    for origin in range(origins):
        rated = np.full(available[:, 0].shape, np.nan)
        if origin:
            rated = relative_scores(scores[:, :origin], groups[origin], prior_windows)
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
    """Return (origins, series, horizon): the chosen method's of (methods, origins, series, horizon); zero where none
    is (-1).
    """
    taken = np.take_along_axis(forecasts, np.maximum(chosen, 0)[None, :, :, None], axis=0)[0]
    return np.where((chosen < 0)[:, :, None], 0.0, taken)


def beats_baseline(
    scores: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.int64],
    baseline: int,
    groups: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Return per series whether the methods chosen for its group were better than the baseline on the windows that
    followed.

    scores: (methods, windows, series); chosen: (origins, series), each by the windows before it, so that nothing was
    seen that is judged. The first window is left out: nothing was known to choose by. True where there is nothing to
    judge by.
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
