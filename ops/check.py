"""`make test`, `make test-long`, `make test-thorough`, `make lint`: every check, timed, with a verdict at the end."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
import psutil

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
# On a server of their own. The first leaves the others a cache of the models.
MODELS = (
    ("model format", ("sqlmesh", "format", "--check")),
    ("model tests", ("sqlmesh", "test")),
    ("model lint", ("sqlmesh", "lint")),
)
# Modules run side by side (tests/conftest.py says which together): the tests of one share databases and plans.
PYTEST = ("pytest", "-n", "logical", "--maxprocesses", "4", "--dist", "loadscope", "--no-loadscope-reorder")
TESTS = ("tests", (*PYTEST, "-m", "not (long or thorough)"))
CHOSEN_TESTS = {
    "long": ("long tests", (*PYTEST, "-m", "long and not (demo or thorough)")),
    "thorough": ("thorough tests", (*PYTEST, "-m", "thorough and not demo")),
}


Check = tuple[str, Sequence[str]]


def run_check(check: Check, environment: dict[str, str], *, prints: bool = True) -> bool:
    """Run one check and say how it ended; return whether it passed.

    With `prints` it writes to the terminal as it goes; else what it wrote is shown in the end, together.
    """
    name, (program, *arguments) = check
    title = click.style(f"\n== {name}: {program} {' '.join(arguments)}", bold=True)
    if prints:
        click.echo(title)
    began = time.monotonic()
    command = COMMAND if program == "sqlmesh" else (str(Path(sys.executable).with_name(program)),)
    done = subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=None if prints else subprocess.PIPE,
        stderr=None if prints else subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "ok" if done.returncode == 0 else f"FAILED ({done.returncode})"
    end = f"-- {name}: {verdict}, {time.monotonic() - began:.1f} s"
    click.echo(end if prints else f"{title}\n{done.stdout}{end}")
    return done.returncode == 0


def run_side_by_side(checks: Sequence[tuple[Check, dict[str, str]]]) -> list[str]:
    """Run checks, as many at a time as there are cores; return the names of those that failed."""
    names = [name for (name, _), _ in checks]
    click.echo(f"{len(checks)} checks side by side: {', '.join(names)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            passed = list(pool.map(lambda check: run_check(*check, prints=False), checks))
        except KeyboardInterrupt:  # also of SIGTERM, which reaches nobody else
            pool.shutdown(wait=False, cancel_futures=True)
            for program in psutil.Process().children():
                program.terminate()
            raise
    return [name for name, is_passed in zip(names, passed, strict=True) if not is_passed]


def without_tests(environment: dict[str, str], *, quick: bool) -> list[str]:
    """Run every check that is no pytest, or just those that need no Postgres; return the names of the failed."""
    quick_checks = [(check, environment) for check in QUICK]
    if quick:
        return run_side_by_side(quick_checks)
    with throwaway_project() as project:
        first, *others = ((check, project) for check in MODELS)
        return run_side_by_side([first, *quick_checks, *others])


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
@click.option(
    "--thorough", "chosen", flag_value="thorough", help="Only those that take longest and seldom break."
)
def main(chosen: str | None) -> None:
    """Run every check but the long and the thorough tests; exit 1 when one failed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the server when terminated, too
    began = time.monotonic()
    clean = clean_environment()
    failed = []
    if chosen not in CHOSEN_TESTS:
        failed = without_tests(clean, quick=chosen == "quick")
    if chosen != "quick":
        tests = CHOSEN_TESTS.get(chosen or "", TESTS)
        failed += [] if run_check(tests, clean) else [tests[0]]
    took = time.monotonic() - began
    if failed:
        click.secho(f"\nFailed: {', '.join(failed)} ({took:.0f} s)", fg="red", bold=True)
        sys.exit(1)
    click.secho(f"\nAll checks passed ({took:.0f} s).", fg="green", bold=True)


if __name__ == "__main__":
    main()
