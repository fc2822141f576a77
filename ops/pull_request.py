"""What a pull request does to the numbers: prod of the commit it starts from, beside it an environment of its commit.

Both are built from a generated shop, on a server that holds nothing else, from clean checkouts in
`.cache/pull_request`: neither files that are being edited nor the server that `.env` names has a part in it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import psycopg2
from psycopg2.extensions import make_dsn
from rich.console import Console

from generator.scales import options
from ops import dotenv
from ops.check import clean_environment
from ops.demo import Steps
from ops.errors import OpsError
from ops.generating import DEMO_SEED, generate
from ops.git import commit_of, has_commit, merge_base, remove_checkout, set_checkout, uncommitted
from ops.github import summarize
from ops.postgres import embedded
from ops.postgres.remote import create_on, parse_url
from ops.settings import GENERATED_SOURCE, Settings, load_settings
from ops.sqlmesh_process import COMMAND

FOLDER = Path(".cache") / "pull_request"
SERVER = "RETAIL_PULL_REQUEST_SERVER"
RETAIL = (sys.executable, "-m", "ops.cli.main")
BOT = (sys.executable, "-m", "ops.sqlmesh_bot", "github", "run-all")


@dataclass(frozen=True)
class Trial:
    """A pull request to try: its environment, the two commits, the size of the shop, who makes the environment."""

    environment: str
    base: str
    head: str = "HEAD"
    scale: str = "small"
    by_bot: bool = False


@dataclass(frozen=True)
class Places:
    """Where it happens, in the project's `.cache`."""

    project: Path

    @property
    def folder(self) -> Path:
        return self.project / FOLDER

    @property
    def base(self) -> Path:
        return self.folder / "base"

    @property
    def head(self) -> Path:
        return self.folder / "head"

    def data(self, scale: str) -> Path:
        return self.folder / f"data-{scale}"


def try_out(project: Path, trial: Trial, markdown: Path, console: Console) -> None:
    """Build prod from the base and the environment from the head; write what differs. Raises OpsError."""
    places = Places(project)
    _refuse_another_size(places, trial.scale)
    steps = Steps(console, ("Commits", "Postgres", "Data", "prod", trial.environment, "Diff"))
    with steps.step("Commits"):
        for name, tree, reference in (("base", places.base, trial.base), ("head", places.head, trial.head)):
            commit = commit_of(project, reference)
            set_checkout(project, tree, commit)
            _share_cache(places, tree)
            console.print(f"{name}: {reference} is {commit[:10]}, in {tree}")
        if trial.head == "HEAD" and (files := uncommitted(project)):
            console.print(f"Not committed, and so not in it: {', '.join(files)}", markup=False)
    with steps.step("Postgres"):
        settings = _server(places, places.data(trial.scale), console)
    with steps.step("Data"):
        _generate(settings, trial.scale, console)
        _run(places.base, (*RETAIL, "load", "--all"))
    with steps.step("prod"):
        _run(places.base, (*RETAIL, "refresh"))
    with steps.step(trial.environment):
        _run(places.head, (*RETAIL, "load", "--all"))  # what a new contract reads, if there is one
        _run(places.head, BOT if trial.by_bot else plan_of(trial.environment), keep_github=trial.by_bot)
    with steps.step("Diff"):
        with markdown.open("w", encoding="utf-8") as file:
            _run(places.head, (*RETAIL, "diff", trial.environment, "--markdown"), output=file)
        summarize(markdown.read_text("utf-8"))
    console.print(f"What {trial.environment} changes is in {markdown}. Look around from {places.head}.")


def start_of(project: Path, head: str) -> str:
    """Return the last commit that `head` has in common with main. Raises OpsError where there is none."""
    for main in ("origin/main", "main"):
        if has_commit(project, main):
            return merge_base(project, main, head)
    raise OpsError(f"There is no branch main in {project}: name the commit to start from with --base.")


def plan_of(environment: str) -> tuple[str, ...]:
    """Return the command that makes or updates an environment; its unit tests are `make test`'s."""
    return (*COMMAND, "plan", environment, "--auto-apply", "--no-prompts", "--skip-tests")


