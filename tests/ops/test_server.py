"""The embedded server's life: started, found running, crashed, recovered, and what stands in its way."""

import os
import shutil
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest

from ops.errors import OpsError
from ops.postgres import datadir, process
from ops.postgres.server import Server, explain_failure
from tests.ops.conftest import Place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who may become another user")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def execute(server: Server, *statements: str) -> list[tuple[object, ...]]:
    connection = server.connect()
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def kill_hard(server: Server) -> None:
    found = server.running()
    assert found
    os.kill(found.pid, signal.SIGKILL)
    while psutil.pid_exists(found.pid) and psutil.Process(found.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)


@pytest.mark.parametrize("version", [18, 16])
def test_a_server_is_made_found_running_and_stopped(place: Place, version: int) -> None:
    server = place.server(version)
    first, second = server.start(), server.start()
    assert (first.created, first.was_running) == (True, False)
    assert (second.created, second.was_running, second.port) == (False, True, first.port)
    assert execute(server, "SHOW server_version")[0][0].startswith(str(version))  # type: ignore[attr-defined]
    assert server.stop()
    assert not server.stop()
    assert server.running() is None


def test_it_listens_on_loopback_only_and_asks_for_a_password(place: Place) -> None:
    server = place.server()
    port = server.start().port
    assert execute(server, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert execute(server, "SHOW unix_socket_directories") == [("",)]
    methods = execute(server, "SELECT DISTINCT type, address, auth_method FROM pg_hba_file_rules")
    assert methods == [("host", "127.0.0.1", "scram-sha-256")]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_is_tuned_for_analytics_and_the_users_own_settings_win(place: Place) -> None:
    server = Server(place.home, durable=False)
    server.start()
    assert execute(server, "SHOW jit") == [("off",)]
    assert execute(server, "SHOW wal_level") == [("minimal",)]
    server.stop()
    (server.data / "user.conf").write_text("jit = on\n")
    (server.data / "user.conf").chmod(0o644)
    server.start()
    assert execute(server, "SHOW jit") == [("on",)]


def test_after_a_crash_it_recovers_what_was_committed(place: Place) -> None:
    server = Server(place.home, durable=False)
    server.start()
    execute(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    kill_hard(server)
    assert process.crashed(server.data)
    assert server.start().recovered
    assert execute(server, "SELECT answer FROM kept") == [(42,)]


def test_a_pid_file_from_before_a_reboot_may_name_any_process(place: Place) -> None:
    server = place.server()
    server.start()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    shutil.chown(pid_file, server.data.owner())
    assert server.running() is None
    assert not server.stop()
    assert server.start().recovered


def test_processes_that_a_crash_left_are_named_instead_of_risking_the_data(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = place.server()
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text("1\n")
    monkeypatch.setattr(process, "_processes_in", lambda _: [4711])
    with pytest.raises(OpsError, match=r"left processes .* 4711"):
        process.clear_stale_pid_file(server.data, patience=0)
    assert (server.data / "postmaster.pid").exists()
    (server.data / "postmaster.pid").unlink()


def test_a_start_that_was_interrupted_while_making_the_folder_is_made_good(place: Place) -> None:
    half = place.home / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert place.server().start().created


def test_a_folder_of_another_version_is_refused_with_what_to_do(place: Place) -> None:
    place.server(16).start()
    place.server(16).stop()
    with pytest.raises(OpsError, match=r"made by PostgreSQL 16.*(?s:.*)RETAIL_POSTGRES_VERSION=16"):
        place.server(18).start()
    assert not place.server(16).start().created


def test_folders_that_are_not_ours_are_left_alone(place: Place) -> None:
    place.home.mkdir()
    (place.home / "thesis.odt").write_text("years of work")
    with pytest.raises(OpsError, match=r"not empty .*thesis\.odt"):
        place.server().start()
    (place.home / "PG_VERSION").write_text("18\n")
    with pytest.raises(OpsError, match="retailmesh did not make"):
        place.server().start()
    assert (place.home / "thesis.odt").read_text() == "years of work"
    assert not (place.home / "data").exists()


def test_a_file_and_an_empty_data_folder_are_told_apart_from_a_server(place: Place) -> None:
    place.home.write_text("")
    with pytest.raises(OpsError, match="is a file"):
        place.server().start()
    place.home.unlink()
    (place.home / "data").mkdir(parents=True)
    with pytest.raises(OpsError, match="no Postgres data directory"):
        place.server().start()


def test_a_configured_port_that_is_taken_is_named(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OpsError, match=rf"Port {port} is taken by .*(?s:.*)RETAIL_POSTGRES_PORT"):
            place.server(port=port).start()


def test_a_port_that_may_be_chosen_moves_out_of_the_way(place: Place) -> None:
    server = place.server()
    first = server.start().port
    server.stop()
    with socket.create_server(("127.0.0.1", first)):
        second = server.start(last_port=first).port
    assert second != first
    assert execute(server, "SELECT 1") == [(1,)]


def test_a_port_that_another_program_takes_in_the_same_moment_is_left_to_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_port, tries = process.free_port, []
    with socket.create_server(("127.0.0.1", 0)) as quicker:
        taken = quicker.getsockname()[1]

        def one_that_is_taken_first() -> int:
            tries.append(taken if not tries else free_port())
            return tries[-1]

        monkeypatch.setattr(process, "free_port", one_that_is_taken_first)
        assert place.server().start().port == tries[-1]
    assert tries[0] == taken
    assert len(tries) > 1


def test_a_full_disk_is_told_before_the_start(place: Place) -> None:
    server = Server(place.home, megabytes_needed=10**9)
    with pytest.raises(OpsError, match=r"disk is full: .* MB are free"):
        server.start()
    assert not server.data.exists()


@pytest.mark.parametrize(
    ("logged", "told"),
    [
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', "The disk is full"),
        ('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', "Port 5999 is taken"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "not enough memory"),
        ('FATAL:  could not open file "global/pg_control": Permission denied', "may not read or write"),
    ],
)
def test_what_a_failed_start_logged_is_explained(logged: str, told: str) -> None:
    message = explain_failure(f"LOG:  starting PostgreSQL\n{logged}\n", Path("home"), 5999)
    assert told in message
    assert logged in message


def test_a_setting_of_the_users_that_postgres_refuses_is_pointed_at(place: Place) -> None:
    server = place.server()
    server.start()
    server.stop()
    (server.data / "user.conf").write_text("work_mem = lots\n")
    (server.data / "user.conf").chmod(0o644)
    with pytest.raises(OpsError, match=r"(?s)A setting is wrong: see .*user\.conf.*work_mem"):
        server.start()


def test_a_very_long_path_works_because_no_socket_lies_in_it(place: Place) -> None:
    deep = Place(place.root / ("long" * 15) / ("name" * 15))
    deep.root.mkdir(parents=True)
    assert deep.server().start().created


def test_a_lost_superuser_password_is_replaced(place: Place) -> None:
    server = place.server()
    server.start()
    (place.home / "superuser_password").unlink()
    assert execute(server, "SELECT current_user") == [("postgres",)]
    datadir.write_superuser_password(place.home, "wrong", None)
    assert execute(server, "SELECT current_user") == [("postgres",)]


@as_root
def test_as_root_a_folder_that_the_servers_user_cannot_enter_is_told(place: Place) -> None:
    place.root.chmod(0o700)
    with pytest.raises(OpsError, match=r"cannot enter .*(?s:.*)RETAIL_POSTGRES_DIR="):
        place.server().start()


@as_root
def test_as_root_the_server_runs_as_another_user_who_owns_the_files(place: Place) -> None:
    server = place.server()
    server.start()
    found = server.running()
    assert found
    assert psutil.Process(found.pid).uids().real != 0
    assert place.home.stat().st_mode & 0o077 == 0
    assert (place.home / "superuser_password").stat().st_mode & 0o777 == 0o600


@as_user
def test_a_folder_without_permission_is_told(place: Place) -> None:
    place.root.chmod(0o500)
    try:
        with pytest.raises(OpsError, match=r"You may not use"):
            place.server().start()
    finally:
        place.root.chmod(0o700)
