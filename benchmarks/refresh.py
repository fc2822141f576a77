"""What one new day costs on a long history: the SQL time of `retail refresh`, by that on a tenth of the days.

    .venv/bin/python -m benchmarks.refresh [--scale large] [--data DIR] [--marts] [--json]

A generated shop is loaded without its last day and built; then the last day is loaded and `retail refresh` brings
it into prod. Then the same with the last tenth of the days of everything but the change feeds of products and
customers: dimensions need those whole. The SQL time is what Postgres says that sessions spent executing statements
(`active_time` of `pg_stat_database`, in the warehouse and in SQLMesh's state): planning, I/O and waiting for locks are
in it, the time of SQLMesh's own Python is not. Beside it stands what the server's processes took of the processors
for it, which other work on the machine changes less. Between build and new day everything is vacuumed, as autovacuum
would have done overnight. The marts came later and many of them look at all of history: they are measured with
`--marts` only. Everything runs in servers of the benchmark's own; 16 GB of disk and, for `large`, the better part of
an hour are needed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from ops import dotenv
from ops.check import clean_environment
from ops.postgres.throwaway import ThrowawayServer
from ops.project_copy import copy_parts
from ops.settings import Settings, project_root

TARGET = 1.2
FEEDS = ("customer_feed", "product_feed", "store", "warehouse")
STATS_ARE_LATE = 2.0  # seconds until a session's times are in the statistics
# `[1/1] core.dim_date [full refresh (8 k rows), audits passed 2] 0.51s`, whose line may be folded anywhere.
TIMED = re.compile(r"\[\d+/\d+\]\s+(\S+)\s+\[[^\]]*\]\s+([0-9.]+)s")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST_MODELS = 15


@dataclass(frozen=True)
class Measured:
    """One refresh after one new day: days and lines of history below it, and what it took."""

    days: int
    lines: int
    build_seconds: float
    refresh_seconds: float
    sql_seconds: float
    processor_seconds: float
    model_seconds: dict[str, float]


def measure(data: Path, days: Sequence[str], *, marts: bool) -> Measured:
    """Build the days but the last one, load that, refresh, and return what the refresh took."""
    server = ThrowawayServer()
    root = Path(tempfile.mkdtemp(prefix="retailmesh-benchmark-"))
    try:
        settings = server.new_database(root)
        dotenv.update(settings.env_file, {**settings.variables(), "RETAIL_DATA_DIR": str(root / "data")})
        copy_parts(root, marts=marts)
        _link(data, root / "data", days[:-1], up_to=days[-2])
        _run(root, "load", "store")
        build, _ = _timed(root, "refresh")
        [(lines,)] = _rows(settings, "SELECT count(*) FROM core.fct_order_line")
        _vacuum(server, settings)
        _link(data, root / "data", days[-1:], up_to=days[-1])
        _run(root, "load", "store")
        sql_before, processor_before = _sql_seconds(settings), _processor_seconds(server)
        took, printed = _timed(root, "refresh")
        sql, processor = _sql_seconds(settings) - sql_before, _processor_seconds(server) - processor_before
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)
    models: dict[str, float] = {}
    for name, seconds in TIMED.findall(printed):
        models[name] = models.get(name, 0) + float(seconds)
    return Measured(len(days) - 1, int(str(lines)), build, took, sql, processor, models)


def table(measured: Sequence[Measured]) -> str:
    """Return both measurements and their ratio, and the models that took longest, as Markdown."""
    whole, tenth = measured
    ratio = whole.sql_seconds / tenth.sql_seconds
    of_processors = whole.processor_seconds / tenth.processor_seconds
    names = sorted(whole.model_seconds, key=lambda name: -whole.model_seconds[name])[:MOST_MODELS]
    return "\n".join(
        [
            "| history | lines below the new day | full build, s | refresh, s | of which SQL, s | on processors, s |",
            "|---|--:|--:|--:|--:|--:|",
            *(
                f"| {item.days} days | {item.lines:,} | {item.build_seconds:.0f} "
                f"| {item.refresh_seconds:.1f} | {item.sql_seconds:.1f} | {item.processor_seconds:.1f} |"
                for item in measured
            ),
            "",
            "| model, with its audits | s | on a tenth, s |",
            "|---|--:|--:|",
            *(
                f"| {name} | {whole.model_seconds[name]:.2f} | {tenth.model_seconds.get(name, 0):.2f} |"
                for name in names
            ),
            "",
            f"SQL time on ten times the history: {ratio:.2f} times, "
            f"{'within' if ratio <= TARGET else 'above'} the {TARGET} aimed at. "
            f"On the processors: {of_processors:.2f} times.",
        ]
    )


def _link(data: Path, target: Path, days: Collection[str], up_to: str) -> None:
    """Link the files of some days into `target`, those of feeds of all days up to one, and those without a day."""
    for file in (data / "store").rglob("*.*"):
        path = file.relative_to(data)
        is_wanted = (
            file.stem <= up_to if path.parts[1] in FEEDS and DAY.fullmatch(file.stem) else file.stem in days
        )
        if (is_wanted or not DAY.fullmatch(file.stem)) and not (target / path).exists():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).symlink_to(file)


def _sql_seconds(settings: Settings) -> float:
    """Return how long statements have run on the databases of the settings so far."""
    time.sleep(STATS_ARE_LATE)
    [(milliseconds,)] = _rows(
        settings,
        "SELECT sum(active_time) FROM pg_stat_database WHERE datname = ANY(%s)",
        [settings.database, settings.state_database],
    )
    return float(str(milliseconds)) / 1000


def _processor_seconds(server: ThrowawayServer) -> float:
    """Return what the server's sessions that have ended took of the processors."""
    postmaster = server.server.running()
    times = psutil.Process(postmaster.pid).cpu_times() if postmaster else None
    return float(times.children_user + times.children_system) if times else 0.0


