"""What CI says on GitHub: one comment under a pull request, one issue about the nightly refresh.

Where and as whom comes from the variables that GitHub Actions sets; GITHUB_TOKEN is never an argument. Only what an
app wrote (as Actions' own token is one) is updated: anybody may write a marker into a comment.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError

if TYPE_CHECKING:
    from github.Issue import Issue
    from github.Repository import Repository

DIFF_MARK = "<!-- retailmesh: what this changes -->"
ISSUE_MARK = "<!-- retailmesh: nightly -->"
BOT_HEADER = ":robot: **SQLMesh Bot Info** :robot:"
MOST = 65_000  # characters; GitHub takes 65,536
CUT = "\n\n… cut here: the rest is in the summary of the workflow's run.\n"


def comment(number: int, text: str) -> str:
    """Show a text as the one comment of ours under a pull request; return its address. Raises OpsError.

    It goes below what SQLMesh's bot has to say, where that has commented, so that there is a single comment: one that
    was there before the bot's goes.
    """
    with _repository() as repository:
        pull_request = repository.get_issue(number)
        ours = [item for item in pull_request.get_comments() if _is_ours(item, DIFF_MARK, BOT_HEADER)]
        ours.sort(key=lambda item: BOT_HEADER not in item.body)
        above = ours[0].body.partition(DIFF_MARK)[0].rstrip() + "\n\n" if ours else ""
        body = _cut(f"{above.lstrip()}{DIFF_MARK}\n{text}")
        if ours:
            ours[0].edit(body)
            for other in ours[1:]:
                other.delete()
            return str(ours[0].html_url)
        return str(pull_request.create_comment(body).html_url)


def report(title: str, text: str) -> str:
    """Open an issue, or add to the one that is open; return its address. Raises OpsError."""
    with _repository() as repository:
        if issue := _open_issue(repository):
            return str(issue.create_comment(_cut(text)).html_url)
        return str(repository.create_issue(title, _cut(f"{ISSUE_MARK}\n{text}")).html_url)


def solved(text: str) -> str | None:
    """Close the issue that is open, with a text; return its address, None where there is none. Raises OpsError."""
    with _repository() as repository:
        issue = _open_issue(repository)
        if issue is None:
            return None
        issue.create_comment(_cut(text))
        issue.edit(state="closed")
        return str(issue.html_url)


def summarize(text: str) -> None:
    """Add a text to the summary of this run of a workflow; outside of GitHub Actions nothing happens."""
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(text)


def run_address() -> str | None:
    """Return the address of this run of a workflow; None outside of GitHub Actions."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None


def _open_issue(repository: "Repository") -> "Issue | None":
    issues = repository.get_issues(state="open")
    return next((one for one in issues if one.pull_request is None and _is_ours(one, ISSUE_MARK)), None)


def _is_ours(item: Any, *marks: str) -> bool:
    return item.user.type == "Bot" and any(mark in (item.body or "") for mark in marks)


def _cut(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - len(CUT)] + CUT


@contextmanager
def _repository() -> "Iterator[Repository]":
    """Give the repository that the variables name; what GitHub refuses becomes an OpsError."""
    try:
        from github import Auth, Github
        from github.Consts import DEFAULT_BASE_URL
        from github.GithubException import GithubException
    except ImportError as error:
        raise OpsError("PyGithub is missing: `make dev-env` installs it.") from error
    name, token = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_TOKEN")
    if not name or not token:
        raise OpsError(
            "GITHUB_REPOSITORY (owner/name) and GITHUB_TOKEN have to be set, as in GitHub Actions."
        )
    address = os.environ.get("GITHUB_API_URL") or DEFAULT_BASE_URL
    client = Github(base_url=address, auth=Auth.Token(token), lazy=True, retry=None, timeout=30)
    try:
        yield client.get_repo(name)
    except GithubException as error:
        said = error.data.get("message") if isinstance(error.data, dict) else error.data
        raise OpsError(f"GitHub refused ({error.status}): {said}. May GITHUB_TOKEN write there?") from error
    except OSError as error:  # requests' errors are
        raise OpsError(f"GitHub cannot be reached: {error}") from error
    finally:
        client.close()
