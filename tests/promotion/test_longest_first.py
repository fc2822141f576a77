"""What the longest chain waits for is computed first, in the same order each time."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmesh.core.scheduler import CreateNode, EvaluateNode, SchedulingUnit
from sqlmesh.utils.dag import DAG

from ops.promotion.longest_first import longest_chains_first

DAY = (0, 86_400_000)


def computed(name: str, batch: int = 0) -> EvaluateNode:
    return EvaluateNode(snapshot_name=name, interval=DAY, batch_index=batch)


def shuffled(graph: dict[SchedulingUnit, set[SchedulingUnit]], seed: int) -> DAG[SchedulingUnit]:
    nodes = list(graph)
    order = np.random.default_rng(seed).permutation(len(nodes))
    return DAG({nodes[place]: graph[nodes[place]] for place in order})


@pytest.mark.parametrize("seed", range(5))
def test_what_the_longest_chain_waits_for_comes_first(seed: int) -> None:
    alone, one, two, three = (computed(name) for name in ("alone", "z_one", "y_two", "x_three"))
    other, made = computed("other"), CreateNode(snapshot_name="z_one")
    graph: dict[SchedulingUnit, set[SchedulingUnit]] = {
        alone: set(), other: set(), made: set(), one: {made}, two: {one, other}, three: {two},
    }  # fmt: skip
    assert list(longest_chains_first(shuffled(graph, seed)).graph) == [made, other, one, two, alone, three]


@pytest.mark.parametrize("seed", range(5))
def test_the_graph_stays_the_same(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    nodes = [computed(f"model_{number}", batch) for number in range(10) for batch in range(2)]
    graph: dict[SchedulingUnit, set[SchedulingUnit]] = {
        node: {nodes[other] for other in numbers.permutation(place)[:3]} for place, node in enumerate(nodes)
    }
    ordered = longest_chains_first(shuffled(graph, seed))
    assert ordered.graph == graph
    assert list(ordered.graph) == list(longest_chains_first(shuffled(graph, seed + 1)).graph)


def test_nothing_to_compute_has_no_order() -> None:
    assert longest_chains_first(DAG()).graph == {}
