"""One plan or run at a time: who comes second waits, says for whom, and ends right."""

from __future__ import annotations

import re
import threading

import psycopg2
import pytest
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter
from sqlmesh.utils.errors import PlanError

from ops.promotion.plan_lock import LOCK, held, patience_of
from ops.settings import Settings
from tests.promotion.conftest import SALE, Shop

pytestmark = pytest.mark.thorough(minutes=1)

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts")


@pytest.fixture
def busy(shop: Shop):
    """Somebody else's plan is under way."""
    connection = shop.settings.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'sqlmesh'")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    yield connection
    connection.close()


@pytest.mark.parametrize("command", [PLAN, ("plan", "dev", "--auto-apply", "--no-prompts"), ("run",)])
def test_whoever_comes_second_gives_up_in_the_end_and_names_the_first(shop: Shop, busy, command) -> None:
    shop.write(sale=SALE.replace("10", "11"))
    printed = shop.sqlmesh(*command, check=False, RETAIL_PLAN_WAIT_SECONDS="1")
    assert (
        "Another plan or run is under way (sqlmesh of retail_transformer from 127.0.0.1, server process"
        in printed
    )
    assert re.search(r"server process \d+, connected for \d\d:\d\d:\d\d\) and did not end", printed)
    assert "did not end within 1 s. Nothing was done: plan again later." in printed
    assert "Traceback" not in printed
    assert shop.query("SELECT amount FROM bi.sale") == [(10,)]


def test_a_killed_holder_holds_nothing(shop: Shop, busy) -> None:
    shop.write(sale=SALE.replace("10", "11"))
    pid = busy.info.backend_pid
    killer = threading.Timer(3, lambda: shop.administer(f"SELECT pg_terminate_backend({pid})"))
    killer.start()
    printed = shop.plan()
    killer.join()
    assert f"server process {pid}" in printed
    assert "waiting for it, up to 600 s" in printed
    assert shop.query("SELECT amount FROM bi.sale") == [(11,)]


def test_an_error_is_told_though_the_connection_went_with_it(database: Settings) -> None:
    adapter = PostgresEngineAdapter(database.connect)
    with pytest.raises(psycopg2.OperationalError), held(adapter):
        adapter.cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize("text", ["ten minutes", "-1", "nan", "inf"])
def test_a_patience_that_makes_no_sense_is_told_by_the_name_of_its_variable(text: str) -> None:
    with pytest.raises(
        PlanError, match=f"RETAIL_PLAN_WAIT_SECONDS is '{text}'; it must be a number of seconds"
    ):
        patience_of({"RETAIL_PLAN_WAIT_SECONDS": text})
    assert (patience_of({}), patience_of({"RETAIL_PLAN_WAIT_SECONDS": "0"})) == (600, 0)


def test_two_plans_at_once_end_right(shop: Shop) -> None:
    shop.write(sale=SALE.replace("10", "11"))
    printed: list[str] = []
    threads = [threading.Thread(target=lambda: printed.append(shop.plan(check=False))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.query("SELECT amount FROM bi.sale") == [(11,)]
    assert not any("Traceback" in text for text in printed)
    assert any("Virtual layer updated" in text for text in printed)
    assert "No changes" in shop.plan()
