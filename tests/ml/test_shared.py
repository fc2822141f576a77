"""What several models read is read once while models are computed, and anew at any other time."""

from __future__ import annotations

import threading
import typing as t
from types import SimpleNamespace

import pandas as pd
import pytest
from sqlmesh.utils.metaprogramming import build_env, prepare_env, serialize_env

from ml.basket_evaluation import evaluate_rules
from ml.basket_shop import basket_rules
from ml.basket_source import read_baskets
from ml.propensity.reading import read_sample
from ml.propensity.results import evaluate_propensity, propensity_drivers
from ml.recommend.evaluate import evaluate_recommendations
from ml.recommend.serve import recommendations
from ml.recommend.similar import similar_products
from ml.recommend.source import read_shops
from ml.shared import _code, keeping, read_once
from tests.support import ROOT

TABLES = ["core.fct_order"]


class Reader:
    """Counts how often it reads; each time something else."""

    def __init__(self) -> None:
        self.times = 0

    def read(self) -> list[int]:
        self.times += 1
        return [self.times]


def context(dialect: str = "postgres", table: str = "fct_order__1", database: str = "retail") -> t.Any:
    info = SimpleNamespace(host="127.0.0.1", port=5432, dbname=database)
    cursor = SimpleNamespace(connection=SimpleNamespace(info=info))
    adapter = SimpleNamespace(dialect=dialect, cursor=cursor)
    return SimpleNamespace(engine_adapter=adapter, resolve_table=lambda name: table)


def test_within_keeping_the_first_reads_for_all() -> None:
    reader = Reader()
    read = reader.read
    with keeping():
        first = read_once(context(), TABLES, read)
        assert read_once(context(), TABLES, read) is first
    assert reader.times == 1


def test_what_comes_later_reads_anew() -> None:
    reader = Reader()
    read = reader.read
    assert read_once(context(), TABLES, read) == [1]
    assert read_once(context(), TABLES, read) == [2]
    for times in (3, 4):
        with keeping():
            assert read_once(context(), TABLES, read) == [times]
    assert read_once(context(), TABLES, read) == [5]


def test_a_pass_within_a_pass_reads_anew() -> None:
    reader = Reader()
    read = reader.read
    with keeping():
        assert read_once(context(), TABLES, read) == [1]
        with keeping():
            assert read_once(context(), TABLES, read) == [2]
        assert read_once(context(), TABLES, read) == [1]


@pytest.mark.parametrize(
    "other", [{"table": "fct_order__2"}, {"database": "retail_2"}, {"dialect": "duckdb"}]
)
def test_other_tables_databases_and_engines_are_read_apart(other: dict[str, str]) -> None:
    reader = Reader()
    read = reader.read
    with keeping():
        assert read_once(context(), TABLES, read) == [1]
        assert read_once(context(**other), TABLES, read) == [2]
        assert read_once(context(), TABLES, read) == [1]


def test_what_fails_is_read_again() -> None:
    def fail() -> list[int]:
        raise ConnectionError("gone")

    with keeping():
        with pytest.raises(ConnectionError):
            read_once(context(), TABLES, fail)
        assert read_once(context(), TABLES, Reader().read) == [1]


def test_who_asks_while_it_is_read_waits_for_it() -> None:
    has_begun, may_end = threading.Event(), threading.Event()
    reader = Reader()
    read = reader.read

    def slow() -> list[int]:
        has_begun.set()
        assert may_end.wait(10)
        return read()

    got: list[list[int]] = []
    with keeping():
        asking = [
            threading.Thread(target=lambda: got.append(read_once(context(), TABLES, slow))) for _ in range(3)
        ]
        for thread in asking:
            thread.start()
        assert has_begun.wait(10)
        may_end.set()
        for thread in asking:
            thread.join(10)
    assert got == [[1], [1], [1]]
    assert reader.times == 1


def copied(read: t.Callable[..., t.Any], execute: t.Callable[..., t.Any] | None = None) -> dict[str, t.Any]:
    """The names that SQLMesh gives a model that reads and executes: copies of both and of all that they reach."""
    found: dict[str, t.Any] = {}
    build_env(read, env=found, name=read.__name__, path=ROOT)
    if execute is not None:
        build_env(execute, env=found, name="execute", path=ROOT)  # which cursors have, too
    names: dict[str, t.Any] = prepare_env(serialize_env(found, path=ROOT))
    assert names[read.__name__] is not read
    return names


@pytest.mark.parametrize(
    ("read", "asks", "first", "second"),
    [
        (read_shops, "read_query", recommendations, evaluate_recommendations),
        (read_shops, "read_query", recommendations, similar_products),
        (read_baskets, "read_query", basket_rules, evaluate_rules),
        (read_sample, "read_frame", evaluate_propensity, propensity_drivers),
    ],
)
def test_copies_that_sqlmesh_made_for_two_models_share_what_one_read(
    read: t.Callable[..., t.Any],
    asks: str,
    first: t.Callable[..., t.Any],
    second: t.Callable[..., t.Any],
) -> None:
    with keeping():
        one, other = copied(read, first), copied(read, second)
        assert _code(one[read.__name__]) == _code(
            other[read.__name__]
        )  # before they are made to read nothing
        one[asks] = other[asks] = lambda *_, **__: pd.DataFrame()
        kept = one[read.__name__](context())
        assert other[read.__name__](context()) is kept
    assert one[read.__name__](context()) is not kept


def test_a_model_of_another_version_of_the_code_reads_for_itself() -> None:
    with keeping():
        one, other, edited = copied(read_shops), copied(read_shops), copied(read_shops)
        for names in (one, other, edited):
            names["read_query"] = lambda *_, **__: pd.DataFrame()
        edited["EVENTS"] += " AND quantity > 0"
        kept = one["read_shops"](context())
        assert other["read_shops"](context()) is kept
        assert edited["read_shops"](context()) is not kept
