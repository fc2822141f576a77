"""Surrogate keys: a hash of the natural key, so that every rebuild gives the same key again."""

from __future__ import annotations

import functools

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

NULL_MARK = "~"


@macro()
def surrogate_key(evaluator: MacroEvaluator, *parts: exp.Expression) -> exp.Expression:
    """`@SURROGATE_KEY(source, customer_id)`: MD5 over the parts as text, as a UUID; NULL and '' differ.

    UUID rather than text: half the bytes in facts that carry several keys.
    """
    return hashed(parts)


@macro()
def unknown_key(evaluator: MacroEvaluator) -> exp.Expression:
    """`@UNKNOWN_KEY()`: the key of each dimension's Unknown member."""
    return hashed([exp.Literal.string("unknown")])


def hashed(parts: tuple[exp.Expression, ...] | list[exp.Expression]) -> exp.Expression:
    """The hash of the parts in their order."""
    joined = functools.reduce(
        lambda left, right: exp.DPipe(this=left, expression=right), map(_counted, parts)
    )
    return exp.cast(exp.MD5(this=joined), "uuid")


def _counted(part: exp.Expression) -> exp.Expression:
    """A part behind its length ('5:olist'), so that no two lists of parts give the same text."""
    text = exp.cast(part.copy(), "text")
    length = exp.cast(exp.Length(this=text.copy()), "text")
    counted = exp.DPipe(this=exp.DPipe(this=length, expression=exp.Literal.string(":")), expression=text)
    return exp.Coalesce(this=counted, expressions=[exp.Literal.string(NULL_MARK)])
