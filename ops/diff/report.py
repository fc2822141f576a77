"""A diff in words and tables, before it is known whether for a terminal or a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ops.diff.types import EnvironmentDiff, KpiChange, MetricChange, ModelChange, RowChange, Skipped
from ops.wording import number

MOST_NAMED = 8  # names in a sentence
MOST_COLUMNS = 5  # that are told of a model whose rows changed
WITHOUT_TABLE = ("EMBEDDED", "EXTERNAL", "AUDIT")
CHANGES = ("added", "removed", "directly modified", "indirectly modified", "metadata only")


@dataclass(frozen=True)
class Table:
    """A part of the details: rows under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    note: str = ""


def headline(diff: EnvironmentDiff) -> str:
    """Return what was compared."""
    return f"What {diff.environment} changes in {diff.against}"


def nothing(diff: EnvironmentDiff) -> str:
    """Return the sentence for a diff that is empty."""
    return f"{diff.environment} consists of the same versions as {diff.against}: nothing would change."


def summary(diff: EnvironmentDiff) -> list[str]:
    """Return what matters most, a sentence each."""
    lines = [_models(diff), _backfill(diff)]
    behind = [item.model for item in diff.models if item.is_behind]
    if behind:
        lines.append(
            f"{diff.against} would lose versions that {diff.environment} was not made from: {names(behind)}."
        )
    lines += [_contract(diff), _risks(diff), _columns(diff), _rows(diff)]
    lines += [f"{kpi.label}, {kpi.source}: {change_of(kpi)}." for kpi in diff.kpis if kpi.month is None]
    if any(kpi.month for kpi in diff.kpis) and not any(kpi.month is None for kpi in diff.kpis):
        lines.append("Measures move between months; their totals stay.")
    if diff.metrics:
        failing = sorted({item.model for item in diff.metrics if item.verdict == "fails"})
        told = f"; a gate fails for {names(failing)}" if failing else ""
        count = (
            "1 evaluation differs" if len(diff.metrics) == 1 else f"{len(diff.metrics)} evaluations differ"
        )
        lines.append(f"Learned models: {count}{told}.")
    return [line for line in lines if line]


def tables(diff: EnvironmentDiff) -> list[Table]:
    """Return the details, those that say something."""
    before, after = diff.against, diff.environment
    found = [
        Table(
            "Models",
            ("model", "change", "class", "kind", "table"),
            tuple((m.model, m.change, m.category, m.kind.lower(), _table_of(m)) for m in diff.models),
        ),
        Table(
            "To backfill",
            ("model", "days", "from", "to", "rows (estimated)"),
            tuple(
                (
                    b.model,
                    "all" if b.is_whole else b.days,
                    "" if b.is_whole else b.spans[0][0],
                    "" if b.is_whole else b.spans[-1][1],
                    b.estimated_rows,
                )
                for b in diff.backfills
            ),
            f"Rows as {before} holds them now for these days: an estimate.",
        ),
        Table(
            "Columns",
            ("view", "column", "change", "before", "after"),
            tuple((c.view, c.column, c.change, c.before, c.after) for c in diff.columns),
        ),
        Table(
            "What BI tools rely on",
            ("change", "breaks reports"),
            tuple((c.text, c.is_breaking) for c in diff.contract),
        ),
        Table(
            "What others built",
            ("name", "owner", "fate", "on", "reason"),
            tuple((r.dependent, r.owner, r.fate, r.view, r.reason) for r in diff.risks),
        ),
        Table(
            "Measures",
            ("measure", "source", "currency", "month", before, after, "change", "share"),
            tuple(
                (
                    k.label,
                    k.source,
                    k.currency,
                    f"{k.month:%Y-%m}" if k.month else "all",
                    k.before,
                    k.after,
                    k.change,
                    share(k),
                )
                for k in diff.kpis
            ),
        ),
        Table(
            "Learned models",
            ("model", "source", "part", "metric", before, after, "gates"),
            tuple(
                (m.model, m.source, m.part, m.metric, *_champions(m), m.verdict)
                for m in sorted(diff.metrics, key=_importance)
            ),
        ),
        Table(
            "Rows",
            ("model", before, after, "added", "removed", "changed", "in columns"),
            tuple(
                (r.model, r.before, r.after, r.added, r.removed, r.changed, changed_columns(r))
                for r in diff.rows
            ),
            f"The same rows in tables of their own: {', '.join(diff.same_rows)}." if diff.same_rows else "",
        ),
        Table("Samples", ("model", "rows", "values"), tuple(_samples(diff.rows)), _hidden(diff.rows)),
        Table("Not compared", ("reason", "what"), tuple(_skipped(diff.skipped))),
    ]
    return [table for table in found if table.rows or (table.note and table.title == "Rows")]


