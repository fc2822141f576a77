"""Names: all different, never against how recently the customers bought, and kept from run to run."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest

from ml.segments.names import CENTRE_WEIGHT, PRIORITY_WEIGHT, by_priority, named_clusters, overlap
from tests.ml.segment_shops import RULES

ACTIVE = {
    "Super VIP Champions",
    "Ultra High Value Active",
    "Champions",
    "Super Frequent Active",
    "Potential Loyalists",
    "New Customers",
}
LAPSED = {
    "VIP At Risk",
    "Loyal Customers At Risk",
    "Cannot Lose Them",
    "At Risk Customers",
    "High Value At Risk",
    "Hibernating",
}


def names_of(centres: object, kept: np.ndarray | None = None) -> list[str]:
    return [name.segment for name in named_clusters(np.array(centres, dtype=float), RULES, kept)]


@pytest.mark.parametrize(
    ("recency", "frequency", "value", "name"),
    [
        (0.85, 0.90, 0.90, "Super VIP Champions"),
        (0.20, 0.90, 0.90, "VIP At Risk"),
        (0.80, 0.45, 0.92, "Ultra High Value Active"),
        (0.80, 0.72, 0.70, "Champions"),
        (0.60, 0.10, 0.80, "Big Spenders"),
        (0.30, 0.65, 0.55, "Loyal Customers At Risk"),
        (0.80, 0.90, 0.45, "Super Frequent Active"),
        (0.75, 0.45, 0.45, "Potential Loyalists"),
        (0.55, 0.65, 0.40, "Frequent Buyers"),
        (0.10, 0.60, 0.85, "Cannot Lose Them"),
        (0.32, 0.38, 0.42, "At Risk Customers"),
        (0.25, 0.10, 0.85, "High Value At Risk"),
        (0.85, 0.05, 0.25, "New Customers"),
        (0.15, 0.05, 0.20, "Hibernating"),
    ],
)
def test_each_name_stands_for_its_customers(
    recency: float, frequency: float, value: float, name: str
) -> None:
    (found,) = named_clusters(np.array([[recency, frequency, value]]), RULES)
    assert (found.segment, found.rule_distance) == (name, 0)


def test_the_seed_has_the_fourteen_names_and_an_action_for_each() -> None:
    assert set(by_priority(RULES)["segment"]) == ACTIVE | LAPSED | {"Big Spenders", "Frequent Buyers"}
    assert RULES["recommended_action"].str.len().gt(10).all()
    assert RULES["segment"].is_unique
    assert RULES["recommended_action"].is_unique


def test_no_name_contradicts_how_recently_the_customers_bought() -> None:
    steps = np.linspace(0, 1, 8)
    for place in product(steps, steps, steps):
        (name,) = names_of([place])
        assert name not in (LAPSED if place[0] > 0.55 else ACTIVE if place[0] < 0.45 else ())


def test_eight_clusters_have_eight_names_on_the_right_side_wherever_they_stand() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        centres = random.random((8, 3))
        centres[:, 0] = random.choice([0.1, 0.9]) if random.random() < 0.3 else centres[:, 0]
        names = names_of(centres)
        assert len(set(names)) == 8
        for (recency, *_), name in zip(centres, names, strict=True):
            assert name not in (LAPSED if recency > 0.55 else ACTIVE if recency < 0.45 else ())


def test_the_names_fit_best_together() -> None:
    centres = np.array([[0.8, 0.9, 0.9], [0.75, 0.85, 0.95], [0.3, 0.2, 0.3]])
    ordered = by_priority(RULES)
    parts = ("recency", "frequency", "value")
    lower, upper = (ordered[[f"{part}_{end}" for part in parts]].to_numpy() for end in ("from", "to"))

    def cost(cluster: int, name: int) -> float:
        gap = np.maximum(np.maximum(lower[name] - centres[cluster], centres[cluster] - upper[name]), 0)
        middle = centres[cluster] - (lower[name] + upper[name]) / 2
        active, lapsed = lower[name][0] >= 0.5, upper[name][0] <= 0.5
        wrong = (active and centres[cluster][0] < 0.45) or (lapsed and centres[cluster][0] > 0.55)
        return float(gap @ gap + CENTRE_WEIGHT * middle @ middle + 100 * wrong + PRIORITY_WEIGHT * name)

    best = min(permutations(range(14), 3), key=lambda names: sum(map(cost, range(3), names)))
    assert names_of(centres) == [ordered["segment"][name] for name in best]


def test_the_order_of_the_rules_does_not_matter() -> None:
    centres = np.random.default_rng(4).random((6, 3))
    shuffled = RULES.sample(frac=1, random_state=1)
    assert named_clusters(centres, shuffled) == named_clusters(centres, RULES)


def test_a_name_is_kept_at_the_border_of_its_rule_but_not_far_from_it() -> None:
    names = list(by_priority(RULES)["segment"])
    kept = np.zeros((1, len(names)))
    kept[0, names.index("Super VIP Champions")] = 1
    assert names_of([[0.8, 0.72, 0.73]]) == ["Champions"]
    assert names_of([[0.8, 0.72, 0.73]], kept) == ["Super VIP Champions"]
    assert names_of([[0.8, 0.6, 0.5]], kept) == ["Potential Loyalists"]
    assert names_of([[0.3, 0.9, 0.9]], kept) == ["VIP At Risk"]


def test_a_second_run_changes_no_name_whatever_the_first_run_started_from() -> None:
    random = np.random.default_rng(5)
    names = list(by_priority(RULES)["segment"])
    for _ in range(200):
        count = random.integers(2, 9)
        centres, kept = random.random((count, 3)), random.random((count, len(names)))
        first = names_of(centres, kept)
        again = np.zeros_like(kept)
        again[np.arange(count), [names.index(name) for name in first]] = 1
        assert names_of(centres, again) == first


def test_overlap_is_jaccards() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    before = pd.Series(["a", "a", "b", "b", "gone", None])
    assert overlap(labels, 2, before, ["a", "b", "c"]) == pytest.approx(
        np.array([[2 / 3, 1 / 4, 0], [0, 1 / 3, 0]])
    )


def test_more_clusters_than_names_is_an_error() -> None:
    with pytest.raises(ValueError, match="15 clusters, but only 14 names"):
        named_clusters(np.random.default_rng(6).random((15, 3)), RULES)
