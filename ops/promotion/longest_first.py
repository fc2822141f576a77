"""Of the models that become ready together, those are begun first whose chain of others takes longest.

SQLMesh begins them in the order of Python's sets, another one each time: what much hangs on may come last, and all but
one of the workers then wait for it. What becomes ready later still queues behind what is ready already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.scheduler import EvaluateNode, Scheduler, SchedulingUnit
from sqlmesh.utils.dag import DAG

from ops.promotion.patch import wrap

LEDGER = "ingest.model_run"  # what Python models took: materializations/run_ledger.py
LAST_SECONDS = f"SELECT DISTINCT ON (model) model, seconds FROM {LEDGER} ORDER BY model, started_at DESC"
USUAL_SECONDS = 1.0  # of a model in SQL, and of one that was never computed


def install() -> None:
    """Make this process's SQLMesh begin with the longest chains. Again is harmless."""
    wrap(Scheduler, "_dag", _longest_first)


def _longest_first(method: Callable[..., DAG[SchedulingUnit]]) -> Callable[..., DAG[SchedulingUnit]]:
    def _dag(self: Scheduler, *args: Any, **kwargs: Any) -> DAG[SchedulingUnit]:
        took = _last_seconds(self.snapshot_evaluator.adapter)
        models = {name: snapshot.node.name for name, snapshot in self.snapshots_by_name.items()}
        seconds = {name: took[model] for name, model in models.items() if model in took}
        return longest_chains_first(method(self, *args, **kwargs), seconds)

    return _dag


def longest_chains_first(dag: DAG[SchedulingUnit], seconds: Mapping[str, float]) -> DAG[SchedulingUnit]:
    """Return the same graph, its nodes by what they and the longest chain behind them take, the longest first.

    seconds: what a snapshot takes, by its name; USUAL_SECONDS where nothing is known. Of equal ones the order is that
    of their names and batches, the same each time.
    """
    graph = dag.graph
    behind: dict[SchedulingUnit, float] = defaultdict(float)
    left: dict[SchedulingUnit, float] = {}
    for node in reversed(dag.sorted):
        own = seconds.get(node.snapshot_name, USUAL_SECONDS) if isinstance(node, EvaluateNode) else 0.0
        left[node] = own + behind[node]
        for dependency in graph[node]:
            behind[dependency] = max(behind[dependency], left[node])
    ordered = sorted(sorted(graph), key=lambda node: left[node], reverse=True)
    return DAG({node: graph[node] for node in ordered})


def _last_seconds(adapter: EngineAdapter) -> dict[str, float]:
    """Return what each Python model took the last time, in any environment; nothing where there is no ledger."""
    if not isinstance(adapter, PostgresEngineAdapter):
        return {}
    with adapter.transaction():
        adapter.cursor.execute("SELECT has_table_privilege(to_regclass(%s), 'SELECT')", [LEDGER])
        if adapter.cursor.fetchone() != (True,):
            return {}
        adapter.cursor.execute(LAST_SECONDS)
        return dict(adapter.cursor.fetchall())
