"""How fast files load, next to a bare COPY of the same file, and how much memory that takes.

    .venv/bin/python -m benchmarks.load [--rows 5000000] [--files 2000] [--repeat 3] [--url postgresql://…] [--json]

Everything is measured in one run on one server: the bare COPY goes into a plain table of text columns that exists
already, the loader does all that it does (hash, checks, event dates, indexes, ledger, statistics) in a process of
its own. The best of the repetitions counts, since other work on the machine only ever makes one slower. Without
--url the settings of `retail` say which server; the benchmark uses schemas of its own there and drops them.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from loaders.contract import Contract
from loaders.load import load_source
from ops.settings import load_settings

SOURCE = "benchmark"
BARE = "benchmark_bare"
COLUMNS = ("invoice", "sku", "description", "quantity", "price", "customer", "store", "day", "country")
ROWS_A_DAY = 10_000
SMALL_ROWS = 100
MEGABYTE = 1024 * 1024
CONTRACT = Contract.model_validate(
    {
        "source": SOURCE,
        "tables": {
            "sale": {
                "files": "*.csv",
                "apply": "append",
                "event_time": {"column": "day", "format": "%Y-%m-%d"},
                "columns": {name: {"required": True} for name in COLUMNS},
            }
        },
    }
)


@dataclass(frozen=True)
class Measured:
    """One way to load: the best time of several, and the memory of the process that did it."""

    what: str
    rows: int
    megabytes: float
    seconds: float
    peak_rss_mb: float | None
    ratio: float | None

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds


def write_file(
    path: Path, rows: int, *, first: int = 0, quoted: bool = False, broken_every: int = 0, extra: bool = False
) -> None:
    """Write sales, day by day. With `broken_every`, each so-manieth row lacks a field; `extra` adds a column."""
    chance = random.Random(7)  # noqa: S311 - the same file each time, not a secret
    line = ",".join(['"{}"' if quoted else "{}"] * (len(COLUMNS) + extra)) + "\n"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join([*COLUMNS, *(["colour"] if extra else [])]) + "\n")
        for number in range(first, first + rows):
            if broken_every and number % broken_every == broken_every - 1:
                file.write(f"I{number},too few\n")
                continue
            sku, days = chance.randrange(5000), number // ROWS_A_DAY
            values = (
                f"I{number // 8}",
                f"SKU{sku}",
                f"item number {sku}",
                chance.randrange(1, 12),
                sku % 997 / 10,
                f"C{chance.randrange(40_000)}",
                f"S{number % 37}",
                f"{2020 + days // 336}-{days // 28 % 12 + 1:02}-{days % 28 + 1:02}",
                "GB",
            )
            file.write(line.format(*values, *(["red"] if extra else [])))


def bare_copy(connect: Callable[[], Connection], path: Path) -> float:
    """Return the seconds that COPY takes into an existing table without anything beside the file's columns."""
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {BARE}.bare")
            cursor.execute(f"CREATE TABLE {BARE}.bare ({', '.join(f'{name} text' for name in COLUMNS)})")
        began = time.monotonic()
        with connection, connection.cursor() as cursor, path.open("rb") as file:
            cursor.copy_expert(f"COPY {BARE}.bare FROM STDIN (FORMAT csv, HEADER)", file, MEGABYTE)
        return time.monotonic() - began
    finally:
        connection.close()


def bare_copies(connect: Callable[[], Connection], folder: Path) -> float:
    """Return the seconds that COPY takes for all files of a folder, each in a transaction of its own."""
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {BARE}.bare")
            cursor.execute(f"CREATE TABLE {BARE}.bare ({', '.join(f'{name} text' for name in COLUMNS)})")
        began = time.monotonic()
        for path in sorted(folder.iterdir()):
            with connection, connection.cursor() as cursor, path.open("rb") as file:
                cursor.copy_expert(f"COPY {BARE}.bare FROM STDIN (FORMAT csv, HEADER)", file, MEGABYTE)
        return time.monotonic() - began
    finally:
        connection.close()


