"""@PSEUDONYM in a model: unit test, plan, state and table, on a server with the function and on one without."""

import shutil
from pathlib import Path

import pytest

from ops import dotenv
from ops.postgres.hash_key import pseudonym
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Settings
from tests.support import ROOT, Project, query

CONFIG = (ROOT / "config.yaml").read_text("utf-8").split("\ndefault_gateway")[0]
REST = """
default_gateway: postgres
model_defaults: {dialect: postgres, start: 2026-01-01}
"""
MODEL = """
MODEL (name stg.shop__customer, kind FULL);

SELECT
  customer_id::TEXT AS customer_id,
  @PSEUDONYM(LOWER(email))::TEXT AS email_hash
FROM raw_shop.customer
"""
RAW = "- {name: raw_shop.customer, columns: {customer_id: text, email: text}}"
TEST = """
test_an_address_is_hashed:
  model: stg.shop__customer
  inputs:
    raw_shop.customer:
    - {customer_id: '1', email: ' Ann@Example.org '}
    - {customer_id: '2', email: null}
  outputs:
    query:
    - {customer_id: '1', email_hash: pseudonym of ann@example.org}
    - {customer_id: '2', email_hash: null}
"""
PLAN = ("plan", "prod", "--auto-apply", "--no-prompts")


@pytest.fixture
def shop(database: Settings) -> Project:
    """A project with one model, and its raw table."""
    root = database.root
    for folder in ("models", "macros", "tests"):
        (root / folder).mkdir()
    (root / "macros" / "__init__.py").touch()
    shutil.copy(ROOT / "macros" / "pseudonyms.py", root / "macros")
    for name, text in (
        ("config.yaml", CONFIG + REST),
        ("external_models.yaml", RAW),
        ("models/customer.sql", MODEL),
        ("tests/test_customer.yaml", TEST),
    ):
        Path(root / name).write_text(text, "utf-8")
    dotenv.update(database.env_file, database.variables())
    connection = database.connect_loader()
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA raw_shop")
        cursor.execute(
            "CREATE TABLE raw_shop.customer AS SELECT '1' AS customer_id, ' Ann@Example.org '::text AS email"
        )
    connection.close()
    return Project(database)


@pytest.mark.both_versions
@pytest.mark.slow
def test_a_model_hashes_and_nothing_of_sqlmesh_knows_the_key(
    postgres: ThrowawayServer, shop: Project
) -> None:
    said = shop.sqlmesh(*PLAN)
    assert "Successfully Ran `1` Tests" in said
    expected = pseudonym(shop.settings.hash_key, "ann@example.org")
    assert shop.query("SELECT customer_id, email_hash FROM stg.shop__customer") == [("1", expected)]
    key = shop.settings.hash_key
    for database in (shop.settings.database, shop.settings.state_database):
        connection = postgres.server.connect(database)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables")
            for (table,) in cursor.fetchall():
                cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE strpos(t::text, %s) > 0", [key])
                assert cursor.fetchone() == (0,), table
        connection.close()


@pytest.mark.slow
def test_a_server_without_the_function_says_so(postgres: ThrowawayServer, shop: Project) -> None:
    connection = postgres.server.connect(shop.settings.database)
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA privacy CASCADE")
    connection.close()
    said = " ".join(shop.sqlmesh(*PLAN, check=False).split())
    assert "This server has no function privacy.pseudonym" in said
    assert query(shop.settings, "SELECT to_regclass('stg.shop__customer')") == [(None,)]
