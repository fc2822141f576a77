"""What several tests need: databases to ask, copies of the SQLMesh project."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import psycopg2
import pytest

from ops import dotenv
from ops.check import clean_environment
from ops.project_copy import Marts, copy_parts
from ops.settings import Settings
from ops.sqlmesh_process import COMMAND

ROOT = Path(__file__).resolve().parents[1]
#: What SQLMesh keeps of the models, by their text and database: each copy would make it anew for a quarter of a minute.
SHARED_CACHES = ("model_definition", "optimized_query")


def quiet_environment(**more: str) -> dict[str, str]:
    """Return the environment for commands under test: no server, project or data of ours, plain output."""
    kept = {name: value for name, value in clean_environment().items() if not name.startswith("RETAIL_")}
    return {
        **kept,
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
        "MAX_FORK_WORKERS": "1",  # the tests' own workers use the cores
        "NO_COLOR": "1",
        "COLUMNS": "160",
        **more,
    }


@dataclass(frozen=True)
class Project:
    """A copy of the SQLMesh project whose `.env` points to a database of its own."""

    settings: Settings

    @property
    def root(self) -> Path:
        return self.settings.root

    def sqlmesh(
        self, *arguments: str, check: bool = True, timeout: float = 600, answers: str = "", **variables: str
    ) -> str:
        """Run `sqlmesh` in the copy and return what it printed; with `check` a failure is an error.

        `answers` is what somebody types when it asks.
        """
        return self.run([*COMMAND, *arguments], check=check, timeout=timeout, answers=answers, **variables)

    def retail(self, *arguments: str, check: bool = True, timeout: float = 600) -> str:
        """Run `retail` for the copy, as `sqlmesh` above."""
        return self.run([sys.executable, "-m", "ops.cli.main", *arguments], check=check, timeout=timeout)

    def exit_code(self, *arguments: str) -> int:
        """Run `retail` for the copy and return its exit code."""
        return self._done([sys.executable, "-m", "ops.cli.main", *arguments], 600).returncode

    def run(
        self,
        command: Sequence[str],
        *,
        check: bool = True,
        timeout: float = 600,
        answers: str = "",
        **variables: str,
    ) -> str:
        """Run a command in the copy, with more environment variables, and return what it printed."""
        done = self._done(command, timeout, answers, **variables)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def _done(
        self, command: Sequence[str], timeout: float, answers: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.root,
            env=quiet_environment(RETAIL_PROJECT_DIR=str(self.root), **variables),
            input=answers,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query on the copy's database, as the transformer."""
        return query(self.settings, sql, *values)

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query under the names of its columns."""
        connection = self.settings.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])
        finally:
            connection.close()


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


def without(reason: str) -> None:
    """Skip a test that needs the prod of `make demo` or a browser; fail where it has to run, as in `.ci/run`."""
    if os.environ.get("RETAIL_DEMO_TESTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def copy_project(settings: Settings, target: Path, *, marts: Marts = True) -> Project:
    """Copy the SQLMesh project, with or without marts, with a `.env` for the database of the settings."""
    copy_parts(target, marts=marts)
    for cache in SHARED_CACHES:
        (ROOT / ".cache" / "tests" / cache).mkdir(parents=True, exist_ok=True)
        (target / ".cache").mkdir(exist_ok=True)
        (target / ".cache" / cache).symlink_to(ROOT / ".cache" / "tests" / cache)
    settings = replace(settings, root=target)
    dotenv.update(settings.env_file, settings.variables())
    return Project(settings)
