"""Each role tries everything it must not do: on a fresh prod, and after each kind of plan that makes views anew."""

from collections.abc import Iterator

import psycopg2
import pytest

from loaders import erasure
from loaders.model_record import ADDED_TO
from ops.errors import OpsError
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Role
from tests.integration.shops import write_shops
from tests.support import Project

pytestmark = [pytest.mark.both_versions, pytest.mark.long(minutes=2)]

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")

# What each role may do: each works, or the rest would prove nothing.
MAY: tuple[tuple[Role, str], ...] = (
    ("bi", "SELECT count(*) FROM bi.customer"),
    ("bi", "SELECT count(*) FROM bi.order_line"),
    ("bi", "SELECT count(*) FROM bi.store"),
    ("bi", "SELECT count(*) FROM bi.inventory_snapshot"),
    ("bi", "SELECT count(*) FROM bi.shipment"),
    ("loader", "SELECT count(*) FROM raw_olist.customer"),
    ("loader", "INSERT INTO raw_olist.customer (_load_id, _source_file, _row_number) VALUES (1, 'f', 1)"),
    ("loader", "DELETE FROM ingest.rejected_row"),
    ("loader", "SELECT privacy.erasure_mark('a')"),
    ("loader", "CREATE SCHEMA raw_new"),
    ("transformer", "SELECT count(*) FROM raw_olist.customer"),
    ("transformer", "SELECT count(*) FROM ingest.load"),
    ("transformer", "SELECT privacy.pseudonym('a')"),
    ("transformer", "CREATE TABLE core.mine (a int)"),
)
EVERYBODY_MUST_NOT = (
    "CREATE TABLE privacy.mine (a int)",
    "SELECT * FROM privacy.hash_key",
    "UPDATE privacy.hash_key SET since = now()",
    "SELECT privacy.pad('\\x00', 1)",
    "SET ROLE retail_keeper",
    "CREATE ROLE mine",
    "ALTER ROLE {user} SUPERUSER",
    "ALTER ROLE {user} CREATEROLE",
    "CREATE DATABASE mine",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/mine'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SELECT rolpassword FROM pg_authid",
)
MUST_NOT: dict[Role, tuple[str, ...]] = {
    "bi": (
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE TABLE bi.mine (a int)",
        "CREATE FUNCTION bi.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO bi.customer (source) VALUES ('x')",
        "UPDATE bi.customer SET source = 'x'",
        "DELETE FROM bi.customer",
        "DROP VIEW bi.customer CASCADE",
        "ALTER VIEW bi.customer RENAME TO mine",
        "CREATE OR REPLACE VIEW bi.customer AS SELECT 1",
        "LOCK TABLE bi.customer IN ACCESS EXCLUSIVE MODE",
        "SELECT privacy.pseudonym('a')",
        "SELECT privacy.erasure_mark('a')",
        "SELECT ingest.this_load_id()",
        "SET ROLE retail_transformer",
        "SET ROLE retail_loader",
    ),
    "loader": (
        "CREATE TABLE public.mine (a int)",
        "CREATE FUNCTION public.lower(integer) RETURNS text LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE bi.mine (a int)",
        "CREATE TABLE core.mine (a int)",
        "CREATE TABLE sqlmesh__core.mine (a int)",
        "DROP SCHEMA bi CASCADE",
        "SELECT privacy.pseudonym('a')",
        "SET ROLE retail_transformer",
    ),
    "transformer": (
        "CREATE TABLE raw_olist.mine (a int)",
        "CREATE TABLE ingest.mine (a int)",
        "DROP SCHEMA raw_olist CASCADE",
        "DROP TABLE raw_olist.customer CASCADE",
        "ALTER TABLE raw_olist.customer ADD COLUMN mine int",
        "TRUNCATE raw_olist.customer",
        "SELECT * FROM ingest.erased_id",
        "SELECT privacy.erasure_mark('a')",
        "GRANT SELECT ON raw_olist.customer TO bi_reader",
        "SET ROLE retail_loader",
    ),
}
NOTHING_GRANTED = "no privileges were granted"  # a warning, where one may read but not pass that on
ALONE = ("CREATE DATABASE", "ALTER SYSTEM")  # what cannot run in a transaction
READ = ("SELECT 1 FROM {table} LIMIT 1",)
WRITE = (
    "INSERT INTO {table} DEFAULT VALUES",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "DROP TABLE {table}",
    "GRANT SELECT ON {table} TO bi_reader",
)
# What the transformer adds to: the record of learned models and of broken dependents.
RECORDS = {f"ingest.{name}" for name in ADDED_TO}
# A condition on a table's schema, and what the role must not do with all those tables.
TABLES = {
    "bi": (("n.nspname <> 'bi' AND n.nspname NOT LIKE 'bi\\_\\_%'", READ),),
    "loader": (("n.nspname <> 'ingest' AND n.nspname NOT LIKE 'raw\\_%'", READ + WRITE),),
    "transformer": (("n.nspname = 'ingest' OR n.nspname LIKE 'raw\\_%'", WRITE),),
}


