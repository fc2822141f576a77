"""One comment and one issue, however often CI has something to say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops import github
from ops.errors import OpsError
from tests.ops import github_stub
from tests.ops.github_stub import REPOSITORY, TOKEN, GitHub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    with github_stub.github() as state:
        monkeypatch.setenv("GITHUB_API_URL", state.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield state


def bodies(hub: GitHub) -> list[str]:
    return [item["body"] for item in hub.comments]


def test_a_diff_is_commented_once_and_then_updated(hub: GitHub) -> None:
    hub.add_comment("looks good", author="User")
    first = github.comment(12, "1 model")
    second = github.comment(12, "2 models")
    assert first == second
    assert bodies(hub) == ["looks good", f"{github.DIFF_MARK}\n2 models"]


def test_the_diff_stands_below_what_sqlmeshs_bot_said(hub: GitHub) -> None:
    said = f"{github.BOT_HEADER}\n- :eyes: To **review** this PR's changes, use `pr_12`"
    hub.add_comment(said)
    github.comment(12, "1 model")
    github.comment(12, "2 models")
    assert bodies(hub) == [f"{said}\n\n{github.DIFF_MARK}\n2 models"]


def test_a_bot_that_comments_later_leaves_one_comment(hub: GitHub) -> None:
    github.comment(12, "1 model")
    hub.add_comment(f"{github.BOT_HEADER}\n- review")
    github.comment(12, "2 models")
    assert bodies(hub) == [f"{github.BOT_HEADER}\n- review\n\n{github.DIFF_MARK}\n2 models"]


def test_what_another_app_said_stays(hub: GitHub) -> None:
    hub.add_comment("coverage: 93 %")
    hub.add_issue("bump sqlglot", "a new version")
    github.comment(12, "1 model")
    github.comment(12, "2 models")
    assert github.solved("all is well") is None
    assert bodies(hub) == ["coverage: 93 %", f"{github.DIFF_MARK}\n2 models"]
    assert [issue["state"] for issue in hub.issues] == ["open"]


def test_a_comment_of_a_person_is_never_overwritten(hub: GitHub) -> None:
    hub.add_comment(f"quoting: {github.DIFF_MARK}", author="User")
    github.comment(12, "1 model")
    assert bodies(hub) == [f"quoting: {github.DIFF_MARK}", f"{github.DIFF_MARK}\n1 model"]


def test_a_diff_too_long_for_github_is_cut_and_says_so(hub: GitHub) -> None:
    github.comment(12, "row\n" * 50_000)
    assert len(hub.comments[0]["body"]) <= 65_536
    assert hub.comments[0]["body"].endswith(github.CUT)


def test_a_bad_night_opens_an_issue_and_the_next_adds_to_it(hub: GitHub) -> None:
    hub.add_issue("mine", github.ISSUE_MARK, author="User")
    hub.add_issue("a pull request", github.ISSUE_MARK, pull_request={"url": hub.url})
    github.report("The nightly", "quality failed")
    github.report("The nightly", "quality failed again")
    assert [issue["title"] for issue in hub.issues] == ["mine", "a pull request", "The nightly"]
    assert bodies(hub) == ["quality failed again"]


def test_a_good_night_closes_the_issue_and_another_finds_none(hub: GitHub) -> None:
    hub.add_issue("mine", github.ISSUE_MARK, author="User")
    github.report("The nightly", "quality failed")
    github.solved("all is well")
    assert github.solved("all is well") is None
    assert [issue["state"] for issue in hub.issues] == ["open", "closed"]
    assert bodies(hub) == ["all is well"]
    github.report("The nightly", "quality failed again")
    assert [issue["title"] for issue in hub.issues] == ["mine", "The nightly", "The nightly"]


def test_a_refusal_says_what_github_said_and_not_the_token(hub: GitHub) -> None:
    hub.refuses = True
    with pytest.raises(OpsError, match=r"403.*Resource not accessible") as refused:
        github.comment(12, "1 model")
    assert TOKEN not in str(refused.value)


def test_without_a_token_it_says_what_has_to_be_set(hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    with pytest.raises(OpsError, match="GITHUB_TOKEN"):
        github.comment(12, "1 model")


def test_a_github_that_is_not_there_is_told(hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    with pytest.raises(OpsError, match="cannot be reached"):
        github.comment(12, "1 model")
