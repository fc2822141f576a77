"""data_has_landed, asked as SQLMesh asks it: the days that have not landed are not computed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmesh.core.snapshot.definition import check_ready_intervals
from sqlmesh.utils.date import to_timestamp

from signals import data_has_landed

FIRST = datetime(2000, 1, 1, tzinfo=UTC)


def context(last_landed: date | None, *, is_set_up: bool = True) -> Any:
    row = None if last_landed is None else (last_landed,)
    adapter = SimpleNamespace(table_exists=lambda _: is_set_up, fetchone=lambda _: row)
    return SimpleNamespace(engine_adapter=adapter)


def days(*numbers: int) -> list[tuple[int, int]]:
    """Days by their number from the first, as SQLMesh's intervals."""
    starts = [FIRST + timedelta(days=number) for number in numbers]
    return [(to_timestamp(start), to_timestamp(start + timedelta(days=1))) for start in starts]


@pytest.mark.parametrize(
    ("asked", "landed", "ready"),
    [
        (range(5), date(2000, 1, 3), range(3)),
        (range(5), date(2000, 1, 5), range(5)),
        (range(5), date(1999, 12, 31), range(0)),
        (range(5), None, range(0)),
        ([0, 1, 3, 4], date(2000, 1, 4), [0, 1, 3]),  # with a gap SQLMesh asks twice
    ],
)
def test_the_days_up_to_the_last_one_that_has_landed_are_ready(
    asked: list[int], landed: date | None, ready: list[int]
) -> None:
    found = check_ready_intervals(data_has_landed, days(*asked), context(landed), {})
    assert found == days(*ready)


def test_nothing_is_ready_where_nothing_was_ever_loaded() -> None:
    assert check_ready_intervals(data_has_landed, days(0), context(None, is_set_up=False), {}) == []


def test_an_interval_is_looked_at_once_however_many_there_are() -> None:
    """A list that a signal returns is looked up interval by interval: seconds for each model on the first plan."""

    class Counting(datetime):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counting.compared += 1
            return super().__eq__(other)

        __hash__ = datetime.__hash__

    starts = [Counting.fromordinal(730_120 + number).replace(tzinfo=UTC) for number in range(500)]
    batch = [(start, start + timedelta(days=1)) for start in starts]
    assert data_has_landed(batch, context(date(2000, 3, 1))) is True
    assert len(batch) == 61
    assert Counting.compared == 0
