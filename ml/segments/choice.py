"""How many clusters: 60 % silhouette and 40 % elbow, among those that are stable and have no tiny cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.segments.clusters import bootstrap_stability, fit_clusters, mean_silhouette, smallest_share

SILHOUETTE_WEIGHT = 0.6
ELBOW_WEIGHT = 0.4
#: Fewer customers than this per cluster say nothing about kinds of customers.
LEAST_CLUSTER_MEAN = 10
#: The last run's number of clusters is kept while its score is within this of the best one.
KEPT_SCORE_MARGIN = 0.05


@dataclass(frozen=True)
class TriedCount:
    """One number of clusters that was tried; the fields are columns of ml.segment_curve."""

    cluster_count: int
    inertia: float
    silhouette: float | None = None
    elbow: float | None = None
    score: float | None = None
    stability: float | None = None
    smallest_rate: float = 1.0
    is_stable: bool = False
    is_large_enough: bool = True


@dataclass(frozen=True)
class CountLimits:
    """Which numbers of clusters are tried, and what they have to hold (config.yaml, segment_…)."""

    least_count: int
    most_count: int
    least_rate: float
    least_stability: float


def tried_counts(points: npt.NDArray[np.float64], limits: CountLimits) -> list[TriedCount]:
    """Return what each number of clusters gives on points (customers, features), the smallest first.

    Tried are those with LEAST_CLUSTER_MEAN customers per cluster and with more different points than clusters; empty
    where that holds for none. Silhouettes and elbows are brought to 0..1 over what was tried before they are weighed,
    or the one with the wider range would decide.
    """
    most = _most_count(points, limits)
    if most < limits.least_count:
        return []
    counts = range(limits.least_count, most + 1)
    fits = {count: fit_clusters(points, count) for count in range(limits.least_count - 1, most + 2)}
    silhouettes = [mean_silhouette(points, fits[count].labels) for count in counts]
    elbows = elbow_distances([fit.inertia for fit in fits.values()])
    parts = zip(_to_unit([one or 0.0 for one in silhouettes]), _to_unit(elbows), strict=True)
    scores = [SILHOUETTE_WEIGHT * apart + ELBOW_WEIGHT * bend for apart, bend in parts]
    tried = []
    for count, apart, bend, score in zip(counts, silhouettes, elbows, scores, strict=True):
        agreement, share = bootstrap_stability(points, count), smallest_share(fits[count].labels, count)
        tried.append(
            TriedCount(
                count,
                fits[count].inertia,
                apart,
                bend,
                score,
                agreement,
                share,
                is_stable=agreement >= limits.least_stability,
                is_large_enough=share >= limits.least_rate,
            )
        )
    return tried


def _most_count(points: npt.NDArray[np.float64], limits: CountLimits) -> int:
    """The largest number of clusters that can be tried: the elbow asks for one more to be possible."""
    if points.shape[1] == 0:
        return 0
    different = len(np.unique(points, axis=0))
    return min(limits.most_count, len(points) // LEAST_CLUSTER_MEAN, different - 2)


def elbow_distances(inertias: list[float]) -> list[float]:
    """Return for all but the first and last how far the inertia lies below the straight line between these two.

    Both axes are brought to 0..1 first (Satopää et al. 2011, "Kneedle"): 0 on the line, up to 1, below 0 above it.
    """
    curve = np.array(inertias, dtype=float)
    fall = curve[0] - curve[-1]
    steps = np.linspace(0.0, 1.0, len(curve))
    heights = (curve - curve[-1]) / fall if fall > 0 else 1.0 - steps
    return [float(bend) for bend in (1.0 - steps - heights)[1:-1]]


def _to_unit(values: list[float]) -> list[float]:
    """Bring the least to 0 and the most to 1; all 0 where they are equal."""
    least, span = min(values), max(values) - min(values)
    return [(value - least) / span if span > 1e-12 else 0.0 for value in values]


def chosen_count(tried: list[TriedCount], last_count: int | None = None) -> tuple[int, str]:
    """Return the number of clusters, and what is to be said about it (empty: it holds all that is asked).

    The best score among those that are large enough and stable; of equals the smaller number. `last_count`, the last
    run's choice, stays while it may be chosen and scores within KEPT_SCORE_MARGIN of the best: so a second run over
    the same customers chooses the same. Where none is stable the most stable one; where each has a tiny cluster, or
    none could be tried, 1.
    """
    if not tried:
        return 1, "too few or too similar customers to tell groups apart: one segment"
    large = [one for one in tried if one.is_large_enough]
    if not large:
        return 1, "each number of clusters has one below the least share: one segment"
    stable = [one for one in large if one.is_stable]
    if not stable:
        steadiest = max(large, key=lambda one: (one.stability or 0.0, -one.cluster_count))
        return steadiest.cluster_count, (
            f"no number of clusters is stable: the most stable one, adjusted Rand {steadiest.stability:.2f}"
        )
    best = max(stable, key=lambda one: (one.score or 0.0, -one.cluster_count))
    for one in stable:
        if one.cluster_count == last_count and (one.score or 0.0) >= (best.score or 0.0) - KEPT_SCORE_MARGIN:
            return one.cluster_count, ""
    return best.cluster_count, ""
