"""What the workflows do, in order, by the make targets that they run: a branch changes a model, and it reaches prod."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.postgres.embedded import administrator
from ops.postgres.throwaway import ThrowawayServer
from ops.project_copy import copy_parts
from ops.pull_request import FOLDER, SERVER
from ops.settings import Settings, load_settings
from tests.ops import github_stub
from tests.ops.github_stub import REPOSITORY, TOKEN, GitHub
from tests.support import ROOT, SHARED_CACHES, query, quiet_environment

pytestmark = pytest.mark.thorough(minutes=2)

SOURCES = re.compile(r"  sources:\n.*?(?=^  \w)", re.DOTALL | re.MULTILINE)
#: What becomes of stores, as far as BI tools: plans of these take seconds.
MODELS = (
    "staging/store/store.sql",
    "staging/store/warehouse.sql",
    "staging/store/to_store.sql",
    "conformed/store.sql",
    "core/dim_store.sql",
    "bi/store.sql",
)
MODEL = Path("models") / "core" / "dim_store.sql"
NAMES = ("'Unknown'::TEXT", "'No store'::TEXT")
NAME = "SELECT store_name FROM {}.dim_store WHERE store_kind = 'unknown'"


@dataclass(frozen=True)
class Repository:
    """A git repository of a small project, the server of its pull requests, and a GitHub."""

    root: Path
    address: str
    hub: GitHub

    def git(self, *arguments: str) -> None:
        who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True, capture_output=True)

    def change(self, old: str, new: str) -> None:
        """Change a model and commit it."""
        file = self.root / MODEL
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
        self.git("commit", "--all", "--quiet", "--message", "Say what it is")

    def make(self, target: str, *arguments: str, **variables: str) -> str:
        """Run a target of the project's Makefile here, with the programs of these tests; return what it printed."""
        programs = f"BIN={Path(sys.executable).parent}"
        done = subprocess.run(
            ["make", "-f", str(ROOT / "Makefile"), "-o", "dev-env", target, programs, *arguments],
            cwd=self.root,
            env=quiet_environment(RETAIL_PROJECT_DIR=str(self.root), **self._github(), **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"make {target} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def _github(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_EVENT_PATH": str(self.root.parent / "event.json"),
            "GITHUB_STEP_SUMMARY": str(self.root.parent / "summary.md"),
        }

    @property
    def server(self) -> Settings:
        """Where pull requests are tried. In these tests it is where prod is, too."""
        return load_settings(self.root / FOLDER / "head", {})


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    root = tmp_path_factory.mktemp("workflows") / "repository"
    copy_parts(root, marts=False)
    make_small(root)
    share_caches(root / FOLDER / "cache")
    server = ThrowawayServer()  # of its own: making the roles gives them new passwords
    try:
        login = administrator(server.server)
        address = f"postgresql://{login['PGUSER']}:{login['PGPASSWORD']}@127.0.0.1:{login['PGPORT']}/postgres"
        with github_stub.github() as hub:
            event = {"pull_request": {"_links": {"self": {"href": f"{hub.url}/repos/{REPOSITORY}/pulls/12"}}}}
            (root.parent / "event.json").write_text(json.dumps(event))
            repository = Repository(root, address, hub)
            repository.git("init", "--quiet", "--initial-branch", "main")
            repository.git("add", "--all")
            repository.git("commit", "--quiet", "--message", "A small project")
            yield repository
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def make_small(root: Path) -> None:
    """Leave the way of one table: the steps do not depend on how many there are."""
    (root / ".gitignore").write_text((ROOT / ".gitignore").read_text("utf-8"))
    config = root / "config.yaml"
    text, count = SOURCES.subn("  sources: {store: [store]}\n", config.read_text("utf-8"))
    assert count == 1
    config.write_text(text, "utf-8")
    for file in (root / "models").rglob("*.sql"):
        if str(file.relative_to(root / "models")) not in MODELS:
            file.unlink()


def share_caches(folder: Path) -> None:
    folder.mkdir(parents=True)
    for cache in SHARED_CACHES:
        (ROOT / ".cache" / "tests" / cache).mkdir(parents=True, exist_ok=True)
        (folder / cache).symlink_to(ROOT / ".cache" / "tests" / cache)


def test_a_branch_is_tried_compared_merged_deployed_and_looked_after(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "no-store")
    repository.change(*NAMES)
    arguments = ("ENV=pr_12", "BASE=HEAD^1", "SCALE=tiny")
    repository.make("pr", *arguments, "BOT=true", **{SERVER: repository.address})
    settings = repository.server
    assert query(settings, NAME.format("core")) == [("Unknown",)]
    assert query(settings, NAME.format("core__pr_12")) == [("No store",)]
    diff = (repository.root / "diff.md").read_text("utf-8")
    assert "core.dim_store" in diff
    assert diff in (repository.root.parent / "summary.md").read_text("utf-8")
    conclusions = {check["name"]: check["conclusion"] for check in repository.hub.checks.values()}
    assert conclusions == {
        "SQLMesh - Linter": "success",
        "SQLMesh - Run Unit Tests": "success",
        "SQLMesh - PR Environment Synced": "success",
        "SQLMesh - Prod Plan Preview": "success",
    }

    repository.make("pr-comment", "NUMBER=12")
    repository.make("pr-comment", "NUMBER=12")
    assert len(repository.hub.comments) == 1  # with SQLMesh's bot's
    assert diff in repository.hub.comments[0]["body"]

    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "no-store")
    prod = {name: value for name, value in settings.variables().items() if value is not None}
    shown = repository.make("deploy", **prod)
    assert query(settings, NAME.format("core")) == [("No store",)]
    assert "Promoted release to prod." in shown

    repository.make("nightly", **prod)
    assert "brought prod up to date" in (repository.root / "nightly.md").read_text("utf-8")
    repository.make("nightly-issue")
    assert [issue["title"] for issue in repository.hub.issues] == ["The nightly refresh needs somebody"]
    repository.make("nightly-solved")
    assert [issue["state"] for issue in repository.hub.issues] == ["closed"]

    repository.make("pr-end")
    assert not (repository.root / FOLDER).exists()
