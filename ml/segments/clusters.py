"""k-means with a fixed seed, and how far apart and how stable its clusters are."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.threads import use_one_thread

SEGMENT_SEED = 20260101
#: More customers than these are sampled (always the same ones) to find where clusters begin, for the bootstrap,
#: and for the silhouette, which compares all pairs.
FIT_SAMPLE = 20_000
STABILITY_SAMPLE = 10_000
SILHOUETTE_SAMPLE = 4_000
BOOTSTRAP_COUNT = 20
BOOTSTRAP_STARTS = 3

Points = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clusters:
    """A fit: centroids (k, features), label (customers,) 0..k-1, distance (customers,) to the own centroid, inertia."""

    centroids: Points
    labels: Labels
    distances: Points
    inertia: float


def fit_clusters(points: Points, count: int) -> Clusters:
    """Fit k-means with `count` clusters to points (customers, features), always the same to the same points.

    Of more than FIT_SAMPLE points the best of ten starts is found on a sample, and all points go on from there.
    Raises ValueError when there are fewer points than clusters.
    """
    if len(points) < count:
        raise ValueError(f"{len(points)} points cannot make {count} clusters")
    if count == 1 or points.shape[1] == 0:
        centroid = points.mean(axis=0, keepdims=True)
        distances = np.linalg.norm(points - centroid, axis=1)
        return Clusters(
            centroid, np.zeros(len(points), dtype=np.int64), distances, float((distances**2).sum())
        )
    rows = sample_rows(len(points), FIT_SAMPLE)
    centroids = _kmeans(points[rows], count, starts=10)
    if len(rows) < len(points):
        centroids = _kmeans(points, count, begin=centroids)
    labels, distances = nearest(points, centroids)
    return Clusters(centroids, labels, distances, float((distances**2).sum()))


def nearest(points: Points, centroids: Points) -> tuple[Labels, Points]:
    """Return for each point the number of the nearest centroid (of equals the first) and the distance to it."""
    squares = np.stack([((points - centroid) ** 2).sum(axis=1) for centroid in centroids])
    labels = squares.argmin(axis=0)
    return labels.astype(np.int64), np.sqrt(squares[labels, np.arange(len(points))])


def sample_rows(count: int, most: int) -> Labels:
    """Return the numbers of all rows, or of `most` of them in rising order; the same for the same arguments."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEGMENT_SEED).choice(count, most, replace=False))


def mean_silhouette(points: Points, labels: t.Any) -> float | None:
    """Return the mean silhouette (Rousseeuw 1987), -1..1, on at most SILHOUETTE_SAMPLE points.

    None where it is not defined: fewer than two labels, or as many as points.
    """
    from sklearn.metrics import silhouette_score

    rows = sample_rows(len(points), SILHOUETTE_SAMPLE)
    told = np.asarray(labels)[rows]
    if points.shape[1] == 0 or not 2 <= len(np.unique(told)) <= len(rows) - 1:
        return None
    use_one_thread()
    return float(silhouette_score(points[rows], told))


def bootstrap_stability(points: Points, count: int) -> float:
    """Return how alike the clusters of bootstrap samples are to those of the whole: a mean adjusted Rand index.

    Each of BOOTSTRAP_COUNT samples of customers with replacement is clustered anew, all customers are given to the
    nearest of its centroids, and that is compared with the fit of the customers as they are (Hubert and Arabie 1985;
    the scheme is Hennig's 2007, with the Rand index over all clusters instead of Jaccard's per cluster).
    """
    return bootstrap_agreement(
        points,
        learn=lambda drawn: _kmeans(drawn, count, starts=BOOTSTRAP_STARTS),
        assign=lambda centroids, rows: nearest(rows, centroids)[0],
    )


def bootstrap_agreement(
    rows: Points, learn: t.Callable[[Points], t.Any], assign: t.Callable[[t.Any, Points], t.Any]
) -> float:
    """Return the mean adjusted Rand index between the labels learned of the rows and of bootstrap samples of them.

    learn: rows to what was learned of them. assign: that and rows to one label per row. More than STABILITY_SAMPLE
    rows are judged on a sample, which is a little too hard on them rather than too kind.
    """
    from sklearn.metrics import adjusted_rand_score

    rows = rows[sample_rows(len(rows), STABILITY_SAMPLE)]
    random = np.random.default_rng(SEGMENT_SEED)
    draws = (random.integers(len(rows), size=len(rows)) for _ in range(BOOTSTRAP_COUNT))
    whole = np.asarray(assign(learn(rows), rows))
    return float(np.mean([adjusted_rand_score(whole, assign(learn(rows[draw]), rows)) for draw in draws]))


def smallest_share(labels: Labels, count: int) -> float:
    """Return the share of the customers in the smallest of `count` clusters; 0 where one is empty."""
    return float(np.bincount(labels, minlength=count).min() / len(labels)) if len(labels) else 0.0


def _kmeans(points: Points, count: int, starts: int = 1, begin: Points | None = None) -> Points:
    """Centroids of scikit-learn's k-means, always the same ones for the same points."""
    import warnings

    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    kmeans = KMeans(
        count,
        init="k-means++" if begin is None else begin,
        n_init=starts,
        random_state=SEGMENT_SEED % 2**31,
    )
    use_one_thread()
    with warnings.catch_warnings():
        # A bootstrap sample may have too few distinct points.
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(points)
    centroids: Points = kmeans.cluster_centers_
    return centroids
