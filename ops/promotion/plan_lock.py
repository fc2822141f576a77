"""One plan or run at a time: the others wait, and say for whom."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.utils.errors import PlanError

from ops.locks import PLAN as LOCK
from ops.locks import holder
from ops.promotion.patch import wrap

WAIT = "RETAIL_PLAN_WAIT_SECONDS"
USUAL_WAIT = 600.0
POLL_SECONDS = 0.5

_is_held: ContextVar[bool] = ContextVar("is_held", default=False)


def install() -> None:
    """Make this process's SQLMesh hold the lock while it applies a plan or runs. Again is harmless."""
    wrap(BuiltInPlanEvaluator, "evaluate", _alone)
    wrap(Scheduler, "run", _alone)


def _alone(method: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        adapter = self.snapshot_evaluator.adapter
        if _is_held.get() or not isinstance(adapter, PostgresEngineAdapter):
            return method(self, *args, **kwargs)
        with held(adapter):
            return method(self, *args, **kwargs)

    return wrapped


@contextmanager
def held(adapter: EngineAdapter) -> Iterator[None]:
    """Hold the lock on the adapter's own connection, whose end, even by kill -9, gives it back.

    Raises PlanError when others hold it for longer than RETAIL_PLAN_WAIT_SECONDS (600).
    """
    patience = patience_of(os.environ)
    deadline = time.monotonic() + patience
    said = False
    while not _try(adapter):
        holder = _holder(adapter)
        if time.monotonic() >= deadline:
            raise PlanError(
                f"{holder} and did not end within {patience:.0f} s. Nothing was done: plan again later."
            )
        if not said:
            sys.stderr.write(f"{holder}: waiting for it, up to {patience:.0f} s.\n")
            sys.stderr.flush()
            said = True
        time.sleep(POLL_SECONDS)
    token = _is_held.set(True)
    try:
        yield
    finally:
        _is_held.reset(token)
        # Where the connection is gone, so is the lock, and what ended it is to be told.
        with suppress(psycopg2.Error), adapter.transaction():
            adapter.cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def patience_of(variables: Mapping[str, str]) -> float:
    """Return for how many seconds to wait for another. Raises PlanError for what is no number of seconds."""
    text = variables.get(WAIT) or str(USUAL_WAIT)
    try:
        patience = float(text)
    except ValueError:
        patience = math.nan
    if not 0 <= patience < math.inf:
        raise PlanError(f"{WAIT} is {text!r}; it must be a number of seconds.")
    return patience


def _try(adapter: EngineAdapter) -> bool:
    with adapter.transaction():
        cursor: Cursor = adapter.cursor
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return cursor.fetchone() == (True,)


def _holder(adapter: EngineAdapter) -> str:
    """Who holds the lock, in words."""
    with adapter.transaction():
        found = holder(adapter.cursor, LOCK)
    return f"Another plan or run is under way ({found})" if found else "Another plan or run was under way"
