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


def shrunk_scores(
    scores: npt.NDArray[np.float64], groups: npt.NDArray[np.int64], prior_windows: float
) -> npt.NDArray[np.float64]:
    """Return (methods, series): each method's mean over the windows, drawn towards that of the series' group.

    scores: (methods, windows, series), NaN where a method had no forecast. A few windows of one series say little: the
    group's mean counts as prior_windows more. inf where a method had no forecast in the latest window, so that it cannot be
    served now.
    """
    seen = ~np.isnan(scores)
    sums, counts = np.where(seen, scores, 0.0).sum(axis=1), seen.sum(axis=1)
    result = np.full(sums.shape, np.inf)
    for group in np.unique(groups):
        inside = groups == group
        # A method is compared with the others where all have a score, or the harder series would speak against it.
        usual = mean_of_known(scores[:, :, inside], axis=0)
        relative = scores[:, :, inside] / np.where(usual > 0, usual, np.nan)
        typical = mean_of_known(relative.reshape(len(scores), -1), axis=1)
        own_level = mean_of_known(usual, axis=0)
        prior = typical[:, None] * own_level[None, :]
        known = counts[:, inside] > 0
        prior = np.where(np.isnan(prior), np.where(known, 0, np.inf), prior)
        mixed = sums[:, inside] + prior_windows * np.where(np.isfinite(prior), prior, 0)
        result[:, inside] = np.where(known, mixed / (counts[:, inside] + prior_windows), np.inf)
    return result


def champions(scores: npt.NDArray[np.float64], fallback: int) -> npt.NDArray[np.int64]:
    """Return the number of each series' best method; the fallback where none has a score. Ties go to the earlier method."""
    best = scores.argmin(axis=0)
    return np.where(np.isfinite(scores.min(axis=0)), best, fallback).astype(np.int64)
