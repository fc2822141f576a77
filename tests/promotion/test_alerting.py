"""A plan or run that fails tells whom the environment names, once, what failed; nobody who cannot be told fails it."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from loaders.schema import ensure_tables
from ops import dotenv
from ops.errors import OpsError, ToldError
from ops.settings import Settings
from ops.sqlmesh import SqlMesh
from tests.ops.listeners import Web, listening
from tests.promotion.conftest import CONFIG
from tests.support import ROOT, Project, query

pytestmark = pytest.mark.thorough(minutes=2)

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")
AGAIN = (*PLAN, "--restate-model", "core.sale")
NATIVE = "  - {type: slack_webhook, url: 'http://127.0.0.1:1/x', notify_on: [audit_failure, apply_failure]}\n"
SALE = """
MODEL (
  name core.sale,
  kind FULL,
  audits (not_null(columns := (id)), accepted_range_non_blocking(column := id, max_v := 9))
);
SELECT id::INT AS id FROM told.sale
"""
SECRET = "correct-horse-battery"


class Told(Project):
    """A project of one model on a table, whose audits find what stands there, and a webhook."""

    web: Web

    def set(self, *ids: str) -> None:
        self.query(
            f"TRUNCATE told.sale; INSERT INTO told.sale VALUES {', '.join(f'({item})' for item in ids)}"
        )

    def told(self) -> list[dict[str, object]]:
        """What was sent since the last call."""
        received, self.web.received[:] = [body for _, body in self.web.received], []
        return received


@pytest.fixture(scope="module")
def project(module_database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    root = tmp_path_factory.mktemp("told")
    (root / "models").mkdir()
    (root / "models" / "sale.sql").write_text(SALE)
    (root / "materializations").mkdir()
    shutil.copy(ROOT / "materializations" / "hooks.py", root / "materializations")
    ours = (ROOT / "config.yaml").read_text()
    begin = ours.index("notification_targets:")
    (root / "config.yaml").write_text(
        CONFIG + ours[begin : ours.index("before_all:")].rstrip() + "\n" + NATIVE
    )
    settings = replace(module_database, root=root)
    with closing(settings.connect_loader()) as connection:
        ensure_tables(connection, {})
    with listening(Web()) as web:
        dotenv.update(
            settings.env_file, {**settings.variables(), "RETAIL_ALERT_WEBHOOK_URL": f"{web.url}/{SECRET}"}
        )
        project = Told(settings)
        object.__setattr__(project, "web", web)
        project.query("CREATE SCHEMA told; CREATE TABLE told.sale (id int)")
        project.set("1")
        project.sqlmesh(*PLAN)
        yield project


def test_an_audit_that_fails_sends_one_message_that_names_model_and_audit(project: Told) -> None:
    project.set("NULL", "1")
    printed = project.sqlmesh(*AGAIN, check=False)
    assert "Plan application failed" in printed
    (told,) = project.told()
    assert (told["event"], told["subject"]) == ("plan_failed", "retailmesh: the plan of prod failed")
    assert told["lines"] == ["core.sale: audit not_null found 1 row"]
    assert project.settings.transformer.password not in json.dumps(told)
    assert SECRET not in printed + json.dumps(told)
    assert "Warning: the notification target slack_webhook failed" in printed

    project.set("1", "10", "11")
    project.sqlmesh(*AGAIN)
    (told,) = project.told()
    assert told["subject"] == "retailmesh: the plan of prod ended, and audits failed"
    assert told["lines"] == ["core.sale: audit accepted_range_non_blocking found 2 rows"]

    project.set("1")
    project.sqlmesh(*AGAIN)
    assert project.told() == []


def test_an_error_of_the_server_is_told_without_what_stands_in_the_rows(project: Told) -> None:
    project.query(
        "ALTER TABLE told.sale ALTER COLUMN id TYPE text; INSERT INTO told.sale VALUES ('ann@example.org')"
    )
    assert "ann@example.org" in project.sqlmesh(*AGAIN, check=False)
    (told,) = project.told()
    assert told["lines"] == ["core.sale: InvalidTextRepresentation (the log tells more)"]
    project.query("ALTER TABLE told.sale RENAME TO away")
    project.sqlmesh(*AGAIN, check=False)
    (told,) = project.told()
    assert told["lines"] == ['core.sale: UndefinedTable: relation "told.sale" does not exist']
    project.query("ALTER TABLE told.away RENAME TO sale; TRUNCATE told.sale")
    project.query("ALTER TABLE told.sale ALTER COLUMN id TYPE int USING id::int")


def test_a_run_tells_as_a_plan_does(project: Told) -> None:
    project.set("NULL")
    state = replace(project.settings, database=project.settings.state_database)
    query(state, "DELETE FROM sqlmesh._intervals")
    project.sqlmesh("run", check=False)
    (told,) = project.told()
    assert (told["event"], told["lines"]) == ("run_failed", ["core.sale: audit not_null found 1 row"])


def test_a_refresh_tells_of_a_failed_plan_once_and_of_one_that_was_never_applied_itself(
    project: Told,
) -> None:
    project.set("NULL")
    with (
        (project.root / "printed").open("w") as output,
        closing(SqlMesh(project.settings, output)) as sqlmesh,
    ):
        with pytest.raises(ToldError):
            sqlmesh.run(AGAIN)
        assert len(project.told()) == 1
        (project.root / "models" / "sale.sql").write_text("MODEL (name core.sale, kind NONE); SELECT (")
        with pytest.raises(OpsError) as raised:
            sqlmesh.run(PLAN)
        assert not isinstance(raised.value, ToldError)
    (project.root / "models" / "sale.sql").write_text(SALE)
    assert project.told() == []


def test_a_listener_that_is_down_changes_nothing_but_a_warning(project: Told) -> None:
    kept = dotenv.read(project.settings.env_file)["RETAIL_ALERT_WEBHOOK_URL"]
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/{SECRET}"
        dotenv.update(project.settings.env_file, {"RETAIL_ALERT_WEBHOOK_URL": nowhere})
        project.set("10")
        printed = project.sqlmesh(*AGAIN, RETAIL_LOG_FORMAT="json", RETAIL_RUN_ID="run-1")
    dotenv.update(project.settings.env_file, {"RETAIL_ALERT_WEBHOOK_URL": kept})
    assert "Warning: No alert to the webhook at 127.0.0.1" in printed
    assert SECRET not in printed
    assert project.query("SELECT id FROM core.sale") == [(10,)]
    logged = [json.loads(line) for line in printed.splitlines() if line.startswith('{"time"')]
    assert {(line["command"], line["run_id"]) for line in logged} == {("sqlmesh", "run-1")}
    assert [line["event"] for line in logged] == ["audit_failed", "plan_ended", "audit_failed", "alert"]
