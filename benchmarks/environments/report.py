"""What a run found, as Markdown and JSON, and whether it reaches what was aimed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.environments.changes import CHANGES, LEARNED
from benchmarks.environments.measuring import Step
from benchmarks.environments.sequence import Report

PROMOTION = 2.0  # seconds beyond what a plan takes that finds nothing to do
ENVIRONMENT = 0.1  # of dbt's dev build of everything
DAY = 0.6  # of `dbt build` of that day
GROWTH = 1.2  # times as long on ten times the history
TITLES = {
    "build": "everything, from nothing",
    "start": "nothing to do",
    "new": "a new environment",
    "new by clone": "a new environment by `dbt clone`",
    **{change.name: change.title for change in CHANGES},
    "day": "one day again",
    LEARNED.name: LEARNED.title,
}
HEAD = (
    "| what | in | SQLMesh: models | rows | s | SQL, s | dbt: models | rows | s | SQL, s |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
)


@dataclass(frozen=True)
class Goal:
    """A sentence with what was measured, and whether that was aimed at."""

    sentence: str
    is_reached: bool

    def __str__(self) -> str:
        return f"{'reached' if self.is_reached else 'MISSED'}: {self.sentence}"


def goals(report: Report) -> list[Goal]:
    """Return what was aimed at, with what was measured; what was not measured is missing."""
    return [*_promotions(report), *_environments(report), *_day(report), *_growth(report)]


def markdown(report: Report) -> str:
    """Return the measurements as a table, and the goals below."""
    rows = []
    for change, title in TITLES.items():
        for where in ("dev", "prod"):
            ours, theirs = (report.step(change, where, tool) for tool in ("SQLMesh", "dbt"))
            if ours or theirs:
                rows.append(f"| {title} | {where} {_cells(ours)} {_cells(theirs)} |")
    loads = ", ".join(f"{load:.1f}" for load in report.load)
    return "\n".join(
        [
            *HEAD,
            *rows,
            "",
            f"`{report.scale}`: {report.days} days, {report.lines:,} order lines, {report.models} models and seeds, "
            f"{report.tests} audits, {report.inlined} models inlined, {len(report.left_out)} left out of both; "
            f"{report.threads} threads each; load at the beginning, before the tenth of the history and at the end: "
            f"{loads}.",
            f"{report.compared - len(report.different)} of {report.compared} models are the same in both, row for row.",
            *(f"- {item}" for item in report.different),
            "",
            *(f"- {goal}" for goal in goals(report)),
        ]
    )


def as_dict(report: Report) -> dict[str, object]:
    """Return everything for JSON."""
    return {
        **{
            name: getattr(report, name)
            for name in ("scale", "days", "threads", "lines", "models", "tests", "load")
        },
        "left_out": report.left_out,
        "compared": report.compared,
        "different": [str(item) for item in report.different],
        "steps": [step.as_dict() for step in report.steps],
        "growth": [
            {"days": days, **step.as_dict(), "model_seconds": models} for days, step, models in report.growth
        ],
        "goals": [{"sentence": goal.sentence, "is_reached": goal.is_reached} for goal in goals(report)],
    }


def start_seconds(report: Report) -> float:
    """Return what a plan takes that finds nothing to do: SQLMesh's start-up."""
    return median(step.cost.seconds for step in report.steps if step.change == "start")


def _cells(step: Step | None) -> str:
    if step is None:
        return "| | | |"
    cost = step.cost
    return f"| {step.models} | {step.rows:,} | {cost.seconds:.1f} | {cost.sql_seconds:.1f}"


def _promotions(report: Report) -> list[Goal]:
    start, found = start_seconds(report), []
    for change in (*CHANGES, LEARNED):
        step = report.step(change.name, "prod", "SQLMesh")
        if step:
            more = step.cost.seconds - start
            found.append(
                Goal(
                    f"promoting {change.title}: {step.rows:,} rows, start-up ({start:.1f} s) and {more:.1f} s",
                    more <= PROMOTION and step.rows == 0,
                )
            )
    return found


def _environments(report: Report) -> list[Goal]:
    whole, found = report.step("new", "dev", "dbt"), []
    for change in CHANGES:
        step = report.step(change.name, "dev", "SQLMesh")
        if step and whole:
            found.append(
                Goal(
                    f"an environment with {change.title}: {_ratios(step, whole)} of dbt's whole dev build",
                    step.cost.seconds <= ENVIRONMENT * whole.cost.seconds,
                )
            )
    return found


def _day(report: Report) -> list[Goal]:
    ours, theirs = (report.step("day", "prod", tool) for tool in ("SQLMesh", "dbt"))
    if not ours or not theirs:
        return []
    return [
        Goal(
            f"one day again: {_ratios(ours, theirs)} of `dbt build`",
            ours.cost.seconds <= DAY * theirs.cost.seconds,
        )
    ]


def _growth(report: Report) -> list[Goal]:
    if len(report.growth) < 2:
        return []
    (days, whole, _), (fewer, tenth, _) = report.growth
    return [
        Goal(
            f"one day again on {days} days of history: {_ratios(whole, tenth)} of that on {fewer} days",
            whole.cost.seconds <= GROWTH * tenth.cost.seconds,
        )
    ]


def _ratios(step: Step, other: Step) -> str:
    """Return a step as a part of another one, by each clock."""
    ours, theirs = step.cost, other.cost
    parts: Sequence[tuple[str, float, float]] = (
        ("of the seconds", ours.seconds, theirs.seconds),
        ("of the SQL's", ours.sql_seconds, theirs.sql_seconds),
        ("of the processors'", ours.processor_seconds, theirs.processor_seconds),
    )
    return ", ".join(f"{part / whole if whole else 0:.2f} {name}" for name, part, whole in parts)
