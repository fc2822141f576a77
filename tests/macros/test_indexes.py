"""What runs behind a model's query: indexes when its table is made, statistics when it was filled."""

from __future__ import annotations

import pytest
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, RuntimeStage

from macros.indexes import index_name, index_on, index_on_rows, refresh_statistics, unique_index_on

TABLE = '"retail"."sqlmesh__core"."core__fct_order__123"'


def at(stage: RuntimeStage, dialect: str = "postgres", **more: str) -> MacroEvaluator:
    evaluator = MacroEvaluator(dialect=dialect, runtime_stage=stage)
    evaluator.locals.update({"this_model": TABLE, **more})
    return evaluator


def test_an_index_is_made_with_the_table_on_postgres_only():
    columns = [exp.column("source"), exp.column("order_id")]
    made = index_on(at(RuntimeStage.CREATING), *columns)
    name = index_name("core__fct_order__123", ["source", "order_id"])
    assert made.sql("postgres") == f'CREATE INDEX IF NOT EXISTS "{name}" ON {TABLE}("source", "order_id")'
    assert index_on(at(RuntimeStage.EVALUATING), *columns) is None
    assert index_on(at(RuntimeStage.CREATING, "duckdb"), *columns) is None


def test_an_index_over_some_rows_names_them_and_has_a_name_of_its_own():
    held = exp.not_(exp.Is(this=exp.column("rule_name"), expression=exp.null()))
    made = index_on_rows(at(RuntimeStage.CREATING), held, exp.column("order_date"))
    assert made.sql("postgres").endswith('("order_date") WHERE NOT rule_name IS NULL')
    assert made.this.name != index_on(at(RuntimeStage.CREATING), exp.column("order_date")).this.name


def test_a_unique_index_says_so():
    made = unique_index_on(at(RuntimeStage.CREATING), exp.column("product_key"))
    assert made.sql("postgres").startswith("CREATE UNIQUE INDEX IF NOT EXISTS")


def test_each_version_and_list_of_columns_has_an_index_name_of_its_own():
    named = [
        (table, columns)
        for table in ("core__fct_order__123", "core__fct_order__124", "t" * 63)
        for columns in (["a"], ["a", "b"], ["b", "a"], ["c" * 63])
    ]
    names = [index_name(table, columns) for table, columns in named]
    assert len(set(names)) == len(named)
    assert max(len(name.encode()) for name in names) <= 63
    assert names == [index_name(table, columns) for table, columns in named]


@pytest.mark.parametrize("stage", [RuntimeStage.CREATING, RuntimeStage.EVALUATING])
def test_statistics_are_refreshed_where_a_table_was_filled_for_the_first_time_as_later(stage):
    assert refresh_statistics(at(stage, model_kind_name="FULL")).sql("postgres") == f"ANALYZE {TABLE}"


def test_statistics_are_postgres_alone_and_nothing_of_a_promotion():
    assert refresh_statistics(at(RuntimeStage.PROMOTING, model_kind_name="FULL")) is None
    assert refresh_statistics(at(RuntimeStage.EVALUATING, "duckdb", model_kind_name="FULL")) is None


@pytest.mark.parametrize("kind", ["VIEW", "EMBEDDED", "EXTERNAL"])
def test_what_holds_no_rows_has_no_statistics(kind):
    assert refresh_statistics(at(RuntimeStage.EVALUATING, model_kind_name=kind)) is None


class Server:
    """Stands in for the engine: says whether a table has grown."""

    def __init__(self, *answer: bool) -> None:
        self.answer = answer or None
        self.asked = ""

    def fetchone(self, query: str) -> tuple[bool, ...] | None:
        self.asked = query
        return self.answer


@pytest.mark.parametrize(
    ("server", "is_made"), [(Server(True), True), (Server(False), False), (Server(), True)]
)
def test_a_table_that_is_filled_by_days_gets_statistics_when_it_has_grown(server, is_made):
    evaluator = at(RuntimeStage.EVALUATING, model_kind_name="INCREMENTAL_BY_TIME_RANGE")
    evaluator.locals["engine_adapter"] = server
    assert (refresh_statistics(evaluator) is not None) == is_made
    assert f"to_regclass('{TABLE}')" in server.asked
