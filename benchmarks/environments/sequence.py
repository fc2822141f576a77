"""What is done, in which order: both builds, each change in `dev` and in prod, a day, the growth of history."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.environments.bench import Bench
from benchmarks.environments.changes import CHANGES, LEARNED, Change
from benchmarks.environments.comparing import Difference
from benchmarks.environments.measuring import Step
from benchmarks.warehouse import seconds_by_model

Say = Callable[[str], None]


@dataclass
class Report:
    """All that a run found. `growth`: the restated day on all of history and on its last tenth, and by model."""

    scale: str
    days: int
    threads: int
    lines: int = 0
    models: int = 0
    tests: int = 0
    inlined: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    compared: int = 0
    different: list[Difference] = field(default_factory=list)
    growth: list[tuple[int, Step, dict[str, float]]] = field(default_factory=list)
    load: list[float] = field(default_factory=list)

    def step(self, change: str, where: str, tool: str) -> Step | None:
        """Return what a piece of work took, if it was done."""
        found = [item for item in self.steps if (item.change, item.where, item.tool) == (change, where, tool)]
        return found[-1] if found else None


def whole_run(data: Path, days: Sequence[str], scale: str, threads: int, caches: Path, say: Say) -> Report:
    """Measure everything. `caches` is an empty folder for what SQLMesh parses."""
    report = Report(scale, len(days), threads, load=[os.getloadavg()[1]])
    bench = Bench(data, days, threads, caches, say)
    try:
        _build(bench, report)
        for change in CHANGES:
            _change(bench, change)
        _restate(bench, report)
        _compare(bench, report, say)
        _learned(bench)
    finally:
        report.steps = bench.steps
        report.load.append(os.getloadavg()[1])
        bench.close()
    _restate_tenth(data, days, threads, caches, report, say)
    report.load.append(os.getloadavg()[1])
    return report


def _build(bench: Bench, report: Report) -> None:
    """Build prod with both tools, then an environment without a change."""
    bench.plan("build", "prod", "--run")
    translation = bench.translate()
    bench.build("build", "prod", "--full-refresh")
    bench.dbt.was_deployed()
    report.models, report.tests = len(translation.built) + len(translation.seeds), translation.tests
    report.inlined, report.left_out = len(translation.inlined), bench.left_out
    [(lines,)] = bench.warehouse.rows("SELECT count(*) FROM core.fct_order_line")
    report.lines = int(str(lines))
    bench.warehouse.vacuum()
    bench.plan("start", "prod")
    bench.plan("new", "new")
    bench.build("new", "dev", "--full-refresh")
    bench.dbt.drop("dev")
    bench.clone("new")


def _change(bench: Bench, change: Change) -> None:
    """Make a change: in an environment of its own and then in prod, with SQLMesh and then with dbt."""
    bench.apply(change)
    day = (bench.days[-1], bench.days[-1])
    if not change.is_back:
        options = ["--forward-only", "--enable-preview", "--start", day[0]] if change.forward_only else []
        bench.plan(change.name, change.name, *options)
    bench.plan(change.name, "prod")
    bench.translate()
    if change.forward_only:
        # By name: to dbt every model that names the days has changed with them.
        bench.build(change.name, "dev", changed=change.forward_only, days=day)
        bench.build(change.name, "prod", changed=change.forward_only, days=day)
    else:
        if not change.is_back:
            bench.build(change.name, "dev", changed="state:modified+")
        bench.build(change.name, "prod", "--full-refresh", changed="state:modified+")
    bench.dbt.was_deployed()
    bench.dbt.drop("dev")


def _restate(bench: Bench, report: Report) -> None:
    bench.plan("start", "prod")
    report.growth.append((len(bench.days), bench.restate_last_day(), seconds_by_model(bench.printed)))
    bench.build("day", "prod", days=(bench.days[-1], bench.days[-1]))


def _compare(bench: Bench, report: Report, say: Say) -> None:
    report.compared, report.different = bench.compare()
    say(f"{report.compared} models compared, {len(report.different)} differ")
    for item in report.different:
        say(f"  {item}")


def _learned(bench: Bench) -> None:
    """Add the learned models to prod and change one of their functions."""
    bench.bring_back_learned()
    bench.plan("learned_build", "prod", "--run")
    bench.apply(LEARNED)
    bench.plan(LEARNED.name, LEARNED.name)
    bench.plan(LEARNED.name, "prod")


def _restate_tenth(
    data: Path, days: Sequence[str], threads: int, caches: Path, report: Report, say: Say
) -> None:
    """Restate the same day where only the last tenth of the history is."""
    tenth = days[-max(1, len(days) // 10) :]
    say(f"The same day on the last {len(tenth)} days")
    bench = Bench(data, tenth, threads, caches, say)
    try:
        bench.plan("build", "prod", "--run")
        bench.warehouse.vacuum()
        bench.plan("start", "prod")
        report.growth.append((len(tenth), bench.restate_last_day(), seconds_by_model(bench.printed)))
    finally:
        bench.close()
