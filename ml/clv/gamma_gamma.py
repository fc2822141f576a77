"""Gamma-Gamma: what a purchase of a customer is worth.

Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value". The value of a purchase is gamma distributed (shape
p, rate ν), ν gamma distributed over the customers (shape q, rate gamma), and independent of how often somebody buys.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv.histories import Array
from ml.clv.likelihood import Estimate, maximum_likelihood

GAMMA_GAMMA_NAMES = ("p", "q", "gamma")


def fit_gamma_gamma(x: npt.ArrayLike, z: npt.ArrayLike) -> Estimate:
    """Return p, q (above 1: else customers have no mean) and gamma (in z's currency).

    Args:
        x: shape (n,), purchases that a customer's mean value is made of, >= 1.
        z: shape (n,), that mean value, > 0.

    Raises:
        ValueError: no customer; an x below 1; a z that is not a positive, finite number.
    """
    seen = pd.DataFrame({"x": np.asarray(x, float), "z": np.asarray(z, float)})
    if seen.empty:
        raise ValueError("there is no customer")
    if not (np.isfinite(seen.to_numpy()).all() and (seen["x"] >= 1).all() and (seen["z"] > 0).all()):
        raise ValueError(
            "x must be at least 1 and z positive: leave out who bought nothing or brought all back"
        )
    count = seen.groupby(["x", "z"], sort=True).size()
    different, many = count.index.to_frame(index=False).to_numpy().T, count.to_numpy(float)
    purchases, mean = different[0], different[1]
    scale = float(np.exp(np.average(np.log(mean), weights=many)))
    n = int(many.sum())

    def loss(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs) + np.array([0.0, 1.0, 0.0])
        value, gradient = gamma_gamma_log_likelihood(parameters, purchases, mean / scale)
        return -float((many * value).sum()) / n, -(gradient * many).sum(axis=1) * np.exp(logs) / n

    return maximum_likelihood(
        loss,
        start=np.log([2.0, 2.0, 1.0]),
        names=GAMMA_GAMMA_NAMES,
        unit=np.array([1.0, 1.0, scale]),
        least=np.array([0.0, 1.0, 0.0]),
        n=n,
        constant=-n * np.log(scale),
    )


def gamma_gamma_log_likelihood(parameters: Array, x: Array, z: Array) -> tuple[Array, Array]:
    """Return the log-density of each mean z of x values, shape (k,), and its gradient by p, q, gamma, shape (3, k).

    Equation (1a): Γ(px+q) / (Γ(px) Γ(q)) gamma^q z^(px-1) x^(px) / (gamma + x z)^(px+q).
    """
    from scipy.special import gammaln, psi

    p, q, gamma = parameters
    many, place = np.unique(x, return_inverse=True)
    constant = (gammaln(p * many + q) - gammaln(p * many) - gammaln(q))[place]
    psi_of_all, psi_of_own = psi(p * many + q), psi(p * many)
    spent = gamma + x * z
    value = constant + q * np.log(gamma) + p * x * np.log(x * z) - np.log(z) - (p * x + q) * np.log(spent)
    of_p = x * ((psi_of_all - psi_of_own)[place] + np.log(x * z) - np.log(spent))
    of_q = (psi_of_all - psi(q))[place] + np.log(gamma) - np.log(spent)
    of_gamma = q / gamma - (p * x + q) / spent
    return value, np.stack([of_p, of_q, of_gamma])


def gamma_gamma_expected_value(parameters: Array, x: Array, z: Array) -> Array:
    """Return what a further purchase is worth, shape (n,), of customers with mean value z of x purchases.

    Equation (5): p (gamma + x z) / (px + q - 1), between the customer's own mean and that of all. A z below 0 (more
    was brought back than bought) counts as 0; z does not matter where x is 0.
    """
    p, q, gamma = parameters
    spent = np.where(x > 0, x * np.maximum(z, 0.0), 0.0)
    return np.asarray(p * (gamma + spent) / (p * x + q - 1))


def gamma_gamma_log_variance(estimate: Estimate, x: Array, z: Array) -> Array:
    """Return the variance, from the parameters' uncertainty, of the logarithm of the expected value, shape (n,)."""
    p, q, gamma = estimate.value
    spent = np.where(x > 0, x * np.maximum(z, 0.0), 0.0)
    weight = p * x + q - 1
    gradient = np.stack(
        [(q - 1) / weight, -(q - 1) / weight, gamma / (gamma + spent)]
    )  # by log p, log (q-1), log gamma
    return np.asarray(np.einsum("in,ij,jn->n", gradient, estimate.log_covariance, gradient))