def names(found: Sequence[str]) -> str:
    """Return names for a sentence: not more than fit."""
    more = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def change_of(kpi: KpiChange) -> str:
    """Return before, after and what lies between them."""
    money = f" {kpi.currency}" if kpi.unit == "money" else ""
    if kpi.before is None:
        return f"new, {cell(kpi.after)}{money}"
    if kpi.after is None:
        return f"gone, was {cell(kpi.before)}{money}"
    return f"{cell(kpi.before)} → {cell(kpi.after)}{money} ({_signed(kpi.after - kpi.before)}, {share(kpi)})"


def share(kpi: KpiChange) -> str:
    """Return the change as a share of what was before."""
    return (
        f"{kpi.change / abs(kpi.before):+.2%}".replace("%", " %")
        if kpi.change is not None and kpi.before
        else ""
    )


def changed_columns(rows: RowChange) -> str:
    """Return in which columns rows differ, those of the most rows first."""
    found = [f"{name} ({count:,})" for name, count in rows.changed_columns.items()]
    more = len(found) - MOST_COLUMNS
    return ", ".join(found[:MOST_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def cell(value: object) -> str:
    """Return a value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def _models(diff: EnvironmentDiff) -> str:
    counts = [
        f"{count} {change}"
        for change in CHANGES
        if (count := sum(item.change == change for item in diff.models))
    ]
    breaking = [item.model for item in diff.models if item.category == "breaking"]
    told = f" Breaking: {names(breaking)}." if breaking else " None of it is breaking."
    return f"Models: {', '.join(counts)}.{told}"


def _backfill(diff: EnvironmentDiff) -> str:
    if not diff.backfills:
        return f"Nothing is left to compute: {diff.environment} holds every day that {diff.against} does."
    known = [item.estimated_rows for item in diff.backfills if item.estimated_rows is not None]
    rows = f", about {sum(known):,} rows (an estimate)" if known else ""
    return f"To backfill: {names([item.model for item in diff.backfills])}{rows}."


def _contract(diff: EnvironmentDiff) -> str:
    breaking = [item.text for item in diff.contract if item.is_breaking]
    if breaking:
        return f"Breaks reports: {names(breaking)}."
    return f"Harmless to reports: {names([item.text for item in diff.contract])}." if diff.contract else ""


def _risks(diff: EnvironmentDiff) -> str:
    told = []
    for fate, words in (
        ("breaks", "would break"),
        ("may break", "may break"),
        ("is built again", "is built again"),
    ):
        found = [risk.dependent for risk in diff.risks if risk.fate == fate]
        if found:
            told.append(f"{words}: {names(found)}")
    return f"Of what others built, {'; '.join(told)}." if told else ""


def _columns(diff: EnvironmentDiff) -> str:
    counts = [
        f"{count} {change}"
        for change in ("added", "removed", "type changed", "moved")
        if (count := sum(item.change == change for item in diff.columns))
    ]
    return f"Columns: {', '.join(counts)}." if counts else ""


def _rows(diff: EnvironmentDiff) -> str:
    compared = len(diff.rows) + len(diff.same_rows)
    return (
        f"Rows differ in {len(diff.rows)} of the {compared} models with tables of their own."
        if compared
        else ""
    )


def _table_of(model: ModelChange) -> str:
    if model.kind in WITHOUT_TABLE or model.change in ("added", "removed"):
        return ""
    return "the same" if model.is_same_table else "another"


def _importance(metric: MetricChange) -> tuple[bool, bool]:
    """What fails a gate first, then what another method serves."""
    return metric.verdict != "fails", metric.champion_before == metric.champion_after


def _champions(metric: MetricChange) -> tuple[str, str]:
    before = f"{number(metric.before)} {metric.champion_before}".strip()
    return before, f"{number(metric.after)} {metric.champion_after}".strip()


def _samples(rows: Sequence[RowChange]) -> list[tuple[object, ...]]:
    """The first row of each sort of each model before the second ones: a table may be cut."""
    found = [
        (number, (change.model, kind, _values(row)))
        for change in rows
        for kind, sample in (
            ("changed", change.sample.changed),
            ("added", change.sample.added),
            ("removed", change.sample.removed),
        )
        for number, row in enumerate(sample)
    ]
    return [row for _, row in sorted(found, key=lambda item: item[0])]


def _values(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}: {_value(value[0])} → {_value(value[1])}"
        if isinstance(value, list)
        else f"{name}={_value(value)}"
        for name, value in row.items()
    )


def _value(value: object) -> str:
    """A value of a row with all its digits."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, bool):
        return str(value).lower()
    return "NULL" if value is None else str(value) if isinstance(value, int) else cell(value)


def _skipped(skipped: Sequence[Skipped]) -> list[tuple[object, ...]]:
    """What was not compared, by the reason."""
    reasons = dict.fromkeys(item.reason for item in skipped)
    return [(reason, ", ".join(item.what for item in skipped if item.reason == reason)) for reason in reasons]


def _hidden(rows: Sequence[RowChange]) -> str:
    hidden = sorted({column for change in rows for column in change.sample.hidden})
    return f"Not shown, because bi does not show it: {names(hidden)}." if hidden else ""


def _signed(value: Decimal) -> str:
    return ("+" if value > 0 else "") + cell(value)
