"""The roles and databases: who may do what, made by the SQL that docker compose mounts too."""

import psycopg2
import pytest

from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Role, Settings

pytestmark = pytest.mark.both_versions


def run(settings: Settings, role: Role, *statements: str) -> list[tuple[object, ...]]:
    connection = settings.connect(role)
    try:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def test_transformer_reads_what_the_loader_creates_later(database: Settings) -> None:
    run(database, "loader", "CREATE SCHEMA raw_shop", "CREATE TABLE raw_shop.sale AS SELECT 7 AS quantity")
    assert run(database, "transformer", "SELECT quantity FROM raw_shop.sale") == [(7,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(database, "transformer", "DELETE FROM raw_shop.sale")


def test_bi_reader_sees_no_raw_data_and_writes_nothing(database: Settings) -> None:
    run(database, "loader", "CREATE SCHEMA raw_shop", "CREATE TABLE raw_shop.sale AS SELECT 7 AS quantity")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(database, "bi", "SELECT * FROM raw_shop.sale")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        run(database, "bi", "CREATE TABLE public.mine (id int)")


@pytest.mark.parametrize("role", ["loader", "bi"])
def test_nobody_creates_in_public_or_enters_the_state_database(database: Settings, role: Role) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(
            database,
            role,
            "SET default_transaction_read_only = off",
            "COMMIT",
            "CREATE TABLE public.mine (id int)",
        )
    with pytest.raises(Exception, match="permission denied for database"):
        database.connect(role, database.state_database)


def test_every_session_is_in_utc(database: Settings) -> None:
    for role in ("transformer", "loader", "bi"):
        login = database.login(role)
        connection = psycopg2.connect(
            host=database.host,
            port=database.port,
            dbname=database.database,
            user=login.user,
            password=login.password,
        )
        with connection.cursor() as cursor:
            cursor.execute("SHOW timezone")
            assert cursor.fetchone() == ("UTC",)
        connection.close()


def test_who_may_make_schemas_cannot_put_functions_in_anybodys_way(database: Settings) -> None:
    name = database.transformer.user
    run(
        database,
        "loader",
        f'CREATE SCHEMA "{name}"',
        f'GRANT USAGE ON SCHEMA "{name}" TO "{name}"',
        f"CREATE FUNCTION \"{name}\".lower(integer) RETURNS text LANGUAGE sql AS $$SELECT 'of the loader'$$",
        f'GRANT EXECUTE ON FUNCTION "{name}".lower(integer) TO "{name}"',
    )
    with pytest.raises(psycopg2.errors.UndefinedFunction):
        run(database, "transformer", "SELECT lower(1)")


def test_provisioning_again_changes_nothing_and_fails_nothing(
    postgres: ThrowawayServer, database: Settings
) -> None:
    run(database, "transformer", "CREATE SCHEMA core", "CREATE TABLE core.kept AS SELECT 1 AS one")
    postgres.provision(database)
    assert run(database, "transformer", "SELECT one FROM core.kept") == [(1,)]