def loader(path: Path, url: str | None) -> tuple[float, float, int]:
    """Load a file or a folder in a process of its own. Returns seconds (without its start), peak MB, rows read."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.load",
        "--child",
        str(path),
        *(["--url", url] if url else []),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, peak, rows = json.loads(done.stdout)
    return seconds, peak, rows


def child(connect: Callable[[], Connection], path: Path) -> None:
    """Load a file or a folder and print what `loader` returns."""
    began = time.monotonic()
    results = load_source(connect, CONTRACT, [path], path.parent)
    seconds = time.monotonic() - began
    for result in results:
        if result.status == "failed":
            raise SystemExit(result.message)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    sys.stdout.write(json.dumps([seconds, peak, sum(result.rows_read for result in results)]))


def clean(connect: Callable[[], Connection], *, everything: bool = True) -> None:
    """Drop what the benchmark loaded; with `everything` the bare table too."""
    connection = connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS raw_{SOURCE} CASCADE")
        cursor.execute("SELECT to_regclass('ingest.load') IS NOT NULL")
        if cursor.fetchall() == [(True,)]:
            cursor.execute("DELETE FROM ingest.load WHERE source = %s", [SOURCE])
        if everything:
            cursor.execute(f"DROP SCHEMA IF EXISTS {BARE} CASCADE")
            cursor.execute(f"CREATE SCHEMA {BARE}")
    connection.close()


def best(times: int, run: Callable[[], tuple[float, float, int]]) -> tuple[float, float, int]:
    """Repeat and return the shortest time, the highest memory, the rows."""
    results = [run() for _ in range(times)]
    return min(item[0] for item in results), max(item[1] for item in results), results[0][2]


def measure(
    connect: Callable[[], Connection], url: str | None, rows: int, repeat: int, folder: Path
) -> Iterator[Measured]:
    """Measure each way after the other; a way's ratio is its rows a second by those of a bare COPY of that file."""

    def first_load(path: Path) -> tuple[float, float, int]:
        clean(connect, everything=False)
        return loader(path, url)

    def redelivery(path: Path) -> tuple[float, float, int]:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{','.join(['again'] * 7)},2020-01-01,GB\n")
        return loader(path, url)

    files: list[tuple[str, int, dict[str, Any]]] = [
        ("clean file", rows, {}),
        ("every field in quotes", rows // 5, {"quoted": True}),
        ("a column the contract does not know", rows // 5, {"extra": True}),
        ("a bad row in each thousand", rows // 5, {"broken_every": 1000}),
    ]
    for what, count, options in files:
        path = folder / f"{what.replace(' ', '_')}.csv"
        write_file(path, count, **options)
        size = path.stat().st_size / MEGABYTE
        bare = None
        if not options or options.get("quoted"):
            bare = min(bare_copy(connect, path) for _ in range(repeat))
            plain = bare / count
            yield Measured(f"bare COPY, {what}", count, size, bare, None, None)
        seconds, peak, read = best(repeat, lambda path=path: first_load(path))  # type: ignore[misc]
        yield Measured(f"loader, {what}", read, size, seconds, peak, (bare or plain * count) / seconds)
        if not options:
            seconds, peak, read = best(repeat, lambda path=path: redelivery(path))  # type: ignore[misc]
            yield Measured(
                "loader, redelivery with a changed line", read, size, seconds, peak, plain * read / seconds
            )
        path.unlink()


def measure_small(
    connect: Callable[[], Connection], url: str | None, files: int, repeat: int, folder: Path
) -> Iterator[Measured]:
    """Measure many small files next to a bare COPY of each, and finding out that all of them are loaded already."""
    small = folder / "small"
    small.mkdir()
    for number in range(files):
        write_file(small / f"{number:06}.csv", SMALL_ROWS, first=number * SMALL_ROWS)
    size = sum(path.stat().st_size for path in small.iterdir()) / MEGABYTE
    bare = min(bare_copies(connect, small) for _ in range(repeat))

    def first_load() -> tuple[float, float, int]:
        clean(connect, everything=False)
        return loader(small, url)

    seconds, peak, read = best(repeat, first_load)
    yield Measured(f"bare COPY, {files:,} small files", read, size, bare, None, None)
    yield Measured(f"loader, {files:,} small files", read, size, seconds, peak, bare / seconds)
    seconds, peak, _ = best(repeat, lambda: loader(small, url))
    yield Measured(f"loader, {files:,} small files again", read, size, seconds, peak, None)
    shutil.rmtree(small)


def table(results: list[Measured]) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| what | rows | MB | seconds | rows/s | of bare COPY | peak memory |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for item in results:
        ratio = f"{item.ratio:.2f}" if item.ratio else ""
        memory = f"{item.peak_rss_mb:.0f} MB" if item.peak_rss_mb else ""
        lines.append(
            f"| {item.what} | {item.rows:,} | {item.megabytes:.0f} | {item.seconds:.1f} | "
            f"{item.rows_per_second:,.0f} | {ratio} | {memory} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rows", type=int, default=5_000_000)
    arguments.add_argument("--files", type=int, default=2_000, help="how many small files")
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--url", help="a server's address; default: the settings of retail")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()

    def connect() -> Connection:
        return psycopg2.connect(given.url) if given.url else load_settings().connect_loader()

    if given.child:
        child(connect, given.child)
        return
    clean(connect)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for item in chain(
            measure_small(connect, given.url, given.files, given.repeat, Path(folder)),
            measure(connect, given.url, given.rows, given.repeat, Path(folder)) if given.rows else (),
        ):
            results.append(item)
            sys.stderr.write(f"{item.what}: {item.seconds:.1f} s\n")
    clean(connect)
    drop = connect()
    with drop, drop.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {BARE}")
    drop.close()
    found = [{**asdict(item), "rows_per_second": item.rows_per_second} for item in results]
    sys.stdout.write((json.dumps(found, indent=2) if given.json else table(results)) + "\n")


if __name__ == "__main__":
    main()
