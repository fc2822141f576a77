"""docs/environments.md, "From editing a model to prod, and back": what it says one sees is what one sees.

    make demo && make test-walk-through

Its commands run over the prod that `make demo` built, in a clone of the last commit: nobody's files change, and prod is
in the end what it was.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT, quiet_environment, without

pytestmark = [pytest.mark.demo, pytest.mark.thorough(minutes=3)]
PAGE = (ROOT / "docs" / "environments.md").read_text("utf-8")
SECTION = PAGE.partition("\n## From editing a model to prod, and back\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```(sh)?\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
# What differs from one day, machine and person to the next, and how large the project has become.
CHANGING = (
    (r"\d+\.\d+ ?s\b", "# s"),
    (r"promotion \d+ \(\d[^)]*\)", "promotion #"),
    (r"promotion \d+", "promotion #"),
    (r"\b[\d,]+ (models|views|tests|judged|that the models give)", r"# \1"),
    (r"views, [\d,]+ rows", "views, # rows"),
    (r"\s+", " "),
)


def lasting(line: str) -> str:
    """A line without what changes."""
    for pattern, replacement in CHANGING:
        line = re.sub(pattern, replacement, line)
    return line.strip()


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A clone of the project with the demo's settings, and a folder with the two programs, which run its code."""
    if not (ROOT / ".env").exists():
        without("there is no prod here to try it on: `make demo` builds one")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tmp_path / "project")], check=True)
    shutil.copy2(ROOT / ".env", tmp_path / "project" / ".env")
    for name, module in (("retail", "ops.cli.main"), ("sqlmesh", "ops.sqlmesh_process")):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(0o755)
    return tmp_path


def run(bench: Path, command: str) -> str:
    """Run a line of the page; return what it printed."""
    environment = quiet_environment(RETAIL_PROJECT_DIR=str(bench / "project"), COLUMNS="200")
    environment["PATH"] = f"{bench / 'bin'}:{environment['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=bench / "project",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def test_every_command_of_the_page_prints_what_the_page_says(bench: Path) -> None:
    commands = []
    for kind, text in BLOCKS:
        if kind == "sh":  # commands, with what they do behind #
            for line in text.splitlines():
                command, _, comment = line.partition("  # ")
                printed = run(bench, command)
                commands.append(command)
                if command.startswith("sqlmesh"):
                    assert comment in printed
            continue
        first, *expected = text.splitlines()
        assert first.startswith("$ ")
        printed = run(bench, first.removeprefix("$ "))
        commands.append(first)
        if "No changes to plan" in printed:
            without("`dev` has this change already, as on the second try: make the demo anew")
        lines = {lasting(line) for line in printed.splitlines()}
        missing = [line for line in expected if line.strip() not in {"", "…"} and lasting(line) not in lines]
        assert not missing, f"{first} does not print {missing}, but\n{printed}"
    assert [command.split()[:2] for command in commands] == [
        ["sed", "-i"],
        ["$", "sqlmesh"],
        ["$", "retail"],
        ["$", "retail"],
        ["$", "retail"],
        ["git", "checkout"],
        ["sqlmesh", "plan"],
    ]