def _vacuum(server: ThrowawayServer, settings: Settings) -> None:
    for database in (settings.database, settings.state_database):
        connection = server.server.connect(database)
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")


def _rows(settings: Settings, query: str, *values: object) -> list[tuple[object, ...]]:
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())
    finally:
        connection.close()


def _timed(root: Path, *arguments: str) -> tuple[float, str]:
    began = time.monotonic()
    printed = _run(root, *arguments)
    return time.monotonic() - began, printed


def _run(root: Path, *arguments: str) -> str:
    environment = {
        **{name: value for name, value in clean_environment().items() if not name.startswith("RETAIL_")},
        "RETAIL_PROJECT_DIR": str(root),
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
        "COLUMNS": "200",
        "PYTHONPATH": str(project_root()),
    }
    done = subprocess.run(
        [sys.executable, "-m", "ops.cli.main", *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"retail {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Run from the command line; exit 1 above the target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="large")
    parser.add_argument("--data", type=Path, help="what `retail generate` wrote, instead of generating it")
    parser.add_argument("--marts", action="store_true", help="with the marts, which look at all of history")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    made = Path(tempfile.mkdtemp(prefix="retailmesh-shop-"))
    try:
        data = given.data.resolve() if given.data else made
        if not given.data:
            _run(project_root(), "generate", "--scale", given.scale, "--out", str(made), "--force")
        every = sorted({file.stem for file in (data / "store" / "pos").rglob("*.csv")})
        tenth = every[-1 - (len(every) - 1) // 10 :]
        measured = [measure(data, days, marts=given.marts) for days in (every, tenth)]
    finally:
        shutil.rmtree(made, ignore_errors=True)
    if given.json:
        print(json.dumps([asdict(item) for item in measured], indent=2))
    else:
        print(table(measured))
    if measured[0].sql_seconds > TARGET * measured[1].sql_seconds:
        sys.exit(1)


if __name__ == "__main__":
    main()
