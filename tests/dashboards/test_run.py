"""Superset's surroundings without Superset: its secrets, its environment, its process, its database."""

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from click.testing import CliRunner

from ops import dotenv
from ops.bi_contract import read_contract
from ops.cli.dashboards import dashboards
from ops.dashboards import install, server
from ops.dashboards.bundle import compile_bundle, write_bundle
from ops.dashboards.datasets import resolve
from ops.dashboards.run import COMES_APART, SCRIPT, _set_up, status, target_of
from ops.dashboards.settings import DashboardSettings, load, with_secrets
from ops.dashboards.shops import Shop
from ops.dashboards.spec import read_spec
from ops.errors import OpsError
from ops.metrics import read_metrics
from ops.postgres.embedded import administrator
from ops.postgres.provision import run_scripts
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Login, Settings, load_settings
from tests.support import ROOT


@pytest.fixture
def found(tmp_path: Path) -> DashboardSettings:
    return with_secrets(load(load_settings(tmp_path, {}), {}))


def test_secrets_are_made_once_and_only_their_owner_reads_them(found: DashboardSettings) -> None:
    settings = found.settings
    assert len({found.password, found.admin_password, found.secret_key, ""}) == 4
    assert settings.env_file.stat().st_mode & 0o777 == 0o600
    before = dotenv.read(settings.env_file)
    again = with_secrets(load(settings, {}))
    assert dotenv.read(settings.env_file) == before
    assert again == found


def test_secrets_stand_in_no_command_line_and_no_representation(found: DashboardSettings) -> None:
    secrets = {found.password, found.admin_password, found.secret_key}
    assert not any(secret in " ".join(server._command(found)) + repr(found) for secret in secrets)
    assert secrets <= {
        secret for text in found.environment().values() for secret in secrets if secret in text
    }


def test_it_listens_on_this_machine_only(found: DashboardSettings) -> None:
    command = server._command(found)
    assert command[command.index("--bind") + 1] == "127.0.0.1:8088"


def test_a_port_that_makes_no_sense_is_an_error(found: DashboardSettings) -> None:
    with pytest.raises(OpsError, match="RETAIL_DASHBOARDS_PORT is 'many'"):
        load(found.settings, {"RETAIL_DASHBOARDS_PORT": "many"})


def test_another_program_on_the_port_is_named(found: DashboardSettings) -> None:
    found.home.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = replace(found, port=taken.getsockname()[1])
        with pytest.raises(OpsError, match=r"is taken by (.|\n)*RETAIL_DASHBOARDS_PORT"):
            server.start(busy)


def test_a_stale_pid_file_is_nobody(found: DashboardSettings) -> None:
    found.home.mkdir(parents=True)
    (found.home / "superset.pid").write_text(str(os.getpid()))  # a process, but not Superset
    assert server.running(found) is None
    assert server.stop(found) is False


def test_a_superset_that_ends_at_once_is_an_error_with_its_last_words(found: DashboardSettings) -> None:
    found.python.parent.mkdir(parents=True)
    found.python.write_text("#!/bin/sh\necho 'no such module' >&2\nexit 3\n")
    found.python.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(OpsError, match=r"did not start(.|\n)*no such module"):
        server.start(replace(found, port=port))


@pytest.mark.parametrize("code", [0, 1])
def test_no_secret_that_the_set_up_prints_is_kept_or_shown(found: DashboardSettings, code: int) -> None:
    names = ("RETAIL_DASHBOARDS_URI", "RETAIL_DASHBOARDS_ADMIN_PASSWORD", "SUPERSET_SECRET_KEY")
    found.python.parent.mkdir(parents=True)
    prints = "; ".join(f'echo "{name} is ${name}" >&2' for name in names)
    found.python.write_text(f"#!/bin/sh\necho 'all imported'\n{prints}\nexit {code}\n")
    found.python.chmod(0o755)
    if code == 0:
        said = _set_up(found, {})
    else:
        with pytest.raises(OpsError, match="SUPERSET_SECRET_KEY is") as raised:
            _set_up(found, {})
        said = str(raised.value)
    kept = (found.home / "setup.log").read_text("utf-8")
    assert all(f"{name} is " in kept for name in names)
    assert not any(
        secret in text
        for secret in (found.password, found.admin_password, found.secret_key)
        for text in (kept, said)
    )


