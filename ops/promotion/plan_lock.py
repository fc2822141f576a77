"""One plan or run at a time: the others wait, and say for whom."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
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

from ops.promotion.patch import wrap

LOCK = 7_265_003
WAIT = "RETAIL_PLAN_WAIT_SECONDS"
USUAL_WAIT = 600.0
POLL_SECONDS = 0.5
HOLDER = """
    SELECT activity.pid, activity.usename, activity.application_name,
        coalesce(host(activity.client_addr), 'this machine'),
        date_trunc('second', clock_timestamp() - activity.backend_start)::text
    FROM pg_locks AS held
    JOIN pg_stat_activity AS activity ON activity.pid = held.pid
    WHERE held.locktype = 'advisory' AND held.granted AND held.classid = 0 AND held.objid = %s AND held.objsubid = 1
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

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
    patience = float(os.environ.get(WAIT) or USUAL_WAIT)
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


def _try(adapter: EngineAdapter) -> bool:
    with adapter.transaction():
        cursor: Cursor = adapter.cursor
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return cursor.fetchone() == (True,)


def _holder(adapter: EngineAdapter) -> str:
    """Who holds the lock, in words."""
    with adapter.transaction():
        cursor: Cursor = adapter.cursor
        cursor.execute(HOLDER, [LOCK])
        row = cursor.fetchone()
    if row is None:
        return "Another plan or run was under way"
    pid, user, program, address, connected = row
    who = f"{program or 'a program'} of {user} from {address}, server process {pid}"
    return f"Another plan or run is under way ({who}, connected for {connected})"
