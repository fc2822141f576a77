"""`retail doctor`: each thing that can be wrong is seen, named, and has a way out; and nothing else is called wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from loaders.contract import load_contract, load_contracts
from loaders.schema import ensure_tables
from ops import dotenv
from ops.aftercare import tell_what_is_wrong
from ops.doctor import data, project, report, server
from ops.doctor.check import Check
from ops.doctor.check import Place as Looked
from ops.errors import OpsError
from ops.locks import PLAN
from ops.plan_inputs import plan_inputs
from ops.postgres.throwaway import ThrowawayServer
from ops.refresh_ledger import TABLES
from ops.settings import Settings
from tests.ops.conftest import Place
from tests.ops.listeners import Web, listening
from tests.ops.test_cli import retail

STATE = """
    CREATE SCHEMA sqlmesh;
    CREATE TABLE sqlmesh._versions (schema_version int, sqlglot_version text, sqlmesh_version text);
    CREATE TABLE sqlmesh._environments (name text, snapshots text, expiration_ts bigint, finalized_ts bigint);
    CREATE TABLE sqlmesh._snapshots (name text, version text, snapshot text, kind_name text, fingerprint text);
    CREATE TABLE sqlmesh._intervals (
        name text, version text, end_ts bigint, is_dev bool, is_removed bool, last_altered_ts bigint
    );
    INSERT INTO sqlmesh._versions VALUES (102, '30.8.0', '0.236.4');
"""
LOAD = """
    INSERT INTO ingest.load
        (source, table_name, file, bytes, status, rows_read, rows_loaded, rows_rejected, sha256, event_dates,
         finished_at)
    VALUES ('shop', 'sale', %s, 1, %s, 1, 1, 0, 'x', %s::date[], now())
"""


REFRESHED = """
    INSERT INTO ingest.refresh (source, up_to_load_id, finished_at) SELECT 'shop', max(load_id), now() FROM ingest.load
"""


@pytest.fixture
def looked(database: Settings) -> Iterator[Looked]:
    """What the checks look at: databases with their roles, and nothing in them."""
    dotenv.update(database.env_file, database.variables())
    with (
        closing(database.connect()) as warehouse,
        closing(database.connect(database=database.state_database)) as state,
    ):
        warehouse.autocommit = state.autocommit = True
        yield Looked(database, warehouse.cursor(), state.cursor())


@pytest.fixture
def loaded(looked: Looked) -> Looked:
    """The same with the ledger of loads."""
    with closing(looked.settings.connect_loader()) as connection:
        ensure_tables(connection, {})
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLES)
    return looked


@pytest.fixture
def planned(loaded: Looked) -> Looked:
    """The same with a state of SQLMesh's, made by hand."""
    assert loaded.state
    loaded.state.execute(STATE)
    return loaded


