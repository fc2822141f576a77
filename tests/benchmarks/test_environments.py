"""What the comparison with dbt changes stands in the project, and what it counts is counted right."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from benchmarks.environments.changes import CHANGES, LEARNED, Change, Edit
from benchmarks.environments.measuring import Step, rows_between
from benchmarks.environments.report import goals, markdown
from benchmarks.environments.sequence import Report
from benchmarks.warehouse import Cost, seconds_by_model
from ops.project_copy import ROOT

PRINTED = """
[1/1] mart__dev.inventory    [full refresh (600 rows), audits passed 3]
1.31s
[1/2] core.fct_order   [insert 2026-06-29 - 2026-06-29, audits passed 6]   0.50s
[2/2] core.fct_order   [insert 2026-06-30 - 2026-06-30, audits passed 6]   0.25s
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that are changed."""
    for change in (*CHANGES, LEARNED):
        for edit in change.edits:
            (tmp_path / edit.file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / edit.file, tmp_path / edit.file)
    return tmp_path


def test_every_change_can_be_made_one_after_the_other(copy: Path) -> None:
    for change in (*CHANGES, LEARNED):
        before = [(copy / edit.file).read_text("utf-8") for edit in change.edits]
        for edit in change.edits:
            edit.apply(copy)
        assert [(copy / edit.file).read_text("utf-8") for edit in change.edits] != before, change.name


def test_a_change_that_takes_one_back_follows_it_and_leaves_nothing_of_it(copy: Path) -> None:
    for change, back in itertools.pairwise(CHANGES):
        if back.is_back:
            for edit in (*change.edits, *back.edits):
                edit.apply(copy)
            for edit in change.edits:
                assert (copy / edit.file).read_text("utf-8") == (ROOT / edit.file).read_text("utf-8")


def test_an_edit_whose_text_is_not_there_says_so(copy: Path) -> None:
    with pytest.raises(ValueError, match=r"delay_distribution\.sql holds 0 times"):
        Edit("models/marts/delivery/delay_distribution.sql", "no such text", "").apply(copy)


def test_rows_are_those_inserted_into_tables_that_are_still_there() -> None:
    before = {1: 10, 2: 20, 3: 5}
    after = {1: 10, 2: 25, 4: 7}  # 3 was dropped, 4 is new
    assert rows_between(before, after) == 12


def test_a_model_that_sqlmesh_computes_in_several_batches_counts_once() -> None:
    assert seconds_by_model(PRINTED) == {"mart__dev.inventory": 1.31, "core.fct_order": 0.75}


def report_of(*steps: Step) -> Report:
    return Report("tiny", 45, 4, steps=list(steps), load=[1.0])


def step(change: str, where: str, tool: str, seconds: float, rows: int = 0) -> Step:
    return Step(change, where, tool, 1, rows, Cost(seconds, seconds / 2, seconds / 4, seconds / 4))


def missed(report: Report) -> list[str]:
    return [goal.sentence for goal in goals(report) if not goal.is_reached]


@pytest.mark.parametrize(
    ("seconds", "rows", "is_missed"), [(11.9, 0, False), (12.1, 0, True), (10.0, 1, True)]
)
def test_a_promotion_may_take_two_seconds_and_compute_no_row(
    seconds: float, rows: int, is_missed: bool
) -> None:
    start, promotion = step("start", "prod", "SQLMesh", 10), step("leaf", "prod", "SQLMesh", seconds, rows)
    assert bool(missed(report_of(start, promotion))) is is_missed


@pytest.mark.parametrize(("seconds", "is_missed"), [(10.0, False), (10.1, True)])
def test_an_environment_is_measured_by_dbts_build_of_everything(seconds: float, is_missed: bool) -> None:
    steps = (step("start", "prod", "SQLMesh", 5), step("new", "dev", "dbt", 100))
    report = report_of(*steps, step("leaf", "dev", "SQLMesh", seconds))
    assert [sentence for sentence in missed(report) if "environment" in sentence] == (
        [
            "an environment with an expression in a leaf: 0.10 of the seconds, 0.10 of the SQL's, "
            "0.10 of the processors' of dbt's whole dev build"
        ]
        if is_missed
        else []
    )


def test_the_table_shows_both_tools_in_one_line() -> None:
    start = step("start", "prod", "SQLMesh", 1)
    table = markdown(
        report_of(start, step("day", "prod", "SQLMesh", 3, 70), step("day", "prod", "dbt", 10, 900))
    )
    assert "| one day again | prod | 1 | 70 | 3.0 | 1.5 | 1 | 900 | 10.0 | 5.0 |" in table


def test_a_change_has_a_name_of_its_own_as_its_environment_has() -> None:
    names = [change.name for change in (*CHANGES, LEARNED)]
    assert len(set(names)) == len(names)
    assert all(isinstance(change, Change) and change.name.isidentifier() for change in CHANGES)
