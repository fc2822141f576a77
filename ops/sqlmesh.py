"""SQLMesh as this project runs it: commands in a process of their own, and what its state says about prod."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psycopg2

from ops.errors import OpsError
from ops.settings import Settings

RawTable = tuple[str, str]  # source, table
RAW = "raw_"


class SqlMesh:
    """The project of some settings, seen from outside. What commands print goes to `output` (default: stdout)."""

    def __init__(self, settings: Settings, output: IO[str] | None = None) -> None:
        self._settings = settings
        self._output = output

    def run(self, arguments: Sequence[str], answer: str = "") -> None:
        """Run a sqlmesh command with its output on the terminal and `answer` to what it asks.

        Raises OpsError when it fails.
        """
        program = Path(sys.executable).with_name("sqlmesh")
        sys.stdout.flush()
        done = subprocess.run(
            [str(program), *arguments],
            cwd=self._settings.root,
            input=answer,
            stdout=self._output,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise OpsError(f"`sqlmesh {' '.join(arguments)}` failed; what it said is above.")

    def prod_plan(self) -> str | None:
        """Return the id of the plan that prod is at, or None when there is no prod yet.

        It changes with each plan that is applied, and only then.
        """
        connection = self._settings.connect(database=self._settings.state_database)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT plan_id FROM sqlmesh._environments WHERE name = 'prod'")
                row = cursor.fetchone()
                return str(row[0]) if row else None
        except (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName):
            return None
        finally:
            connection.close()

    def has_state(self) -> bool:
        """Return whether SQLMesh has ever made anything here, be it prod, another environment or half of one."""
        connection = self._settings.connect(database=self._settings.state_database)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT to_regclass('sqlmesh._environments') IS NOT NULL")
                return cursor.fetchone() == (True,)
        finally:
            connection.close()

    def prod_readers(self) -> Mapping[RawTable, list[str]]:
        """Return, for each raw table, the models of prod that read it, whatever the project's files say now.

        Raises OpsError when SQLMesh cannot tell.
        """
        from sqlmesh import Context
        from sqlmesh.utils.errors import SQLMeshError

        try:
            state = Context(paths=str(self._settings.root), load=False).state_reader
            prod = state.get_environment("prod")
            snapshots = state.get_snapshots([item.snapshot_id for item in prod.snapshots] if prod else [])
        except SQLMeshError as error:
            raise OpsError(f"SQLMesh does not say what is in prod: {error}") from error
        models = {
            snapshot.model.name: snapshot.model.depends_on or set()
            for snapshot in snapshots.values()
            if snapshot.is_model
        }
        return readers(models)

    def environments_of_their_own(self) -> list[str]:
        """Return the environments beside prod that hold versions of models that prod has not.

        Raises OpsError when SQLMesh cannot tell.
        """
        from sqlmesh import Context
        from sqlmesh.utils.errors import SQLMeshError

        try:
            environments = Context(paths=str(self._settings.root), load=False).state_reader.get_environments()
        except SQLMeshError as error:
            raise OpsError(f"SQLMesh does not say which environments there are: {error}") from error
        held = {item.name: {snapshot.snapshot_id for snapshot in item.snapshots} for item in environments}
        prod = held.pop("prod", set())
        return sorted(name for name, snapshots in held.items() if snapshots - prod)


def readers(models: Mapping[str, set[str]]) -> dict[RawTable, list[str]]:
    """Turn model -> what it reads into raw table -> models that read it."""
    from sqlglot import exp

    found: dict[RawTable, list[str]] = {}
    for model in sorted(models):
        for name in models[model]:
            table = exp.to_table(name)
            if table.db.startswith(RAW):
                found.setdefault((table.db.removeprefix(RAW), table.name), []).append(model)
    return found
