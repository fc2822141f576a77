"""What one row is, and who checks it: SQLMesh writes a grain down but does not enforce it."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model, SqlModel

from linter.layers import is_ours

#: Each of the columns given is unique by itself.
EACH_COLUMN_UNIQUE = ("unique_values",)
#: The columns given are unique together.
COLUMNS_UNIQUE_TOGETHER = ("unique_combination_of_columns",)
#: None of the columns given is NULL.
NOT_NULL = ("not_null",)


class GrainIsAudited(Rule):
    """A model has a grain, and audits that its columns are unique and never NULL."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if not is_ours(model) or model.kind.is_seed:
            return None
        if not model.grains:
            return [self.violation(f"{model.name} has no grain: say which columns make one row")]
        if model.kind.is_embedded:
            return None  # it is a subquery of what reads it, and SQLMesh runs no audit on it
        return [
            self.violation(f"{model.name}: {missing}")
            for grain in map(columns_of, model.grains)
            if (missing := _missing(model, grain)) and not self._is_vouched_for(model, grain)
        ]

    def _is_vouched_for(self, view: Model, grain: list[str]) -> bool:
        """Whether a stored model of the same grain is audited that the view just shows, or that keeps its rows.

        SQLMesh audits a view over all of its rows each time, a stored model over the days that were computed.
        """
        if not self.context or not view.kind.is_view:  # without: a model by itself, in a test of a rule
            return False
        return any(
            other.kind.is_incremental_by_time_range
            and not _missing(other, grain)
            and (view.fqn in (other.depends_on or ()) or _just_shows(view, other))
            for other in self.context.models.values()
        )


def columns_of(expression: exp.Expr | None) -> list[str]:
    """The columns that a grain or an audit's `columns` argument names, whether one, a tuple or an array."""
    if expression is None:
        return []
    return [column.name for column in expression.find_all(exp.Column, exp.Literal)] or [expression.name]


def _just_shows(view: Model, other: Model) -> bool:
    """Whether the view picks columns of the other model's rows, and does nothing that could multiply them."""
    query = view.query if isinstance(view, SqlModel) else None
    return (
        isinstance(query, exp.Select)
        and view.depends_on == {other.fqn}
        and len([*query.find_all(exp.Table)]) == 1
        and not query.find(exp.Subquery, exp.CTE, exp.Join, exp.Lateral, exp.Group, exp.UDTF)
    )


def _missing(model: Model, grain: list[str]) -> str:
    """What the grain's audits leave open, in words; empty if nothing."""
    lacking = []
    if not _is_unique(model, grain):
        lacking.append(f"no {' or '.join(COLUMNS_UNIQUE_TOGETHER + EACH_COLUMN_UNIQUE)} audit on the grain")
    nullable = set(grain) - {column for columns in _audited(model, NOT_NULL) for column in columns}
    if nullable:
        lacking.append(f"no {' or '.join(NOT_NULL)} audit on {', '.join(sorted(nullable))} of the grain")
    return f"{' and '.join(lacking)} ({', '.join(grain)})" if lacking else ""


def _is_unique(model: Model, grain: list[str]) -> bool:
    """Some of the grain's columns are unique, so all of them together are."""
    if any(set(columns) & set(grain) for columns in _audited(model, EACH_COLUMN_UNIQUE)):
        return True
    return any(columns and set(columns) <= set(grain) for columns in _audited(model, COLUMNS_UNIQUE_TOGETHER))


def _audited(model: Model, names: tuple[str, ...]) -> list[list[str]]:
    """The columns of each audit of those names; one with a condition leaves rows out and does not count."""
    return [
        columns_of(arguments.get("columns"))
        for name, arguments in model.audits
        if name in names and "condition" not in arguments
    ]
