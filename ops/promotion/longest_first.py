"""Models are computed in the order of how long a chain of others waits for them.

SQLMesh computes what is ready in the order of Python's sets, another one each time: what much hangs on may come last,
and all but one of the workers then wait for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlmesh.core.scheduler import Scheduler, SchedulingUnit
from sqlmesh.utils.dag import DAG

from ops.promotion.patch import wrap


def install() -> None:
    """Make this process's SQLMesh begin with the longest chains. Again is harmless."""
    wrap(Scheduler, "_dag", _longest_first)


def _longest_first(method: Callable[..., DAG[SchedulingUnit]]) -> Callable[..., DAG[SchedulingUnit]]:
    def _dag(self: Scheduler, *args: Any, **kwargs: Any) -> DAG[SchedulingUnit]:
        return longest_chains_first(method(self, *args, **kwargs))

    return _dag


def longest_chains_first(dag: DAG[SchedulingUnit]) -> DAG[SchedulingUnit]:
    """Return the same graph, its nodes by the length of the longest chain behind them, the longest first.

    Of equal ones the order is that of their names and batches, the same each time.
    """
    behind: dict[SchedulingUnit, int] = defaultdict(int)
    graph = dag.graph
    for node in reversed(dag.sorted):
        for dependency in graph[node]:
            behind[dependency] = max(behind[dependency], behind[node] + 1)

    ordered = sorted(sorted(graph), key=lambda node: behind[node], reverse=True)
    return DAG({node: graph[node] for node in ordered})
