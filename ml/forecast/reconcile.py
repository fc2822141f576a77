"""Totals that add up: the forecasts of the parts are drawn to the forecast of the whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def share_out(parts: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the parts in their own proportions, so that they add up to the whole in each period.

    parts: (parts, horizon), none below zero; whole: (horizon,). A period in which all parts are zero takes the
    proportions of the whole horizon; where these are zero too, the parts stay zero. Top-down by forecast proportions:
    Athanasopoulos, Ahmed & Hyndman, Int. J. Forecasting 25 (2009).
    """
    sums = parts.sum(axis=0)
    over_time = parts.sum(axis=1)
    overall = over_time.sum()
    steady = (over_time / overall if overall > 0 else np.zeros(len(parts)))[:, None]
    shares = np.where(sums > 0, parts / np.where(sums > 0, sums, 1.0), steady)
    return np.asarray(shares * whole)


def to_cents(amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return amounts in whole cents, so that sums of them are exact."""
    return np.rint(amounts * 100).astype(np.int64)
