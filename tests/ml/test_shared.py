"""What several models read is read once while models are computed, and anew at any other time."""

from __future__ import annotations

import threading
import typing as t
from types import SimpleNamespace

import pytest
from sqlmesh.utils.metaprogramming import build_env, prepare_env, serialize_env

from ml.basket_source import read_baskets
from ml.recommend.source import read_shops
from ml.shared import keeping, read_once
from tests.support import ROOT

TABLES = ["core.fct_order"]


class Reader:
    """Counts how often it reads; each time something else."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> list[int]:
        self.times += 1
        return [self.times]


def context(dialect: str = "postgres", table: str = "fct_order__1", database: str = "retail") -> t.Any:
    info = SimpleNamespace(host="127.0.0.1", port=5432, dbname=database)
    cursor = SimpleNamespace(connection=SimpleNamespace(info=info))
    adapter = SimpleNamespace(dialect=dialect, cursor=cursor)
    return SimpleNamespace(engine_adapter=adapter, resolve_table=lambda name: table)


def test_within_keeping_the_first_reads_for_all() -> None:
    read = Reader()
    with keeping():
        first = read_once(context(), "orders", TABLES, read)
        assert read_once(context(), "orders", TABLES, read) is first
    assert read.times == 1


def test_what_comes_later_reads_anew() -> None:
    read = Reader()
    assert read_once(context(), "orders", TABLES, read) == [1]
    assert read_once(context(), "orders", TABLES, read) == [2]
    for times in (3, 4):
        with keeping():
            assert read_once(context(), "orders", TABLES, read) == [times]
    assert read_once(context(), "orders", TABLES, read) == [5]


def test_a_pass_within_a_pass_reads_anew() -> None:
    read = Reader()
    with keeping():
        assert read_once(context(), "orders", TABLES, read) == [1]
        with keeping():
            assert read_once(context(), "orders", TABLES, read) == [2]
        assert read_once(context(), "orders", TABLES, read) == [1]


@pytest.mark.parametrize(
    "other", [{"table": "fct_order__2"}, {"database": "retail_2"}, {"dialect": "duckdb"}]
)
def test_other_tables_databases_and_engines_are_read_apart(other: dict[str, str]) -> None:
    read = Reader()
    with keeping():
        assert read_once(context(), "orders", TABLES, read) == [1]
        assert read_once(context(), "payments", TABLES, read) == [2]
        assert read_once(context(**other), "orders", TABLES, read) == [3]
        assert read_once(context(), "orders", TABLES, read) == [1]


def test_what_fails_is_read_again() -> None:
    def fail() -> list[int]:
        raise ConnectionError("gone")

    with keeping():
        with pytest.raises(ConnectionError):
            read_once(context(), "orders", TABLES, fail)
        assert read_once(context(), "orders", TABLES, Reader()) == [1]


def test_who_asks_while_it_is_read_waits_for_it() -> None:
    has_begun, may_end = threading.Event(), threading.Event()
    read = Reader()

    def slow() -> list[int]:
        has_begun.set()
        assert may_end.wait(10)
        return read()

    got: list[list[int]] = []
    with keeping():
        asking = [
            threading.Thread(target=lambda: got.append(read_once(context(), "orders", TABLES, slow)))
            for _ in range(3)
        ]
        for thread in asking:
            thread.start()
        assert has_begun.wait(10)
        may_end.set()
        for thread in asking:
            thread.join(10)
    assert got == [[1], [1], [1]]
    assert read.times == 1


@pytest.mark.parametrize(
    ("read", "each"), [(read_shops, "_each_shop"), (read_baskets, "_each_shop_of_baskets")]
)
def test_copies_of_a_function_that_sqlmesh_made_for_two_models_share_what_one_read(
    read: t.Callable[..., t.Any], each: str
) -> None:
    reader = Reader()
    got = []
    with keeping():
        for _ in range(2):
            found: dict[str, t.Any] = {}
            build_env(read, env=found, name=read.__name__, path=ROOT)
            copied = prepare_env(serialize_env(found, path=ROOT))
            assert copied[read.__name__] is not read
            copied[each] = lambda _: iter(reader())
            got.append(copied[read.__name__](context()))
    assert got[0] is got[1]
    assert reader.times == 1
