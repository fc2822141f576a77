"""What several Python models read of the same tables, read once while a plan computes models."""

from __future__ import annotations

import threading
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, field
from dis import get_instructions
from types import CodeType, FunctionType

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
            _scopes[:] = [one for one in _scopes if one is not scope]  # not ==: empty ones are equal


def read_once(context: ExecutionContext, tables: t.Sequence[str], make: t.Callable[[], Made]) -> Made:
    """Return what `make` reads of models' tables; within `keeping`, read by the first who asks, and the same for all.

    tables: the models that are read; each has to stand in the reading model's `depends_on`. Shared by those whose
    tables and whose code are the same: a plan may compute models of other versions of it. Nobody may change what comes,
    which several threads may hold. An iterator is kept as a list. Outside of `keeping`, and on other engines, it is
    read each time. Whoever waits for another's reading waits in his own time.
    """
    with _guard:
        scope = _scopes[-1] if _scopes else None
    if scope is None or context.engine_adapter.dialect != "postgres":
        return make()
    server = context.engine_adapter.cursor.connection.info
    stored = tuple(context.resolve_table(table) for table in tables)
    key = (server.host, server.port, server.dbname, stored, _code(make))
    with _guard:
        kept = scope.setdefault(key, _Kept())
    with kept.lock:
        if not kept.is_made:
            made = make()
            kept.value = list(made) if isinstance(made, t.Iterator) else made
            kept.is_made = True
        return t.cast(Made, kept.value)


def _code(function: t.Callable[..., t.Any]) -> frozenset[t.Hashable]:
    """What a function does, and those that it reaches by name: SQLMesh gives each model copies of its own of them."""
    found: set[t.Hashable] = set()
    left: list[tuple[CodeType, dict[str, t.Any]]] = [(function.__code__, function.__globals__)]
    while left:
        code, names = left.pop()
        constants = tuple(repr(one) for one in code.co_consts if not isinstance(one, CodeType))
        told = (code.co_name, code.co_code, code.co_names, constants)
        if told in found:
            continue
        found.add(told)
        left += [(one, names) for one in code.co_consts if isinstance(one, CodeType)]
        for name in {one.argval for one in get_instructions(code) if one.opname == "LOAD_GLOBAL"}:
            value = names.get(name)
            if isinstance(value, FunctionType):
                left.append((value.__code__, value.__globals__))
            elif isinstance(value, str | int | float | tuple | list | dict):
                found.add((name, repr(value)))
    return frozenset(found)
