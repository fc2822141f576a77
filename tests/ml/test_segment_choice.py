"""How many clusters: the score by hand, stability and the smallest cluster, and the trap of a few wholesalers."""

from dataclasses import replace

import numpy as np
import pytest

from ml.segments.choice import TriedCount, chosen_count, elbow_distances, tried_counts
from ml.segments.clusters import fit_clusters
from ml.segments.evaluate import raw_kmeans
from ml.segments.features import scaled_features
from tests.ml.segment_shops import SETTINGS, kinds, many, with_wholesalers

GOOD = TriedCount(3, 10.0, score=0.5, stability=0.95, smallest_rate=0.2, is_stable=True)


def test_the_planted_number_of_kinds_is_chosen() -> None:
    shop, _ = kinds()
    points = scaled_features(shop, SETTINGS.features, 0.02).points
    assert chosen_count(tried_counts(points, SETTINGS.limits)) == (4, "")


def test_the_score_is_six_tenths_silhouette_and_four_tenths_elbow() -> None:
    tried = tried_counts(scaled_features(many(400), SETTINGS.features, 0.02).points, SETTINGS.limits)
    assert [one.cluster_count for one in tried] == [3, 4, 5, 6, 7, 8]
    apart = np.array([one.silhouette for one in tried], dtype=float)
    bend = np.array([one.elbow for one in tried], dtype=float)
    by_hand = 0.6 * (apart - apart.min()) / np.ptp(apart) + 0.4 * (bend - bend.min()) / np.ptp(bend)
    assert [one.score for one in tried] == pytest.approx(by_hand)


def test_the_elbow_is_the_distance_to_the_line_between_the_ends() -> None:
    assert elbow_distances([10, 4, 2, 0]) == pytest.approx([2 / 3 - 0.4, 1 / 3 - 0.2])
    assert elbow_distances([9, 6, 3, 0]) == pytest.approx([0, 0])
    assert elbow_distances([0, 0, 0]) == pytest.approx([0])


def test_a_few_wholesalers_do_not_become_a_cluster_of_their_own() -> None:
    shop = with_wholesalers()
    count, apart, smallest = raw_kmeans(shop, SETTINGS)
    assert apart is not None  # the trap: a fine silhouette, and next to nobody in the smallest cluster
    assert (count, smallest * len(shop)) == (2, pytest.approx(11))
    assert apart > 0.9
    points = scaled_features(shop, SETTINGS.features, 0.02).points
    chosen, _ = chosen_count(tried_counts(points, SETTINGS.limits))
    assert chosen >= 3
    assert np.bincount(fit_clusters(points, chosen).labels).min() >= 0.02 * len(shop)


def test_what_is_unstable_or_has_a_tiny_cluster_is_not_chosen() -> None:
    tiny = replace(GOOD, cluster_count=4, score=0.9, is_large_enough=False)
    unstable = replace(GOOD, cluster_count=5, score=0.8, is_stable=False)
    assert chosen_count([GOOD, tiny, unstable]) == (3, "")


def test_where_none_is_stable_the_most_stable_is_taken_and_said() -> None:
    tried = [
        replace(GOOD, cluster_count=k, stability=s, is_stable=False)
        for k, s in ((3, 0.5), (4, 0.7), (5, 0.6))
    ]
    count, note = chosen_count(tried)
    assert count == 4
    assert "0.70" in note


def test_where_each_has_a_tiny_cluster_there_is_one_segment() -> None:
    count, note = chosen_count([replace(GOOD, is_large_enough=False)])
    assert count == 1
    assert "least share" in note


def test_the_last_number_stays_while_it_scores_about_as_well() -> None:
    better = replace(GOOD, cluster_count=5, score=0.54)
    assert chosen_count([GOOD, better]) == (5, "")
    assert chosen_count([GOOD, better], last_count=3) == (3, "")
    assert chosen_count([GOOD, replace(better, score=0.56)], last_count=3) == (5, "")
    assert chosen_count([replace(GOOD, is_stable=False), better], last_count=3) == (5, "")


def test_too_few_or_too_similar_customers_are_not_divided() -> None:
    assert tried_counts(np.arange(29.0).reshape(29, 1), SETTINGS.limits) == []
    assert tried_counts(np.repeat([[1.0], [2.0], [3.0]], 30, axis=0), SETTINGS.limits) == []
    assert tried_counts(np.zeros((50, 0)), SETTINGS.limits) == []
    assert [one.cluster_count for one in tried_counts(np.arange(45.0).reshape(45, 1), SETTINGS.limits)] == [
        3,
        4,
    ]
