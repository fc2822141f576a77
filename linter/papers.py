"""What a model tells its readers: one row, an owner, tags, and what each column means."""

from __future__ import annotations

from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

from linter.layers import SERVED, is_ours, layer

OPENING = "One row per "


class DescriptionTellsTheRow(Rule):
    """A model's description begins with 'One row per'."""

    def check_model(self, model: Model) -> RuleViolation | None:
        if not is_ours(model) or (model.description or "").startswith(OPENING):
            return None
        return self.violation(f"{model.name}: the description does not begin with '{OPENING.strip()}'")


class OwnerIsNamed(Rule):
    """A model has an owner, whom its users can ask."""

    def check_model(self, model: Model) -> RuleViolation | None:
        if not is_ours(model) or model.owner:
            return None
        return self.violation(f"{model.name} has no owner")


class TagsAreGiven(Rule):
    """A model has tags, by which `--select-model tag:…` finds it."""

    def check_model(self, model: Model) -> RuleViolation | None:
        if not is_ours(model) or model.tags:
            return None
        return self.violation(f"{model.name} has no tags")


class ColumnsAreDescribed(Rule):
    """Every column of core, mart, ml and bi has a description, shown as its comment in Postgres."""

    def check_model(self, model: Model) -> RuleViolation | None:
        if not is_ours(model) or layer(model) not in SERVED:
            return None
        described = {column for column, text in (model.column_descriptions or {}).items() if text.strip()}
        missing = [column for column in model.columns_to_types or {} if column not in described]
        if not missing:
            return None
        return self.violation(f"{model.name}: no description of {', '.join(missing)}")
