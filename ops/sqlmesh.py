"""SQLMesh as this project runs it: commands in a process of their own, and what the project's models read."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg2

from ops.errors import OpsError
from ops.settings import Settings

RawTable = tuple[str, str]  # source, table
RAW = "raw_"


def run_sqlmesh(root: Path, arguments: Sequence[str]) -> None:
    """Run a sqlmesh command with its output on the terminal. Raises OpsError when it fails."""
    command = [str(Path(sys.executable).with_name("sqlmesh")), *arguments]
    sys.stdout.flush()
    done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise OpsError(f"`sqlmesh {' '.join(arguments)}` failed; what it said is above.")


def readers_of_raw_tables(root: Path) -> dict[RawTable, list[str]]:
    """Return, for each raw table, the models that read it. Raises OpsError when the project does not load."""
    from sqlglot import exp
    from sqlmesh import Context
    from sqlmesh.utils.errors import SQLMeshError

    try:
        models = Context(paths=str(root)).models.values()
    except SQLMeshError as error:
        raise OpsError(f"The SQLMesh project does not load: {error}") from error
    readers: dict[RawTable, list[str]] = {}
    for model in models:
        for name in model.depends_on or ():
            table = exp.to_table(name)
            if table.db.startswith(RAW):
                readers.setdefault((table.db.removeprefix(RAW), table.name), []).append(model.name)
    return {table: sorted(names) for table, names in readers.items()}


def prod_plan(settings: Settings) -> str | None:
    """Return the id of the plan that prod is at, or None when there is no prod yet.

    It changes with each plan that is applied, and only then.
    """
    connection = settings.connect(database=settings.state_database)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT plan_id FROM sqlmesh._environments WHERE name = 'prod'")
            row = cursor.fetchone()
            return str(row[0]) if row else None
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName):
        return None
    finally:
        connection.close()
