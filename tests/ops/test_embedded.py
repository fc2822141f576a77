"""The embedded server and `.env`: what `retail start` writes, keeps, repairs and refuses to overwrite."""

import os
import socket
from pathlib import Path

import psutil
import pytest

from ops import dotenv
from ops.errors import OpsError
from ops.postgres import datadir, embedded, process
from tests.ops.conftest import Place
from tests.support import query


def test_a_first_start_makes_everything_that_retail_and_sqlmesh_need(place: Place) -> None:
    settings = place.start().settings
    assert query(settings, "SELECT current_user, current_database()") == [("retail_transformer", "retail")]
    settings.connect("transformer", settings.state_database).close()
    settings.connect("loader").close()
    settings.connect("bi").close()
    assert place.env_file.stat().st_mode & 0o777 == 0o600


def test_passwords_are_long_differ_and_appear_in_no_log_and_no_process_list(place: Place) -> None:
    settings = place.start().settings
    passwords = [settings.login(role).password for role in ("transformer", "loader", "bi")]
    passwords.append(str(datadir.superuser_password(place.home)))
    assert len(set(passwords)) == 4
    assert min(map(len, passwords)) >= 32
    log = (place.home / "server.log").read_text()
    listed = " ".join(" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"]))
    described = " ".join(embedded.describe(embedded.Result(place.start().started, settings, True)))
    for password in passwords:
        assert password not in log + listed + described + repr(settings)


def test_a_second_start_keeps_port_and_passwords(place: Place) -> None:
    before = place.start().settings
    again = place.start()
    assert (again.started.was_running, again.settings) == (True, before)
    embedded.server_of(before).stop()
    after = place.start().settings
    assert after == before


def test_a_lost_env_file_is_made_again_and_the_data_stays(place: Place) -> None:
    settings = place.start().settings
    query(settings, "CREATE SCHEMA core")
    query(settings, "CREATE TABLE core.kept AS SELECT 42 AS answer")
    place.env_file.unlink()
    result = place.start()
    assert result.passwords_made
    assert result.settings.transformer.password != settings.transformer.password
    assert query(result.settings, "SELECT answer FROM core.kept") == [(42,)]


def test_everything_that_is_known_may_be_lost_but_the_data(place: Place) -> None:
    query(place.start().settings, "CREATE SCHEMA kept")
    place.env_file.unlink()
    (place.home / "superuser_password").unlink()
    settings = place.start().settings
    assert query(settings, "SELECT 1 FROM pg_namespace WHERE nspname = 'kept'") == [(1,)]


def test_a_port_that_is_lost_while_passwords_are_replaced_is_followed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.start().settings.port
    place.env_file.unlink()
    (place.home / "superuser_password").unlink()
    with monkeypatch.context() as patch:
        is_free = process.port_is_free
        patch.setattr(process, "port_is_free", lambda port: port != first and is_free(port))
        settings = place.start().settings
    assert settings.port != first
    assert place.settings().port == settings.port
    settings.connect().close()


def test_a_password_that_was_changed_in_the_env_file_becomes_the_servers(place: Place) -> None:
    place.start()
    place.write_env(PGPASSWORD="chosen-by-me")
    settings = place.start().settings
    assert settings.transformer.password == "chosen-by-me"
    settings.connect().close()


def test_other_lines_of_the_env_file_stay(place: Place) -> None:
    place.env_file.write_text("# mine\nRETAIL_DATA_DIR=/somewhere\n")
    settings = place.start().settings
    assert place.env_file.read_text().startswith("# mine\nRETAIL_DATA_DIR=/somewhere\n")
    assert settings.data_dir == Path("/somewhere")


def test_a_server_that_somebody_connected_is_not_replaced_without_force(place: Place) -> None:
    place.write_env(PGHOST="db.example.com", PGPORT="5433", PGUSER="me", PGPASSWORD="secret")
    with pytest.raises(OpsError, match=r"db\.example\.com:5433.*(?s:.*)--force"):
        place.start()
    assert dotenv.read(place.env_file)["PGHOST"] == "db.example.com"
    settings = place.start(force=True).settings
    assert (settings.host, settings.transformer.user) == ("127.0.0.1", "retail_transformer")
    assert settings.transformer.password != "secret"
    settings.connect().close()


def test_a_server_named_by_the_environment_counts_as_connected(place: Place) -> None:
    with pytest.raises(OpsError, match="names another server"):
        place.start(PGHOST="db.example.com")
    assert not place.env_file.exists()


def test_a_taken_port_moves_the_server_and_the_env_file_with_it(place: Place) -> None:
    before = place.start().settings
    embedded.server_of(before).stop()
    with socket.create_server(("127.0.0.1", before.port)):
        after = place.start().settings
    assert after.port != before.port
    after.connect().close()


def test_a_configured_port_is_used(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert place.start(RETAIL_POSTGRES_PORT=str(port)).settings.port == port


def test_a_folder_named_by_the_environment_is_remembered(place: Place) -> None:
    elsewhere = place.root / "elsewhere"
    place.start(RETAIL_POSTGRES_DIR=str(elsewhere))
    assert place.settings().embedded.directory == elsewhere
    assert place.start().started.was_running


def test_two_folders_that_contradict_each_other_are_refused(place: Place) -> None:
    place.write_env(RETAIL_POSTGRES_DIR="one", RETAIL_SERVER="embedded")
    with pytest.raises(OpsError, match=r"RETAIL_POSTGRES_DIR is two in the environment and one in \.env"):
        embedded.check_one_folder(place.settings(), {"RETAIL_POSTGRES_DIR": "two"})
    embedded.check_one_folder(place.settings(), {"RETAIL_POSTGRES_DIR": str(place.root / "one")})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may enter what the server's user may not")
def test_as_root_in_a_closed_folder_the_default_place_moves_to_one_that_is_open(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = Place(place.root / "closed")
    closed.root.mkdir(mode=0o700)
    monkeypatch.setattr(embedded, "OUTSIDE", place.root / "open")
    settings = closed.start().settings
    assert settings.embedded.directory.parent == place.root / "open"
    assert closed.start().started.was_running
