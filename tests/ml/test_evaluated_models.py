"""Every model that evaluates is united with the others and stopped by the gates."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmesh.core.config import load_config_from_yaml

from tests.support import ROOT

EVALUATIONS = sorted((ROOT / "models" / "ml").glob("*_evaluation.py"))


def test_the_union_takes_in_every_model_that_evaluates() -> None:
    listed = load_config_from_yaml(ROOT / "config.yaml")["variables"]["evaluated_models"]
    assert sorted(listed) == [f"ml.{path.stem}" for path in EVALUATIONS]


@pytest.mark.parametrize("path", EVALUATIONS, ids=lambda path: path.stem)
def test_the_gates_stop_an_evaluation_before_the_scores_that_read_it(path: Path) -> None:
    assert '("gates_hold", {})' in path.read_text("utf-8")
