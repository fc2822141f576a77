"""How good ranked lists are: each function takes hits (n × k, best place first) and returns one number per customer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Hits = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
PerCustomer = npt.NDArray[np.float64]


def hits_of(items: npt.NDArray[np.int64], truth: npt.NDArray[np.bool_]) -> Hits:
    """Return whether each listed item (n × k, negative for an empty place) is in the truth (n × P)."""
    if truth.shape[1] == 0:
        return np.zeros(items.shape, dtype=np.bool_)
    return np.asarray(np.take_along_axis(truth, np.maximum(items, 0), axis=1) & (items >= 0))


def recall_at(hits: Hits, truth_count: Counts, k: int) -> PerCustomer:
    """Return hits in the first k places by min(k, truth_count): 1 where the list could not be better.

    The definition of Liang, Krishnan, Hoffman and Jebara 2018 (section 4.2): a customer who buys 50 products in the
    holdout is not held against a list of 20. truth_count has to be above zero.
    """
    return np.asarray(hits[:, :k].sum(axis=1) / np.minimum(truth_count, k))


def precision_at(hits: Hits, k: int) -> PerCustomer:
    """Return hits in the first k places by k; empty places count as wrong."""
    return np.asarray(hits[:, :k].sum(axis=1) / k)


def ndcg_at(hits: Hits, truth_count: Counts, k: int) -> PerCustomer:
    """Return the discounted gain Σ hit / log2(place + 1) of the first k places by that of an ideal list.

    Järvelin and Kekäläinen 2002 with gains of 0 and 1. truth_count has to be above zero.
    """
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(truth_count, k) - 1]
    return np.asarray((hits[:, :k] * discount[: hits[:, :k].shape[1]]).sum(axis=1) / ideal)


def rmse(predicted: npt.NDArray[np.float64], actual: npt.NDArray[np.float64]) -> float:
    """Return the root of the mean squared error; NaN of nothing."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2))) if len(actual) else float("nan")
