"""`make test`, `make test-long`, `make lint`: every check one after the other, timed, with a verdict at the end."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from ops import dotenv
from ops.postgres.throwaway import ThrowawayServer
from ops.sqlmesh_process import COMMAND

ROOT = Path(__file__).resolve().parents[1]
QUICK = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("mypy",)),
    ("contracts", ("retail", "contracts", "--check")),
    ("measures", ("retail", "metrics", "--check")),
    ("dashboards", ("retail", "dashboards", "check")),
)
MODELS = (
    ("model format", ("sqlmesh", "format", "--check")),
    ("model lint", ("sqlmesh", "lint")),
    ("bi contract", ("retail", "bi", "--check")),
    ("model tests", ("sqlmesh", "test")),
)
# Modules run side by side (tests/conftest.py says which together): the tests of one share databases and plans.
PYTEST = ("pytest", "-n", "logical", "--maxprocesses", "4", "--dist", "loadscope", "--no-loadscope-reorder")
TESTS = (("tests", (*PYTEST, "-m", "not long")),)
LONG = (("long tests", (*PYTEST, "-m", "long")),)


def run_checks(checks: Sequence[tuple[str, Sequence[str]]], environment: dict[str, str]) -> list[str]:
    """Run each check with its output on the terminal; return the names of those that failed."""
    failed = []
    for name, (program, *arguments) in checks:
        click.secho(f"\n== {name}: {program} {' '.join(arguments)}", bold=True)
        began = time.monotonic()
        command = COMMAND if program == "sqlmesh" else (str(Path(sys.executable).with_name(program)),)
        done = subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False
        )
        verdict = "ok" if done.returncode == 0 else f"FAILED ({done.returncode})"
        click.echo(f"-- {name}: {verdict}, {time.monotonic() - began:.1f} s")
        if done.returncode != 0:
            failed.append(name)
    return failed


@contextmanager
def throwaway_project() -> Iterator[dict[str, str]]:
    """Give SQLMesh a Postgres of its own; yield the environment in which it uses that instead of `.env`."""
    server = ThrowawayServer()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = server.new_database(Path(folder))
            dotenv.update(settings.env_file, settings.variables())
            yield {**clean_environment(), "SQLMESH_DOTENV_PATH": str(settings.env_file)}
    finally:
        server.stop()


def clean_environment() -> dict[str, str]:
    """Return the environment for programs under test: it names the raw data, but no server and no project."""
    return {
        name: value
        for name, value in os.environ.items()
        if name == "RETAIL_DATA_DIR" or not name.startswith(("PG", "SQLMESH_", "RETAIL_", "DATABASE_URL"))
    }


@click.command()
@click.option("--quick", "chosen", flag_value="quick", help="Leave out what needs Postgres.")
@click.option("--long", "chosen", flag_value="long", help="Only the tests that take minutes.")
def main(chosen: str | None) -> None:
    """Run every check but the long tests; exit 1 when one failed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the server when terminated, too
    began = time.monotonic()
    failed = run_checks(LONG if chosen == "long" else QUICK, clean_environment())
    if chosen is None:
        with throwaway_project() as environment:
            failed += run_checks(MODELS, environment)
        failed += run_checks(TESTS, clean_environment())
    took = time.monotonic() - began
    if failed:
        click.secho(f"\nFailed: {', '.join(failed)} ({took:.0f} s)", fg="red", bold=True)
        sys.exit(1)
    click.secho(f"\nAll checks passed ({took:.0f} s).", fg="green", bold=True)


if __name__ == "__main__":
    main()
