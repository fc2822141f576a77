"""The embedded server: started with pg_ctl, so that it keeps running after the command that started it."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from ops.errors import OpsError
from ops.postgres import datadir, process
from ops.postgres.programs import Programs, find_programs

START_SECONDS = 300  # recovery after a crash replays up to max_wal_size
PORT_TRIES = 5
LARGE_LOG = 20 * 2**20


class PortTakenError(OpsError):
    """Another program listens on the port."""


@dataclass(frozen=True)
class Started:
    """What `start` did."""

    port: int
    was_running: bool = False
    created: bool = False
    recovered: bool = False


@dataclass
class Server:
    """A Postgres of one major version in one folder.

    `port` 0 means any free one; `overrides` are server settings that win over the computed ones; without
    `durable` it gives up safety for speed (tests).
    """

    home: Path
    version: int = 18
    port: int = 0
    overrides: Mapping[str, str] = field(default_factory=dict)
    durable: bool = True
    megabytes_needed: int = 300

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def running(self) -> process.Postmaster | None:
        return process.running(self.data)

    def start(self, last_port: int | None = None) -> Started:
        """Start the server unless it runs; make its folder the first time; recover from a crash.

        `last_port` is kept when the port may be chosen. Raises OpsError, which says what to do.
        """
        datadir.check_home(self.home, self.version)
        programs = self._programs()
        with datadir.locked(self.home):
            if found := self._wait_until_ready():
                return Started(found.port, was_running=True)
            datadir.check_disk(self.home, self.megabytes_needed)
            created = not self.data.exists()
            if created:
                datadir.create(self.home, programs, durable=self.durable)
            recovered = process.clear_stale_pid_file(self.data)
            port = self._start_on_a_port(programs, last_port)
            return Started(port, created=created, recovered=recovered)

    def stop(self) -> bool:
        """Stop the server; False when none runs. Raises OpsError when it does not end."""
        if not self.home.is_dir() or not self.running():
            return False
        programs = self._programs()
        with datadir.locked(self.home):
            done = programs.run("pg_ctl", ["stop", "-D", self.data, "-m", "fast", "-w", "-t", "120"])
        if done.code != 0 and self.running():
            raise OpsError(f"Postgres in {self.home} does not stop: {done.output.strip()}\nSee {self.log}.")
        return True

    def connect(self, database: str = "postgres") -> Connection:
        """Connect as superuser. A lost or wrong superuser password is replaced in single-user mode."""
        password = datadir.superuser_password(self.home)
        try:
            if password:
                return self._login(database, password)
        except psycopg2.OperationalError as error:
            if "authentication failed" not in str(error):
                raise OpsError(f"No connection to the server in {self.home}: {error}") from error
        return self._login(database, self._replace_superuser_password())

    def current_port(self) -> int:
        """Return the port of the running server. Raises OpsError when none runs."""
        found = self.running()
        if found is None:
            raise OpsError(f"No server runs in {self.home}: `retail start` starts it.")
        return found.port

    def _login(self, database: str, password: str) -> Connection:
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.current_port(),
            dbname=database,
            user=datadir.SUPERUSER,
            password=password,
            connect_timeout=10,
            application_name="retail start",
        )

    def _programs(self) -> Programs:
        programs = find_programs(self.version, self.home)
        datadir.prepare_home(self.home, programs.user)
        return programs

    def _wait_until_ready(self) -> process.Postmaster | None:
        """Return the running server; one that is still starting, or recovering, is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while (found := self.running()) and not found.ready:
            if time.monotonic() > deadline:
                raise OpsError(f"The server in {self.home} is still starting. See {self.log}.")
            time.sleep(0.2)
        return found

    def _start_on_a_port(self, programs: Programs, last_port: int | None) -> int:
        """Start, and where the port may be chosen try again if another program was quicker to take it."""
        tries = 1 if self.port else PORT_TRIES
        while True:
            port = self._choose_port(last_port)
            datadir.configure(self.home, port, programs.user, self.overrides)
            try:
                self._launch(programs, port)
                return port
            except PortTakenError:
                tries -= 1
                if not tries:
                    raise

    def _choose_port(self, last_port: int | None) -> int:
        if self.port:
            if not process.port_is_free(self.port):
                raise OpsError(_port_taken(self.port))
            return self.port
        return last_port if last_port and process.port_is_free(last_port) else process.free_port()

    def _launch(self, programs: Programs, port: int) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGE_LOG:
            self.log.replace(self.log.with_name("server.log.1"))
        before = self.log.stat().st_size if self.log.exists() else 0
        done = programs.run(
            "pg_ctl", ["start", "-D", self.data, "-l", self.log, "-w", "-t", str(START_SECONDS), "-s"]
        )
        if done.code != 0:
            log = self._log_since(before) or done.output
            kind = PortTakenError if "Address already in use" in log else OpsError
            raise kind(explain_failure(log, self.home, port))

    def _log_since(self, offset: int) -> str:
        try:
            with self.log.open(encoding="utf-8", errors="replace") as file:
                file.seek(offset)
                return file.read()
        except OSError:
            return ""

    def _replace_superuser_password(self) -> str:
        """Give the superuser a new password in single-user mode, which asks for none. May move the port."""
        programs = self._programs()
        password = secrets.token_urlsafe(24)
        port = self.current_port()
        self.stop()
        with datadir.locked(self.home):
            done = programs.run(
                "postgres",
                ["--single", "-D", self.data, "-c", "log_statement=none", "postgres"],
                text=f"ALTER ROLE {datadir.SUPERUSER} PASSWORD '{password}'\n",
                timeout=START_SECONDS,
            )
        if done.code != 0 or "ERROR" in done.output:
            raise OpsError(f"The superuser's password could not be replaced:\n{done.output.strip()}")
        datadir.write_superuser_password(self.home, password, programs.user)
        self.start(port)
        return password


def explain_failure(log: str, home: Path, port: int) -> str:
    """Say in plain words why a server did not start, from what it logged."""
    reasons = {
        "No space left on device": f"The disk is full. Free some space at {home} and try again.",
        "Address already in use": _port_taken(port),
        "could not bind": _port_taken(port),
        "Cannot allocate memory": "There is not enough memory. End other programs, or put a smaller "
        f"shared_buffers into {home / 'data' / 'user.conf'}.",
        "incompatible with server": "The data directory belongs to another version of PostgreSQL.",
        "Permission denied": f"The server may not read or write its files in {home}.",
        "invalid value for parameter": f"A setting is wrong: see {home / 'data' / 'user.conf'}.",
        "unrecognized configuration": f"A setting is unknown: see {home / 'data' / 'user.conf'}.",
    }
    reason = next((text for sign, text in reasons.items() if sign in log), "")
    last = "\n".join(f"    {line}" for line in log.strip().splitlines()[-8:])
    return f"Postgres did not start. {reason}\nIts log, {home / 'server.log'}, ends with:\n{last}"


def _port_taken(port: int) -> str:
    return (
        f"Port {port} is taken by {process.user_of_port(port)}.\n"
        "Name another with RETAIL_POSTGRES_PORT in .env or the environment, or 0 for any free one."
    )
