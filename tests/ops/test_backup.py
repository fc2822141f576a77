"""The backup and the restore of docs/operations.md, as they stand there, on a prod that is thrown away between them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ops import dotenv
from ops.postgres.server import Server
from ops.postgres.throwaway import open_folder
from ops.settings import SUPPORTED_VERSIONS, Role, Settings, load_settings
from tests.ops.test_cli import DAY, FILE, HEADER
from tests.promotion.conftest import CONFIG
from tests.support import ROOT, quiet_environment

pytestmark = pytest.mark.thorough(minutes=3)

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
SALE = """
MODEL (
  name core.sale_line,
  kind INCREMENTAL_BY_TIME_RANGE (time_column order_date),
  grain line_id,
  start '2026-02-28',
  audits (not_null(columns := (line_id)))
);
SELECT
  _row_number::TEXT AS line_id, privacy.pseudonym(customer_id)::TEXT AS customer_id,
  quantity::INT * price::NUMERIC AS amount, _event_date::DATE AS order_date
FROM raw_online_retail.transaction WHERE _event_date BETWEEN @start_date AND @end_date
"""
SHOWN = """
MODEL (name bi.sale, kind VIEW, grants ('select' = array['bi_reader']));
SELECT customer_id, amount, order_date FROM core.sale_line
"""
USAGE = "after_all: ['GRANT USAGE ON SCHEMA bi TO bi_reader']\n"
ROWS = "SELECT customer_id, amount, order_date FROM bi.sale ORDER BY 2"
# Whose each table, view and schema is, and who may do what with it.
RIGHTS = """
    SELECT owned.name, pg_get_userbyid(owned.owner), entry.grantee::regrole::text, entry.privilege_type,
        entry.is_grantable
    FROM (
        SELECT format('%I.%I', n.nspname, c.relname), c.relowner,
            coalesce(c.relacl, acldefault('r', c.relowner)), n.nspname
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'S')
        UNION ALL
        SELECT nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)), nspname FROM pg_namespace
    ) AS owned (name, owner, acl, schema)
    CROSS JOIN LATERAL aclexplode(owned.acl) AS entry
    WHERE owned.schema !~ '^pg_' AND owned.schema <> 'information_schema'
    ORDER BY 1, 2, 3, 4
"""
ROLES = """
    SELECT r.rolname, r.rolcanlogin, r.rolconfig::text, d.datname, s.setconfig::text,
        array(SELECT unnest(d.datacl)::text ORDER BY 1)
    FROM pg_roles AS r CROSS JOIN pg_database AS d LEFT JOIN pg_db_role_setting AS s ON s.setdatabase = d.oid
    WHERE r.rolname !~ '^pg_' AND d.datname LIKE 'retail%' ORDER BY 1, 4
