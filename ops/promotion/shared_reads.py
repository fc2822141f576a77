"""While a plan or run computes models, what several Python models read is read once (ml/shared.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmesh.core.scheduler import Scheduler

from ml.shared import keeping
from ops.promotion.patch import wrap


def install() -> None:
    """Make this process's SQLMesh keep what is read for one pass over the models. Again is harmless."""
    wrap(Scheduler, "run_merged_intervals", _keeping_what_is_read)


def _keeping_what_is_read(method: Callable[..., Any]) -> Callable[..., Any]:
    # One pass: a table is complete before the first model reads it, and the plan lock keeps others from writing. What
    # comes behind it (`plan --run` computes new days) reads anew.
    def run_merged_intervals(self: Scheduler, *args: Any, **kwargs: Any) -> Any:
        with keeping():
            return method(self, *args, **kwargs)

    return run_merged_intervals
