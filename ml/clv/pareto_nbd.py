"""Pareto/NBD: customers buy at random and stop at a moment of their own.

Schmittlein, Morrison and Colombo (1987), "Counting Your Customers: Who Are They and What Will They Do Next?",
Management Science 33(1), 1-24; the formulas as in Fader and Hardie (2005), "A Note on Deriving the Pareto/NBD Model and
Related Expressions". A customer buys at rate λ, gamma distributed (shape r, rate alpha), and stops after an exponential
time of rate μ, gamma distributed (shape s, rate beta).
"""

from __future__ import annotations

import numpy as np

from ml.clv.histories import Array, Histories
from ml.clv.likelihood import Estimate, maximum_likelihood

PARETO_NBD_NAMES = ("r", "alpha", "s", "beta")
LIFETIME_NODES = 20
#: The integrand has fallen by the exponential of this where the integral is cut off.
NEGLIGIBLE = 36.0
#: Nearer to 1, s counts as so far from it: (s - 1) / (s - 1) loses what it would gain.
LEAST_DISTANCE = 1e-6


def fit_pareto_nbd(histories: Histories) -> Estimate:
    """Return r, alpha, s and beta (alpha, beta: units of time). The log-likelihood's unit is time to the power -x."""
    scale = float(np.average(histories.T, weights=histories.count)) or 1.0
    scaled = Histories(
        histories.x, histories.t_x / scale, histories.T / scale, histories.count, histories.place
    )
    n = int(histories.count.sum())

    def loss(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        value, gradient = pareto_nbd_log_likelihood(parameters, scaled)
        return -float((histories.count * value).sum()) / n, -(gradient * histories.count).sum(
            axis=1
        ) * parameters / n

    return maximum_likelihood(
        loss,
        start=np.log([1.0, 1.0, 1.0, 1.0]),
        names=PARETO_NBD_NAMES,
        unit=np.array([1.0, scale, 1.0, scale]),
        least=np.zeros(4),
        n=n,
        constant=-float(histories.count @ histories.x) * np.log(scale),
    )


def pareto_nbd_log_likelihood(parameters: Array, histories: Histories) -> tuple[Array, Array]:
    """Return each history's log-likelihood, shape (k,), and its gradient by r, alpha, s, beta, shape (4, k).

    The likelihood is Γ(r+x) / Γ(r) alpha^r beta^s times the sum of (alpha+T)^-(r+x) (beta+T)^-s (still alive) and
    s ∫ (alpha+y)^-(r+x) (beta+y)^-(s+1) dy from t_x to T (stopped at y): Fader and Hardie (2005), before the
    integral becomes a difference of hypergeometric functions, which cancels out for t_x near T and overflows for
    large x. The integral is computed as it stands.
    """
    from scipy.special import gammaln, psi

    r, alpha, s, beta = parameters
    x, place = np.unique(histories.x, return_inverse=True)
    constant = (gammaln(r + x) - gammaln(r))[place] + r * np.log(alpha) + s * np.log(beta)
    log_alpha_T, log_beta_T = np.log(alpha + histories.T), np.log(beta + histories.T)  # noqa: N806
    alive = -(r + histories.x) * log_alpha_T - s * log_beta_T
    gone, means = _log_stopped(parameters, histories)
    both = np.logaddexp(alive, gone)
    w = np.exp(alive - both)
    of_r = (psi(r + x) - psi(r))[place] + np.log(alpha) - w * log_alpha_T - (1 - w) * means[0]
    of_s = np.log(beta) - w * log_beta_T + (1 - w) * (1 / s - means[1])
    of_alpha = r / alpha - (r + histories.x) * (w / (alpha + histories.T) + (1 - w) * means[2])
    of_beta = s / beta - s * w / (beta + histories.T) - (s + 1) * (1 - w) * means[3]
    return constant + both, np.stack([of_r, of_alpha, of_s, of_beta])


def _log_stopped(parameters: Array, histories: Histories) -> tuple[Array, Array]:
    """Return the logarithm of s times the integral, shape (k,), and means over its integrand, shape (4, k).

    The means are of log(alpha+y), log(beta+y), 1/(alpha+y) and 1/(beta+y). With v = log((c+y) / (c+t_x)), c the smaller
    of alpha and beta, the integrand's singularities stay π away from the real axis, and Gauss-Legendre is exact to
    rounding. The integral ends where the integrand has become negligible.
    """
    r, alpha, s, beta = parameters
    least = min(alpha, beta)
    nodes, weights = np.polynomial.legendre.leggauss(LIFETIME_NODES)
    nodes, weights = (nodes + 1) / 2, weights / 2
    log_sum, means = np.empty(len(histories.x)), np.empty((4, len(histories.x)))
    for first in range(0, len(log_sum), 1024):  # what fits the processor's cache
        rows = slice(first, first + 1024)
        begin, shape = least + histories.t_x[rows], r + histories.x[rows]
        falls = (
            shape * begin / (alpha + histories.t_x[rows]) + (s + 1) * begin / (beta + histories.t_x[rows]) - 1
        )
        span = np.log((least + histories.T[rows]) / begin)
        span = np.where(falls * span > NEGLIGIBLE, NEGLIGIBLE / np.maximum(falls, 1e-300), span)
        c_y = begin[:, None] * np.exp(span[:, None] * nodes)
        alpha_y, beta_y = c_y + (alpha - least), c_y + (beta - least)
        log_alpha_y, log_beta_y = np.log(alpha_y), np.log(beta_y)
        log_c_y = log_alpha_y if alpha <= beta else log_beta_y
        log_terms = log_c_y - shape[:, None] * log_alpha_y - (s + 1) * log_beta_y
        top = log_terms.max(axis=1)
        terms = weights * np.exp(log_terms - top[:, None])
        total = terms.sum(axis=1)
        with np.errstate(divide="ignore"):  # t_x = T: nobody had time to stop
            log_sum[rows] = np.log(s) + top + np.log(total * span)
        for mean, of in zip(means, (log_alpha_y, log_beta_y, 1 / alpha_y, 1 / beta_y), strict=True):
            mean[rows] = (terms * of).sum(axis=1) / total
    return log_sum, means


def pareto_nbd_p_alive(parameters: Array, histories: Histories) -> Array:
    """Return the probability that customers of each history have not stopped, shape (k,).

    Fader and Hardie (2005): the share of the likelihood's first term; 1 for t_x = T.
    """
    from scipy.special import expit

    r, alpha, s, beta = parameters
    alive = -(r + histories.x) * np.log(alpha + histories.T) - s * np.log(beta + histories.T)
    return np.asarray(expit(alive - _log_stopped(parameters, histories)[0]))


def pareto_nbd_expected_purchases(parameters: Array, histories: Histories, times: Array) -> Array:
    """Return the purchases to expect of customers of each history from T to T + time, shape (k, len(times)).

    Schmittlein et al. (1987), as in Fader and Hardie (2005): P(alive) times (r + x) (beta + T) /
    ((alpha + T) (s - 1)) times 1 - ((beta + T) / (beta + T + t)) ** (s - 1).
    """
    r, alpha, s, beta = parameters
    over = s - 1.0 if abs(s - 1.0) > LEAST_DISTANCE else LEAST_DISTANCE
    longer = np.log1p(np.asarray(times, float)[None, :] / (beta + histories.T)[:, None])
    alive = -np.expm1(-over * longer) / over
    level = (r + histories.x) * (beta + histories.T) / (alpha + histories.T)
    return np.asarray(alive * (level * pareto_nbd_p_alive(parameters, histories))[:, None])
