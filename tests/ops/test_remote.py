"""Another server than the embedded one: `retail connect`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.postgres import remote
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Settings, load_settings
from tests.support import query


def as_superuser(postgres: ThrowawayServer, *statements: str) -> None:
    connection = postgres.server.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("postgresql://me:p%40ss@db:5433/shop", ("me", "p@ss", "db", "5433", "shop")),
        ("postgres://me:x@db/shop", ("me", "x", "db", None, "shop")),
        ("postgresql+psycopg2://me:x@db/shop", ("me", "x", "db", None, "shop")),
        ("host=db user=me password=x dbname=shop", ("me", "x", "db", None, "shop")),
    ],
)
def test_addresses_are_understood(address: str, parts: tuple[str | None, ...]) -> None:
    found = remote.parse_url(address)
    assert tuple(found.get(name) for name in ("user", "password", "host", "port", "dbname")) == parts


@pytest.mark.parametrize(
    "address", ["", "db", "https://me:secret@db/shop", "postgresql://db/shop", "a=secret"]
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(OpsError, match="no address of a Postgres server") as failure:
        remote.parse_url(address)
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        (
            "postgresql://me:secret@db/shop?sslmode=require&sslrootcert=/ca.pem&options=-csecret",
            "options, sslrootcert",
        ),
        ("host=db user=me password=secret connect_timeout=3", "connect_timeout"),
    ],
)
def test_parameters_that_would_be_dropped_are_refused_by_name(address: str, names: str) -> None:
    with pytest.raises(OpsError, match=f"The address says {names}, which") as failure:
        remote.parse_url(address)
    assert "secret" not in str(failure.value)


def test_sslmode_is_kept() -> None:
    assert remote.parse_url("postgresql://me:x@db/shop?sslmode=require")["sslmode"] == "require"


@pytest.mark.both_versions
def test_one_user_on_another_server_does_everything(
    postgres: ThrowawayServer, database: Settings, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    connected = remote.connect_to(load_settings(project, {}), database.url(), database.state_database)
    assert connected == load_settings(project, {})
    assert connected.server == "other"
    assert query(connected, "SELECT current_user::text") == [("retail_transformer",)]
    assert connected.loader.user == "retail_transformer"
    assert (project / ".env").stat().st_mode & 0o777 == 0o600


def test_a_missing_state_database_is_made_where_the_user_may(
    postgres: ThrowawayServer, database: Settings, tmp_path: Path
) -> None:
    name = f"{database.state_database}_missing"
    with pytest.raises(OpsError, match=rf"may not make {name}.*(?s:.*)--state-database"):
        remote.connect_to(load_settings(tmp_path, {}), database.url(), name)
    assert not (tmp_path / ".env").exists()
    as_superuser(postgres, "ALTER ROLE retail_transformer CREATEDB")
    try:
        connected = remote.connect_to(load_settings(tmp_path, {}), database.url(), name)
        connected.connect(database=name).close()
    finally:
        as_superuser(postgres, "ALTER ROLE retail_transformer NOCREATEDB", f"DROP DATABASE {name}")


def test_a_user_who_may_not_build_models_is_told_before_anything_is_written(
    database: Settings, tmp_path: Path
) -> None:
    with pytest.raises(OpsError, match=r"bi_reader may not create schemas.*(?s:.*)--create-roles"):
        remote.connect_to(load_settings(tmp_path, {}), database.url("bi"))
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize("number", [150009, 190000])
def test_a_version_that_is_not_supported_is_told(
    database: Settings, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    class Old:
        server_version = number

        def close(self) -> None:
            pass

    monkeypatch.setattr(Settings, "connect", lambda *_: Old())
    with pytest.raises(OpsError, match=rf"PostgreSQL {number // 10000}; retailmesh works with 16 to 18"):
        remote.version_of(database)


@pytest.mark.parametrize("version", [18, 16])
def test_an_administrator_who_is_no_superuser_makes_roles_and_databases(
    fresh_servers: Callable[[int], ThrowawayServer], tmp_path: Path, version: int
) -> None:
    server = fresh_servers(version)
    as_superuser(server, "CREATE ROLE cloud_admin LOGIN CREATEDB CREATEROLE PASSWORD 'cloud'")
    address = f"postgresql://cloud_admin:cloud@127.0.0.1:{server.port}/postgres"
    for _ in range(2):  # again gives new passwords and keeps the databases
        connected = remote.create_on(load_settings(tmp_path, {}), address)
        assert connected == load_settings(tmp_path, {})
        query(connected, "CREATE SCHEMA IF NOT EXISTS core")
        loader = connected.connect("loader")
        with loader, loader.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS raw_shop")
            cursor.execute("CREATE TABLE IF NOT EXISTS raw_shop.sale AS SELECT 7 AS quantity")
        loader.close()
        assert query(connected, "SELECT quantity FROM raw_shop.sale") == [(7,)]
