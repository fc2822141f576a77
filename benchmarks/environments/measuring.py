"""What is measured of one piece of work: its cost, and the models and rows that it computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.warehouse import Cost, Warehouse

# Tables that hold what was computed, by tool. SQLMesh's environments are views elsewhere, which point to them.
PHYSICAL = {"SQLMesh": r"sqlmesh\_\_%", "dbt": r"dbt\_%"}
INSERTED = "SELECT relid::bigint, n_tup_ins FROM pg_stat_user_tables WHERE schemaname LIKE %s"


@dataclass(frozen=True)
class Step:
    """One piece of work: for which change, where (`dev` or `prod`), by which tool, and what it took."""

    change: str
    where: str
    tool: str
    models: int
    rows: int
    cost: Cost
    tests: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        cost = self.cost
        return {
            **{name: getattr(self, name) for name in ("change", "where", "tool", "models", "rows", "tests")},
            "seconds": round(cost.seconds, 2),
            "sql_seconds": round(cost.sql_seconds, 2),
            "program_seconds": round(cost.program_seconds, 2),
            "server_seconds": round(cost.server_seconds, 2),
        }


def measure(
    warehouse: Warehouse,
    change: str,
    where: str,
    tool: str,
    work: Callable[[], str],
    count: Callable[[str], tuple[int, int]],
) -> tuple[Step, str]:
    """Do some work and return what it took, and what it printed, from which `count` tells models and tests."""
    before = _inserted(warehouse, tool)
    cost, printed = warehouse.cost_of(work)
    models, tests = count(printed)
    rows = rows_between(before, _inserted(warehouse, tool))
    return Step(change, where, tool, models, rows, cost, tests), printed


def rows_between(before: Mapping[int, int], after: Mapping[int, int]) -> int:
    """Return the rows that were inserted into tables that are still there; those of a dropped one were in passing."""
    return sum(rows - before.get(table, 0) for table, rows in after.items())


def _inserted(warehouse: Warehouse, tool: str) -> dict[int, int]:
    return {int(str(table)): int(str(rows)) for table, rows in warehouse.rows(INSERTED, PHYSICAL[tool])}
