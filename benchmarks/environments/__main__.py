"""What a change costs in an environment: with SQLMesh, and with dbt over the same SQL, tests and data.

    .venv/bin/python -m benchmarks.environments [--scale medium] [--data DIR] [--threads 4] [--json FILE]

A generated shop is loaded and built by SQLMesh and by dbt, side by side in one database. The dbt project is made of
the models by benchmarks/environments/dbt_project.py; dbt is installed under .cache/ as requirements.lock beside this
pins it. Then come a new environment, each change of benchmarks/environments/changes.py, first in an environment and
then in prod, and the last day again. dbt is told to build what changed and what reads it (`state:modified+ --defer`),
and in the beginning everything. After all of that the two prods are compared, row for row. Python models, which
dbt-postgres cannot have, are left out until then; at last they are added, and a function of one is changed. In the end
the last day is computed again over the last tenth of the history.

Seconds are by the clock, with start-up; those of SQL are what sessions spent executing statements. Models are those
that a tool says it computed, rows those inserted into its tables. Neither tool runs unit tests, and dbt writes no
comments and grants. Everything runs in a server of the benchmark's own. Exit code 1 where something that was aimed at
is missed, or the two prods differ.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.environments.report import as_dict, goals, markdown
from benchmarks.environments.sequence import whole_run
from benchmarks.warehouse import days_of, generate


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run from the command line; exit 1 where something is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.environments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scale", default="medium")
    parser.add_argument("--data", type=Path, help="what `retail generate` wrote, instead of generating it")
    parser.add_argument("--threads", type=int, default=4, help="of each tool")
    parser.add_argument("--json", type=Path, help="a file to write all figures to")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the server when terminated, too
    with tempfile.TemporaryDirectory(prefix="retailmesh-shop-") as folder:
        made, caches = Path(folder) / "data", Path(folder) / "caches"
        caches.mkdir()
        data = given.data.resolve() if given.data else generate(given.scale, made)
        report = whole_run(data, days_of(data), given.scale, given.threads, caches, say)
    if given.json:
        given.json.write_text(json.dumps(as_dict(report), indent=2) + "\n", "utf-8")
    print(markdown(report))
    if report.different or not all(goal.is_reached for goal in goals(report)):
        sys.exit(1)


if __name__ == "__main__":
    main()
