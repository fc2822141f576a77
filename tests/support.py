"""What several tests need: throw-away Postgres servers, databases on them, copies of the SQLMesh project."""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2

from ops import dotenv
from ops.postgres.embedded import administrator
from ops.postgres.provision import provision
from ops.postgres.server import Server
from ops.settings import EmbeddedSettings, Login, Settings

ROOT = Path(__file__).resolve().parents[1]
PROJECT_PARTS = (
    "config.yaml",
    "audits",
    "external_models",
    "linter",
    "macros",
    "materializations",
    "ml",
    "models",
    "seeds",
    "signals",
    "tests/models",
)
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "max_connections": "100",
}


def open_folder() -> Path:
    """Make a scratch folder that other users may enter (pytest's own are closed to the server's user)."""
    folder = Path(tempfile.mkdtemp(prefix="retailmesh-"))
    folder.chmod(0o755)
    return folder


def clean_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what names a server or a project, for subprocesses."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "RETAIL_", "SQLMESH_"))}
    kept.pop("DATABASE_URL", None)
    quiet = {"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1", "NO_COLOR": "1", "COLUMNS": "160"}
    return {**kept, **quiet, **more}


class TestServer:
    """A server that lives as long as the test session, with as many databases as the tests want."""

    __test__ = False

    def __init__(self, version: int) -> None:
        self.version = version
        self.folder = open_folder()
        self.server = Server(self.folder / "postgres", version, overrides=FAST, durable=False)
        self.port = self.server.start().port
        self._administrator = administrator(self.server)
        self._numbers = itertools.count(1)

    def stop(self) -> None:
        try:
            self.server.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, root: Path) -> Settings:
        """Make a fresh pair of databases with the roles and return the settings for them."""
        number = next(self._numbers)
        settings = Settings(
            root=root,
            host="127.0.0.1",
            port=self.port,
            database=f"retail_{number}",
            state_database=f"retail_state_{number}",
            transformer=Login("retail_transformer", "transformer-secret"),
            loader=Login("retail_loader", "loader-secret"),
            bi=Login("bi_reader", "bi-secret"),
            data_dir=root / "data",
            embedded=EmbeddedSettings(self.server.home, version=self.version),
            server="other",
        )
        self.provision(settings)
        return settings

    def provision(self, settings: Settings) -> None:
        provision(settings, self._administrator)

    def drop_database(self, settings: Settings) -> None:
        admin = self.server.connect()
        try:
            admin.autocommit = True
            with admin.cursor() as cursor:
                for name in (settings.database, settings.state_database):
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            admin.close()


@dataclass(frozen=True)
class Project:
    """A copy of the SQLMesh project whose `.env` points to a database of its own."""

    settings: Settings

    @property
    def root(self) -> Path:
        return self.settings.root

    def sqlmesh(self, *arguments: str, check: bool = True, timeout: float = 600) -> str:
        """Run `sqlmesh` in the copy and return what it printed; with `check` a failure is an error."""
        return self.run([sys.executable, "-m", "sqlmesh.cli.main", *arguments], check=check, timeout=timeout)

    def retail(self, *arguments: str, check: bool = True, timeout: float = 600) -> str:
        """Run `retail` for the copy, as `sqlmesh` above."""
        return self.run([sys.executable, "-m", "ops.cli.main", *arguments], check=check, timeout=timeout)

    def run(self, command: Sequence[str], *, check: bool = True, timeout: float = 600) -> str:
        done = subprocess.run(
            command,
            cwd=self.root,
            env=clean_environment(RETAIL_PROJECT_DIR=str(self.root)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query on the copy's database, as the transformer."""
        return query(self.settings, sql, *values)


def query(settings: Settings, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Run one statement as the transformer, commit, and return its rows (none for a command)."""
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            try:
                return list(cursor.fetchall())
            except psycopg2.ProgrammingError:
                return []
    finally:
        connection.close()


def copy_project(settings: Settings, target: Path) -> Project:
    """Copy the SQLMesh project into `target` with a `.env` for the database of the settings."""
    for part in PROJECT_PARTS:
        source, goal = ROOT / part, target / part
        if source.is_dir():
            shutil.copytree(source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, goal)
    settings = replace(settings, root=target)
    dotenv.update(settings.env_file, settings.variables())
    return Project(settings)
