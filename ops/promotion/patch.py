"""Methods of SQLMesh that are wrapped, where it has no hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmesh.utils.errors import SQLMeshError

MARK = "_retailmesh"


def wrap(owner: type, name: str, wrapped: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `wrapped(method)` in place of a class's method, once for each `wrapped`, however often it is asked for.

    Raises SQLMeshError when this SQLMesh has no such method: its version is not the one that the project pins.
    """
    method = getattr(owner, name, None)
    if method is None:
        raise SQLMeshError(
            f"SQLMesh has no {owner.__name__}.{name}: install the version that requirements.lock pins."
        )
    asking = getattr(wrapped, "func", wrapped)  # of a partial
    before: frozenset[Any] = getattr(method, MARK, frozenset())
    if asking in before:
        return
    better = wrapped(method)
    setattr(better, MARK, before | {asking})
    setattr(owner, name, better)
