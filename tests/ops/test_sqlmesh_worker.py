"""The process that plans: one for all plans of a refresh, gone with it, and as loud about failures as `sqlmesh`."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from ops.errors import OpsError
from ops.settings import Settings
from ops.sqlmesh import Fact, Prod, SqlMesh

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests", "--no-diff", "--run")
CONFIG = """
gateways:
  postgres:
    connection:
      type: postgres
      host: {host}
      port: {port}
      user: {user}
      password: "{password}"
      database: {database}
    state_connection:
      type: postgres
      host: {host}
      port: {port}
      user: {user}
      password: "{password}"
      database: {state}
default_gateway: postgres
model_defaults: {{dialect: postgres, start: '2026-03-01', cron: '@daily'}}
disable_anonymized_analytics: true
"""
SALE = "MODEL (name stg.sale, kind FULL); SELECT id::INT AS id, day::DATE AS day FROM raw_shop.sale"
FACT = """
MODEL (name core.fct_sale, kind INCREMENTAL_BY_TIME_RANGE (time_column day), grain id);
SELECT id, day FROM stg.sale WHERE day BETWEEN @start_ds AND @end_ds
"""
RETURN = "MODEL (name conformed.return_match, kind FULL); SELECT id FROM stg.sale"
TWO_DAYS = ("--restate-model", "core.fct_sale", "--start", "2026-03-02", "--end", "2026-03-03")


@pytest.fixture
def small(database: Settings) -> Iterator[SqlMesh]:
    """A project of three models on a raw table with a sale on each of three days; its prod is not made yet."""
    login = database.transformer
    write(database.root / "config.yaml", CONFIG.format(
        host=database.host, port=database.port, user=login.user, password=login.password,
        database=database.database, state=database.state_database,
    ))  # fmt: skip
    for name, text in (("sale", SALE), ("fct_sale", FACT), ("return_match", RETURN)):
        write(database.root / "models" / f"{name}.sql", text)
    ask(database, "CREATE SCHEMA raw_shop")
    ask(
        database,
        "CREATE TABLE raw_shop.sale AS SELECT n AS id, DATE '2026-03-01' + n AS day FROM generate_series(0, 2) AS n",
    )
    with (database.root / "printed").open("w+") as output, closing(SqlMesh(database, output)) as sqlmesh:
        yield sqlmesh


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with closing(settings.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def workers() -> list[psutil.Process]:
    """The processes of plans that this process has started."""
    return [item for item in psutil.Process().children() if "ops.sqlmesh_worker" in item.cmdline()]


def printed(settings: Settings) -> str:
    return (settings.root / "printed").read_text("utf-8")


def test_plans_share_a_process_and_each_does_what_it_would_alone(database: Settings, small: SqlMesh) -> None:
    small.run(PLAN)
    (worker,) = workers()
    assert ask(database, "SELECT id FROM core.fct_sale ORDER BY 1") == [(0,), (1,), (2,)]
    mark = small.prod_mark()
    small.run(PLAN)
    assert small.prod_mark() == mark
    assert "No changes to plan" in printed(database)

    ask(database, "UPDATE raw_shop.sale SET id = id + 10")
    small.run([*PLAN[:-1], "--restate-model", "stg.sale", "--start", "2026-03-02", "--end", "2026-03-02"])
    assert ask(database, "SELECT id FROM core.fct_sale ORDER BY 1") == [(0,), (2,), (11,)]
    ask(database, "UPDATE raw_shop.sale SET id = id + 10")
    small.run([*PLAN[:-1], "--restate-model", "stg.sale", "--start", "2026-03-01", "--end", "2026-03-03"])
    assert ask(database, "SELECT id FROM core.fct_sale ORDER BY 1") == [(20,), (21,), (22,)]
    assert small.prod_mark() != mark
    assert workers() == [worker]


def test_it_says_what_prod_consists_of_also_where_the_files_are_broken(
    database: Settings, small: SqlMesh
) -> None:
    small.run(PLAN)
    small.close()
    write(database.root / "models" / "sale.sql", "MODEL (name stg.sale, kind NONE); SELECT (")
    prod = small.prod()
    assert isinstance(prod, Prod)
    assert prod.readers == {("shop", "sale"): ["stg.sale"]}
    assert prod.facts == [Fact("core.fct_sale", "day", "id")]
    assert {name for name in prod.matching if '"' not in name} == {"conformed.return_match", "stg.sale"}
    assert prod.computed_until is not None
    with pytest.raises(OpsError, match=r"`sqlmesh plan prod .* failed; what it said is above"):
        small.run(PLAN)
    assert "Error: Failed to load model" in printed(database)


def test_after_a_plan_that_failed_the_next_one_reads_all_anew(database: Settings, small: SqlMesh) -> None:
    small.run(PLAN)
    (worker,) = workers()
    ask(database, "ALTER TABLE raw_shop.sale RENAME TO away")
    with pytest.raises(OpsError, match="failed"):
        small.run([*PLAN[:-1], "--restate-model", "stg.sale"])
    assert not worker.is_running()
    ask(database, "ALTER TABLE raw_shop.away RENAME TO sale")
    write(database.root / "models" / "fct_sale.sql", FACT.replace("SELECT id,", "SELECT -id AS id,"))
    small.run(PLAN)
    assert ask(database, "SELECT id FROM core.fct_sale ORDER BY 1") == [(-2,), (-1,), (0,)]


def test_a_process_that_was_killed_is_a_plan_that_failed_and_the_next_one_has_another(
    database: Settings, small: SqlMesh
) -> None:
    small.run(PLAN)
    (worker,) = workers()
    worker.kill()
    with pytest.raises(OpsError, match="failed"):
        small.run(PLAN)
    small.run(PLAN)
    assert workers() != [worker]


def test_nothing_of_it_stays_behind(database: Settings, small: SqlMesh) -> None:
    assert small.prod() == Prod({}, [], [], None, frozenset({"conformed.return_match"}))
    assert len(workers()) == 1
    held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'SQLMesh' AND datname = current_database()"
    assert ask(database, held) == [(0,)]
    small.close()
    assert workers() == []
    small.close()
