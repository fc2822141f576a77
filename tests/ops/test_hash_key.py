"""The key of pseudonyms: made by `retail start`, kept, rotated, and readable by nobody who logs in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from ops import dotenv
from ops.errors import OpsError
from ops.postgres import hash_key, remote
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Role, Settings, load_settings
from tests.ops.conftest import Place
from tests.support import query

ROLES: tuple[Role, ...] = ("transformer", "loader", "bi")


def hashed(settings: Settings, value: str) -> str:
    return str(query(settings, "SELECT privacy.pseudonym(%s)", value)[0][0])


@pytest.mark.both_versions
def test_another_key_gives_other_pseudonyms_and_the_mark_of_the_erased_stays(
    postgres: ThrowawayServer, database: Settings
) -> None:
    def mark() -> object:
        connection = database.connect("loader")
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT privacy.erasure_mark('ana')")
            return cursor.fetchone()

    before = mark()
    rotated = replace(database, hash_key="a longer key " * 10)
    postgres.provision(rotated)
    assert hashed(database, "ana") == hash_key.pseudonym(rotated.hash_key, "ana")
    assert hash_key.is_in_force(rotated)
    assert not hash_key.is_in_force(database)
    assert mark() == before


@pytest.mark.both_versions
@pytest.mark.parametrize("role", ROLES)
def test_nobody_who_logs_in_reads_the_key(database: Settings, role: Role) -> None:
    for statement in (
        "SELECT * FROM privacy.hash_key",
        "SELECT privacy.pad('\\x00', 1)",
        "UPDATE privacy.hash_key SET since = now()",
        "CREATE TABLE privacy.mine (a int)",
        "SET ROLE retail_keeper",
    ):
        connection = database.connect(role)
        with connection.cursor() as cursor, pytest.raises(psycopg2.Error, match=r"denied|read-only"):
            cursor.execute(statement)
        connection.close()


def test_the_key_stands_in_no_statement_and_no_setting_of_the_server(
    postgres: ThrowawayServer, database: Settings
) -> None:
    key = "the key that must not be logged 42"
    as_superuser = postgres.server.connect()
    as_superuser.autocommit = True
    with as_superuser.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET log_statement = 'all'")
        cursor.execute("SELECT pg_reload_conf()")
        try:
            postgres.provision(replace(database, hash_key=key))
        finally:
            cursor.execute("ALTER SYSTEM RESET log_statement")
            cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SELECT setconfig::text FROM pg_db_role_setting")
        settings = " ".join(row[0] for row in cursor.fetchall())
    as_superuser.close()
    log = postgres.server.log.read_text("utf-8", errors="replace")
    assert "incoming_key" in log  # statements were logged
    assert key not in log
    assert key not in settings


def test_a_key_that_is_too_short_is_refused(postgres: ThrowawayServer, database: Settings) -> None:
    with pytest.raises(OpsError, match="RETAIL_HASH_KEY is too short"):
        postgres.provision(replace(database, hash_key="short"))
    assert hash_key.is_in_force(database)


def test_start_makes_a_key_once_and_finds_it_again_when_env_is_lost(place: Place) -> None:
    first = place.start().settings
    assert len(first.hash_key) == 64
    assert dotenv.read(place.env_file)["RETAIL_HASH_KEY"] == first.hash_key
    assert hash_key.is_in_force(first)
    assert place.start().settings.hash_key == first.hash_key
    place.env_file.unlink()
    assert place.start().settings.hash_key == first.hash_key


def test_start_rotates_the_key_that_env_names(place: Place) -> None:
    place.start()
    place.write_env(RETAIL_HASH_KEY="k" * 40)
    settings = place.start().settings
    assert hashed(settings, "ana") == hash_key.pseudonym("k" * 40, "ana")


def test_one_user_on_a_bare_server_gets_the_functions(
    fresh_servers: Callable[[int], ThrowawayServer], tmp_path: Path
) -> None:
    server = fresh_servers(18)
    connection = server.server.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE solo LOGIN PASSWORD 'secret' CREATEDB CREATEROLE")
        cursor.execute("CREATE DATABASE shop OWNER solo")
    connection.close()
    address = f"postgresql://solo:secret@127.0.0.1:{server.port}/shop"
    settings = remote.connect_to(load_settings(tmp_path, {}), address)
    assert hash_key.is_in_force(settings)
    again = remote.connect_to(settings, address)
    assert again.hash_key == settings.hash_key