"""


def block(name: str) -> str:
    """A block of commands of the page, by the comment that it begins with."""
    (text,) = re.findall(rf"^```sh\n# {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return text


class Machine:
    """A project's folder with an embedded server, and the commands of its environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        programs = root / ".venv" / "bin"
        programs.mkdir(parents=True)
        for name, module in (("retail", "ops.cli.main"), ("sqlmesh", "ops.sqlmesh_process"), ("python", "")):
            (programs / name).write_text(
                f'#!/bin/sh\nexec {sys.executable} {"-m " + module if module else ""} "$@"\n'
            )
            (programs / name).chmod(0o755)
        (programs / "activate").write_text(f"PATH={programs}:$PATH\n")

    def run(self, script: str, *, code: int = 0) -> str:
        """Run commands as somebody would type them; the first that fails ends them. They have to end with `code`."""
        done = subprocess.run(
            ["sh", "-e", "-c", f". .venv/bin/activate\n{script}"],
            cwd=self.root,
            env=quiet_environment(RETAIL_PROJECT_DIR=str(self.root), PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == code, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @property
    def settings(self) -> Settings:
        return load_settings(self.root, {})

    def ask(self, sql: str, role: Role = "transformer") -> list[tuple[object, ...]]:
        with closing(self.settings.connect(role)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def administer(self, *statements: str) -> list[tuple[object, ...]]:
        server = Server(self.root / ".postgres", self.settings.embedded.version)
        with closing(server.connect("retail")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    def deliver(self, price: str) -> None:
        folder = self.root / "data" / "online_retail"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(
            f"{HEADER}1,A,mug,2,{price},7,France,{DAY}\n1,B,cup,1,2.00,8,France,{DAY}\n"
        )


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    root = open_folder()
    machine = Machine(root)
    (root / ".env").write_text(f"RETAIL_POSTGRES_VERSION={request.param}\n")
    (root / "config.yaml").write_text(CONFIG + USAGE)
    for name, text in (("sale", SALE), ("shown", SHOWN)):
        (root / "models").mkdir(exist_ok=True)
        (root / "models" / f"{name}.sql").write_text(text)
    for folder in ("macros", "materializations"):
        (root / folder).mkdir()
    shutil.copy(ROOT / "materializations" / "hooks.py", root / "materializations")
    yield machine
    Server(root / ".postgres", request.param).stop()
    shutil.rmtree(root)


def answers(machine: Machine) -> list[object]:
    """What prod says to BI, what others built, and every role's rights."""
    return [
        machine.ask(ROWS, "bi"),
        machine.ask("SELECT privacy.pseudonym('7')"),
        machine.administer("SET ROLE analyst", "SELECT total FROM analyst.total"),
        machine.administer(RIGHTS),
        machine.administer(ROLES),
        machine.ask("SELECT file, status, sha256 FROM ingest.load ORDER BY load_id"),
    ]


@pytest.mark.parametrize("machine", SUPPORTED_VERSIONS, indirect=True)
def test_a_prod_that_was_lost_answers_as_before_and_goes_on(machine: Machine) -> None:
    machine.deliver("1.50")
    machine.run("retail start; retail load online_retail; retail refresh")
    machine.administer(
        "CREATE ROLE analyst NOLOGIN",
        "CREATE SCHEMA analyst AUTHORIZATION analyst",
        "GRANT USAGE ON SCHEMA bi TO analyst",
        "GRANT SELECT ON bi.sale TO analyst",
        "SET ROLE analyst",
        "CREATE VIEW analyst.total AS SELECT sum(amount) AS total FROM bi.sale",
    )
    before = answers(machine)
    assert [amount for _, amount, _ in before[0]] == [2, 3]  # type: ignore[attr-defined]
    assert before[2] == [(5,)]

    machine.run(block("backup"))
    kept = machine.root / "backup"
    assert {file.name for file in kept.iterdir()} == {"env", "roles.sql", "retail.dump", "retail_state.dump"}
    assert {file.stat().st_mode & 0o077 for file in kept.iterdir()} == {0}

    machine.run("retail stop")
    for name in (".postgres", "logs", ".cache"):
        shutil.rmtree(machine.root / name, ignore_errors=True)
    (machine.root / ".env").unlink()
    found = machine.run(block("restore"))
    assert "ok      roles" in found
    assert "ok      state" in found
    assert answers(machine) == before
    assert dotenv.read(machine.root / ".env")["RETAIL_HASH_KEY"] in (kept / "env").read_text()

    assert "No changes to plan" in machine.run("sqlmesh plan prod --no-prompts --skip-tests </dev/null")
    machine.deliver("9.00")
    machine.run("retail load online_retail; retail refresh")
    assert [amount for _, amount, _ in machine.ask(ROWS, "bi")] == [2, 18]
    checks = json.loads(machine.run("retail doctor --json"))["checks"]
    assert {check["name"]: check["verdict"] for check in checks} == {
        "server": "ok", "roles": "ok", "disk": "ok", "locks": "ok", "state": "ok", "environments": "ok",
        "unpromoted": "ok", "dependents": "ok", "loads": "ok", "freshness": "ok", "intervals": "ok",
        "quality": "skipped", "gates": "skipped",
    }  # fmt: skip


@pytest.mark.parametrize("machine", SUPPORTED_VERSIONS[:1], indirect=True)
def test_models_that_prod_has_not_got_are_named(machine: Machine) -> None:
    (machine.root / "models" / "more.sql").write_text(
        "MODEL (name core.more, kind VIEW); SELECT amount FROM bi.sale"
    )
    (machine.root / "models" / "shown.sql").write_text(
        SHOWN.replace("amount, order", "amount * 2 AS amount, order")
    )
    assert "warn    unpromoted    The project's files are not those of the last refresh." in machine.run(
        "retail doctor"
    )
    told = machine.run("retail doctor --changes")
    assert "warn    unpromoted    added: core.more; changed: bi.sale" in told
    (machine.root / "models" / "more.sql").unlink()
    (machine.root / "models" / "shown.sql").write_text(SHOWN)
    assert "ok      unpromoted    prod is what the project's files say." in machine.run(
        "retail doctor --changes"
    )


@pytest.mark.parametrize("machine", SUPPORTED_VERSIONS[:1], indirect=True)
def test_a_state_of_an_older_sqlmesh_is_seen_and_migrated(machine: Machine) -> None:
    state = machine.settings.state_database
    with (
        closing(machine.settings.connect(database=state)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE sqlmesh._versions SET schema_version = 101, sqlmesh_version = '0.235.0'")
    told = machine.run("retail doctor", code=1)
    assert "FAIL    state         The state is of SQLMesh 0.235.0" in told
    assert "sqlmesh migrate" in told
    machine.run("sqlmesh migrate")
    assert "ok      state" in machine.run("retail doctor")
    assert "No changes to plan" in machine.run("sqlmesh plan prod --no-prompts --skip-tests </dev/null")
    assert [amount for _, amount, _ in machine.ask(ROWS, "bi")] == [2, 18]
