"""A change that was planned into an environment of a small shop: the diff shows all of it and nothing else."""

from __future__ import annotations

from ops.diff import EnvironmentDiff, as_text


def test_x(uncomputed, dev: EnvironmentDiff) -> None:
    print(as_text(uncomputed))
    print("-------------")
    print(as_text(dev))
    assert 0
