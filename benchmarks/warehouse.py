"""A warehouse of a benchmark's own: a copy of the project on a throwaway server, and what work in it costs."""

import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from ops import dotenv
from ops.check import clean_environment
from ops.postgres.throwaway import ThrowawayServer
from ops.project_copy import Marts, copy_parts
from ops.settings import project_root

FEEDS = ("customer_feed", "product_feed", "store", "warehouse")  # dimensions need all of their files
STATS_ARE_LATE = 2.0  # seconds until a session's times are in the statistics
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# `[1/1] core.dim_date [full refresh (8 k rows), audits passed 2] 0.51s`, whose line may be folded anywhere.
TIMED = re.compile(r"\[\d+/\d+\]\s+(\S+)\s+\[[^\]]*\]\s+([0-9.]+)s")


@dataclass(frozen=True)
class Cost:
    """What some work took: seconds by the clock, of statements in Postgres, and of the processors.

    The seconds of statements are what Postgres says that sessions spent executing them (`active_time` of
    `pg_stat_database`): planning, I/O and waiting for locks are in it; of several sessions they add up. Those of
    the processors, the program's and those of the server's sessions, other work on the machine changes less.
    """

    seconds: float
    sql_seconds: float
    program_seconds: float
    server_seconds: float

    @property
    def processor_seconds(self) -> float:
        return self.program_seconds + self.server_seconds


class Warehouse:
    """A copy of the project, without data, on databases of its own. `close` deletes all of it."""

    def __init__(self, *, marts: Marts) -> None:
        self.server = ThrowawayServer()
        self.root = Path(tempfile.mkdtemp(prefix="retailmesh-benchmark-"))
        self.settings = self.server.new_database(self.root)
        dotenv.update(
            self.settings.env_file, {**self.settings.variables(), "RETAIL_DATA_DIR": str(self.data)}
        )
        copy_parts(self.root, marts=marts)

    @property
    def data(self) -> Path:
        return self.root / "data"

    def close(self) -> None:
        """Stop the server and delete the copy."""
        self.server.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def link(self, data: Path, days: Collection[str], up_to: str) -> None:
        """Link the files of some days from `data`, those of feeds of all days up to one, and those without a day."""
        for file in (data / "store").rglob("*.*"):
            path = file.relative_to(data)
            is_feed = path.parts[1] in FEEDS and DAY.fullmatch(file.stem)
            is_wanted = file.stem <= up_to if is_feed else file.stem in days
            if (is_wanted or not DAY.fullmatch(file.stem)) and not (self.data / path).exists():
                (self.data / path).parent.mkdir(parents=True, exist_ok=True)
                (self.data / path).symlink_to(file)

    def retail(self, *arguments: str) -> str:
        """Run `retail` for the copy and return what it printed. Ends the benchmark when it fails."""
        return run([sys.executable, "-m", "ops.cli.main", *arguments], self.root, self.environment())

    def environment(self) -> dict[str, str]:
        """Return the environment in which programs work on the copy."""
        return {**quiet_environment(), "RETAIL_PROJECT_DIR": str(self.root)}

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with closing(self.settings.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def do(self, statement: str) -> None:
        with closing(self.settings.connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def vacuum(self) -> None:
        """Do what autovacuum would have done overnight."""
        for database in (self.settings.database, self.settings.state_database):
            connection = self.server.server.connect(database)
            connection.autocommit = True
            with closing(connection), connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")

    def cost_of(self, work: Callable[[], str]) -> tuple[Cost, str]:
        """Do some work in processes of its own and return what it took, and what it printed."""
        before = self._counters()
        began = time.monotonic()
        printed = work()
        took = time.monotonic() - began
        spent = [after - until for after, until in zip(self._counters(), before, strict=True)]
        return Cost(took, *spent), printed

    def _counters(self) -> tuple[float, float, float]:
        return self._sql_seconds(), _children_seconds(), self._server_seconds()

    def _sql_seconds(self) -> float:
        """Return how long statements have run on the two databases so far."""
        time.sleep(STATS_ARE_LATE)
        [(milliseconds,)] = self.rows(
            "SELECT sum(active_time) FROM pg_stat_database WHERE datname IN (%s, %s)",
            self.settings.database,
            self.settings.state_database,
        )
        return float(str(milliseconds)) / 1000

    def _server_seconds(self) -> float:
        """Return what the server's sessions that have ended took of the processors."""
        postmaster = self.server.server.running()
        times = psutil.Process(postmaster.pid).cpu_times() if postmaster else None
        return float(times.children_user + times.children_system) if times else 0.0


def _children_seconds() -> float:
    """Return what the processes that this one has waited for took of the processors."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def generate(scale: str, target: Path) -> Path:
    """Generate a shop into a folder and return that."""
    command = [sys.executable, "-m", "ops.cli.main", "generate", "--scale", scale, "--out", str(target)]
    run([*command, "--force"], project_root(), quiet_environment())
    return target


def days_of(data: Path) -> list[str]:
    """Return the days for which a generated shop has sales, in their order."""
    return sorted({file.stem for file in (data / "store" / "pos").rglob("*.csv")})


def quiet_environment() -> dict[str, str]:
    """Return an environment that names no server and no data of ours, with plain output."""
    return {
        **{name: value for name, value in clean_environment().items() if not name.startswith("RETAIL_")},
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "PYTHONPATH": str(project_root()),
    }


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command in a folder and return what it printed. Ends the benchmark when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def seconds_by_model(printed: str) -> dict[str, float]:
    """Return for each model that SQLMesh says it computed how long it took, with its audits."""
    models: dict[str, float] = {}
    for name, seconds in TIMED.findall(printed):
        models[name] = models.get(name, 0) + float(seconds)
    return models
