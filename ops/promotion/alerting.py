"""Failures of plans and runs are told as `ops.alerts` says, by SQLMesh's notification target of the type `generic`.

config.yaml lists that target. SQLMesh tells it of each audit by itself; all that failed goes into one message, at the
end of the plan or run. SQLMesh's own targets may stand beside it: none fails a plan by its own failure.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from sqlglot import exp
from sqlmesh.core.notification_target import GenericNotificationTarget, NotificationTargetManager
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.core.snapshot.evaluator import SnapshotCreationFailedError
from sqlmesh.utils.errors import AuditError, NodeAuditsErrors

from ops import alerts, log
from ops.alerts import in_a_line
from ops.errors import OpsError
from ops.promotion.patch import wrap
from ops.redaction import redacted

was_told = False  # whether a failure of this process was sent to anybody


class _Failed:
    """What failed in the plan or run that is under way. SQLMesh tells of audits in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, None] = {}

    def add(self, line: str) -> None:
        with self._lock:
            self._lines[line] = None

    def take(self) -> tuple[str, ...]:
        with self._lock:
            lines, self._lines = tuple(sorted(self._lines)), {}
        return lines


_failed = _Failed()


def install() -> None:
    """Make this process's SQLMesh alert as described above. Again is harmless."""
    wrap(NotificationTargetManager, "_get_notification_function", _harmless)
    wrap(Scheduler, "run_merged_intervals", _remembering_what_failed)
    for name, told in TOLD.items():
        wrap(GenericNotificationTarget, name, partial(_instead, told))
    if not log.is_on():
        with suppress(OpsError):  # `retail` refuses what cannot be; SQLMesh goes on without
            log.begin("sqlmesh", os.environ)


def _instead(ours: Callable[..., None], _theirs: Callable[..., None]) -> Callable[..., None]:
    return ours


def _harmless(found: Callable[..., Callable[..., None]]) -> Callable[..., Any]:
    """The method of a target, which may fail without failing the plan."""

    def _get_notification_function(self: Any, target: Any, event: Any) -> Callable[..., None]:
        tell = found(self, target, event)

        def told(*args: Any, **kwargs: Any) -> None:
            try:
                tell(*args, **kwargs)
            except Exception as error:
                text = f"the notification target {target.type_} failed: {type(error).__name__}: {error}"
                sys.stderr.write(f"Warning: {redacted(text, os.environ)}\n")

        return told

    return _get_notification_function


def _remembering_what_failed(method: Callable[..., Any]) -> Callable[..., Any]:
    def run_merged_intervals(self: Scheduler, *args: Any, **kwargs: Any) -> Any:
        errors, skipped = method(self, *args, **kwargs)
        for error in errors:
            _remember(error)
        return errors, skipped

    return run_merged_intervals


def _remember(error: Any) -> None:
    """Keep what failed for a model. Audits are known from their own notification."""
    causes = list(_causes(error))
    if not any(isinstance(cause, NodeAuditsErrors) for cause in causes):
        _failed.add(f"{_model(error.node)}: {in_a_line(causes[-1])}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _model(node: Any) -> str:
    """The name of a model from what SQLMesh calls a node of its graph."""
    name = getattr(node, "snapshot_name", None) or getattr(node, "name", None) or node[0]
    return ".".join(part.name for part in exp.to_table(name, dialect="postgres").parts[-2:])


def _audit_failed(_self: Any, error: AuditError, *_args: Any, **_kwargs: Any) -> None:
    rows = f"{error.count:,} row{'' if error.count == 1 else 's'}"
    _failed.add(f"{error.model_name}: audit {error.audit_name} found {rows}")
    log.event("audit_failed", "error", model=error.model_name, audit=error.audit_name, rows=error.count)


def _apply_failed(_self: Any, environment: str, *_args: Any, **_kwargs: Any) -> None:
    _tell("plan_failed", f"retailmesh: the plan of {environment} failed", _what_failed())


def _apply_ended(_self: Any, environment: str, *_args: Any, **_kwargs: Any) -> None:
    log.event("plan_ended", environment=environment)
    _tell_of_audits(f"the plan of {environment} ended")


def _run_failed(_self: Any, *_args: Any, **_kwargs: Any) -> None:
    _tell("run_failed", "retailmesh: a run of SQLMesh failed", _what_failed())


def _run_ended(_self: Any, environment: str, *_args: Any, **_kwargs: Any) -> None:
    log.event("run_ended", environment=environment)
    _tell_of_audits(f"the run of {environment} ended")


def _migration_failed(_self: Any, *_args: Any, **_kwargs: Any) -> None:
    _tell("migration_failed", "retailmesh: the migration of SQLMesh's state failed", _what_failed())


TOLD: dict[str, Callable[..., None]] = {
    "notify_audit_failure": _audit_failed,
    "notify_apply_failure": _apply_failed,
    "notify_apply_end": _apply_ended,
    "notify_run_failure": _run_failed,
    "notify_run_end": _run_ended,
    "notify_migration_failure": _migration_failed,
}


def _tell_of_audits(what: str) -> None:
    """Tell of audits that do not block."""
    if found := _failed.take():
        _tell("audit_failed", f"retailmesh: {what}, and audits failed", found)


def _what_failed() -> tuple[str, ...]:
    """What failed for models, or else the error that is being handled."""
    error = sys.exception()
    causes = list(_causes(error)) if error else []
    for cause in causes:
        for failed in cause.errors if isinstance(cause, SnapshotCreationFailedError) else ():
            _remember(failed)
    found = _failed.take()
    return found or ((in_a_line(causes[-1]),) if causes else ())


def _tell(event: str, subject: str, lines: tuple[str, ...]) -> None:
    global was_told
    log.event(event, "error", message=subject, lines=lines)
    was_told = alerts.tell(alerts.Alert(event, subject, lines), os.environ) or was_told
