"""The nightly's report says what is wrong and what to do, and is bad news only when something failed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ops import nightly
from ops.cli.main import cli
from ops.doctor.check import Check
from ops.doctor.report import Report
from ops.errors import OpsError
from ops.nightly import Night, report
from ops.settings import Settings, load_settings

STALE = Check("freshness", "fail", "store: 2026-06-30, 20 days ago (promised: 2)", "Ask where the files are.")
WARNED = Check("quality", "warn", "olist: empty `name` of @customer")
WELL = Check("loads", "ok", "Every file that was tried is loaded.")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
    return load_settings(tmp_path, {})


def night(*checks: Check, code: int = 0) -> Night:
    return Night(code, 12.3, Report(list(checks), 0.5))


def test_a_warning_is_no_bad_night_but_a_failed_check_or_refresh_is() -> None:
    assert night(WELL, WARNED).is_well
    assert not night(WELL, STALE).is_well
    assert not night(WELL, code=1).is_well


def test_it_says_what_failed_and_what_to_do_and_leaves_out_what_is_well(settings: Settings) -> None:
    assert report(night(WELL, STALE, WARNED), settings) == (
        "`retail refresh` brought prod up to date in 12 s.\n\n"
        "**Failed**\n\n"
        "- freshness: `store: 2026-06-30, 20 days ago (promised: 2)`. Ask where the files are.\n\n"
        "**Warned of**\n\n"
        "- quality: `olist: empty ´name´ of @customer`.\n"
    )


def test_it_links_to_the_run_where_there_is_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://example.org")
    monkeypatch.setenv("GITHUB_REPOSITORY", "shop/warehouse")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    assert "https://example.org/shop/warehouse/actions/runs/7" in report(night(WELL), settings)


def test_a_secret_in_a_message_is_left_out(settings: Settings) -> None:
    settings.env_file.write_text("PGPASSWORD=correct-horse\n")
    found = Check("server", "fail", "no entry for correct-horse")
    assert "correct-horse" not in report(night(found), settings)


def look_at(*unpromoted: Check) -> Callable[..., Report]:
    """What looking finds: these where only that is asked, else that all is well."""
    return lambda _settings, names=(), **_: Report(list(unpromoted) if names else [WELL], 0.1)


def exiting(code: int) -> tuple[str, ...]:
    return (sys.executable, "-c", f"raise SystemExit({code})")


def test_it_looks_also_when_the_refresh_failed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "REFRESH", exiting(3))
    monkeypatch.setattr(nightly, "look", look_at())
    spent = nightly.spend(settings)
    assert (spent.code, spent.found.checks) == (3, [WELL])


def test_what_a_gate_refused_is_not_promoted_at_night(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "REFRESH", exiting(3))
    monkeypatch.setattr(nightly, "RUN", exiting(0))
    monkeypatch.setattr(nightly, "look", look_at(Check("unpromoted", "warn", "changed: core.fct_review")))
    spent = nightly.spend(settings)
    assert spent.code == 0
    assert not spent.is_well
    assert "`sqlmesh run` computed what was due" in report(spent, settings)
    assert "`changed: core.fct_review`: promote it" in report(spent, settings)


def test_nothing_is_promoted_at_night_where_nobody_can_say_what_the_files_hold(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "REFRESH", exiting(3))
    monkeypatch.setattr(nightly, "RUN", exiting(0))
    unreadable = Check("unpromoted", "fail", "It could not be looked at: no such column")
    monkeypatch.setattr(nightly, "look", look_at(unreadable))
    spent = nightly.spend(settings)
    assert spent.code == 0
    assert not spent.is_well
    assert "is unknown: `It could not be looked at: no such column`." in report(spent, settings)


def test_a_server_that_is_away_is_no_change_of_the_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Check("server", "fail", "The server is stopped.")
    monkeypatch.setattr(nightly, "REFRESH", exiting(1))
    monkeypatch.setattr(nightly, "RUN", exiting(0))
    monkeypatch.setattr(
        nightly, "look", look_at(away, Check("unpromoted", "skipped", "There is no server to ask."))
    )
    assert nightly.spend(settings).code == 1


def test_a_night_that_breaks_off_leaves_a_report_for_the_issue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)

    def breaks(_settings: Settings) -> Night:
        raise OpsError("too many connections")

    monkeypatch.setattr(nightly, "spend", breaks)
    file = tmp_path / "nightly.md"
    done = CliRunner().invoke(cli, ["nightly", "--report", str(file)])
    assert isinstance(done.exception, OpsError)
    assert file.read_text("utf-8") == "The nightly broke off before it could say how it went.\n"