def test_what_is_installed_counts_only_for_its_lock_file(found: DashboardSettings) -> None:
    found.source.mkdir(parents=True)
    (found.source / install.LOCK).write_text("one==1\n")
    found.python.parent.mkdir(parents=True)
    found.python.touch()
    mark = found.python.parent.parent / install.INSTALLED
    mark.write_text(install._fingerprint(found))
    assert install.is_installed(found)
    (found.source / install.LOCK).write_text("one==2\n")
    assert not install.is_installed(found)


def test_a_python_that_superset_does_not_run_on_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "FITTING", ((3, 7),))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(OpsError, match=r"Install one of python3\.7"):
        install.fitting_python()


def test_an_install_that_fails_says_what_pip_said(
    found: DashboardSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found.source.mkdir(parents=True)
    (found.source / install.LOCK).write_text("no-such-package-at-all @ file:///nowhere\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(OpsError, match="could not be installed"):
        install.install(found, lambda _: None)
    assert not install.is_installed(found)


def test_every_version_is_pinned_with_hashes() -> None:
    lock = (ROOT / "dashboards" / "superset" / "requirements.lock").read_text("utf-8")
    pinned = [line for line in lock.splitlines() if line and not line.startswith(("#", " "))]
    assert any(line.startswith("apache-superset==6.1.") for line in pinned)
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert "://" not in lock


def test_status_of_what_is_not_there_fails(found: DashboardSettings) -> None:
    assert status(found.settings)["state"] == "not installed"


@pytest.mark.parametrize("name", ["Prod", "dev;drop", "", "1"])
def test_an_environment_has_a_plain_name(name: str) -> None:
    result = CliRunner().invoke(dashboards, ["start", "--environment", name])
    assert result.exit_code == 2
    assert "lower-case letters" in result.output


def test_without_a_way_in_for_readers_nothing_is_begun(found: DashboardSettings) -> None:
    with pytest.raises(OpsError, match="no password of bi_reader"):
        target_of(replace(found.settings, bi=Login("bi_reader", "")), "prod")


def test_the_bundle_names_the_reader_and_not_the_password(found: DashboardSettings, tmp_path: Path) -> None:
    settings = replace(found.settings, bi=Login("bi_reader", "the reader's: secret"))
    spec = read_spec(ROOT)
    tables = resolve(spec, read_contract(ROOT), read_metrics(ROOT), ROOT)
    shops = [Shop("store", "INR", date(2026, 1, 2), date(2026, 6, 30))]
    write_bundle(compile_bundle(spec, tables, shops, target_of(settings, "prod")), tmp_path / "bundle")
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "bundle").rglob("*.yaml"))
    assert f"://bi_reader:{COMES_APART}@{settings.host}" in written
    assert "secret" not in written


def test_supersets_role_has_its_own_database_and_gets_into_no_other(
    postgres: ThrowawayServer, database: Settings
) -> None:
    login = administrator(postgres.server)
    run_scripts(database, login, [SCRIPT])  # without a password nothing is made
    for password in ("first", "second"):
        run_scripts(database, login, [SCRIPT], RETAIL_DASHBOARDS_PASSWORD=password)

    def connect(name: str) -> None:
        psycopg2.connect(
            host=database.host, port=database.port, dbname=name, user="retail_dashboards", password="second"
        ).close()

    try:
        connect("retail_dashboards")
        for other in (database.database, database.state_database):
            with pytest.raises(psycopg2.OperationalError, match="permission denied"):
                connect(other)
    finally:
        connection = postgres.server.connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE retail_dashboards")
            cursor.execute("DROP ROLE retail_dashboards")
        connection.close()


def test_the_set_up_compiles_for_supersets_python() -> None:
    for name in ("setup.py", "superset_config.py"):
        file = ROOT / "dashboards" / "superset" / name
        compile(file.read_text("utf-8"), name, "exec")
    assert (
        subprocess.run(["git", "check-ignore", "-q", ".cache/superset"], cwd=ROOT, check=False).returncode
        == 0
    )


def test_one_that_never_answers_is_ended_though_it_has_no_pid_file_yet(
    found: DashboardSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found.home.mkdir(parents=True)
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remembered(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(server, "_command", lambda _: [sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(server, "port_is_free", lambda _: True)
    monkeypatch.setattr(server, "answers", lambda _: False)
    monkeypatch.setattr(server, "START_SECONDS", 0)
    monkeypatch.setattr(subprocess, "Popen", remembered)
    try:
        with pytest.raises(OpsError, match="did not start"):
            server.start(found)
        assert started[0].poll() is not None
    finally:
        started[0].kill()
