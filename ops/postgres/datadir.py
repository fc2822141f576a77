"""The folder of an embedded server: what is in it, making it, writing its configuration.

HOME/data                 Postgres' data directory
HOME/server.log           what the server says
HOME/superuser_password   0600
HOME/programs             a copy of Postgres, only where the server's user cannot reach the environment
"""

import fcntl
import locale
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ops.errors import OpsError
from ops.postgres import tuning
from ops.postgres.programs import Programs, SystemUser

SUPERUSER = "postgres"
OURS = {"data", "data.new", "server.log", "server.log.1", "superuser_password", "programs", "lock"}
ACCESS = """\
# Written by `retail start`: logins from this machine, with a password.
host  all  all  127.0.0.1/32  scram-sha-256
"""
INCLUDE = "include 'retailmesh.conf'\ninclude_if_exists 'user.conf'\n"
ENOUGH_SHARED_MEMORY = (
    512  # MB in /dev/shm; parallel queries fail when it runs out (containers often have 64)
)


def check_home(home: Path, version: int) -> None:
    """Raise OpsError when the folder cannot hold, or does not hold, a server of this version."""
    try:
        entries = {entry.name for entry in home.iterdir()} if home.exists() else set()
        found = (home / "data" / "PG_VERSION").read_text().strip() if "data" in entries else None
    except NotADirectoryError:
        raise OpsError(f"{home} is a file: RETAIL_POSTGRES_DIR must name a folder.") from None
    except FileNotFoundError:
        raise OpsError(
            f"{home / 'data'} exists but is no Postgres data directory (there is no PG_VERSION in it).\n"
            "Move it away, or name another folder with RETAIL_POSTGRES_DIR."
        ) from None
    except PermissionError:
        raise OpsError(_not_yours(home)) from None
    if "PG_VERSION" in entries:
        raise OpsError(
            f"{home} is a Postgres data directory that retailmesh did not make.\n"
            "Name another folder with RETAIL_POSTGRES_DIR, or start that server yourself and say "
            "`retail connect URL`."
        )
    if entries and "data" not in entries and (strangers := entries - OURS):
        raise OpsError(
            f"{home} is not empty and holds no retailmesh server (but {', '.join(sorted(strangers)[:3])}).\n"
            "Name an empty or a new folder with RETAIL_POSTGRES_DIR."
        )
    if found is not None and found != str(version):
        raise OpsError(_other_version(home, found, version))


def prepare_home(home: Path, user: SystemUser | None) -> None:
    """Make the folder, readable by the server's user only. Raises OpsError when that is not allowed."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        if user:
            os.chown(home, user.uid, user.gid)
        if user or home.stat().st_uid == os.geteuid():
            home.chmod(0o700)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError
    except PermissionError:
        raise OpsError(_not_yours(home)) from None
    except OSError as error:
        raise OpsError(f"{home} cannot be made: {error.strerror or error}") from error


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep two `retail start` (or stop) from working on the same folder at once."""
    with (home / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_disk(home: Path, needed: int) -> None:
    """Raise OpsError when fewer than `needed` megabytes are free."""
    free = shutil.disk_usage(home).free // tuning.MEGABYTE
    if free < needed:
        raise OpsError(
            f"The disk is full: {free} MB are free at {home} and Postgres needs {needed} MB to start.\n"
            "Free some space, or name a folder on another disk with RETAIL_POSTGRES_DIR."
        )


def create(home: Path, programs: Programs, *, durable: bool = True) -> None:
    """Make the data directory. An interrupted attempt leaves only data.new, which never held data."""
    fresh = home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    write_superuser_password(home, secrets.token_urlsafe(24), programs.user)
    arguments: list[str | Path] = [
        "-D",
        fresh,
        "-U",
        SUPERUSER,
        "--pwfile",
        home / "superuser_password",
        "--encoding=UTF8",
    ]
    arguments += ["--auth=scram-sha-256", *_locale(programs.version), *([] if durable else ["--no-sync"])]
    done = programs.run("initdb", arguments, timeout=300)
    if done.code != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise OpsError(f"initdb could not make {home / 'data'}:\n{done.output.strip()}")
    with (fresh / "postgresql.conf").open("a") as file:
        file.write(f"\n{INCLUDE}")
    fresh.rename(home / "data")


def configure(
    home: Path, port: int, user: SystemUser | None, overrides: Mapping[str, str] | None = None
) -> None:
    """Write the settings that retailmesh decides: where it listens, who may come in, and the tuning."""
    fixed = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, and nobody needs it
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "dynamic_shared_memory_type": _dynamic_shared_memory(),
    }
    tuned = tuning.tuned(tuning.memory_in_megabytes(), tuning.cores())
    text = tuning.configuration(
        {**fixed, **(overrides or {})}, {k: v for k, v in tuned.items() if k not in (overrides or {})}
    )
    write_private(home / "data" / "retailmesh.conf", text, user)
    write_private(home / "data" / "pg_hba.conf", ACCESS, user)


def superuser_password(home: Path) -> str | None:
    """Return the superuser's password, or None when the file that keeps it is lost."""
    try:
        return (home / "superuser_password").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def write_superuser_password(home: Path, password: str, user: SystemUser | None) -> None:
    write_private(home / "superuser_password", password + "\n", user)


def write_private(path: Path, text: str, user: SystemUser | None) -> None:
    """Replace a file in one step, 0600 from its first byte and owned by the server's user."""
    scratch = path.with_name(path.name + ".new")
    scratch.unlink(missing_ok=True)
    with open(scratch, "w", encoding="utf-8", opener=_private) as file:
        if user:
            os.fchown(file.fileno(), user.uid, user.gid)
        file.write(text)
    scratch.replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)


def _locale(version: int) -> list[str]:
    """Sort by code point and know every letter, the same on each machine."""
    if version >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:  # an old system: letters beyond ASCII then have no upper case
        return ["--locale=C"]
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return ["--locale=C.UTF-8"]


def _dynamic_shared_memory() -> str:
    try:
        return "posix" if shutil.disk_usage("/dev/shm").total >= ENOUGH_SHARED_MEMORY * 2**20 else "mmap"  # noqa: S108
    except OSError:
        return "mmap"


def _not_yours(home: Path) -> str:
    return (
        f"You may not use {home}: it belongs to another user, or lies in a folder that does.\n"
        "Run retail as that user (or as root), or name another folder with RETAIL_POSTGRES_DIR."
    )


def _other_version(home: Path, found: str, wanted: int) -> str:
    return (
        f"{home} was made by PostgreSQL {found} and PostgreSQL {wanted} is asked for; "
        "the files of one cannot be read by the other.\n"
        f"To go on with {found}: put RETAIL_POSTGRES_VERSION={found} into .env.\n"
        f"To move to {wanted}: start with {found}, pg_dumpall, name a new folder with RETAIL_POSTGRES_DIR, "
        f"start with {wanted} and load the dump with psql.\n"
        "Or name a new folder and run `make demo`, which loads everything afresh."
    )
