"""SQLMesh as this project runs it: commands in processes of their own, and what its state says about prod."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any

import psycopg2

from ops import log
from ops.errors import OpsError, ToldError
from ops.restatement import Restatement
from ops.settings import Settings
from ops.sqlmesh_process import COMMAND
from ops.sqlmesh_worker import Ended, Worker

RawTable = tuple[str, str]  # source, table
RAW = "raw_"
FACT = "core.fct_"
MATCH = "conformed.return_match"
GATES_WARN = {"RETAIL_GATES": "warn"}  # macros/evaluations.py heeds it
# What prod consists of, and when each part was last computed.
PROD_MARK = """
    SELECT md5(string_agg(DISTINCT part.name || part.version || part.fingerprint, ','))
        || '-' || coalesce(max(computed.last_altered_ts), 0)::text
    FROM sqlmesh._environments AS environment
    CROSS JOIN json_to_recordset(environment.snapshots::json) AS part (name text, version text, fingerprint text)
    LEFT JOIN sqlmesh._intervals AS computed
      ON computed.name = part.name AND computed.version = part.version AND NOT computed.is_dev
    WHERE environment.name = 'prod'
"""
# The end, in milliseconds, of the last interval that was computed of some models.
COMPUTED_UNTIL = """
    SELECT max(computed.end_ts)
    FROM sqlmesh._environments AS environment
    CROSS JOIN json_to_recordset(environment.snapshots::json) AS part (name text, version text)
    JOIN sqlmesh._intervals AS computed
      ON computed.name = part.name AND computed.version = part.version AND NOT computed.is_dev
    WHERE environment.name = 'prod' AND NOT computed.is_removed AND part.name = ANY(%s)
"""


@dataclass(frozen=True)
class Fact:
    """A fact table of the star schema: its name, its day, and the key of its rows."""

    name: str
    day: str
    key: str


@dataclass(frozen=True)
class Prod:
    """What prod consists of: the models that read each raw table, the facts, the last day that is computed."""

    readers: Mapping[RawTable, list[str]]
    facts: Sequence[Fact] = ()
    dated: Sequence[str] = ()  # models that are computed day by day, as the state names them
    computed_until: date | None = None
    matching: frozenset[str] = frozenset()  # the models from which returns are matched with sales


class SqlMesh:
    """The project of some settings, seen from outside. What commands print goes to `output` (default: stdout).

    Plans, and the question what prod consists of, share a process that reads the models once. `close` ends it.
    """

    _worker: Worker | None = None

    def __init__(self, settings: Settings, output: IO[str] | None = None) -> None:
        self._settings = settings
        self._output = output
        self._variables: dict[str, str] = {}  # of the processes' environment, beside what is inherited
        self._read: tuple[str, Prod] | None = None  # with the mark of the models that it was read of

    def let_gates_warn(self) -> None:
        """From now on, plans tell which gates of learned models do not hold, and go on."""
        self.close()
        self._variables = dict(GATES_WARN)

    def restate(self, restatement: Restatement) -> None:
        """Compute models of prod again. Raises OpsError when the plan fails."""
        self.run(restatement.arguments(self.prod().computed_until))

    def run(self, arguments: Sequence[str], answer: str = "") -> None:
        """Run a sqlmesh command with its output on the terminal and `answer` to what it asks.

        Raises OpsError when it fails, a ToldError where an alert was sent.
        """
        sys.stdout.flush()
        began = time.monotonic()
        ended = self._plan(arguments) if arguments[0] == "plan" else self._run_apart(arguments, answer)
        log.event(
            "sqlmesh",
            "error" if ended.code else "info",
            arguments=list(arguments),
            exit_code=ended.code,
            seconds=round(time.monotonic() - began, 2),
        )
        if ended.code != 0:
            kind = ToldError if ended.was_told else OpsError
            raise kind(f"`sqlmesh {' '.join(arguments)}` failed; what it said is above.")

    def _plan(self, arguments: Sequence[str]) -> Ended:
        ended = self._working().run(arguments)
        if ended.code != 0:
            self.close()  # what it knows of the state may not be true any more
        return ended

    def _run_apart(self, arguments: Sequence[str], answer: str) -> Ended:
        self.close()  # the command may delete what the worker has read
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self._settings.root,
            input=answer,
            stdout=self._output,
            env={**os.environ, **self._variables},
            text=True,
            check=False,
        )
        return Ended(done.returncode)

    def _working(self) -> Worker:
        self._worker = self._worker or Worker(self._settings.root, self._output, self._variables)
        return self._worker

    def close(self) -> None:
        """End the process of the plans, whatever it does; the next plan starts another."""
        if self._worker:
            self._worker.close()
            self._worker = None

    def prod_mark(self) -> str | None:
        """Return a text that changes when prod's models change or more of them is computed; None without prod.

        A plan's id would not do: `plan --run` gives a new one each time while there are days without data.
        """
        row = self._ask(PROD_MARK)
        return str(row[0]) if row and row[0] is not None else None

    def _ask(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """Return the first row from SQLMesh's state, or None when there is no state."""
        connection = self._settings.connect(database=self._settings.state_database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return cursor.fetchone()
        except (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName):
            return None
        finally:
            connection.close()

    def has_state(self) -> bool:
        """Return whether SQLMesh has ever made anything here, be it prod, another environment or half of one."""
        return self._ask("SELECT to_regclass('sqlmesh._environments') IS NOT NULL") == (True,)

    def prod(self) -> Prod:
        """Return what prod consists of, whatever the project's files say now.

        SQLMesh takes seconds to read its models, so that is done once for as long as they are the same.
        Raises OpsError when SQLMesh cannot tell.
        """
        models = (self.prod_mark() or "").partition("-")[0]
        if self._read is None or self._read[0] != models:
            self._read = models, self._working().prod()
        prod = self._read[1]
        row = self._ask(COMPUTED_UNTIL, list(prod.dated))
        end = row[0] if row else None
        return replace(prod, computed_until=_day(end) - timedelta(days=1) if end else None)

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


def read_prod(state: Any) -> Prod:
    """Return what SQLMesh's state says of prod, but for the last day. Raises SQLMeshError when it cannot be read."""
    prod = state.get_environment("prod")
    found = state.get_snapshots([item.snapshot_id for item in prod.snapshots] if prod else [])
    models = [snapshot.model for snapshot in found.values() if snapshot.is_model]
    dated = [model for model in models if model.kind.is_incremental_by_time_range]
    return Prod(
        readers({model.name: model.depends_on or set() for model in models}),
        [_fact(model) for model in dated if model.name.startswith(FACT)],
        [model.fqn for model in dated],
        matching=_matching(models),
    )


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


def upstream(model: str, reads: Mapping[str, set[str]]) -> frozenset[str]:
    """Return the model and all that it reads, directly or through others."""
    found: set[str] = set()
    left = [model]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += reads.get(name, ())
    return frozenset(found)


def _matching(models: Sequence[Any]) -> frozenset[str]:
    names = {model.fqn: model.name for model in models}
    reads = {model.name: {names.get(fqn, fqn) for fqn in model.depends_on or ()} for model in models}
    return upstream(MATCH, reads)


def _fact(model: Any) -> Fact:
    return Fact(model.name, model.time_column.column.name, model.grains[0].name)


def _day(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()
