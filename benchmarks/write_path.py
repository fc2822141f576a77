"""How much faster COPY is than SQLMesh's own path, for the DataFrames of Python models: written and read.

    .venv/bin/python -m benchmarks.write_path [--rows 1000000] [--stock-rows 100000] [--repeat 3] [--json]

A server of the benchmark's own gets a table of four columns (bigint, text, double precision, date), twice: by
`replace_query`, which is what SQLMesh's FULL does, and by `copy_full`, which deletes the old rows and copies the new
ones in one transaction, with the run ledger's fingerprint of all rows and without. SQLMesh's own path takes so long
that it may be measured with fewer rows: it writes lists of 400, so its time grows with their number. Then the table is
read by `fetchdf`, which is pandas' way, and by `read_frame`. Each way runs in a process of its own, whose peak of
memory beyond the frame is reported; the best of the repetitions counts. Exit code 1 below the target.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from sqlglot import exp
from sqlmesh.core.engine_adapter import create_engine_adapter

from materializations.copying import CopyFull
from materializations.run_ledger import Run
from ml.frame import read_frame
from ops import dotenv
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import load_settings

TARGET = 40
TABLE = "public.written"
KINDS = {"number": "bigint", "word": "text", "share": "double precision", "day": "date"}
PEAK_UNIT = 1e6 if sys.platform == "darwin" else 1e3  # of ru_maxrss, for megabytes
WAYS = ("stock", "copy", "copy and fingerprint", "fetchdf", "read_frame")


def frame_of(rows: int) -> pd.DataFrame:
    """Return a frame of four columns, the same in each run."""
    random = np.random.default_rng(5)
    numbers = np.arange(rows)
    return pd.DataFrame(
        {
            "number": numbers,
            "word": [f"product {number}" for number in numbers],
            "share": random.random(rows),
            "day": pd.to_datetime("2026-01-01") + pd.to_timedelta(numbers % 365, unit="D"),
        }
    )


def way_of(name: str, adapter: Any, rows: int) -> Callable[[], object]:
    """Return what to measure: a function that writes the rows, or reads them."""
    types = {column: exp.DataType.build(kind, dialect="postgres") for column, kind in KINDS.items()}
    if name == "fetchdf":
        return lambda: adapter.fetchdf(exp.select(*KINDS).from_(TABLE))
    if name == "read_frame":
        context: Any = SimpleNamespace(engine_adapter=adapter)
        return lambda: read_frame(context, exp.select(*KINDS).from_(TABLE))
    frame = frame_of(rows)
    adapter.create_table(TABLE, types)
    if name == "stock":
        return lambda: adapter.replace_query(TABLE, frame, types)
    model: Any = SimpleNamespace(name="ml.written", grants=None)

    def copy() -> None:
        with adapter.transaction():
            run = Run("ml.written", TABLE, is_recorded=name != "copy")
            CopyFull(adapter)._copy(run, TABLE, frame, model, {})

    return copy


def measure(name: str, folder: Path, rows: int, repeat: int) -> dict[str, float]:
    """Return the best seconds and the megabytes of memory beyond what there was before."""
    adapter = create_engine_adapter(load_settings(folder).connect, "postgres")
    way = way_of(name, adapter, rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        way()
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    adapter.close()
    return {"rows": rows, "seconds": min(seconds), "megabytes": peak / PEAK_UNIT}


def measure_all(rows: int, stock_rows: int, repeat: int) -> dict[str, dict[str, float]]:
    """Measure each way in a process of its own, on one server."""
    server = ThrowawayServer()
    try:
        with tempfile.TemporaryDirectory(prefix="retailmesh-benchmark-") as name:
            folder = Path(name)
            settings = server.new_database(folder)
            dotenv.update(settings.env_file, settings.variables())
            found = {}
            for way in WAYS:
                count, times = (stock_rows, 1) if way == "stock" else (rows, repeat)
                command = [sys.executable, "-m", "benchmarks.write_path", "--rows", str(count)]
                command += ["--repeat", str(times), "--way", way, "--folder", name]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                found[way] = json.loads(done.stdout)
            return found
    finally:
        server.stop()


def per_million(found: dict[str, float]) -> float:
    """Return the seconds for a million rows."""
    return found["seconds"] / found["rows"] * 1e6


def table(found: dict[str, dict[str, float]]) -> str:
    """Return the measurements as a Markdown table."""
    lines = [
        "| way | rows | seconds | a million rows, s | ratio | peak memory beyond the frame |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for way, item in found.items():
        base = "fetchdf" if way in ("fetchdf", "read_frame") else "stock"
        ratio = per_million(found[base]) / per_million(item)
        lines.append(
            f"| {way} | {item['rows']:,.0f} | {item['seconds']:.2f} | {per_million(item):.2f} "
            f"| {ratio:.1f} | {item['megabytes']:,.0f} MB |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run from the command line; exit 1 below the target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stock-rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measure(given.way, given.folder, given.rows, given.repeat)))
        return
    found = measure_all(given.rows, given.stock_rows, given.repeat)
    ratio = per_million(found["stock"]) / per_million(found["copy"])
    if given.json:
        print(json.dumps({"ratio": ratio, "target": TARGET, "ways": found}, indent=2))
    else:
        print(f"{table(found)}\n\nCOPY is {ratio:.0f} times as fast; {TARGET} times were aimed at.")
    sys.exit(0 if ratio >= TARGET else 1)


if __name__ == "__main__":
    main()
