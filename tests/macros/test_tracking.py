"""What is told of a process that should have sent evaluations to MLflow."""

from __future__ import annotations

import sys

import pytest

from macros.tracking import trouble_of

WARNS = "import sys; print('a library is old', file=sys.stderr); "


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (WARNS + "print('{}')", ""),  # sent, with a warning
        ("print('View run at an address'); print('{}')", ""),  # as MLflow's client prints
        (WARNS + "print('{}'); sys.exit(1)", ""),  # sent, and a gate does not hold
        (WARNS + "sys.exit(1)", "a library is old"),
        ("import sys; sys.exit(3)", "it ended with exit code 3 and said nothing"),
    ],
)
def test_only_what_was_not_sent_is_trouble(script: str, told: str) -> None:
    assert trouble_of([sys.executable, "-c", script]) == told


def test_a_process_that_cannot_start_is_trouble() -> None:
    assert "No such file" in trouble_of(["/nowhere/python"])
