"""Fits, silhouettes and stability, against slow and closed forms."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from ml.segments import clusters
from ml.segments.clusters import (
    bootstrap_agreement,
    bootstrap_stability,
    fit_clusters,
    mean_silhouette,
    nearest,
    smallest_share,
)
from ml.segments.features import scaled_features
from tests.ml.segment_shops import SETTINGS, kinds, many


def points_of(shop: object) -> np.ndarray:
    return scaled_features(shop, SETTINGS.features, 0.02).points  # type: ignore[arg-type]


def slow_silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """Rousseeuw's definition, customer by customer."""
    widths = []
    for here, label in zip(points, labels, strict=True):
        away = np.sqrt(((points - here) ** 2).sum(axis=1))
        own = away[labels == label]
        near = own.sum() / (len(own) - 1) if len(own) > 1 else 0.0
        far = min(away[labels == other].mean() for other in set(labels) - {label})
        widths.append((far - near) / max(near, far) if len(own) > 1 else 0.0)
    return float(np.mean(widths))


def pair_counting_rand(one: np.ndarray, two: np.ndarray) -> float:
    """Adjusted Rand index from all pairs (Hubert and Arabie 1985)."""
    pairs = list(combinations(range(len(one)), 2))
    together = np.array([[one[a] == one[b], two[a] == two[b]] for a, b in pairs])
    both, first, second = (together.all(axis=1).sum(), *together.sum(axis=0))
    by_chance = first * second / len(pairs)
    return float((both - by_chance) / ((first + second) / 2 - by_chance))


def test_planted_kinds_are_found_again() -> None:
    shop, kind = kinds()
    assert adjusted_rand_score(kind, fit_clusters(points_of(shop), 4).labels) == 1


def test_the_inertia_is_the_sum_of_squared_distances_to_the_means() -> None:
    points = points_of(many(300))
    fit = fit_clusters(points, 4)
    by_hand = sum(
        ((points[fit.labels == one] - points[fit.labels == one].mean(axis=0)) ** 2).sum() for one in range(4)
    )
    assert fit.inertia == pytest.approx(by_hand, rel=1e-3)
    assert fit.inertia == pytest.approx((fit.distances**2).sum())


def test_one_cluster_is_everybody_around_the_mean() -> None:
    points = points_of(many(100))
    fit = fit_clusters(points, 1)
    assert set(fit.labels) == {0}
    assert fit.centroids[0] == pytest.approx(points.mean(axis=0))


def test_fewer_points_than_clusters_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 points cannot make 3 clusters"):
        fit_clusters(np.zeros((2, 1)), 3)


def test_a_fit_over_a_sample_is_as_good_as_one_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    points = points_of(many(3000))
    whole = fit_clusters(points, 4)
    monkeypatch.setattr(clusters, "FIT_SAMPLE", 500)
    sampled = fit_clusters(points, 4)
    assert sampled.inertia == pytest.approx(whole.inertia, rel=0.01)
    assert len(sampled.labels) == 3000


def test_the_silhouette_is_rousseeuws() -> None:
    points = points_of(many(200))
    labels = fit_clusters(points, 3).labels
    assert mean_silhouette(points, labels) == pytest.approx(slow_silhouette(points, labels))


def test_the_silhouette_of_a_sample_is_near_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    points = points_of(many(1500))
    labels = fit_clusters(points, 3).labels
    monkeypatch.setattr(clusters, "SILHOUETTE_SAMPLE", 500)
    assert mean_silhouette(points, labels) == pytest.approx(slow_silhouette(points, labels), abs=0.03)


def test_one_cluster_has_no_silhouette() -> None:
    assert mean_silhouette(np.arange(6.0).reshape(6, 1), np.zeros(6)) is None


def test_the_adjusted_rand_index_is_that_of_pairs() -> None:
    one, two = np.array([0, 0, 1, 1, 2, 2, 0]), np.array([0, 1, 1, 1, 0, 2, 0])
    # Learning gives the labels of its rows back: first of the whole, then what each bootstrap drew.
    answers = iter([one, *[two] * clusters.BOOTSTRAP_COUNT])
    found = bootstrap_agreement(np.zeros((7, 1)), lambda rows: next(answers), lambda learned, rows: learned)
    assert found == pytest.approx(pair_counting_rand(one, two))


def test_planted_kinds_are_stable_and_too_many_clusters_are_not() -> None:
    shop, _ = kinds()
    assert bootstrap_stability(points_of(shop), 4) > 0.99
    assert bootstrap_stability(points_of(shop), 7) < 0.9


def test_shares_of_the_smallest_cluster() -> None:
    assert smallest_share(np.array([0, 0, 1, 2]), 3) == 0.25
    assert smallest_share(np.array([0, 0, 1, 1]), 3) == 0


def test_of_two_equally_near_centroids_the_first_is_taken() -> None:
    labels, distances = nearest(np.array([[1.0]]), np.array([[0.0], [2.0]]))
    assert (labels[0], distances[0]) == (0, 1)
