"""What several Python models read of the same tables, read once while a plan computes models."""

from __future__ import annotations

import threading
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmesh import ExecutionContext

Made = t.TypeVar("Made")


@dataclass
class _Kept:
    """One thing that was read, or is being read by the thread that holds the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    is_made: bool = False
    value: t.Any = None


_guard = threading.Lock()
_scopes: list[dict[t.Hashable, _Kept]] = []


@contextmanager
def keeping() -> t.Iterator[None]:
    """Keep what is read from here on, and let go of it at the end.

    For a stretch in which no table changes any more once a model has read it: one pass over the models in the order
    of their dependencies, while the plan lock keeps others from writing.
    """
    scope: dict[t.Hashable, _Kept] = {}
    with _guard:
        _scopes.append(scope)
    try:
        yield
    finally:
        with _guard:
            _scopes.remove(scope)


def read_once(
    context: ExecutionContext, name: str, tables: t.Sequence[str], make: t.Callable[[], Made]
) -> Made:
    """Return what `make` reads of models' tables; within `keeping`, read by the first who asks, and the same for all.

    name: what is read, the same for the same queries and settings. tables: the models that are read; each has to stand
    in the reading model's `depends_on`. Nobody may change what comes. Outside of `keeping`, and on other engines, it is
    read each time.
    """
    with _guard:
        scope = _scopes[-1] if _scopes else None
    if scope is None or context.engine_adapter.dialect != "postgres":
        return make()
    server = context.engine_adapter.cursor.connection.info
    stored = tuple(context.resolve_table(table) for table in tables)
    key = (name, server.host, server.port, server.dbname, stored)
    with _guard:
        kept = scope.setdefault(key, _Kept())
    with kept.lock:
        if not kept.is_made:
            kept.value, kept.is_made = make(), True
        return t.cast(Made, kept.value)