def end(project: Path) -> bool:
    """Stop the server of `try_out` and delete all that it made. Returns whether there was anything."""
    places = Places(project)
    if not places.folder.exists():
        return False
    if places.head.exists():
        settings = _settings(places.head)
        if settings.server == "embedded":
            embedded.server_of(settings).stop()
            shutil.rmtree(settings.embedded.directory, ignore_errors=True)
    for tree in (places.base, places.head):
        remove_checkout(project, tree)
    shutil.rmtree(places.folder)
    return True


def _share_cache(places: Places, tree: Path) -> None:
    """Let the checkouts share what SQLMesh keeps of the models that are the same in both."""
    shared = places.folder / "cache"
    shared.mkdir(exist_ok=True)
    if not (tree / ".cache").exists():
        (tree / ".cache").symlink_to(shared)


def _server(places: Places, data: Path, console: Console) -> Settings:
    """Start the checkouts' own server, or make roles and databases on the one that is named for it."""
    settings = _settings(places.head)
    address = os.environ.get(SERVER)
    if address and not _is_at(settings, address):
        _refuse_a_warehouse(settings, address)
        settings = create_on(settings, address)
        console.print(f"Roles and databases were made: {settings.url(password=False)}")
    elif settings.server == "embedded":
        started = embedded.start(settings)
        for line in embedded.describe(started):
            console.print(line)
        settings = started.settings
    dotenv.update(settings.env_file, {"RETAIL_DATA_DIR": str(data)})
    lines = {**settings.variables(), "RETAIL_SERVER": "other", "RETAIL_DATA_DIR": str(data)}
    dotenv.update(places.base / ".env", lines)
    return replace(settings, data_dir=data)


def _is_at(settings: Settings, address: str) -> bool:
    """Say whether an earlier run has made the checkout's databases on this server."""
    parts = parse_url(address)
    there = (parts["host"], int(parts.get("port", "5432")))
    return settings.server == "other" and (settings.host, settings.port) == there


def _refuse_a_warehouse(settings: Settings, address: str) -> None:
    """Raise OpsError for a server that is somebody's: making roles anew would change their passwords."""
    try:
        connection = psycopg2.connect(
            make_dsn(**{"dbname": "postgres", **parse_url(address)}), connect_timeout=10
        )
    except psycopg2.OperationalError as error:
        raise OpsError(f"{SERVER} names a server that cannot be reached: {str(error).strip()}") from error
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [settings.database])
            taken = bool(cursor.rowcount)
    finally:
        connection.close()
    if taken:
        raise OpsError(
            f"The server that {SERVER} names has a database {settings.database} already. A pull request is tried on a "
            "server that holds nothing else: name another, or none, and it starts one of its own."
        )


def _refuse_another_size(places: Places, scale: str) -> None:
    if others := sorted(set(places.folder.glob("data-*")) - {places.data(scale)}):
        raise OpsError(
            f"The server holds the shop in {others[0]}: `retail pr end` deletes both, then another size can be tried."
        )


def _generate(settings: Settings, scale: str, console: Console) -> None:
    if (settings.data_dir / GENERATED_SOURCE).exists():
        console.print(f"The shop is in {settings.data_dir} already.")
        return
    unfinished = settings.data_dir.with_name(f"unfinished-{scale}")
    shutil.rmtree(unfinished, ignore_errors=True)
    made = generate(options(scale, DEMO_SEED), unfinished, console)
    unfinished.rename(settings.data_dir)
    console.print(f"A shop of {made.lines:,} lines of sales was generated, {made.start} to {made.end}.")


def _settings(tree: Path) -> Settings:
    return load_settings(tree, clean_environment())


def _run(
    tree: Path, command: Sequence[str], *, output: IO[str] | None = None, keep_github: bool = False
) -> None:
    """Run a command with the code of a checkout. Raises OpsError when it fails."""
    environment = {
        name: value
        for name, value in clean_environment().items()
        if keep_github or not name.startswith("GITHUB_")
    }
    sys.stdout.flush()
    done = subprocess.run(
        command,
        cwd=tree,
        env={**environment, "RETAIL_PROJECT_DIR": str(tree)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        check=False,
    )
    if done.returncode != 0:
        shown = " ".join(command[command.index("-m") + 1 :])
        raise OpsError(f"`{shown}` failed in {tree}; what it said is above.")
