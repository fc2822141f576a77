"""A change in one function of ml/ makes new versions of just the models that use it."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support import ROOT, quiet_environment

pytestmark = [pytest.mark.slow, pytest.mark.thorough(minutes=1)]
CONFIG = """
gateways: {local: {connection: {type: duckdb}}}
default_gateway: local
model_defaults: {dialect: postgres, start: 2025-01-01}
variables: {evaluated_models: [ml.one_evaluation], gates: [], watched_scores: {}, drift_psi: 0.25}
"""
EVALUATION = """
import typing as t
from datetime import date
from sqlmesh import ExecutionContext, model
from ml.evaluation import EVALUATION_COLUMNS, Evaluation, evaluation_frame

@model("ml.one_evaluation", kind="FULL", columns=EVALUATION_COLUMNS)
def execute(context: ExecutionContext, **kwargs: t.Any) -> t.Any:
    yield evaluation_frame([])
"""
FINGERPRINTED = """
import typing as t
import pandas as pd
from sqlmesh import ExecutionContext, model
from ml.evaluation import data_fingerprint

@model("ml.two", kind="FULL", columns={"fingerprint": "text"})
def execute(context: ExecutionContext, **kwargs: t.Any) -> t.Any:
    yield pd.DataFrame({"fingerprint": [data_fingerprint(pd.DataFrame({"a": [1]}))]})
"""
READ = """
import json
from sqlmesh import Context
found = [(item.model.name, item.fingerprint) for item in Context(paths=["."]).snapshots.values()]
print(json.dumps([(name, f"{f.data_hash} {f.parent_data_hash}", f.metadata_hash) for name, f in found]))
"""
Versions = dict[str, tuple[str, str]]
Change = Callable[[str, Callable[[str], str]], Versions]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's ml/ and what all learned models share, with two models of which each uses one function."""
    tmp_path = tmp_path_factory.mktemp("project")
    for part in ("ml", "macros", "audits/gates_hold.sql", "models/ml/model_evaluation.sql"):
        source, goal = ROOT / part, tmp_path / part
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, goal)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "models" / "ml" / "one_evaluation.py").write_text(EVALUATION)
    (tmp_path / "models" / "ml" / "two.py").write_text(FINGERPRINTED)
    return tmp_path


@pytest.fixture(scope="module")
def before(project: Path) -> Versions:
    """The versions of the project as it is."""
    return versions(project)


@pytest.fixture
def change(project: Path) -> Iterator[Change]:
    """Change the text of a file, and get the versions that this makes. The text is put back."""
    kept: dict[Path, str] = {}

    def change(file: str, edit: Callable[[str], str]) -> Versions:
        path = project / file
        kept[path] = path.read_text("utf-8")
        path.write_text(edit(kept[path]), "utf-8")
        return versions(project)

    yield change
    for path, text in kept.items():
        path.write_text(text, "utf-8")


def versions(folder: Path) -> Versions:
    """What SQLMesh makes of each model: its data's fingerprint, and that of what is said about it (audits).

    In a process of its own, as at the command line: Python keeps the modules of a folder that was read before.
    """
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=folder,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: (data, said) for name, data, said in json.loads(done.stdout.splitlines()[-1])}


def changed(before: Versions, after: Versions) -> tuple[set[str], set[str]]:
    """The models whose data are others, and those about which something else is said."""
    data = {name for name in before if before[name][0] != after[name][0]}
    return data, {name for name in before if before[name][1] != after[name][1]}


def rewritten(function: str, text: str) -> str:
    """Put a statement that changes nothing at the head of a function's body."""
    (node,) = [
        item for item in ast.parse(text).body if isinstance(item, ast.FunctionDef) and item.name == function
    ]
    body = node.body[1] if ast.get_docstring(node) else node.body[0]
    lines = text.splitlines()
    lines.insert(body.lineno - 1, " " * body.col_offset + "unused = 1 + 1")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("file", "function", "rebuilt"),
    [
        ("ml/evaluation.py", "data_fingerprint", {"ml.two"}),
        ("ml/evaluation.py", "evaluation_frame", {"ml.one_evaluation", "ml.model_evaluation"}),
        ("ml/gates.py", "judge", set()),
    ],
)
def test_a_change_in_a_function_makes_new_versions_of_the_models_that_use_it(
    before: Versions, change: Change, file: str, function: str, rebuilt: set[str]
) -> None:
    after = change(file, partial(rewritten, function))
    assert changed(before, after)[0] == rebuilt


def test_a_gate_that_changes_computes_nothing_again(before: Versions, change: Change) -> None:
    gate = "gates: [{model: ml.one, metric: mae, maximum: 1}]"
    data, said = changed(before, change("config.yaml", lambda text: text.replace("gates: []", gate)))
    assert data == set()
    assert "ml.model_evaluation" in said


def test_a_function_that_nothing_uses_does_not_matter(before: Versions, change: Change) -> None:
    more = "\n\ndef unused_here() -> int:\n    return 1\n"
    assert changed(before, change("ml/evaluation.py", lambda text: text + more)) == (set(), set())
