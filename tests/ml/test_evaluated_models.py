"""Every model that evaluates is united with the others, stopped by the gates, and read by the scores it judges."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlmesh.core.config import load_config_from_yaml

from ml.gates import check_gates
from tests.support import ROOT

MODELS = sorted((ROOT / "models" / "ml").glob("*.py"))
EVALUATIONS = [path for path in MODELS if path.stem.endswith("_evaluation")]
SUBJECTS = {"customers", "products", "forecast"}  # by which the views of `bi` are tagged
NOT_NULL = "('not_null', {'columns': exp.tuple_(*EVALUATION_GRAIN, 'role', 'as_of_date')})"
every_evaluation = pytest.mark.parametrize("path", EVALUATIONS, ids=lambda path: path.stem)


def said(path: Path, keyword: str) -> ast.expr:
    """What a Python model tells SQLMesh under a keyword, as it is written."""
    (call,) = [
        decorator
        for item in ast.parse(path.read_text("utf-8")).body
        if isinstance(item, ast.FunctionDef)
        for decorator in item.decorator_list
        if isinstance(decorator, ast.Call)
    ]
    return next(item.value for item in call.keywords if item.arg == keyword)


def test_the_union_takes_in_every_model_that_evaluates() -> None:
    listed = load_config_from_yaml(ROOT / "config.yaml")["variables"]["evaluated_models"]
    assert sorted(listed) == [f"ml.{path.stem}" for path in EVALUATIONS]


@every_evaluation
def test_the_gates_stop_an_evaluation(path: Path) -> None:
    assert "('gates_hold', {})" in ast.unparse(said(path, "audits"))


@every_evaluation
def test_the_scores_wait_for_the_evaluation_that_may_be_stopped(path: Path) -> None:
    scores = path.with_stem(path.stem.removesuffix("_evaluation"))
    read = [item.value for item in ast.walk(said(scores, "depends_on")) if isinstance(item, ast.Constant)]
    assert f"ml.{path.stem}" in read


@every_evaluation
def test_all_evaluations_have_one_grain_that_is_never_empty(path: Path) -> None:
    assert only_grain(said(path, "grains")) == "f\"({', '.join(EVALUATION_GRAIN)})\""
    assert NOT_NULL in ast.unparse(said(path, "audits"))


def only_grain(grains: ast.expr) -> str:
    """The one grain of a list, as it is written."""
    assert isinstance(grains, ast.List)
    (grain,) = grains.elts
    return ast.unparse(grain)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_learned_model_is_found_by_its_owner_and_subject(path: Path) -> None:
    assert ast.literal_eval(said(path, "owner")) == "data_science"
    layer, subject, *rest = ast.literal_eval(said(path, "tags"))
    assert (layer, subject in SUBJECTS) == ("ml", True)
    assert rest == (["evaluation"] if path in EVALUATIONS else [])


def test_no_gate_asks_what_the_choice_of_the_champion_has_answered() -> None:
    """A champion that is chosen by a metric, the baseline among the choices, is no worse by it than the baseline."""
    gates = check_gates(load_config_from_yaml(ROOT / "config.yaml")["variables"]["gates"])
    chosen_by = {
        ("ml.customer_clv", "purchase_rmse"),
        ("ml.customer_propensity", "log_loss"),
        ("ml.product_recommendation", "ndcg_at_10"),
    }
    limits = {(gate["model"], gate["metric"]): gate for gate in gates}
    for key in chosen_by:
        assert "worse_than_baseline" not in limits[key]
        assert "worse_than_prod" in limits[key]
