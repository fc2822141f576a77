"""The record of prod's promotions, `ingest.promotion`: what each put in place of what, so that it can be taken back.

It is written in the transaction that swaps the views, whoever plans: a bare `sqlmesh plan prod` leaves one too. Each
holds what SQLMesh's state said of prod before, with the statements around its plans; what it says now is in the state.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name
from psycopg2.extras import Json
from sqlglot import exp
from sqlmesh.core.console import get_console
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.core.environment import Environment, EnvironmentStatements
from sqlmesh.core.plan.evaluator import BuiltInPlanEvaluator

from ops.errors import OpsError
from ops.promotion.patch import wrap
from ops.settings import Settings, project_root

Kind = Literal["promotion", "rollback"]
PROD = "prod"
RECORD = "ingest.promotion"
ACTOR = "GITHUB_ACTOR"  # who pressed the button, where a workflow promotes
ADD = f"""
    INSERT INTO {RECORD} (kind, from_environment, plan_id, previous_plan_id, commit, models, shows,
        restored_promotion_id, replaced, gates, diff, promoted_by, seconds)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
LAST_SHOWN = f"SELECT shows FROM {RECORD} ORDER BY promotion_id DESC LIMIT 1"
LISTED = f"""
    SELECT promotion_id, kind, from_environment, promoted_by, promoted_at, commit, models, restored_promotion_id,
        replaced IS NOT NULL, seconds
    FROM {RECORD} ORDER BY promotion_id
"""


@dataclass(frozen=True)
class Said:
    """What only the command that promotes knows of a promotion; a bare plan says nothing."""

    kind: Kind = "promotion"
    from_environment: str | None = None
    gates: Sequence[Mapping[str, Any]] | None = None
    diff: Mapping[str, Any] | None = None
    restored: int | None = None  # the promotion whose state a rollback brings back


@dataclass(frozen=True)
class Promotion:
    """A line of the record."""

    promotion_id: int
    kind: Kind
    from_environment: str | None
    promoted_by: str
    promoted_at: datetime
    commit: str | None
    models: Mapping[str, str]
    restored_promotion_id: int | None
    has_before: bool
    seconds: float

    @property
    def position(self) -> int | None:
        """The promotion whose state prod shows since: itself, or the one that was brought back.

        None where a rollback brought back what prod showed before the first one on record.
        """
        return self.promotion_id if self.kind == "promotion" else self.restored_promotion_id

    @property
    def what(self) -> str:
        """`promotion`, or what a rollback went back to."""
        if self.kind == "promotion":
            return self.kind
        return f"rollback to {self.restored_promotion_id or 'before the first'}"

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        origin = f" from {self.from_environment}" if self.from_environment else ""
        commit = f", commit {self.commit}" if self.commit else ""
        when = f"{self.promoted_at:%Y-%m-%d %H:%M}"
        return f"{self.kind} {self.promotion_id}{origin} ({when}, {self.promoted_by}{commit})"


@dataclass(frozen=True)
class _Plan:
    """The plan of prod that is under way: what prod was when it began, and when that was."""

    before: Environment | None
    statements: Sequence[EnvironmentStatements]
    commit: str | None
    began: float


_plan: ContextVar[_Plan | None] = ContextVar("plan_under_way", default=None)
_said: ContextVar[Said | None] = ContextVar("said", default=None)


def install() -> None:
    """Make this process's SQLMesh remember what prod was before a plan. Again is harmless."""
    wrap(BuiltInPlanEvaluator, "_evaluate_stages", _remembering)


@contextmanager
def saying(said: Said) -> Iterator[None]:
    """Have this said of the promotion that is recorded meanwhile."""
    token = _said.set(said)
    try:
        yield
    finally:
        _said.reset(token)


def _remembering(evaluate: Callable[..., None]) -> Callable[..., None]:
    def _evaluate_stages(self: BuiltInPlanEvaluator, stages: Any, plan: Any) -> None:
        is_ours = isinstance(self.snapshot_evaluator.adapter, PostgresEngineAdapter)
        if plan.environment.name != PROD or not is_ours:
            evaluate(self, stages, plan)
            return
        began = time.monotonic()
        before = self.state_sync.get_environment(PROD)
        statements = self.state_sync.get_environment_statements(PROD) if before else []
        token = _plan.set(_Plan(before, statements, _commit(), began))
        try:
            evaluate(self, stages, plan)
        finally:
            _plan.reset(token)

    return _evaluate_stages


