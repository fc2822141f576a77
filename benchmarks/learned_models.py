"""What the learned models cost: one plan that computes all of them anew on the prod that the project has.

    .venv/bin/python -m benchmarks.learned_models [--with-sql] [--environment prod] [--json]

`sqlmesh plan --restate-model` of all Python models on the data that is there; `retail demo --scale large` makes a large
shop. With `--with-sql` also of what is computed for them in SQL (`tag:ml`: features, outcomes, drift of inputs). Of
each Python model the ledger of runs says how long it read, computed and wrote: waiting for its turn is left out, but
not for what another model reads for both. Of the whole plan the operating system says how much processor time and
memory its process took, and Postgres' sessions beside it where the server is the embedded one. "Together" is from the
first Python model's start to the last one's end: SQL models between them run in that time, too. The views of `bi`
behind them are made again, so prod is as it was afterwards, but for new evaluations in the ledgers. Exit code 1 above
the targets.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import psutil

from ops.postgres.embedded import server_of
from ops.settings import Settings, load_settings
from ops.sqlmesh_process import COMMAND

SECONDS_TARGET, GIGABYTES_TARGET = 120.0, 4.0
RUNS = """
SELECT DISTINCT ON (model) model, started_at, seconds, row_count
FROM ingest.model_run
WHERE started_at >= %s
ORDER BY model, started_at DESC
"""


@dataclass(frozen=True)
class Model:
    """One Python model's computing and writing, and its rows."""

    name: str
    seconds: float
    row_count: int


@dataclass(frozen=True)
class Measured:
    """A plan of all learned models: seconds of the clock and of the processors, and its process' largest memory."""

    models: list[Model]
    together_seconds: float
    plan_seconds: float
    python_processor_seconds: float
    postgres_processor_seconds: float | None
    memory_gigabytes: float
    load: float


def measure(settings: Settings, environment: str, with_sql: bool) -> Measured:
    """Restate the learned models in an environment and return what that took."""
    python = [f"ml.{file.stem}" for file in sorted((settings.root / "models" / "ml").glob("*.py"))]
    restated = [f"--restate-model={name}" for name in (["tag:ml"] if with_sql else python)]
    processor = _postgres_processor_seconds(settings)
    [(began_at,)] = _rows(settings, "SELECT now()")
    load = os.getloadavg()[0]
    began = time.monotonic()
    arguments = ["plan", environment, *restated]
    options = ["--auto-apply", "--no-prompts", "--skip-tests", "--no-diff"]
    with tempfile.TemporaryFile() as printed:
        plan = subprocess.Popen(
            [*COMMAND, *arguments, *options],
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(plan.pid, 0)
        plan.returncode = os.waitstatus_to_exitcode(status)
        if plan.returncode != 0:
            printed.seek(0)
            raise SystemExit(f"sqlmesh {' '.join(arguments)} failed:\n{printed.read().decode()}")
    took = time.monotonic() - began
    runs = _rows(settings, RUNS, began_at)
    if not runs:
        raise SystemExit("No Python model was computed: is there a prod? `retail demo` makes one.")
    first = min(start for _, start, _, _ in runs)
    last = max(start + timedelta(seconds=seconds) for _, start, seconds, _ in runs)
    after = _postgres_processor_seconds(settings)
    return Measured(
        models=sorted((Model(name, s, n) for name, _, s, n in runs), key=lambda one: -one.seconds),
        together_seconds=(last - first).total_seconds(),
        plan_seconds=took,
        python_processor_seconds=usage.ru_utime + usage.ru_stime,
        postgres_processor_seconds=None if processor is None or after is None else after - processor,
        memory_gigabytes=usage.ru_maxrss * 1024 / 1e9,
        load=load,
    )


def table(measured: Measured) -> str:
    """Return the measurement as Markdown."""
    postgres = measured.postgres_processor_seconds
    return "\n".join(
        [
            "| model | s | rows |",
            "|---|--:|--:|",
            *(f"| {one.name} | {one.seconds:.1f} | {one.row_count:,} |" for one in measured.models),
            "",
            f"Together {measured.together_seconds:.0f} s of a plan of {measured.plan_seconds:.0f} s, "
            f"{measured.memory_gigabytes:.2f} GB. On processors: Python {measured.python_processor_seconds:.0f} s"
            + ("" if postgres is None else f", Postgres {postgres:.0f} s")
            + f". Load before: {measured.load:.1f}. Targets ({SECONDS_TARGET:.0f} s, {GIGABYTES_TARGET:.0f} GB): "
            + ("met." if _is_met(measured) else "missed."),
        ]
    )


def _is_met(measured: Measured) -> bool:
    return measured.together_seconds <= SECONDS_TARGET and measured.memory_gigabytes <= GIGABYTES_TARGET


def _postgres_processor_seconds(settings: Settings) -> float | None:
    """Return what the embedded server's sessions that have ended took of the processors; None for another server."""
    postmaster = server_of(settings).running() if settings.server == "embedded" else None
    if postmaster is None:
        return None
    times = psutil.Process(postmaster.pid).cpu_times()
    return float(times.children_user + times.children_system)


def _rows(settings: Settings, query: str, *values: object) -> list[tuple[Any, ...]]:
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())
    finally:
        connection.close()


def main() -> None:
    """Run from the command line; exit 1 above a target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--with-sql", action="store_true", help="also what is computed for them in SQL")
    parser.add_argument("--environment", default="prod")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    measured = measure(load_settings(), given.environment, given.with_sql)
    print(json.dumps(asdict(measured), indent=2) if given.json else table(measured))
    if not _is_met(measured):
        sys.exit(1)


if __name__ == "__main__":
    main()
