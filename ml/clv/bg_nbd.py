"""BG/NBD: customers buy at random and may stop for good after each repeat purchase.

Fader, Hardie and Lee (2005), "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model",
Marketing Science 24(2), 275-284. A customer buys at rate λ, gamma distributed over the customers (shape r, rate alpha),
and stops after a repeat purchase with probability p, beta distributed (a, b).
"""

from __future__ import annotations

import numpy as np

from ml.clv.histories import Array, Histories
from ml.clv.likelihood import Estimate, maximum_likelihood
from ml.threads import use_one_thread

BG_NBD_NAMES = ("r", "alpha", "a", "b")
#: Nodes of the mean over p: they give six digits for times up to a hundred times alpha + T, two for a thousand times.
DROPOUT_NODES = 32
#: Below, (1 - exp(-p y)) / p is its limit.
LEAST_DROPOUT = 1e-12


def fit_bg_nbd(histories: Histories) -> Estimate:
    """Return r, alpha (in units of time), a and b. The log-likelihood has the density's unit, time to the power -x."""
    scale = float(np.average(histories.T, weights=histories.count)) or 1.0
    scaled = Histories(
        histories.x, histories.t_x / scale, histories.T / scale, histories.count, histories.place
    )
    n = int(histories.count.sum())

    def loss(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        value, gradient = bg_nbd_log_likelihood(parameters, scaled)
        return -float((histories.count * value).sum()) / n, -(gradient * histories.count).sum(
            axis=1
        ) * parameters / n

    return maximum_likelihood(
        loss,
        start=np.log([1.0, 1.0, 1.0, 3.0]),
        names=BG_NBD_NAMES,
        unit=np.array([1.0, scale, 1.0, 1.0]),
        least=np.zeros(4),
        n=n,
        constant=-float(histories.count @ histories.x) * np.log(scale),
    )


def bg_nbd_log_likelihood(parameters: Array, histories: Histories) -> tuple[Array, Array]:
    """Return each history's log-likelihood, shape (k,), and its gradient by r, alpha, a, b, shape (4, k).

    Equation (6), p. 279, with the two terms added in logarithms. Its weight w of the first term is P(alive).
    """
    from scipy.special import gammaln, psi

    r, alpha, a, b = parameters
    x, place = np.unique(histories.x, return_inverse=True)  # few different ones: the gamma functions are slow
    constant = gammaln(r + x) - gammaln(r) + gammaln(a + b) - gammaln(a + b + x) + gammaln(b + x) - gammaln(b)
    log_watched, log_active = np.log(alpha + histories.T), np.log(alpha + histories.t_x)
    alive = -(r + histories.x) * log_watched
    came_back = histories.x > 0
    before = np.where(came_back, b + histories.x - 1, 1.0)
    gone = np.where(came_back, np.log(a / before) - (r + histories.x) * log_active, -np.inf)
    both = np.logaddexp(alive, gone)
    w = np.exp(alive - both)
    of_r = (psi(r + x) - psi(r))[place] + np.log(alpha) - w * log_watched - (1 - w) * log_active
    rates = w / (alpha + histories.T) + (1 - w) / (alpha + histories.t_x)
    of_alpha = r / alpha - (r + histories.x) * rates
    of_a = (psi(a + b) - psi(a + b + x))[place] + (1 - w) / a
    of_b = (psi(b + x) - psi(b) + psi(a + b) - psi(a + b + x))[place] - (1 - w) / before
    return constant[place] + r * np.log(alpha) + both, np.stack([of_r, of_alpha, of_a, of_b])


def bg_nbd_p_alive(parameters: Array, histories: Histories) -> Array:
    """Return the probability that customers of each history have not stopped, shape (k,); 1 for x = 0.

    Fader and Hardie (2008), "Computing P(alive) Using the BG/NBD Model": the
    odds against it are a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x), taken in logarithms here.
    """
    from scipy.special import expit

    r, alpha, a, b = parameters
    came_back = histories.x > 0
    before = np.where(came_back, b + histories.x - 1, 1.0)
    odds = np.log(a / before) + (r + histories.x) * np.log((alpha + histories.T) / (alpha + histories.t_x))
    return np.where(came_back, expit(-odds), 1.0)


def bg_nbd_expected_purchases(parameters: Array, histories: Histories, times: Array) -> Array:
    """Return the purchases to expect of customers of each history from T to T + time, shape (k, len(times)).

    Equation (10), p. 280, as P(alive) times the mean of (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p over p, which is
    beta (a, b + x) distributed for those who are alive: the mean over λ is taken first. The hypergeometric function
    of (10) overflows for large x and is 0 / 0 at a = 1; here nothing does, every term is positive.
    """
    r, alpha, a, b = parameters
    x, place = np.unique(histories.x, return_inverse=True)
    p, weight = beta_nodes(a, b + x)
    p = np.maximum(p, LEAST_DROPOUT)
    weight = weight / p
    expected = np.empty((len(place), len(times)))
    for first in range(0, len(place), 2048):  # what fits the processor's cache
        rows = slice(first, first + 2048)
        chance, share = p[place[rows]], weight[place[rows]]
        shape = (r + histories.x[rows])[:, None]
        for column, time in enumerate(times):
            longer = np.log1p(chance * (time / (alpha + histories.T[rows]))[:, None])
            expected[rows, column] = -(share * np.expm1(-shape * longer)).sum(axis=1)
    return expected * bg_nbd_p_alive(parameters, histories)[:, None]


def beta_nodes(a: float, b: Array) -> tuple[Array, Array]:
    """Return nodes and weights, shape (len(b), DROPOUT_NODES), of means over beta (a, b) distributions.

    Gauss-Jacobi quadrature on [0, 1] by the eigenvalues of the Jacobi matrix (Golub and Welsch 1969, "Calculation of
    Gauss Quadrature Rules", Mathematics of Computation 23, 221-230); weights add up to 1.
    """
    left, right = a - 1.0, np.asarray(b, float)[:, None] - 1.0  # exponents of p and of 1 - p
    k = np.arange(1, DROPOUT_NODES, dtype=float)[None, :]
    total = left + right
    first = (left - right) / (total + 2)
    others = (left**2 - right**2) / ((2 * k + total) * (2 * k + total + 2))
    # The first of these has a factor k + total that cancels: total may be -1.
    start = 4 * (1 + left) * (1 + right) / ((2 + total) ** 2 * (3 + total))
    k, middle = k[:, 1:], 2 * k[:, 1:] + total
    rest = 4 * k * (k + left) * (k + right) * (k + total) / (middle**2 * (middle**2 - 1))
    matrix = np.zeros((len(right), DROPOUT_NODES, DROPOUT_NODES))
    place = np.arange(DROPOUT_NODES)
    matrix[:, place, place] = (1 + np.hstack([first, others])) / 2
    matrix[:, place[1:], place[:-1]] = np.sqrt(np.hstack([start, rest])) / 2
    use_one_thread()  # threads wait for each other longer than they work on such small matrices
    nodes, vectors = np.linalg.eigh(matrix)  # reads the lower triangle
    return nodes, vectors[:, 0, :] ** 2
