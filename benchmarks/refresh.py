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
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.warehouse import Warehouse, days_of, generate, seconds_by_model

TARGET = 1.2
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
    warehouse = Warehouse(marts=marts)
    try:
        warehouse.link(data, days[:-1], up_to=days[-2])
        warehouse.retail("load", "store")
        build, _ = warehouse.cost_of(lambda: warehouse.retail("refresh"))
        [(lines,)] = warehouse.rows("SELECT count(*) FROM core.fct_order_line")
        warehouse.vacuum()
        warehouse.link(data, days[-1:], up_to=days[-1])
        warehouse.retail("load", "store")
        refresh, printed = warehouse.cost_of(lambda: warehouse.retail("refresh"))
    finally:
        warehouse.close()
    return Measured(
        len(days) - 1,
        int(str(lines)),
        build.seconds,
        refresh.seconds,
        refresh.sql_seconds,
        refresh.server_seconds,
        seconds_by_model(printed),
    )


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
            generate(given.scale, made)
        every = days_of(data)
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
