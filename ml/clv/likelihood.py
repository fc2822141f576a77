"""Maximum likelihood: where a log-likelihood is highest, and how well the data tells where that is."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import numpy as np

from ml.clv.histories import Array

#: Logarithms of parameters are sought between these: beyond, the likelihood is flat and the model another one.
LOG_BOUND = 9.0
#: So close to a bound counts as on it.
BOUND_MARGIN = 1e-3
HESSIAN_STEP = 1e-4
#: Less information in some direction: a parameter is told to no better than a factor of exp(10).
LEAST_INFORMATION = 0.01

#: Takes logarithms of the parameters, shape (k,); returns minus the mean log-likelihood and its gradient, shape (k,).
Loss = t.Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True)
class Estimate:
    """Parameters found by maximum likelihood.

    names: of the k parameters. value: shape (k,). log_covariance: shape (k, k), of the logarithms of what was sought
    (NaN where the data does not tell the parameters), which is `value - least`. log_likelihood: of all n
    observations together. is_converged: the search ended where the gradient is 0. note: why not to trust it, or empty.
    """

    names: tuple[str, ...]
    value: Array
    least: Array
    log_covariance: Array
    log_likelihood: float
    n: int
    is_converged: bool
    note: str

    def standard_errors(self) -> Array:
        """Return the standard errors of the values, shape (k,), by the delta method; NaN where unknown."""
        errors: Array = (self.value - self.least) * np.sqrt(np.diag(self.log_covariance))
        return errors

    def is_identified(self) -> bool:
        """Whether the data tells each parameter: the likelihood curves in all directions, and away from the bounds."""
        return bool(np.isfinite(self.log_covariance).all())


def maximum_likelihood(
    loss: Loss, start: Array, names: tuple[str, ...], unit: Array, least: Array, n: int, constant: float = 0.0
) -> Estimate:
    """Return the parameters whose mean log-likelihood is highest, by L-BFGS over their logarithms.

    Args:
        loss: see Loss; it sees scaled data, so that good values are near 1 and the search is well conditioned.
        start: logarithms of the parameters to begin with, shape (k,).
        names: of the k parameters.
        unit: what the parameters are multiplied with to undo the scaling, shape (k,).
        least: what is added after that: lower bounds of the parameters, shape (k,).
        n: observations.
        constant: what the scaling takes from the log-likelihood of all observations.
    """
    from scipy.optimize import minimize

    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LOG_BOUND, LOG_BOUND)] * len(start),
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 500, "maxcor": 20},
    )
    at = np.asarray(found.x, float)
    gradient = loss(at)[1]
    on_bound = np.abs(at) > LOG_BOUND - BOUND_MARGIN
    covariance = _log_covariance(loss, at, n)
    note = ""
    if on_bound.any():
        note = f"the likelihood rises without end in {', '.join(np.array(names)[on_bound])}"
        covariance = np.full_like(covariance, np.nan)
    elif not np.isfinite(covariance).all():
        note = "the likelihood is flat at its maximum: the data does not tell the parameters"
    return Estimate(
        names=names,
        value=np.exp(at) * unit + least,
        least=least,
        log_covariance=covariance,
        log_likelihood=-float(found.fun) * n + constant,
        n=n,
        # ftol may stop the search a hair before gtol does.
        is_converged=bool(np.abs(gradient[~on_bound]).max(initial=0.0) < 1e-5),
        note=note,
    )


def _log_covariance(loss: Loss, at: Array, n: int) -> Array:
    """Return the inverse of the observed information at the maximum, NaN where there is hardly any."""
    k = len(at)
    hessian = np.empty((k, k))
    for place, step in enumerate(np.eye(k) * HESSIAN_STEP):
        hessian[place] = (loss(at + step)[1] - loss(at - step)[1]) / (2 * HESSIAN_STEP)
    hessian = (hessian + hessian.T) / 2 * n
    try:
        if np.linalg.eigvalsh(hessian).min() < LEAST_INFORMATION:
            return np.full((k, k), np.nan)
        return np.asarray(np.linalg.inv(hessian))
    except np.linalg.LinAlgError:
        return np.full((k, k), np.nan)
