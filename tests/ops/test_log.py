"""Structured logs: JSON, an event a line, with the command, its run and seconds, without secrets."""

import json
from pathlib import Path

import pytest

from ops import dotenv, log
from ops.errors import OpsError
from ops.settings import Settings
from tests.ops.listeners import Web, listening
from tests.ops.test_cli import DAY, FILE, HEADER, retail

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_log", None)
    monkeypatch.setenv(log.RUN, "run-1")


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_line_says_when_how_grave_whose_what_and_of_which_run(capsys: pytest.CaptureFixture[str]) -> None:
    log.begin("load", {"RETAIL_LOG_FORMAT": "json", "PGPASSWORD": SECRET})
    log.event("file", "error", file="a.csv", message=f"refused {SECRET}", rows=3, seconds=0.5, nothing=None)
    (line,) = lines(capsys.readouterr().err)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "level": "error",
        "command": "load",
        "event": "file",
        "run_id": "run-1",
        "file": "a.csv",
        "message": "refused •••",
        "rows": 3,
        "seconds": 0.5,
    }


def test_nothing_is_logged_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    log.begin("load", {})
    log.event("file")
    assert not log.is_on()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"RETAIL_LOG_FORMAT": "xml"}, "RETAIL_LOG_FORMAT is 'xml'"),
        ({"RETAIL_LOG_FORMAT": "json", "RETAIL_LOG_FILE": "/nowhere/at/all.jsonl"}, "RETAIL_LOG_FILE"),
    ],
)
def test_what_cannot_be_is_refused(variables: dict[str, str], named: str) -> None:
    with pytest.raises(OpsError, match=named):
        log.begin("load", variables)


def test_a_command_logs_its_beginning_its_failure_and_its_end_into_a_file_of_its_owner(
    tmp_path: Path,
) -> None:
    file = tmp_path / "retail.jsonl"
    (tmp_path / ".env").write_text(
        f"RETAIL_LOG_FORMAT=json\nRETAIL_LOG_FILE={file}\nPGPORT=1\nPGPASSWORD={SECRET}\n"
    )
    done = retail(tmp_path, "summary")
    assert done.returncode == 1
    assert "{" not in done.stderr  # for people
    assert file.stat().st_mode & 0o777 == 0o600
    begun, failed, ended = lines(file.read_text())
    assert {line["command"] for line in (begun, failed, ended)} == {"summary"}
    assert len({line["run_id"] for line in (begun, failed, ended)}) == 1
    assert (begun["event"], failed["event"], ended["event"]) == ("begin", "failed", "end")
    assert failed["kind"] == "OpsError"
    assert (ended["level"], ended["exit_code"]) == ("error", 1)
    assert ended["seconds"] >= 0
    assert SECRET not in file.read_text()
    assert retail(tmp_path, "loads", "--limit", "0").returncode == 2
    assert lines(file.read_text())[-1]["exit_code"] == 2


def test_a_load_logs_what_became_of_it_and_alerts_of_the_file_that_failed(database: Settings) -> None:
    folder = database.root / "data" / "online_retail"
    folder.mkdir(parents=True)
    (folder / FILE).write_text(f"{HEADER}1,A,mug,2,1.50,7,France,{DAY}\n")
    broken = FILE.replace(DAY, "2026-03-02")
    (folder / broken).write_text("Invoice,StockCode\n1,A\n")
    file = database.root / "retail.jsonl"
    with listening(Web()) as web:
        more = {
            "RETAIL_LOG_FORMAT": "json",
            "RETAIL_LOG_FILE": str(file),
            "RETAIL_ALERT_WEBHOOK_URL": web.url,
        }
        dotenv.update(database.env_file, {**database.variables(), **more})
        assert retail(database.root, "load", "online_retail").returncode == 1
    ((_, told),) = web.received
    assert told["event"] == "load_failed"
    assert f"1 of 2 files could not be loaded (see above): {broken}." in str(told["lines"])
    by_event = {line["event"]: line for line in lines(file.read_text())}
    assert list(by_event) == ["begin", "file", "load", "failed", "alert", "end"]
    assert (by_event["file"]["file"], by_event["file"]["level"]) == (broken, "error")
    load = by_event["load"]
    assert (load["source"], load["files_loaded"], load["files_failed"], load["rows_loaded"]) == (
        "online_retail",
        1,
        1,
        1,
    )
    assert database.loader.password not in file.read_text()