def add(cursor: Cursor, after: Environment) -> None:
    """Record that prod's views show another state; within the transaction that makes it so.

    A plan that only ends what a killed one had swapped already adds nothing.
    """
    plan, said = _plan.get(), _said.get() or Said()
    if plan is None or after.name != PROD or not _may_add(cursor):
        return
    shows = _mark(after)
    cursor.execute(LAST_SHOWN)
    if cursor.fetchone() == (shows,):
        return
    before = _finished(plan.before) if plan.before else None
    cursor.execute(
        ADD,
        [
            said.kind,
            said.from_environment,
            after.plan_id,
            after.previous_plan_id,
            plan.commit,
            Json(changed_models(before, after)),
            shows,
            said.restored,
            Json(_kept(before, plan.statements)) if before else None,
            Json(list(said.gates)) if said.gates is not None else None,
            Json(dict(said.diff)) if said.diff is not None else None,
            _who(),
            time.monotonic() - plan.began,
        ],
    )


def changed_models(before: Environment | None, after: Environment) -> dict[str, str]:
    """Return the models that are not the same in two states: model -> added, removed or changed."""
    old = {info.name: info.snapshot_id for info in (before.snapshots if before else [])}
    new = {info.name: info.snapshot_id for info in after.snapshots}
    return {
        model_name(name): "added" if name not in old else "removed" if name not in new else "changed"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }


def model_name(name: str) -> str:
    """Return what people call a model: `core.sale` for `"retail"."core"."sale"`."""
    table = exp.to_table(name, dialect="postgres")
    return f"{table.db}.{table.name}" if table.db else table.name


def promotions(settings: Settings) -> list[Promotion]:
    """Return the record, oldest first. Raises OpsError where there is none yet."""
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NULL", [RECORD])
            if cursor.fetchone() == (True,):
                raise OpsError(
                    f"There is no {RECORD} yet: `retail load` or `retail refresh` makes it, and it holds what is "
                    "promoted from then on."
                )
            cursor.execute(LISTED)
            return [Promotion(*row) for row in cursor.fetchall()]
    finally:
        connection.close()


def state_before(settings: Settings, promotion_id: int) -> tuple[Environment, list[EnvironmentStatements]]:
    """Return what prod was before a promotion, and the statements around its plans."""
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT replaced FROM {RECORD} WHERE promotion_id = %s", [promotion_id])
            row = cursor.fetchone()
    finally:
        connection.close()
    if row is None or row[0] is None:
        raise OpsError(f"The record does not hold what prod was before promotion {promotion_id}.")
    statements = [EnvironmentStatements.parse_obj(item) for item in row[0]["statements"]]
    return Environment.parse_obj(row[0]["environment"]), statements


def _kept(environment: Environment, statements: Sequence[EnvironmentStatements]) -> dict[str, Any]:
    own = environment.copy(
        update={"previous_finalized_snapshots_": None}
    )  # what was before that has its own line
    return {
        "environment": json.loads(own.json()),
        "statements": [json.loads(item.json()) for item in statements],
    }


def _finished(environment: Environment) -> Environment:
    """What prod showed: the state before a plan that was killed, which changed SQLMesh's record and no view yet."""
    if environment.finalized_ts or not environment.previous_finalized_snapshots:
        return environment
    return environment.copy(
        update={"snapshots_": environment.previous_finalized_snapshots, "promoted_snapshot_ids_": None}
    )


def _mark(environment: Environment) -> str:
    """A text that two states share when they consist of the same versions of the same models."""
    ids = sorted(f"{info.name} {info.identifier}" for info in environment.promoted_snapshots)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]


def _may_add(cursor: Cursor) -> bool:
    cursor.execute("SELECT coalesce(has_table_privilege(to_regclass(%s), 'INSERT'), false)", [RECORD])
    if cursor.fetchone() == (True,):
        return True
    get_console().log_warning(
        f"{RECORD} is missing or takes no rows from this user, so this promotion is not recorded and cannot be "
        "rolled back: `retail load` or `retail refresh` makes it."
    )
    return False


def _who() -> str:
    if actor := os.environ.get(ACTOR):
        return actor
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _commit() -> str | None:
    """The commit that the project's files are of, with `-dirty` where they differ from it."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=project_root(),
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
