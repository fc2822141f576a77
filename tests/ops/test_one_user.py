"""A server on which nothing was made but one user and its databases: `retail connect`, then everything."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.postgres import remote
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import load_settings
from tests.integration.shops import write_shops
from tests.support import Project, copy_project, query


def make_user(server: ThrowawayServer, attributes: str = "") -> str:
    """Make the user with two databases and return its address."""
    run(
        server,
        f"CREATE ROLE analyst LOGIN {attributes} PASSWORD 'one'",
        "CREATE DATABASE shop OWNER analyst",
        "CREATE DATABASE retail_state OWNER analyst",
    )
    return f"postgresql://analyst:one@127.0.0.1:{server.port}/shop"


def run(server: ThrowawayServer, *statements: str) -> None:
    connection = server.server.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


@pytest.mark.thorough(minutes=2)
def test_one_user_who_may_make_roles_connects_loads_and_plans(
    fresh_servers: Callable[[int], ThrowawayServer], tmp_path: Path
) -> None:
    address = make_user(fresh_servers(18), "CREATEROLE")
    copy = copy_project(load_settings(tmp_path, {}), tmp_path / "project")
    copy.settings.env_file.unlink()
    assert "Connected" in copy.retail("connect", address)
    project = Project(load_settings(copy.root, {}))
    assert query(project.settings, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'bi_reader'") == [
        (False,)
    ]
    write_shops(project.root / "data")
    project.retail("load", "--all")
    project.retail("refresh")
    assert project.query(
        "SELECT has_schema_privilege('bi_reader', 'bi', 'USAGE'), "
        "has_table_privilege('bi_reader', 'bi.order_line', 'SELECT'), "
        "has_schema_privilege('bi_reader', 'core', 'USAGE')"
    ) == [(True, True, False)]
    shown = project.retail("summary")
    assert "ALTER ROLE bi_reader LOGIN PASSWORD" in shown
    assert project.settings.url("bi") in shown


def test_a_user_who_may_make_no_roles_gets_the_statement_for_an_administrator(
    fresh_servers: Callable[[int], ThrowawayServer], tmp_path: Path
) -> None:
    server = fresh_servers(16)
    address = make_user(server)
    with pytest.raises(OpsError, match=r"role bi_reader.*(?s:.*)--create-roles") as failure:
        remote.connect_to(load_settings(tmp_path, {}), address)
    assert not (tmp_path / ".env").exists()
    statement = re.search(r"^  (CREATE ROLE .*;)$", str(failure.value), re.MULTILINE)
    assert statement
    run(server, statement[1])
    assert remote.connect_to(load_settings(tmp_path, {}), address).transformer.user == "analyst"
