"""Surrogate keys: a hash of the natural key, so that every rebuild gives the same key again."""

from __future__ import annotations

import functools

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

SEPARATOR = "|"
NULL_MARK = "~"


@macro()
def surrogate_key(evaluator: MacroEvaluator, *parts: exp.Expression) -> exp.Expression:
    """`@SURROGATE_KEY(source, customer_id)`: MD5 over the parts as text, as a UUID; NULL and '' stay apart.

    UUID rather than text: half the bytes in facts that carry several keys.
    """
    return hashed(parts)


@macro()
def unknown_key(evaluator: MacroEvaluator) -> exp.Expression:
    """`@UNKNOWN_KEY()`: the key of each dimension's Unknown member."""
    return hashed([exp.Literal.string("unknown")])


def hashed(parts: tuple[exp.Expression, ...] | list[exp.Expression]) -> exp.Expression:
    """The hash of the parts in their order."""
    texts = [
        exp.Coalesce(this=exp.cast(part.copy(), "text"), expressions=[exp.Literal.string(NULL_MARK)])
        for part in parts
    ]
    joined = functools.reduce(_join, texts)
    return exp.cast(exp.MD5(this=joined), "uuid")


def _join(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Both texts with the separator between them."""
    return exp.DPipe(this=exp.DPipe(this=left, expression=exp.Literal.string(SEPARATOR)), expression=right)
