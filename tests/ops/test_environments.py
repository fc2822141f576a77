"""Queries in SQLMesh's environments: where their relations are, and what is said where these are not."""

import psycopg2
import pytest

from ops.environments import in_environment, require, schema_of
from ops.errors import OpsError
from ops.settings import Settings
from tests.support import query


def test_prods_schemas_have_the_layers_names_and_those_of_others_end_in_theirs() -> None:
    assert schema_of("bi", "prod") == "bi"
    assert schema_of("bi", "dev") == "bi__dev"


@pytest.mark.parametrize(("environment", "answer"), [("prod", 1), ("dev", 2), ('o"dd', 3)])
def test_a_query_reads_its_environment_whatever_that_is_called(
    database: Settings, environment: str, answer: int
) -> None:
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            for number, schema in enumerate(("bi", "bi__dev", 'bi__o"dd'), start=1):
                quoted = '"' + schema.replace('"', '""') + '"'
                cursor.execute(
                    f"CREATE SCHEMA {quoted}; CREATE VIEW {quoted}.sales AS SELECT {number} AS number"
                )
            cursor.execute(in_environment("SELECT number FROM {bi.sales}", environment))
            assert cursor.fetchone() == (answer,)
            require(cursor, environment, ["bi.sales"])
    finally:
        connection.close()


def test_what_an_environment_lacks_is_named_with_what_builds_it_and_who_has_it(database: Settings) -> None:
    query(database, "CREATE SCHEMA bi; CREATE VIEW bi.sales AS SELECT 1 AS number")
    connection = psycopg2.connect(database.url())
    try:
        with connection.cursor() as cursor:
            with pytest.raises(OpsError) as dev:
                require(cursor, "dev", ["bi.sales", "bi.customer"])
            with pytest.raises(OpsError) as prod:
                require(cursor, "prod", ["bi.sales", "bi.customer"])
    finally:
        connection.close()
    assert str(dev.value) == (
        "dev has none of what this reads yet: `sqlmesh plan dev` builds what is missing. "
        "These environments have all or some of it: prod."
    )
    assert str(prod.value) == "prod has no bi.customer yet: `retail refresh` builds what is missing."
