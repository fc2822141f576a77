"""`retail doctor` about the data: loads, promises of freshness, what was dropped; and what a refresh alerts of."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from loaders.contract import load_contract, load_contracts
from ops.aftercare import tell_what_is_wrong
from ops.doctor import data
from ops.doctor.check import Place as Looked
from tests.ops.conftest import load
from tests.ops.listeners import Web, listening

REFRESHED = """
    INSERT INTO ingest.refresh (source, up_to_load_id, finished_at) SELECT 'shop', max(load_id), now() FROM ingest.load
"""


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
    assert "`retail broken --restore N`" in found.advice
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


def test_no_contract_of_the_project_promises_what_its_files_do_not_keep() -> None:
    assert {contract.fresh_within_days for contract in load_contracts().values()} == {None}
