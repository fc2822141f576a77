"""docker-compose.yml and .env.example, as nearly as can be told without Docker.

What the container does is psql on the mounted files, with the container's environment: that is run here.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ops import dotenv
from ops.postgres.embedded import administrator
from ops.postgres.provision import SQL_FOLDER, psql_program, run_psql
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Role, load_settings
from tests.support import ROOT, query

PASSWORDS = {
    "PGPASSWORD": "one",
    "RETAIL_LOADER_PASSWORD": "two",
    "RETAIL_BI_PASSWORD": "three",
    "RETAIL_POSTGRES_PASSWORD": "four",
    "RETAIL_HASH_KEY": "five times as long as a password",
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text("utf-8"))[
        "services"
    ]
    assert list(found) == ["postgres", "dashboards"]
    return found


@pytest.fixture(scope="module")
def service(services: dict[str, Any]) -> dict[str, Any]:
    service: dict[str, Any] = services["postgres"]
    return service


def substitute(text: str, values: dict[str, str]) -> str:
    """Fill in ${NAME:-default} and ${NAME:?message} as compose does."""

    def replace(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if value := values.get(name):
            return value
        if kind == ":?":
            raise LookupError(f"{name}: {rest}")
        return rest

    return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", replace, text)


def test_it_is_postgres_18_on_loopback_with_health_check_and_volume(service: dict[str, Any]) -> None:
    assert service["image"].split(":")[1].split(".")[0].split("-")[0] == "18"
    assert [port.split(":")[0] for port in service["ports"]] == ["127.0.0.1"]
    assert "pg_isready" in service["healthcheck"]["test"][1]
    assert "postgres:/var/lib/postgresql" in service["volumes"]


def test_dashboards_are_on_loopback_only_when_asked_for_and_from_the_same_pins(
    services: dict[str, Any],
) -> None:
    service = services["dashboards"]
    assert service["profiles"] == ["dashboards"]
    assert [port.split(":")[0] for port in service["ports"]] == ["127.0.0.1"]
    folder = ROOT / service["build"]["context"]
    assert "--require-hashes -r /requirements.lock" in service["build"]["dockerfile_inline"]
    assert (folder / "requirements.lock").exists()
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in service["volumes"]}
    assert (ROOT / mounted["/dashboards"] / "superset" / "setup.py").exists()
    assert service["environment"]["SUPERSET_CONFIG_PATH"] == "/dashboards/superset/superset_config.py"
    wanted = set(re.findall(r'environ\["(\w+)"\]', "".join(f.read_text() for f in folder.glob("*.py"))))
    assert wanted <= service["environment"].keys()


def test_it_mounts_the_sql_that_the_embedded_server_runs(service: dict[str, Any]) -> None:
    mounted = [volume.split(":") for volume in service["volumes"] if "initdb" in volume]
    assert mounted == [["./ops/postgres/sql", "/docker-entrypoint-initdb.d", "ro"]]
    assert (ROOT / mounted[0][0]).resolve() == SQL_FOLDER.resolve()


@pytest.mark.parametrize("missing", PASSWORDS)
def test_no_password_has_a_default(service: dict[str, Any], missing: str) -> None:
    values = {name: value for name, value in PASSWORDS.items() if name != missing}
    with pytest.raises(LookupError, match=rf"{missing}: .*\.env\.example"):
        substitute(" ".join(service["environment"].values()), values)


def test_the_example_names_every_password_and_holds_none() -> None:
    example = dotenv.read(ROOT / ".env.example")
    assert {name: example[name] for name in PASSWORDS} == dict.fromkeys(PASSWORDS, "")
    assert not any("password" in name.casefold() and value for name, value in example.items())


@pytest.mark.parametrize("version", [18, 16])
def test_after_the_container_started_the_settings_of_the_example_work(
    service: dict[str, Any],
    fresh_servers: Callable[[int], ThrowawayServer],
    tmp_path: Path,
    version: int,
) -> None:
    server = fresh_servers(version)
    env = {**dotenv.read(ROOT / ".env.example"), **PASSWORDS, "PGPORT": str(server.port)}
    inside = {name: substitute(str(text), env) for name, text in service["environment"].items()}
    login = administrator(server.server)
    for script in sorted(SQL_FOLDER.iterdir()):
        assert script.suffix == ".sql"  # what the container runs with psql
        run_psql(psql_program(login), script, {**login, **inside})
    settings = load_settings(tmp_path, env)
    user_and_database = query(settings, "SELECT current_user::text, current_database()::text")
    assert user_and_database == [("retail_transformer", "retail")]
    roles: tuple[Role, ...] = ("loader", "bi")
    for role in roles:
        settings.connect(role).close()
    settings.connect(database=settings.state_database).close()
