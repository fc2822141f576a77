"""Fitting BG/NBD to what is seen of customers, slowly and plainly (Fader, Hardie and Lee 2005)."""

from math import lgamma, log

import numpy as np

STEPS = 250


def fit(repeats: np.ndarray, last_day: np.ndarray, watched: np.ndarray) -> np.ndarray:
    """Return r, alpha, a and b for customers' repeat purchases, days to the last of them, days watched."""

    def loss(logarithms: np.ndarray) -> float:
        return -log_likelihood(np.exp(logarithms), repeats, last_day, watched)

    return np.exp(_lowest(loss, np.log([1.0, 15.0, 1.0, 4.0])))


def log_likelihood(
    parameters: np.ndarray, repeats: np.ndarray, last_day: np.ndarray, watched: np.ndarray
) -> float:
    """Return the mean log-likelihood of the customers."""
    r, alpha, a, b = parameters
    counts = range(int(repeats.max()) + 1)
    rate = np.array([lgamma(r + x) - lgamma(r) for x in counts])[repeats] + r * log(alpha)
    stays = np.array([lgamma(a + b) + lgamma(b + x) - lgamma(b) - lgamma(a + b + x) for x in counts])[repeats]
    stopped = np.array([-np.inf] + [log(a) - log(b + x - 1) for x in counts[1:]])[repeats]
    alive = -(r + repeats) * np.log(alpha + watched)
    gone = stopped - (r + repeats) * np.log(alpha + last_day)
    return float((rate + stays + np.logaddexp(alive, gone)).mean())


def _lowest(loss, start):  # type: ignore[no-untyped-def]
    """Return where a function is lowest, by Nelder and Mead's simplex."""
    points = [start, *(start + step for step in 0.5 * np.eye(len(start)))]
    values = [loss(point) for point in points]
    for _ in range(STEPS):
        order = np.argsort(values, kind="stable")
        points, values = [points[i] for i in order], [values[i] for i in order]
        centre, worst = np.mean(points[:-1], axis=0), points[-1]
        tried = [centre + far * (centre - worst) for far in (1.0, 2.0, -0.5)]
        found = [loss(point) for point in tried]
        best = int(np.argmin(found))
        if found[best] < values[-1]:
            points[-1], values[-1] = tried[best], found[best]
        else:
            points = [points[0], *((points[0] + point) / 2 for point in points[1:])]
            values = [values[0], *(loss(point) for point in points[1:])]
    return points[int(np.argmin(values))]
