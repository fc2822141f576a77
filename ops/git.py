"""Checkouts of other commits beside the project, by git's own worktrees."""

import shutil
import subprocess
from pathlib import Path

from ops.errors import OpsError


def commit_of(project: Path, reference: str) -> str:
    """Return the commit that a branch, tag or other name stands for. Raises OpsError for one that is not there."""
    done = _run(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if done.returncode != 0:
        raise OpsError(
            f"git knows no commit {reference!r} in {project}. A shallow clone may lack it: `git fetch` brings it."
        )
    return done.stdout.strip()


def has_commit(project: Path, reference: str) -> bool:
    """Say whether there is such a commit."""
    try:
        return bool(commit_of(project, reference))
    except OpsError:
        return False


def merge_base(project: Path, one: str, other: str) -> str:
    """Return the commit that two have in common last. Raises OpsError when there is none."""
    return _git(project, "merge-base", commit_of(project, one), commit_of(project, other))


def uncommitted(project: Path) -> list[str]:
    """Return the files that were changed or made since the last commit."""
    done = _run(project, "status", "--porcelain", "--no-renames", "-z")
    return [entry[3:] for entry in done.stdout.split("\0") if entry]  # two letters say how, and a space


def set_checkout(project: Path, folder: Path, commit: str) -> None:
    """Make `folder` a clean checkout of a commit; what git ignores in it stays. Raises OpsError."""
    if (folder / ".git").exists():
        _git(folder, "checkout", "--quiet", "--force", "--detach", commit)
        _git(folder, "clean", "--quiet", "--force", "-d")
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    _git(project, "worktree", "prune")
    _git(project, "worktree", "add", "--quiet", "--force", "--detach", str(folder), commit)


def remove_checkout(project: Path, folder: Path) -> None:
    """Delete a checkout with everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    _git(project, "worktree", "prune")


def _git(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    if done.returncode != 0:
        raise OpsError(f"`git {arguments[0]}` failed in {folder}: {done.stderr.strip()}")
    return done.stdout.strip()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise OpsError("There is no git here: install it (apt install git).") from error
