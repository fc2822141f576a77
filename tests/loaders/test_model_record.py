"""The record of learned models: it is there with the ledger, and whoever builds the models may only add to it."""

import psycopg2
import pytest

from loaders import model_record
from loaders.schema import ensure_tables
from ml.evaluation import EVALUATION_COLUMNS
from ops.settings import Settings
from tests.support import query

POSTGRES = {"double": "double precision", "int": "integer"}


@pytest.fixture
def recorded(database: Settings) -> Settings:
    make(database)
    return database


def make(settings: Settings) -> None:
    connection = settings.connect_loader()
    ensure_tables(connection, {})
    connection.close()


def add_a_run(settings: Settings) -> None:
    query(
        settings,
        "INSERT INTO ingest.model_run VALUES ('ml.a', 's.a', now(), 1.5, 10, 'f', '{\"numpy\": \"2\"}', '3.11')",
    )


def test_an_evaluation_is_recorded_with_all_of_its_columns() -> None:
    kept = model_record.column_types("model_evaluation")
    assert list(kept) == [*EVALUATION_COLUMNS, "environment", "recorded_at"]
    assert {name: kept[name] for name in EVALUATION_COLUMNS} == {
        name: POSTGRES.get(kind, kind) for name, kind in EVALUATION_COLUMNS.items()
    }


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = DEFAULT", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"]
)
def test_who_builds_the_models_may_add_and_never_change(recorded: Settings, change: str) -> None:
    add_a_run(recorded)
    for table in model_record.TABLES:
        first_column = next(iter(model_record.column_types(table)))
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(recorded, change.format(f"ingest.{table}", first_column))
    assert query(recorded, "SELECT model, library_versions ->> 'numpy' FROM ingest.model_run") == [
        ("ml.a", "2")
    ]


@pytest.mark.parametrize("change", ["UPDATE {} SET name = 'x'", "DELETE FROM {}"])
def test_who_promotes_may_add_what_broke_and_never_change_it(recorded: Settings, change: str) -> None:
    query(
        recorded,
        "INSERT INTO ingest.broken_dependent (view, name, owner, reason, statements) "
        "VALUES ('bi.sale', 'view a.b', 'analyst', 'gone', '{}')",
    )
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(recorded, change.format("ingest.broken_dependent"))
    assert query(recorded, "SELECT name FROM ingest.broken_dependent") == [("view a.b",)]


def test_a_ledger_from_before_gets_the_record_and_keeps_its_rows(recorded: Settings) -> None:
    connection = recorded.connect_loader()
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest.load (source, table_name, file, bytes, status) "
            "VALUES ('shop', 'sale', 'a.csv', 1, 'failed')"
        )
        for table in model_record.TABLES:
            cursor.execute(f"DROP TABLE ingest.{table}")
    connection.close()
    make(recorded)
    add_a_run(recorded)
    assert query(recorded, "SELECT file FROM ingest.load") == [("a.csv",)]


def test_another_builder_who_was_provisioned_may_add_too(database: Settings) -> None:
    connection = database.connect_loader()
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO bi_reader")
    connection.close()
    make(database)
    added_to = query(
        database,
        "SELECT relname FROM pg_class WHERE relnamespace = 'ingest'::regnamespace AND relkind = 'r' "
        "AND has_table_privilege('bi_reader', oid, 'INSERT')",
    )
    assert {name for (name,) in added_to} == {*model_record.TABLES, "broken_dependent"}
