"""What the longest chain waits for is computed first, in the same order each time."""

from __future__ import annotations

from threading import Barrier

import duckdb
import numpy as np
import pytest
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.scheduler import CreateNode, EvaluateNode, SchedulingUnit
from sqlmesh.utils.concurrency import concurrent_apply_to_dag
from sqlmesh.utils.dag import DAG

from ops.promotion.longest_first import _last_seconds, longest_chains_first
from ops.settings import Settings

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
    first = longest_chains_first(shuffled(graph, seed), {})
    assert list(first.graph) == [made, other, one, two, alone, three]
    first = longest_chains_first(shuffled(graph, seed), {"alone": 2.5})
    assert list(first.graph) == [made, other, one, alone, two, three]


@pytest.mark.parametrize("seed", range(5))
def test_the_graph_stays_the_same(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    nodes = [computed(f"model_{number}", batch) for number in range(10) for batch in range(2)]
    graph: dict[SchedulingUnit, set[SchedulingUnit]] = {
        node: {nodes[other] for other in numbers.permutation(place)[:3]} for place, node in enumerate(nodes)
    }
    ordered = longest_chains_first(shuffled(graph, seed), {})
    assert ordered.graph == graph
    assert list(ordered.graph) == list(longest_chains_first(shuffled(graph, seed + 1), {}).graph)


def test_sqlmesh_begins_in_the_order_of_the_graph() -> None:
    graph: dict[SchedulingUnit, set[SchedulingUnit]] = {computed(name): set() for name in "abcdef"}
    graph[computed("behind")] = {computed("e")}
    graph[computed("far_behind")] = {computed("behind")}
    begun, two = [], Barrier(2, timeout=10)

    def compute(node: SchedulingUnit) -> None:
        begun.append(node.snapshot_name)
        if begun.index(node.snapshot_name) < 2:
            two.wait()  # for the other worker's first

    concurrent_apply_to_dag(longest_chains_first(DAG(graph), {"d": 1.5}), compute, 2)
    assert set(begun[:2]) == {"e", "d"}


def test_nothing_to_compute_has_no_order() -> None:
    assert longest_chains_first(DAG(), {}).graph == {}


def test_what_a_python_model_took_last_is_known_from_the_ledger(database: Settings) -> None:
    adapter = PostgresEngineAdapter(database.connect)
    assert _last_seconds(adapter) == {}  # nothing was loaded yet: there is no ledger
    with adapter.transaction():
        adapter.execute("CREATE SCHEMA IF NOT EXISTS ingest")
        adapter.execute(
            "CREATE TABLE ingest.model_run (model TEXT, seconds DOUBLE PRECISION, started_at TIMESTAMPTZ)"
        )
        adapter.execute(
            "INSERT INTO ingest.model_run VALUES ('ml.a', 9, '2026-07-01'), ('ml.a', 3, '2026-07-02'), "
            "('ml.b', 5, '2026-07-01')"
        )
    assert _last_seconds(adapter) == {"ml.a": 3.0, "ml.b": 5.0}
    adapter.close()


def test_another_engine_has_no_ledger() -> None:
    assert _last_seconds(DuckDBEngineAdapter(duckdb.connect)) == {}
