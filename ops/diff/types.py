"""What a comparison of two environments finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Change = Literal["added", "removed", "directly modified", "indirectly modified", "metadata only"]
Fate = Literal["breaks", "may break", "is built again"]

ADDED: Change = "added"
REMOVED: Change = "removed"


@dataclass(frozen=True)
class ModelChange:
    """A model that is not the same in both environments."""

    model: str
    change: Change
    category: str  # how SQLMesh classed it: breaking, non-breaking, …; empty where it was not classed
    kind: str
    is_same_table: bool  # both show the same rows of the same table
    is_behind: bool  # the other environment holds a version that this one was not made from


@dataclass(frozen=True)
class Backfill:
    """What a promotion would still have to compute of a model: what the other environment has and this one has not."""

    model: str
    spans: tuple[tuple[date, date], ...]  # first and last day of each
    days: int
    is_whole: bool  # it is not computed day by day, but in one go
    estimated_rows: int | None  # None where nothing is known to estimate by


@dataclass(frozen=True)
class ColumnChange:
    """A column of a view that is not the same in both environments."""

    view: str
    column: str
    change: Literal["added", "removed", "type changed", "moved"]
    before: str = ""  # types
    after: str = ""


@dataclass(frozen=True)
class Sample:
    """Rows that were added, removed or changed. Values of a changed row are pairs of before and after."""

    added: tuple[Mapping[str, Any], ...] = ()
    removed: tuple[Mapping[str, Any], ...] = ()
    changed: tuple[Mapping[str, Any], ...] = ()
    hidden: tuple[str, ...] = ()  # columns whose values are not shown


@dataclass(frozen=True)
class RowChange:
    """How the rows of a model differ, found by its grain."""

    model: str
    grain: tuple[str, ...]
    before: int
    after: int
    added: int
    removed: int
    changed: int
    changed_columns: Mapping[str, int]  # in how many rows that are in both
    sample: Sample = field(default_factory=Sample)


@dataclass(frozen=True)
class Skipped:
    """Something that was not compared, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class KpiChange:
    """A measure of a source and currency that differs, in a month, or over all time (no month)."""

    metric: str
    label: str
    unit: str
    source: str
    currency: str
    month: date | None
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """After less before; None where one of them is missing."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class MetricChange:
    """What a learned model is worth, where that differs: its champion, the value, what its gates say."""

    model: str
    source: str
    part: str
    metric: str
    champion_before: str
    champion_after: str
    before: float | None
    after: float | None
    verdict: str  # of the gates about it, as ops.evaluation has it


@dataclass(frozen=True)
class ContractChange:
    """How what BI tools rely on changes, in words."""

    text: str
    is_breaking: bool


@dataclass(frozen=True)
class Risk:
    """Something that others built on a view, and what a promotion would do to it."""

    dependent: str
    owner: str
    view: str
    fate: Fate
    reason: str


@dataclass(frozen=True)
class EnvironmentDiff:
    """What changes when an environment is promoted over another."""

    environment: str
    against: str
    plan_id: str
    against_plan_id: str
    models: tuple[ModelChange, ...] = ()
    backfills: tuple[Backfill, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    rows: tuple[RowChange, ...] = ()
    same_rows: tuple[str, ...] = ()  # models whose tables differ and whose rows do not
    kpis: tuple[KpiChange, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    contract: tuple[ContractChange, ...] = ()
    risks: tuple[Risk, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)  # per part

    @property
    def is_empty(self) -> bool:
        """Whether both environments consist of the same versions of the same models."""
        return not self.models


def as_json(diff: EnvironmentDiff) -> dict[str, object]:
    """Return it as JSON knows it: days in ISO form, money as text, never as a float."""
    plain: dict[str, Any] = _plain(asdict(diff))
    plain["is_empty"] = diff.is_empty
    for entry, kpi in zip(plain["kpis"], diff.kpis, strict=True):
        entry["change"] = _plain(kpi.change)
    return plain


def _plain(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None  # JSON has no NaN
    return str(value)