@pytest.fixture(scope="module")
def shops(module_project: Project) -> Project:
    """The two shops in prod, with the ledger of erasures in place."""
    write_shops(module_project.root / "data")
    module_project.retail("load", "--all")
    connection = module_project.settings.connect_loader()
    with connection, connection.cursor() as cursor:
        erasure.ensure_ledger(cursor)
    connection.close()
    module_project.sqlmesh(*PLAN)
    return module_project


def forbidden(project: Project, role: Role) -> Iterator[str]:
    yield from (text.format(user=project.settings.login(role).user) for text in EVERYBODY_MUST_NOT)
    yield from MUST_NOT[role]
    for condition, statements in TABLES[role]:
        tables = project.query(_tables_query(condition))
        assert len(tables) >= 10
        yield from (
            text.format(table=table)
            for (table,) in tables
            for text in statements
            if not (role == "transformer" and text.startswith("INSERT") and table in RECORDS)
        )


def _tables_query(condition: str) -> str:
    return (
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        f"AND n.nspname NOT LIKE 'pg\\_toast%' AND ({condition})"
    )


def breaches(project: Project, role: Role) -> list[str]:
    """Return what the role managed to do, though it must not; nothing of it is kept."""
    connection = project.settings.connect(role)
    done = []
    try:
        for statement in forbidden(project, role):
            connection.autocommit = statement.startswith(ALONE)
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = off")  # no fence: anybody may leave it
                cursor.execute("SET transaction_read_only = off")
                connection.notices.clear()
                try:
                    cursor.execute(statement)
                    if not any(NOTHING_GRANTED in notice for notice in connection.notices):
                        done.append(statement)
                except psycopg2.errors.InsufficientPrivilege:
                    pass
                except psycopg2.Error as error:
                    done.append(f"{statement}: {error}")
            connection.rollback()
    finally:
        connection.close()
    return done


def check(project: Project) -> None:
    for role, statement in MAY:
        connection = project.settings.connect(role)
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.rollback()
        connection.close()
    for role in MUST_NOT:
        assert breaches(project, role) == []


def test_on_a_fresh_prod(shops: Project) -> None:
    check(shops)


def test_the_state_database_is_the_transformers(shops: Project) -> None:
    roles: tuple[Role, ...] = ("loader", "bi")
    for role in roles:
        with pytest.raises(OpsError, match="permission denied for database"):
            shops.settings.connect(role, shops.settings.state_database)


def test_public_has_nothing(shops: Project, postgres: ThrowawayServer) -> None:
    rights = shops.query(
        """
        SELECT kind, name, privilege_type
        FROM (
            SELECT 'schema', nspname, coalesce(nspacl, acldefault('n', nspowner)), nspname FROM pg_namespace
            UNION ALL
            SELECT 'table', relname, coalesce(relacl, acldefault('r', relowner)), relnamespace::regnamespace::text
            FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'S')
            UNION ALL
            SELECT 'function', proname, coalesce(proacl, acldefault('f', proowner)), pronamespace::regnamespace::text
            FROM pg_proc
            UNION ALL
            SELECT 'database', datname, coalesce(datacl, acldefault('d', datdba)), 'retail'
            FROM pg_database WHERE datname = current_database()
        ) AS thing (kind, name, acl, schema)
        CROSS JOIN LATERAL aclexplode(acl) AS granted
        WHERE granted.grantee = 0 AND schema NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        """
    )
    assert rights == []


def test_who_reads_for_a_bi_tool_is_read_only_and_stopped_after_a_while(shops: Project) -> None:
    connection = shops.settings.connect("bi")
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("on",)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("5min",)
    connection.close()


def test_in_an_environment_and_after_a_promotion_and_a_restatement(shops: Project) -> None:
    model = shops.root / "models" / "bi" / "customer.sql"
    model.write_text(model.read_text().replace("  city::TEXT AS city", "  UPPER(city)::TEXT AS city"))
    shops.sqlmesh("plan", "dev", "--auto-apply", "--no-prompts", "--skip-tests")
    connection = shops.settings.connect("bi")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(city) FROM bi__dev.customer")
        assert cursor.fetchone() == ("SAO PAULO",)
        cursor.execute("SELECT count(*) FROM bi__dev.order_line")
    connection.close()
    check(shops)
    shops.sqlmesh(*PLAN)
    connection = shops.settings.connect("bi")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(city) FROM bi.customer")
        assert cursor.fetchone() == ("SAO PAULO",)
    connection.close()
    check(shops)
    days = ("--start", "2018-03-01", "--end", "2018-03-06")
    shops.sqlmesh(*PLAN, "--restate-model", "stg.olist__order", *days)
    check(shops)
