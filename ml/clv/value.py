"""What customers will buy and what that is worth today, by one of the purchase models or by their own past rate."""

from __future__ import annotations

import numpy as np

from ml.clv.bg_nbd import bg_nbd_expected_purchases, bg_nbd_p_alive, fit_bg_nbd
from ml.clv.histories import Array, Histories
from ml.clv.likelihood import Estimate
from ml.clv.pareto_nbd import fit_pareto_nbd, pareto_nbd_expected_purchases, pareto_nbd_p_alive

BG_NBD = "bg_nbd"
PARETO_NBD = "pareto_nbd"
PURCHASE_MODELS = (BG_NBD, PARETO_NBD)
DISCOUNT_NODES = 8
DAYS_PER_YEAR = 365.0
#: Step of the derivatives of the delta method, in standard errors.
DELTA_STEP = 0.05


def fit_purchase_model(method: str, histories: Histories) -> Estimate:
    """Return the parameters of BG/NBD or Pareto/NBD. Raises ValueError for another method."""
    if method == BG_NBD:
        return fit_bg_nbd(histories)
    if method == PARETO_NBD:
        return fit_pareto_nbd(histories)
    raise ValueError(f"there is no purchase model {method!r}: {', '.join(PURCHASE_MODELS)}")


def p_alive(method: str, parameters: Array, histories: Histories) -> Array:
    """Return the probability that customers of each history still buy, shape (k,)."""
    alive = bg_nbd_p_alive if method == BG_NBD else pareto_nbd_p_alive
    return alive(parameters, histories)


def expected_purchases(method: str, parameters: Array, histories: Histories, times: Array) -> Array:
    """Return the purchases to expect of customers of each history within each time from T on, shape (k, len(times))."""
    expected = bg_nbd_expected_purchases if method == BG_NBD else pareto_nbd_expected_purchases
    return expected(parameters, histories, np.asarray(times, float))


def daily_discount(annual_rate: float) -> float:
    """Return the continuous rate per day of an annual rate: exp(-365 × it) = 1 / (1 + annual_rate)."""
    return float(np.log1p(annual_rate) / DAYS_PER_YEAR)


def discounted_purchases(
    method: str,
    parameters: Array,
    histories: Histories,
    horizon: float,
    discount: float,
    nodes: int = DISCOUNT_NODES,
) -> Array:
    """Return the expected purchases until the horizon, each discounted from its own time, shape (k,).

    The integral of exp(-discount × t) dY(t) from 0 to the horizon, Y the expected purchases; without end it is the
    DERT of Fader, Hardie and Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of
    Marketing Research 42, 415-430. Integrated by parts, only Y is needed, and the smooth remainder
    is small, so that few Gauss-Legendre nodes do.

    Args:
        horizon: in the histories' unit of time, > 0.
        discount: continuous rate per unit of time, >= 0.
        nodes: of the integral.
    """
    place, weight = np.polynomial.legendre.leggauss(nodes)
    times = np.append(horizon * (place + 1) / 2, horizon)
    expected = expected_purchases(method, parameters, histories, times)
    shares = np.append(weight * horizon / 2 * discount, 1.0) * np.exp(-discount * times)
    return np.asarray((expected * shares).sum(axis=1))  # BLAS would sum by threads


def discounted_log_variance(
    method: str, estimate: Estimate, histories: Histories, horizon: float, discount: float
) -> Array:
    """Return the variance, from the parameters' uncertainty, of the logarithm of the discounted purchases, shape (k,).

    The delta method, with derivatives in the directions of the Cholesky factor of the parameters' covariance: their
    squares add up to the variance. 0 where nothing is expected, NaN where the parameters have no covariance.
    """
    if not estimate.is_identified():
        return np.full(len(histories.x), np.nan)
    least, searched = estimate.least, estimate.value - estimate.least
    base = discounted_purchases(method, estimate.value, histories, horizon, discount)
    some = base > 0
    variance = np.zeros(len(base))
    for direction in np.linalg.cholesky(estimate.log_covariance).T:
        moved = least + searched * np.exp(DELTA_STEP * direction)
        there = discounted_purchases(method, moved, histories, horizon, discount)
        variance[some] += (np.log(np.maximum(there[some], 1e-300) / base[some]) / DELTA_STEP) ** 2
    return variance


def annuity_days(horizon: float, discount: float) -> float:
    """Return the present value of one unit per day until the horizon."""
    return horizon if discount == 0 else float(-np.expm1(-discount * horizon) / discount)
