"""SQLMesh keeps what a model reaches in one flat set of names: of two definitions of a name one silently wins."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "models" / "ml").glob("*.py")), ROOT / "macros" / "evaluations.py"]


def defined_names(text: str) -> set[str]:
    """The names that a module defines itself: functions, classes and constants, not what it imports."""
    names = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {
                part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)
            }
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def twice_defined(modules: dict[str, str]) -> dict[str, list[str]]:
    """Name -> the modules that define it, where there are several."""
    places = defaultdict(list)
    for module, text in sorted(modules.items()):
        for name in defined_names(text):
            places[name].append(module)
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def test_two_definitions_of_a_name_are_seen_however_they_are_written() -> None:
    modules = {"a": "X = 1\ndef f(): ...", "b": "X: int = 2\nfrom a import f", "c": "P, f = 1, 2\n"}
    assert twice_defined(modules) == {"X": ["a", "b"], "f": ["a", "c"]}


def imported(file: Path) -> set[Path]:
    """The modules of ml whose names a file imports at its top."""
    nodes = [node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    names = [node.module or "" for node in nodes]
    return {ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("ml.")}


def reached(file: Path) -> set[Path]:
    """A file and every module of ml that it may reach."""
    found, left = {file}, [file]
    while left:
        new = imported(left.pop()) - found
        found |= new
        left += new
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_name_that_a_model_may_reach_is_defined_twice(file: Path) -> None:
    texts = {str(one.relative_to(ROOT)): one.read_text("utf-8") for one in reached(file)}
    assert twice_defined(texts) == {}


def test_the_way_from_a_model_to_what_it_reaches_is_followed() -> None:
    modules = {one.stem for one in reached(ROOT / "models/ml/product_recommendation.py")}
    assert {"query", "serve", "ease", "threads"} <= modules
