"""Keyed hashes: Python's hmac is the reference, and a server without the function is told apart."""

from __future__ import annotations

import typing as t

import pytest
from sqlglot import exp
from sqlmesh.utils.errors import SQLMeshError

from ops.postgres.hash_key import pseudonym
from tests.macros.conftest import MODULES

pytestmark = pytest.mark.both_versions

VALUES = ("ana@example.org", "é€漢字", "x" * 300, "it's", "  kept inside  ", "+44 20 7946 0000")


class Adapter:
    """What the macro asks of an engine adapter."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def fetchone(self, query: exp.Expression) -> tuple[object]:
        return (self.answer,)


def evaluate(stage: str, answer: object = "privacy.pseudonym(text)", dialect: str = "postgres") -> str:
    """What the macro makes of a column at a stage, on a server that has the function or not."""
    evaluator = t.cast(
        t.Any,
        type(
            "Evaluator",
            (),
            {"dialect": dialect, "runtime_stage": stage, "locals": {"engine_adapter": Adapter(answer)}},
        ),
    )
    made = MODULES["macros.pseudonyms"].pseudonym(evaluator, exp.column("email"))
    return t.cast(str, made.sql("postgres"))


def test_a_pseudonym_is_the_hmac_of_the_trimmed_text(ask, module_database):
    rows = ", ".join("('" + value.replace("'", "''") + "'::TEXT)" for value in VALUES)
    found = ask(
        f"SELECT raw.value AS value, @PSEUDONYM(raw.value) AS hash FROM (VALUES {rows}) AS raw(value)"
    )
    expected = {value: pseudonym(module_database.hash_key, value.strip()) for value in VALUES}
    assert dict(found) == expected


def test_nothing_stays_nothing(ask):
    query = "SELECT @PSEUDONYM(value) AS hash FROM (VALUES (NULL::TEXT), (''), ('  ')) AS raw(value)"
    assert ask(query) == [(None,), (None,), (None,)]


def test_the_key_does_not_stand_in_the_query(render, module_database):
    query = render("SELECT @PSEUDONYM(email) AS email_hash FROM raw_shop.customer")
    assert "privacy" in query
    assert module_database.hash_key not in query


def test_a_server_without_the_function_is_told_before_the_query_runs():
    assert "pseudonym" in evaluate("evaluating")
    with pytest.raises(SQLMeshError, match=r"no function privacy\.pseudonym.*retail start"):
        evaluate("evaluating", answer=None)


def test_another_engine_is_refused():
    with pytest.raises(SQLMeshError, match="needs Postgres"):
        evaluate("loading", dialect="duckdb")


def test_a_unit_test_of_a_model_shows_what_was_hashed():
    assert evaluate("testing", answer=None).startswith("'pseudonym of ' || ")