def load(place: Looked, file: str, status: str, *days: str) -> None:
    with closing(place.settings.connect_loader()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(LOAD, [file, status, list(days)])


def administrator(postgres: ThrowawayServer, settings: Settings) -> Connection:
    connection = postgres.server.connect(settings.database)
    connection.autocommit = True
    return connection


def environment(
    place: Looked, name: str, *parts: tuple[str, str], expires: object = None, whole: bool = True
) -> None:
    assert place.state
    snapshots = [
        {"name": model, "version": text, "fingerprint": {"data_hash": text}} for model, text in parts
    ]
    place.state.execute(
        "INSERT INTO sqlmesh._environments VALUES (%s, %s, %s, %s)",
        [name, json.dumps(snapshots), expires, 1 if whole else None],
    )


def model(place: Looked, name: str, text: str, computed_until: datetime | None, cron: str = "@daily") -> None:
    assert place.state
    node, fingerprint = json.dumps({"node": {"cron": cron}}), json.dumps({"data_hash": text})
    place.state.execute(
        "INSERT INTO sqlmesh._snapshots VALUES (%s, %s, %s, 'FULL', %s)", [name, text, node, fingerprint]
    )
    if computed_until:
        end = computed_until.timestamp() * 1000
        place.state.execute(
            "INSERT INTO sqlmesh._intervals VALUES (%s, %s, %s, false, false, 1)", [name, text, end]
        )


def test_without_a_server_it_says_so_and_looks_at_nothing_else(place: Place) -> None:
    done = retail(place.root, "doctor", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"]) == (1, "fail")
    first, *others = found["checks"]
    assert (first["name"], first["verdict"]) == ("server", "fail")
    assert "retail start" in first["advice"]
    assert {check["name"] for check in others} == set(report.CHECKS)
    assert {check["verdict"] for check in others} == {"skipped"}
    place.write_env(PGPORT="1", PGHOST="127.0.0.1", RETAIL_SERVER="other")
    told = retail(place.root, "doctor")
    assert told.returncode == 1
    assert "FAIL    server        No connection to Postgres at 127.0.0.1:1" in told.stdout
    assert "Traceback" not in told.stderr


@pytest.mark.both_versions
def test_on_a_server_where_nothing_was_made_it_says_how_to_begin_and_nothing_fails(looked: Looked) -> None:
    done = retail(looked.settings.root, "doctor", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"]) == (0, "warn")
    verdicts = {check["name"]: check["verdict"] for check in found["checks"]}
    assert verdicts == {
        "server": "ok", "roles": "ok", "disk": "ok", "locks": "ok", "state": "warn", "environments": "skipped",
        "unpromoted": "skipped", "dependents": "ok", "loads": "warn", "freshness": "ok", "intervals": "skipped",
        "quality": "skipped", "gates": "skipped",
    }  # fmt: skip
    advice = {check["name"]: check["advice"] for check in found["checks"]}
    assert "retail refresh" in advice["state"]
    assert "retail load --all" in advice["loads"]
    assert found["seconds"] < 15


@pytest.mark.both_versions
def test_a_role_that_does_not_get_in_or_may_too_little_or_too_much_is_named(
    loaded: Looked, postgres: ThrowawayServer
) -> None:
    settings = loaded.settings
    assert server.roles(loaded).verdict == "ok"
    wrong = replace(loaded, settings=replace(settings, bi=replace(settings.bi, password="wrong")))
    assert "bi_reader does not get in" in server.roles(wrong).found

    loaded.warehouse.execute("CREATE SCHEMA core; CREATE SCHEMA bi; CREATE VIEW bi.sale AS SELECT 1 AS id")
    loaded.warehouse.execute("GRANT USAGE ON SCHEMA core TO bi_reader")
    with closing(administrator(postgres, settings)) as connection, connection.cursor() as cursor:
        cursor.execute(f"REVOKE CREATE ON DATABASE {settings.database} FROM retail_loader")
        cursor.execute(f"GRANT CONNECT ON DATABASE {settings.state_database} TO retail_loader")
        cursor.execute("REVOKE SELECT ON ingest.load FROM retail_transformer")
    found = server.roles(loaded)
    assert found.verdict == "fail"
    for problem in (
        f"retail_loader may not make schemas in {settings.database}",
        "retail_loader may connect to the state's database",
        "retail_transformer may not read 1 tables that were loaded",
        "bi_reader may not read 1 views of bi",
        "bi_reader may look into the schemas core",
    ):
        assert problem in found.found
    loaded.warehouse.execute("GRANT USAGE ON SCHEMA bi TO bi_reader; GRANT SELECT ON bi.sale TO bi_reader")
    assert "views of bi" not in server.roles(loaded).found


def test_a_disk_that_fills_is_told_before_postgres_stops(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(looked.settings, server="embedded")
    embedded = replace(looked, settings=settings)
    assert "is not seen from here" in server.disk(looked).found
    for free, verdict in ((10**12, "ok"), (500 * 2**20, "ok"), (100 * 2**20, "fail")):
        usage = shutil.disk_usage(Path("/"))._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        found = server.disk(embedded)
        assert found.verdict == verdict
        assert settings.database in found.found
    monkeypatch.setattr(server, "LEAST_FREE_MB", 1)
    usage = shutil.disk_usage(Path("/"))._replace(free=2 * 2**20)  # less than the databases have
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert server.disk(embedded).verdict == "warn"


@pytest.mark.both_versions
def test_who_plans_and_who_is_idle_in_a_transaction_is_named(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.locks(looked) == Check("locks", "ok", "Nobody holds anything up.", details=[])
    with closing(looked.settings.connect()) as planning, closing(looked.settings.connect("bi")) as reading:
        planning.autocommit = True
        planning.cursor().execute("SELECT pg_advisory_lock(%s)", [PLAN])
        found = server.locks(looked)
        assert found.verdict == "ok"
        pid = planning.info.backend_pid
        assert (
            f"a plan or run is under way (retailmesh of retail_transformer from 127.0.0.1, server process {pid}"
            in found.found
        )
        assert found.details[0]["connected_at"] <= datetime.now(UTC)

        monkeypatch.setattr(server, "LONG_HOURS", 0)
        found = server.locks(looked)
        assert (found.verdict, f"pg_terminate_backend({pid})" in found.advice) == ("warn", True)
        monkeypatch.setattr(server, "LONG_HOURS", 6)

        reading.cursor().execute("SELECT 1")
        assert server.locks(looked).verdict == "ok"  # for minutes, not for a moment
        monkeypatch.setattr(server, "IDLE_MINUTES", 0)
        found = server.locks(looked)
        assert found.verdict == "warn"
        pid = reading.info.backend_pid
        assert (
            f"retailmesh of bi_reader, server process {pid}, is idle in a transaction for 0 minutes"
            in found.found
        )
        assert f"pg_terminate_backend({pid})" in found.advice


@pytest.mark.parametrize(
    ("sqlmesh", "sqlglot", "schema", "verdict", "advice"),
    [
        ("0.236.4", "30.8.0", 102, "ok", ""),
        ("0.236.1", "30.8.1", 102, "ok", ""),
        ("0.230.0", "30.8.0", 102, "fail", "sqlmesh migrate"),
        ("0.236.1", "30.8.0", 101, "fail", "sqlmesh migrate"),
        ("0.236.4", "29.0.0", 102, "fail", "sqlmesh migrate"),
        ("0.240.0", "31.0.0", 110, "fail", "install that"),
    ],
)
def test_a_state_of_another_version_is_told_with_the_way_out(
    looked: Looked, sqlmesh: str, sqlglot: str, schema: int, verdict: str, advice: str
) -> None:
    assert looked.state
    looked.state.execute(STATE)
    looked.state.execute("UPDATE sqlmesh._versions SET (schema_version, sqlglot_version, sqlmesh_version) = (%s, %s, %s)", [schema, sqlglot, sqlmesh])  # fmt: skip  # noqa: E501
    found = project.state(looked)
    assert found.verdict == verdict
    assert sqlmesh in found.found
    assert advice in found.advice


def test_a_state_that_nobody_gets_into_fails_and_the_rest_is_looked_at(looked: Looked) -> None:
    found = report.look(replace(looked.settings, state_database="nowhere"))
    by_name = {check.name: check for check in found.checks}
    assert by_name["state"].verdict == "fail"
    assert "no way into the state's database, nowhere" in by_name["state"].found
    assert by_name["locks"].verdict == by_name["dependents"].verdict == "ok"


def test_environments_tell_how_they_differ_when_they_expire_and_what_did_not_end(planned: Looked) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000
    environment(planned, "prod", ("a", "1"), ("b", "1"))
    assert project.environments(planned).found == "There is prod, and no other."
    environment(planned, "dev", ("a", "2"), ("b", "1"), ("c", "1"), expires=soon)
    environment(planned, "same", ("a", "1"), expires=1)
    found = project.environments(planned)
    assert found.verdict == "ok"
    assert "dev differs from prod in 2 models, expires " in found.found
    assert "same is as prod, expired, and goes with the next `sqlmesh janitor`." in found.found
    environment(planned, "torn", whole=False)
    found = project.environments(planned)
    assert (found.verdict, "`sqlmesh plan torn` again" in found.advice) == ("warn", True)


def test_files_that_prod_has_not_got_are_seen_by_their_hash(planned: Looked) -> None:
    environment(planned, "prod", ("a", "1"))
    assert planned.state
    planned.state.execute(project.PROD_MARK)
    mark = planned.state.fetchone()
    assert mark
    root = planned.settings.root
    (root / "models").mkdir()
    with closing(planned.settings.connect_loader()) as connection, connection, connection.cursor() as cursor:
        yesterday = plan_inputs(planned.settings).replace(str(datetime.now(UTC).date()), "2026-01-01")
        cursor.execute(
            "INSERT INTO ingest.refreshed_prod (prod_mark, plan_inputs) VALUES (%s, %s)", [mark[0], yesterday]
        )
    assert project.unpromoted(planned).verdict == "ok"
    (root / "models" / "sale.sql").write_text("MODEL (name core.sale); SELECT 1 AS id")
    found = project.unpromoted(planned)
    assert (found.verdict, found.found) == ("warn", "The project's files are not those of the last refresh.")
    environment(planned, "prod", ("a", "2"))
    assert project.unpromoted(planned).verdict == "skipped"


def test_intervals_are_due_once_their_data_has_landed(planned: Looked) -> None:
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    environment(planned, "prod", ("a", "1"), ("b", "1"))
    model(planned, "a", "1", datetime(2026, 3, 3, tzinfo=UTC))
    model(planned, "b", "1", datetime(2026, 3, 5, tzinfo=UTC))
    load(planned, "one.csv", "loaded", "2026-03-02")
    found = project.intervals(planned, noon)
    assert found.verdict == "ok"
    assert (
        "2 models (@daily) computed until 2026-03-03 to 2026-03-05, next due 2026-03-06 00:00 UTC"
        in found.found
    )
    assert "data has landed up to 2026-03-02" in found.found
    load(planned, "two.csv", "loaded", "2026-03-03", "2026-03-04")
    found = project.intervals(planned, noon)
    assert (found.verdict, "retail refresh" in found.advice) == ("warn", True)
    environment(planned, "prod", ("c", "1"))
    model(planned, "c", "1", None)
    assert project.intervals(planned, noon).verdict == "warn"


def test_loads_that_failed_were_cut_short_or_are_not_in_prod_are_told_until_they_are_mended(
    loaded: Looked,
) -> None:
    assert data.loads(loaded).verdict == "ok"
    load(loaded, "a.csv", "failed")
    found = data.loads(loaded)
    assert (found.verdict, found.found) == ("fail", "not loaded: shop a.csv (failed)")
    load(loaded, "a.csv", "loaded", "2026-03-01")
    found = data.loads(loaded)
    assert (found.verdict, found.found) == ("warn", "loaded and not in prod yet: shop")
    with closing(loaded.settings.connect_loader()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(REFRESHED)
    assert data.loads(loaded).verdict == "ok"
    load(loaded, "b.csv", "interrupted")
    assert data.loads(loaded).verdict == "warn"
    load(loaded, "c.csv", "running")
    assert "1 under way, or killed" in data.loads(loaded).found


def test_a_source_that_keeps_its_contracts_promise_is_fresh_and_one_that_does_not_fails(
    loaded: Looked, tmp_path: Path
) -> None:
    contract = tmp_path / "shop.yaml"
    tables = "tables: {sale: {files: '*.csv', apply: append, columns: {id: {}}}}"
    contract.write_text(f"source: shop\nfresh_within_days: 2\n{tables}\n")
    promising = {"shop": load_contract(contract)}
    today = date(2026, 3, 5)
    assert data.freshness(loaded, promising, today).found == "shop: no data (promised: 2)"
    load(loaded, "a.csv", "loaded", "2026-03-02", "2030-01-01")  # a wrong date in a file is not fresh
    found = data.freshness(loaded, promising, today)
    assert (found.verdict, found.found) == ("fail", "shop: 2026-03-02, 3 days ago (promised: 2)")
    load(loaded, "b.csv", "loaded", "2026-03-03")
    assert data.freshness(loaded, promising, today).verdict == "ok"
    contract.write_text(f"source: shop\n{tables}\n")
    silent = {"shop": load_contract(contract)}
    assert data.freshness(loaded, silent, date(2030, 1, 1)).verdict == "ok"


def test_what_a_promotion_dropped_is_told_until_somebody_makes_it_again(loaded: Looked) -> None:
    kept = """
        INSERT INTO ingest.broken_dependent (view, name, owner, reason, statements)
        VALUES ('bi.sale', %s, 'ann', 'gone', '{x}')
    """
    for name in ("view ann.report", "materialized view ann.sums", "function ann.best(integer)"):
        loaded.warehouse.execute(kept, [name])
    found = data.dependents(loaded)
    assert (found.verdict, len(found.details)) == ("warn", 3)
    assert "view ann.report of ann" in found.found
    loaded.warehouse.execute("CREATE SCHEMA ann; CREATE VIEW ann.report AS SELECT 1 AS id")
    loaded.warehouse.execute("CREATE MATERIALIZED VIEW ann.sums AS SELECT 1 AS id")
    loaded.warehouse.execute("CREATE FUNCTION ann.best(integer) RETURNS int LANGUAGE sql RETURN 1")
    assert data.dependents(loaded).verdict == "ok"


def test_after_a_refresh_what_is_wrong_with_the_data_is_told_and_nothing_where_all_is_well(
    loaded: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = loaded.settings
    with listening(Web()) as web:
        variables = {"RETAIL_ALERT_WEBHOOK_URL": web.url}
        tell_what_is_wrong(settings, variables)
        assert web.received == []
        load(loaded, "a.csv", "failed")
        tell_what_is_wrong(settings, variables)
        ((_, told),) = web.received
        assert (told["event"], told["lines"]) == ("data_failed", ["loads: not loaded: shop a.csv (failed)"])

    def not_looked_at(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ops.aftercare.look", not_looked_at)
    tell_what_is_wrong(settings, {})  # there is nobody to tell


def test_a_check_that_cannot_be_made_fails_and_hides_no_other(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Looked) -> Check:
        raise OpsError("no way\nand more")

    def ask_nonsense(place: Looked) -> Check:
        place.rows("SELECT nothing FROM nowhere")
        raise AssertionError

    monkeypatch.setitem(report.CHECKS, "disk", refuse)
    monkeypatch.setitem(report.CHECKS, "roles", ask_nonsense)
    found = report.look(looked.settings)
    by_name = {check.name: check for check in found.checks}
    assert found.verdict == "fail"
    assert by_name["disk"].found == "It could not be looked at: no way"
    assert 'relation "nowhere" does not exist' in by_name["roles"].found
    assert by_name["locks"].verdict == "ok"


def test_no_contract_of_the_project_promises_what_its_files_do_not_keep() -> None:
    assert {contract.fresh_within_days for contract in load_contracts().values()} == {None}


def test_nothing_is_written_while_looking(looked: Looked) -> None:
    with (
        report._reading(looked.settings, looked.settings.database) as cursor,
        pytest.raises(Exception, match="read-only"),
    ):
        cursor.execute("CREATE TABLE public.x (id int)")
