"""Run from the command line: `python -m benchmarks.environments`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.environments.sequence import whole_run
from benchmarks.warehouse import days_of, generate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.environments")
    parser.add_argument("--scale", default="medium")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--threads", type=int, default=4)
    given = parser.parse_args()
    made = Path(tempfile.mkdtemp(prefix="retailmesh-shop-"))
    try:
        data = given.data.resolve() if given.data else generate(given.scale, made)
        report = whole_run(
            data, days_of(data), given.scale, given.threads, lambda t: print(t, file=sys.stderr, flush=True)
        )
    finally:
        shutil.rmtree(made, ignore_errors=True)
    print(report)


if __name__ == "__main__":
    main()
