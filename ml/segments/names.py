"""The business name of each cluster, by rules on where its customers stand, and by the name it had before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.segments.features import POSITION_COLUMNS

RULE_COLUMNS = (
    "segment",
    "priority",
    "recency_from",
    "recency_to",
    "frequency_from",
    "frequency_to",
    "value_from",
    "value_to",
)
#: What the customers are called where there is one cluster: positions are relative, and its are the middle.
UNDIVIDED = "All Customers"
#: A name of active customers is not given to those who stay away, nor the other way round; this far around the
#: middle both may be said, so that a name does not flip with each customer.
RECENCY_MIDDLE = 0.5
RECENCY_TOLERANCE = 0.05
CONTRADICTION_COST = 100.0
#: Weights of the costs below, in squared positions: 0.05 is what standing 0.22 outside of a rule costs.
CENTRE_WEIGHT = 0.1
KEPT_NAME_BONUS = 0.05
PRIORITY_WEIGHT = 1e-6


@dataclass(frozen=True)
class SegmentName:
    """A cluster's name, and how far (0: it holds, 1: the other end) its customers stand outside of the name's rule."""

    segment: str
    rule_distance: float


def named_clusters(
    centres: npt.NDArray[np.float64], rules: pd.DataFrame, kept: npt.NDArray[np.float64] | None = None
) -> list[SegmentName]:
    """Return a name for each cluster, all different, chosen together so that they fit best (Hungarian assignment).

    centres: (clusters, 3), the mean positions by recency, frequency and value (features.positions).
    rules: RULE_COLUMNS, one row per name, in any order: the range of positions that the name stands for.
    kept: (clusters, rules in the order of priority), 0..1, how much of cluster and last run's segment is the same.

    What a name costs a cluster: the squared distance to the rule's range; a tenth of the squared distance to its
    middle, which tells overlapping rules apart; CONTRADICTION_COST where an active name would go to customers who
    stay away or the reverse; less KEPT_NAME_BONUS × kept. A second run over the same customers has kept = 1 for each
    of its own names and so changes nothing: what any other assignment could win by the rules was already outweighed
    by at most as much bonus. Raises ValueError for more clusters than names.
    """
    from scipy.optimize import linear_sum_assignment

    ordered = by_priority(rules)
    if len(centres) > len(ordered):
        raise ValueError(f"{len(centres)} clusters, but only {len(ordered)} names")
    lower, upper = (
        ordered[[f"{part}_{end}" for part in ("recency", "frequency", "value")]].to_numpy(dtype=float)
        for end in ("from", "to")
    )
    outside = _outside(centres, lower, upper)
    middle = ((centres[:, None, :] - (lower + upper) / 2) ** 2).sum(axis=2)
    cost = outside + CENTRE_WEIGHT * middle + CONTRADICTION_COST * _contradicts(centres, lower, upper)
    cost += PRIORITY_WEIGHT * np.arange(len(ordered))
    if kept is not None:
        cost -= KEPT_NAME_BONUS * kept
    clusters, names = linear_sum_assignment(cost)
    return [
        SegmentName(str(ordered["segment"].iat[name]), float(np.sqrt(outside[cluster, name])))
        for cluster, name in zip(clusters, names, strict=True)
    ]


def by_priority(rules: pd.DataFrame) -> pd.DataFrame:
    """Return the rules in the order that columns of `kept` follow; names without a rule are left out."""
    ruled: pd.DataFrame = rules.dropna(subset=["recency_from"])
    return ruled.sort_values(["priority", "segment"], ignore_index=True)


def _outside(
    centres: npt.NDArray[np.float64], lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Squared distance of each cluster to each rule's range, (clusters, rules); 0 within."""
    here = centres[:, None, :]
    gaps: npt.NDArray[np.float64] = np.maximum(np.maximum(lower - here, here - upper), 0.0)
    squares: npt.NDArray[np.float64] = (gaps**2).sum(axis=2)
    return squares


def _contradicts(
    centres: npt.NDArray[np.float64], lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Whether an active name would go to customers who stay away or the reverse, (clusters, rules)."""
    recency = centres[:, [0]]
    is_active_name = lower[:, 0] >= RECENCY_MIDDLE
    is_lapsed_name = upper[:, 0] <= RECENCY_MIDDLE
    return np.asarray(
        (is_active_name & (recency < RECENCY_MIDDLE - RECENCY_TOLERANCE))
        | (is_lapsed_name & (recency > RECENCY_MIDDLE + RECENCY_TOLERANCE))
    )


def overlap(
    labels: npt.NDArray[np.int64], count: int, before: pd.Series, names: list[str]
) -> npt.NDArray[np.float64]:
    """Return how much each cluster and each segment of the last run are the same, (clusters, names), 0..1.

    labels: the customers' clusters. before: the same customers' last segments, missing for those who had none, who
    are not counted. Jaccard: customers in both, by customers in either; 0 for a segment that was not there.
    """
    told = before.notna().to_numpy()
    columns = pd.Index(names).get_indexer(before[told])
    table = np.zeros((count, len(names) + 1))
    np.add.at(table, (labels[told], columns), 1.0)  # a name that is no more is -1: the last column
    both = table[:, :-1]
    either = table.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    shares: npt.NDArray[np.float64] = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return shares


def mean_positions(
    positions: pd.DataFrame, labels: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.float64]:
    """Return the mean of POSITION_COLUMNS for each of `count` clusters, (clusters, 3)."""
    values = positions[list(POSITION_COLUMNS)].to_numpy(dtype=float)
    return np.stack([values[labels == cluster].mean(axis=0) for cluster in range(count)])
