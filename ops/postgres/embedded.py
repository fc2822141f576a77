"""The embedded server together with `.env`: start it so that retail, sqlmesh and BI tools find their way in."""

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from ops import dotenv
from ops.errors import OpsError
from ops.postgres import datadir
from ops.postgres.provision import provision
from ops.postgres.server import Server, Started
from ops.settings import Login, Role, Settings, load_settings


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
            f"{settings.env_file} or the environment names another server ({settings.host}:{settings.port}), and "
            "`retail start` would replace it by the embedded one.\n"
            "To use the named server there is nothing to start: see `retail status`. To replace it: "
            "`retail start --force`."
        )
    server = server_of(settings)
    fresh = settings.server == "other" or not settings.transformer.password
    started = server.start(last_port=None if settings.server == "other" else settings.port)
    settings = _with_logins(replace(settings, host="127.0.0.1", port=started.port, sslmode=None), fresh)
    if fresh or started.created or not _all_log_in(settings):
        provision(settings, administrator(server))
    dotenv.update(settings.env_file, _lines(settings))
    return Result(started, load_settings(settings.root), fresh)


def administrator(server: Server) -> dict[str, str]:
    """Return the PG* variables of the embedded server's superuser."""
    server.connect().close()  # replaces a lost password
    found = server.running()
    password = datadir.superuser_password(server.home)
    if not found or not password:
        raise OpsError(f"No server runs in {server.home}.")
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(found.port),
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
        bi=login(settings.bi, "bi_reader"),
    )


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


def _lines(settings: Settings) -> dict[str, str | None]:
    lines = {**settings.variables(), "RETAIL_SERVER": "embedded"}
    named = os.environ.get("RETAIL_POSTGRES_DIR")
    if named:  # so that later commands find the server without the variable
        lines["RETAIL_POSTGRES_DIR"] = str(Path(named).expanduser().absolute())
    return lines
