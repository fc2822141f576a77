"""Slow, plain ways to what the purchase models compute: simulation, and sums over a grid."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

BG = np.array([0.9, 30.0, 0.8, 3.5])  # r, alpha (days), a, b
PARETO = np.array([0.8, 25.0, 0.7, 60.0])  # r, alpha, s, beta


@dataclass(frozen=True)
class Simulated:
    """What was seen of customers up to T, what they did in `ahead` days after it, and whether they were alive at T."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    later: np.ndarray
    alive: np.ndarray


def simulate_bg_nbd(parameters: np.ndarray, watched: np.ndarray, ahead: float, seed: int) -> Simulated:
    """Let customers buy and stop after purchases, one purchase after the other."""
    random, n = np.random.default_rng(seed), len(watched)
    r, alpha, a, b = parameters
    rate, dropout = random.gamma(r, 1 / alpha, n), random.beta(a, b, n)
    return _run(random, rate, watched, ahead, np.full(n, np.inf), dropout)


def simulate_pareto_nbd(parameters: np.ndarray, watched: np.ndarray, ahead: float, seed: int) -> Simulated:
    """Let customers buy until a moment of their own."""
    random, n = np.random.default_rng(seed), len(watched)
    r, alpha, s, beta = parameters
    rate = random.gamma(r, 1 / alpha, n)
    ends = random.exponential(1, n) / random.gamma(s, 1 / beta, n)
    return _run(random, rate, watched, ahead, ends, np.zeros(n))


def _run(random, rate, watched, ahead, ends, dropout):  # type: ignore[no-untyped-def]
    n = len(rate)
    x, t_x, later, stopped = np.zeros(n), np.zeros(n), np.zeros(n), ends.copy()
    who, now = np.arange(n), np.zeros(n)
    while len(who):
        now = now + random.exponential(1, len(who)) / np.maximum(rate[who], 1e-12)
        goes_on = now < np.minimum(stopped[who], watched[who] + ahead)
        who, now = who[goes_on], now[goes_on]
        before = now <= watched[who]
        x[who[before]] += 1
        t_x[who[before]] = now[before]
        later[who[~before]] += 1
        stops = random.random(len(who)) < dropout[who]
        stopped[who[stops]] = now[stops]
        who, now = who[~stops], now[~stops]
    return Simulated(x, t_x, watched, later, stopped > watched)


def bg_nbd_grid(parameters, x, t_x, T, time, steps=700):  # type: ignore[no-untyped-def] # noqa: N803
    """Return likelihood, P(alive) and expected purchases of one customer, by sums over quantiles of λ and p.

    Only the individual process is used: λ^x (1-p)^x e^(-λT) alive, λ^x p (1-p)^(x-1) e^(-λ t_x) stopped at t_x, and
    (1 - e^(-λ p t)) / p purchases to come of somebody who is alive.
    """
    r, alpha, a, b = parameters
    middle = (np.arange(steps) + 0.5) / steps
    rate = stats.gamma.ppf(middle, r, scale=1 / alpha)[:, None]
    p = stats.beta.ppf(middle, a, b)[None, :]
    alive = rate**x * (1 - p) ** x * np.exp(-rate * T)
    gone = rate**x * p * (1 - p) ** (x - 1) * np.exp(-rate * t_x) if x > 0 else np.zeros_like(alive)
    likelihood = (alive + gone).mean()
    further = -np.expm1(-rate * p * time) / p
    return likelihood, alive.mean() / likelihood, (alive * further).mean() / likelihood


def pareto_nbd_grid(parameters, x, t_x, T, time, steps=700):  # type: ignore[no-untyped-def] # noqa: N803
    """Return the same for Pareto/NBD: λ^x e^(-(λ+μ)T) alive, λ^x times the integral of μ e^(-(λ+μ)y) dy stopped."""
    r, alpha, s, beta = parameters
    middle = (np.arange(steps) + 0.5) / steps
    rate = stats.gamma.ppf(middle, r, scale=1 / alpha)[:, None]
    end = stats.gamma.ppf(middle, s, scale=1 / beta)[None, :]
    alive = rate**x * np.exp(-(rate + end) * T)
    gone = rate**x * end / (rate + end) * (np.exp(-(rate + end) * t_x) - np.exp(-(rate + end) * T))
    likelihood = (alive + gone).mean()
    further = -rate * np.expm1(-end * time) / end
    return likelihood, alive.mean() / likelihood, (alive * further).mean() / likelihood


def purchase_days(simulated: Simulated, seed: int = 0, value: float = 20.0) -> pd.DataFrame:
    """Return days with purchases, as models read them, of customers with those x (made up days, random values)."""
    random = np.random.default_rng(seed)
    rows = []
    for customer, (x, T) in enumerate(zip(simulated.x, simulated.T, strict=True)):  # noqa: N806
        first = pd.Timestamp("2026-06-30") - pd.Timedelta(days=int(T))
        after = random.choice(np.arange(1, int(T) + 1), size=min(int(x), int(T)), replace=False)
        for day in [0, *after]:
            rows.append(
                (f"C{customer:04d}", first + pd.Timedelta(days=int(day)), True, value * random.gamma(4) / 4)
            )
    return pd.DataFrame(rows, columns=["customer_id", "order_date", "is_purchase", "net_amount"])
