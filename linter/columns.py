"""What a column's name promises about its type. A type that SQLMesh does not know is not judged."""

from __future__ import annotations

import typing as t

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

from linter.layers import SERVED, is_ours, layer

Type = exp.DataType.Type

WITH_ZONE = frozenset({Type.TIMESTAMPTZ, Type.TIMESTAMPLTZ})
NAIVE = frozenset(exp.DataType.TEMPORAL_TYPES) - WITH_ZONE - {Type.DATE, Type.DATE32, Type.TIME, Type.TIMETZ}
DECIMAL = frozenset({Type.DECIMAL, Type.BIGDECIMAL})
BOOLEAN = frozenset({Type.BOOLEAN})
DATE = frozenset({Type.DATE})

BOOLEAN_PREFIXES = ("is_", "has_")
AMOUNT = "_amount"
CURRENCY = "currency"


class NoNaiveTimestamp(Rule):
    """From core on, an instant is a timestamptz and a day a date: a timestamp without a zone is neither."""

    def check_model(self, model: Model) -> RuleViolation | None:
        if layer(model) not in SERVED:
            return None
        naive = [column for column, kind in _typed(model) if kind.this in NAIVE]
        if not naive:
            return None
        return self.violation(
            f"{model.name}: {', '.join(naive)} is a timestamp without a zone; use timestamptz or date"
        )


class MoneyIsNumeric(Rule):
    """Money is numeric, never float, and stands beside its currency."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if not is_ours(model) or layer(model) == "quality":
            return None  # quality holds differences of sums, not money
        violations = [
            self.violation(f"{model.name}: {column} is {kind.sql('postgres')}, money is numeric")
            for column, kind in _typed(model)
            if column.endswith(AMOUNT) and kind.this not in DECIMAL
        ]
        columns = model.columns_to_types or {}
        if any(column.endswith(AMOUNT) for column in columns) and CURRENCY not in columns:
            violations.append(self.violation(f"{model.name} has amounts and no column '{CURRENCY}'"))
        return violations


class ColumnNamesFollowVocabulary(Rule):
    """From core on: is_ and has_ are the booleans, _at a timestamptz, _date a date, _count an integer."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if layer(model) not in SERVED:
            return None
        promises = ((column, kind, _promise(column, kind)) for column, kind in _typed(model))
        return [
            self.violation(f"{model.name}: {column} is {kind.sql('postgres')}; {promise}")
            for column, kind, promise in promises
            if promise
        ]


def _promise(column: str, kind: exp.DataType) -> str:
    """The rule of the vocabulary that the column breaks; empty if none."""
    if column.startswith(BOOLEAN_PREFIXES) != (kind.this in BOOLEAN):
        return "the names that begin with is_ or has_ are the booleans'"
    if column.endswith("_at") and kind.this not in WITH_ZONE:
        return "a name that ends in _at is a timestamptz"
    if column.endswith("_date") and kind.this not in DATE:
        return "a name that ends in _date is a date"
    if column.endswith("_count") and kind.this not in exp.DataType.INTEGER_TYPES:
        return "a name that ends in _count is an integer"
    return ""


def _typed(model: Model) -> t.Iterator[tuple[str, exp.DataType]]:
    """The columns whose type is known."""
    for column, kind in (model.columns_to_types or {}).items():
        if kind.this not in (Type.UNKNOWN, Type.NULL):
            yield column, kind
