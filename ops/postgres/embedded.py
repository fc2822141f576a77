"""The embedded server together with `.env`: started so that retail, sqlmesh and BI tools find it."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from ops import dotenv
from ops.errors import OpsError
from ops.postgres import datadir, hash_key
from ops.postgres.programs import can_enter, server_user
from ops.postgres.provision import provision
from ops.postgres.server import Server, Started
from ops.settings import BI_READER, DEFAULT_DIRECTORY, Login, Role, Settings, load_settings

OUTSIDE = Path("/var/lib/retailmesh")


@dataclass(frozen=True)
class Result:
    """What `retail start` did, and the settings that are in force now."""

    started: Started
    settings: Settings
    passwords_made: bool


def server_of(settings: Settings) -> Server:
    embedded = settings.embedded
    return Server(embedded.directory, embedded.version, embedded.port)


def start(settings: Settings, *, force: bool = False) -> Result:
    """Start the embedded server and write `.env` so that everything connects to it.

    Raises OpsError when `.env` points to another server (unless `force`), or the server cannot start.
    """
    if settings.server == "other" and not force:
        raise OpsError(
            f"{settings.env_file} or the environment names another server: {settings.host}:{settings.port}.\n"
            "To use that one there is nothing to start; `retail status` says how it is.\n"
            "To use the embedded one from now on: `retail start --force` replaces the lines in .env."
        )
    settings = _in_reach(settings)
    check_one_folder(settings)
    server = server_of(settings)
    fresh = settings.server == "other" or not settings.transformer.password
    started = server.start(last_port=None if fresh else settings.port)
    settings = _with_logins(replace(settings, host="127.0.0.1", port=started.port, sslmode=None), fresh)
    settings = _with_hash_key(settings, server)
    if fresh or started.created or not _all_log_in(settings) or not hash_key.is_in_force(settings):
        provision(settings, administrator(server))
        moved = server.current_port()  # a lost superuser password took a restart
        settings, started = replace(settings, port=moved), replace(started, port=moved)
    dotenv.update(settings.env_file, _lines(settings))
    return Result(started, load_settings(settings.root), fresh)


def check_one_folder(settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
    """Raise OpsError when `.env`, which wins, and the environment name two folders for the server."""
    named = environment.get("RETAIL_POSTGRES_DIR")
    written = dotenv.read(settings.env_file)
    ours = written.get("RETAIL_SERVER") == "embedded"
    kept = written.get("RETAIL_POSTGRES_DIR") or (DEFAULT_DIRECTORY if ours else None)
    if named and kept and Path(named).expanduser().absolute() != (settings.root / kept).absolute():
        raise OpsError(
            f"RETAIL_POSTGRES_DIR is {named} in the environment and {kept} in .env, which wins.\n"
            "Unset the variable, or move .env away: the server that it names keeps its data."
        )


def administrator(server: Server) -> dict[str, str]:
    """Return the PG* variables of the embedded server's superuser."""
    server.connect().close()  # replaces a lost password
    password = datadir.superuser_password(server.home)
    if not password:
        raise OpsError(f"{server.home / 'superuser_password'} is gone again: is somebody else at work there?")
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.current_port()),
        "PGUSER": datadir.SUPERUSER,
        "PGPASSWORD": password,
        "PGDATABASE": "postgres",
    }


def _with_logins(settings: Settings, fresh: bool) -> Settings:
    """Give each role a name of its own and a password; keep those that `.env` has."""

    def login(current: Login, default: str) -> Login:
        user = default if fresh else current.user
        return Login(user, current.password if not fresh and current.password else secrets.token_urlsafe(24))

    return replace(
        settings,
        transformer=login(settings.transformer, "retail_transformer"),
        loader=login(settings.loader, "retail_loader"),
        bi=login(settings.bi, BI_READER),
    )


def _with_hash_key(settings: Settings, server: Server) -> Settings:
    """Give the settings a key where `.env` has none: the one that the server keeps, or a new one."""
    try:
        keeper = None if settings.hash_key else server.connect(settings.database)
    except OpsError:  # there is no such database yet
        keeper = None
    return hash_key.with_key(settings, keeper)


def _all_log_in(settings: Settings) -> bool:
    """Say whether each role's password is the server's, and the databases are there."""
    for role in get_args(Role):
        try:
            settings.connect(role).close()
        except OpsError:
            return False
    try:
        settings.connect("transformer", settings.state_database).close()
    except OpsError:
        return False
    return True


def _in_reach(settings: Settings) -> Settings:
    """Move the default folder out of root's home, which the server's user could not enter."""
    directory = settings.embedded.directory
    user = server_user(directory) if directory == settings.root / DEFAULT_DIRECTORY else None
    if user is None or can_enter(user, directory):
        return settings
    mark = hashlib.sha256(str(settings.root).encode()).hexdigest()[:8]
    moved = OUTSIDE / f"{settings.root.name}-{mark}"
    return replace(settings, embedded=replace(settings.embedded, directory=moved))


def _lines(settings: Settings) -> dict[str, str | None]:
    """Return the lines for `.env`; with a folder of its own, later commands find it without the variable."""
    lines = {**settings.variables(), "RETAIL_SERVER": "embedded"}
    if settings.embedded.directory != settings.root / DEFAULT_DIRECTORY:
        lines["RETAIL_POSTGRES_DIR"] = str(settings.embedded.directory.absolute())
    return lines


def describe(result: Result) -> list[str]:
    """Say in a few lines what `start` did and where the server is."""
    started, settings = result.started, result.settings
    where = f"127.0.0.1:{started.port} ({settings.embedded.directory})"
    if started.was_running:
        lines = [f"Postgres is running already: {where}."]
    elif started.created:
        lines = [f"Postgres {settings.embedded.version} was made and started: {where}."]
    else:
        lines = [f"Postgres started: {where}."]
    if started.recovered:
        lines.append("It had ended without warning before (a crash or a reboot) and recovered its data.")
    if result.passwords_made:
        lines.append(
            f"New passwords are in {settings.env_file}; `retail url` and `retail url --bi` print them."
        )
    return lines
