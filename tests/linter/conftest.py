"""Models made from text, as SQLMesh makes them from the project's files."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmesh.core.dialect import parse
from sqlmesh.core.linter.rule import Rule
from sqlmesh.core.model import Model, load_sql_based_model

PROJECT = Path(__file__).parents[2]

MakeModel = Callable[..., Model]
Complaints = Callable[[type[Rule], Model], list[str]]


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of the project whose linter is tested."""
    return PROJECT


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    """A SQL model from its name, its query and other properties of its header."""

    def make(name: str = "core.fct_sale", query: str = "SELECT 1::INT AS a", **header: str) -> Model:
        header = {"kind": "FULL"} | header
        properties = ", ".join(f"{key} {value}" for key, value in header.items())
        expressions = parse(f"MODEL (name {name}, {properties});\n{query}", default_dialect="postgres")
        return load_sql_based_model(expressions, dialect="postgres", default_catalog="retail")

    return make


@pytest.fixture(scope="session")
def complaints() -> Complaints:
    """What a rule says about a model: its messages, none if the model is good."""

    def check(rule: type[Rule], model: Model) -> list[str]:
        found = rule(t.cast(t.Any, None)).check_model(model)
        violations = found if isinstance(found, list) else [found] if found else []
        return [violation.violation_msg for violation in violations]

    return check
