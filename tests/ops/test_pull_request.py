"""A pull request is tried from clean checkouts, on a server that is nobody's (tests/integration/test_workflows.py)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from ops import pull_request
from ops.cli.pr import plan
from ops.errors import OpsError
from ops.git import commit_of, merge_base, remove_checkout, set_checkout, uncommitted
from ops.postgres.embedded import administrator
from ops.postgres.throwaway import ThrowawayServer
from ops.pull_request import FOLDER, Trial, end, start_of
from ops.settings import Settings


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    """Commit a file with a text; return the commit."""
    (folder / "model.sql").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one commit, on main."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / ".gitignore").write_text(".cache/\n.env\n")
    commit(folder, "SELECT 1")
    return folder


def test_it_starts_from_the_last_commit_in_common_with_main(project: Path) -> None:
    common = commit_of(project, "main")
    git(project, "switch", "--quiet", "--create", "branch")
    head = commit(project, "SELECT 2")
    git(project, "switch", "--quiet", "main")
    commit(project, "SELECT 3")
    assert start_of(project, head) == common == merge_base(project, "branch", "main")


def test_what_the_others_have_is_main_where_it_is_known(project: Path) -> None:
    pushed = commit(project, "SELECT 2")
    git(project, "update-ref", "refs/remotes/origin/main", pushed)
    git(project, "reset", "--quiet", "--hard", "HEAD^1")  # a main that was not pulled for long
    assert start_of(project, pushed) == pushed


def test_without_a_main_it_says_what_to_name(project: Path) -> None:
    git(project, "branch", "--move", "main", "trunk")
    with pytest.raises(OpsError, match="--base"):
        start_of(project, "HEAD")


@pytest.mark.parametrize("reference", ["gone", "--output=file", "main; ls"])
def test_a_commit_that_is_not_there_is_told(project: Path, reference: str) -> None:
    with pytest.raises(OpsError, match="no commit"):
        commit_of(project, reference)
    assert not (project / "file").exists()


def test_a_checkout_is_of_its_commit_whatever_was_done_in_it_and_keeps_its_settings(project: Path) -> None:
    first, second = commit_of(project, "main"), commit(project, "SELECT 2")
    (project / "model.sql").write_text("SELECT 'not committed'")
    checkout = project / ".cache" / "head"
    set_checkout(project, checkout, second)
    assert (checkout / "model.sql").read_text() == "SELECT 2"

    (checkout / "model.sql").write_text("SELECT 'edited'")
    (checkout / "other.sql").write_text("SELECT 'left behind'")
    (checkout / ".env").write_text("PGHOST=127.0.0.1\n")
    set_checkout(project, checkout, first)
    assert {file.name for file in checkout.iterdir()} == {".git", ".gitignore", ".env", "model.sql"}
    assert (checkout / "model.sql").read_text() == "SELECT 1"
    assert (project / "model.sql").read_text() == "SELECT 'not committed'"

    remove_checkout(project, checkout)
    assert str(checkout) not in git(project, "worktree", "list")


def test_what_is_not_committed_is_named(project: Path) -> None:
    assert uncommitted(project) == []
    (project / "model.sql").write_text("SELECT 2")
    (project / "a new one.sql").write_text("SELECT 3")
    assert uncommitted(project) == ["model.sql", "a new one.sql"]


def test_a_shop_of_another_size_is_not_loaded_over_the_one_that_is_there(project: Path) -> None:
    pull_request.Places(project).data("tiny").mkdir(parents=True)
    with pytest.raises(OpsError, match="retail pr end"):
        pull_request.try_out(project, Trial("pr_12", "main", scale="small"), Path("diff.md"), Console())


def test_a_checkout_whose_folder_was_deleted_by_hand_is_made_again(project: Path) -> None:
    checkout = project / ".cache" / "head"
    set_checkout(project, checkout, "main")
    subprocess.run(["rm", "-r", str(checkout)], check=True)
    set_checkout(project, checkout, "main")
    assert (checkout / "model.sql").exists()


@pytest.mark.parametrize("name", ["prod", "PR_12", "pr-12", "12", "pr 12", "", "pr_12; ls"])
def test_an_environment_has_the_name_of_a_schema_and_is_not_prod(name: str) -> None:
    answer = CliRunner().invoke(plan, [name])
    assert isinstance(answer.exception, OpsError)
    assert "no name for the environment" in str(answer.exception)


def test_a_server_with_a_warehouse_is_refused_and_its_passwords_stay(
    database: Settings, postgres: ThrowawayServer
) -> None:
    login = administrator(postgres.server)
    address = f"postgresql://{login['PGUSER']}:{login['PGPASSWORD']}@127.0.0.1:{login['PGPORT']}/postgres"
    with pytest.raises(OpsError, match=f"has a database {database.database} already") as refused:
        pull_request._refuse_a_warehouse(database, address)
    assert login["PGPASSWORD"] not in str(refused.value)
    database.connect().close()


def test_there_is_nothing_to_end_before_the_first_time(project: Path) -> None:
    assert not end(project)


@pytest.mark.parametrize("server", ["other", "embedded"])
def test_the_end_deletes_the_checkouts_and_nothing_of_the_project(project: Path, server: str) -> None:
    for name in ("base", "head"):
        set_checkout(project, project / FOLDER / name, "main")
    (project / FOLDER / "head" / ".env").write_text(f"RETAIL_SERVER={server}\n")
    assert end(project)
    assert not (project / FOLDER).exists()
    assert (project / "model.sql").read_text() == "SELECT 1"
