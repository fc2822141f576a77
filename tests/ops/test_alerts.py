"""Alerts: what failed reaches Slack, the mail server and the webhook, without secrets, and never fails what failed."""

import json
import socket
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from ops import alerts
from ops.alerts import Alert, in_a_line, targets, tell
from ops.errors import OpsError
from ops.redaction import redacted
from ops.settings import Settings
from tests.ops.listeners import Post, Web, listening
from tests.ops.test_cli import retail

ALERT = Alert(
    "plan_failed", "retailmesh: the plan of prod failed", ("core.sale: audit not_null found 3 rows",)
)
SECRET = "correct-horse-battery"


def test_every_target_is_told_what_failed_once() -> None:
    with listening(Web()) as slack, listening(Web()) as hook, listening(Post()) as mail:
        variables = {
            "RETAIL_ALERT_SLACK_URL": f"{slack.url}/services/T0/B0/{SECRET}",
            "RETAIL_ALERT_WEBHOOK_URL": f"{hook.url}/in?token={SECRET}",
            "RETAIL_ALERT_SMTP": mail.url,
            "RETAIL_ALERT_MAIL_TO": "data@example.org, ops@example.org",
            "RETAIL_ALERT_MAIL_FROM": "retailmesh@example.org",
        }
        assert tell(ALERT, variables)
    ((path, said),) = slack.received
    assert path == f"/services/T0/B0/{SECRET}"
    assert said["text"].startswith(
        "*retailmesh: the plan of prod failed*\n- core.sale: audit not_null found 3 rows\n"
    )
    ((_, body),) = hook.received
    assert (body["event"], body["subject"], body["lines"]) == (ALERT.event, ALERT.subject, list(ALERT.lines))
    (text,) = mail.received
    assert "Subject: retailmesh: the plan of prod failed" in text
    assert "To: data@example.org, ops@example.org" in text
    assert "core.sale: audit not_null found 3 rows" in text


def test_without_variables_there_is_nobody_to_tell() -> None:
    assert targets({}) == []
    assert not tell(ALERT, {})


def test_a_target_that_is_down_or_refuses_is_warned_of_and_the_others_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/services/{SECRET}"
        with listening(Web(status=500)) as refusing, listening(Post()) as mail:
            variables = {
                "RETAIL_ALERT_SLACK_URL": nowhere,
                "RETAIL_ALERT_WEBHOOK_URL": f"{refusing.url}/{SECRET}",
                "RETAIL_ALERT_SMTP": mail.url,
                "RETAIL_ALERT_MAIL_TO": "data@example.org",
            }
            assert tell(ALERT, variables)
    assert len(mail.received) == 1
    said = capsys.readouterr().err
    assert "Warning: No alert to Slack at 127.0.0.1: URLError" in said
    assert "Warning: No alert to the webhook at 127.0.0.1: HTTPError: HTTP Error 500" in said
    assert SECRET not in said


def test_a_target_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not tell(ALERT, {"RETAIL_ALERT_WEBHOOK_URL": f"http://127.0.0.1:{port}/"})


def test_a_password_is_not_sent_in_the_clear_beyond_this_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alerts, "LOOPBACK", ())
    with listening(Post()) as mail:
        server = mail.url.replace("//", f"//me:{SECRET}@")
        assert not tell(ALERT, {"RETAIL_ALERT_SMTP": server, "RETAIL_ALERT_MAIL_TO": "data@example.org"})
    assert mail.received == []
    said = capsys.readouterr().err
    assert "in the clear" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "variables",
    [
        {"RETAIL_ALERT_SLACK_URL": f"file:///{SECRET}"},
        {"RETAIL_ALERT_WEBHOOK_URL": SECRET},
        {"RETAIL_ALERT_WEBHOOK_URL": f"http://host:{SECRET}/"},
        {"RETAIL_ALERT_SMTP": f"https://{SECRET}", "RETAIL_ALERT_MAIL_TO": "data@example.org"},
        {"RETAIL_ALERT_SMTP": f"smtp://me:{SECRET}@host"},
        {"RETAIL_ALERT_MAIL_TO": "data@example.org"},
    ],
)
def test_a_variable_that_makes_no_sense_is_named_without_its_value_and_fails_nothing(
    variables: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OpsError, match=next(iter(variables))):
        targets(variables)
    assert not tell(ALERT, variables)
    said = capsys.readouterr().err
    assert "Warning: " in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (f"login with {SECRET} failed", {"PGPASSWORD": SECRET}),
        (f"key {SECRET}", {"RETAIL_HASH_KEY": SECRET}),
        (
            f"POST /services/{SECRET}",
            {"RETAIL_ALERT_SLACK_URL": f"https://hooks.example.org/services/{SECRET}"},
        ),
        (f"no way to postgresql://me:{SECRET}@host/db", {}),
        (f"host=db password={SECRET} dbname=x", {}),
        (f"password: '{SECRET} and more'", {}),
    ],
)
def test_secrets_are_left_out_of_any_text(text: str, variables: dict[str, str]) -> None:
    assert SECRET not in redacted(text, variables)


def test_ordinary_words_are_no_secrets() -> None:
    text = "authentication failed for user retail_loader at 127.0.0.1:5432"
    assert redacted(text, {"PGPASSWORD": "at", "RETAIL_LOADER_USER": "retail_loader"}) == text


def test_a_long_list_is_cut() -> None:
    told = Alert("x", "x", tuple(f"model {number}" for number in range(25))).text
    assert "- model 19\n- and 5 more\n" in told
    assert "model 20" not in told


def test_a_refresh_that_fails_alerts_and_a_wrong_call_does_not(tmp_path: Path) -> None:
    with listening(Web()) as hook:
        (tmp_path / ".env").write_text(
            f"RETAIL_ALERT_WEBHOOK_URL={hook.url}\nPGPORT=1\nPGPASSWORD={SECRET}\n"
        )
        assert retail(tmp_path, "load").returncode == 2
        assert hook.received == []
        done = retail(tmp_path, "refresh")
    assert done.returncode == 1
    ((_, body),) = hook.received
    assert body["event"] == "refresh_failed"
    assert body["lines"][0].startswith("No connection to Postgres at 127.0.0.1:1")
    assert SECRET not in json.dumps(body) + done.stdout + done.stderr


def test_settings_that_cannot_be_read_fail_with_a_sentence_all_the_same(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PGHOST=\xff\n")
    done = retail(tmp_path, "refresh")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "cannot be read" in done.stderr


def test_an_error_of_postgres_is_told_without_the_values_that_it_shows(database: Settings) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error) as raised:
            cursor.execute("SELECT 'ann@example.org'::int")
        assert in_a_line(raised.value) == "InvalidTextRepresentation (the log tells more)"
        connection.rollback()
        with pytest.raises(psycopg2.Error) as raised:
            cursor.execute("SELECT tier FROM nowhere")
        assert in_a_line(raised.value) == 'UndefinedTable: relation "nowhere" does not exist'
