"""What SQLMesh's state says of prod is read again just when it says something else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.settings import load_settings
from ops.sqlmesh import COMPUTED_UNTIL, PROD_MARK, Prod, SqlMesh


class Worker:
    """What reads prod's models."""

    def __init__(self, state: State) -> None:
        self._state = state

    def prod(self) -> Prod:
        self._state.reads += 1
        return Prod({}, dated=["stg.sale"])


class State(SqlMesh):
    """A project whose state is these two texts, and that counts how often its models are read."""

    mark: str | None = "models-1"
    end: datetime | None = datetime(2026, 6, 3, tzinfo=UTC)
    reads = 0

    def _ask(self, query: str, *values: object) -> tuple[object, ...] | None:
        if query == PROD_MARK:
            return (self.mark,)
        assert (query, values) == (COMPUTED_UNTIL, (["stg.sale"],))
        return (int(self.end.timestamp() * 1000),) if self.end else None

    def _working(self) -> Any:
        return Worker(self)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(load_settings(tmp_path, {}))


def test_prod_is_read_once_for_as_long_as_its_models_are_the_same(state):
    state.prod()
    state.mark = "models-2"  # another day was computed
    state.prod()
    assert state.reads == 1


def test_prod_is_read_again_when_its_models_changed(state):
    state.prod()
    state.mark = "others-2"
    state.prod()
    assert state.reads == 2


def test_how_far_prod_is_computed_is_asked_each_time(state):
    assert state.prod().computed_until == date(2026, 6, 2)
    state.end = datetime(2026, 6, 4, tzinfo=UTC)
    assert state.prod().computed_until == date(2026, 6, 3)
    state.end = None
    assert state.prod().computed_until is None
    assert state.reads == 1
