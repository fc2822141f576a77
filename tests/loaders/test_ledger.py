"""The ledger: what is loaded once stays loaded once, and what it says is what is in the tables."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from typing import Any

import psycopg2
import pytest

from loaders import ledger
from loaders.load import load_source
from tests.loaders.conftest import ONE, Shop, shop_contract
from tests.support import ROOT, clean_environment

DAYS = [date(2024, 1, day) for day in (1, 2, 3)]


def test_a_load_is_in_the_ledger_with_its_counts_and_dates(shop: Shop) -> None:
    result = shop.load(ONE + "4,bad,d\n")
    (row,) = shop.ledger()
    assert row["load_id"] == result.load_id
    assert (row["source"], row["table_name"], row["file"]) == ("shop", "sale", "sales.csv")
    assert (row["rows_read"], row["rows_loaded"], row["rows_rejected"]) == (4, 3, 1)
    assert (row["status"], row["error"], row["event_dates"]) == ("loaded", None, DAYS)
    assert row["bytes"] == len(ONE) + 8
    assert len(row["sha256"]) == 64
    assert row["started_at"] < row["finished_at"]


def test_each_row_says_where_it_comes_from(shop: Shop) -> None:
    result = shop.load("id,day,note\n1,2024-01-01,a\n2,bad,b\n3,2024-01-03,c\n")
    assert shop.rows("_load_id, _source_file, _row_number, _event_date") == [
        (result.load_id, "sales.csv", 1, date(2024, 1, 1)),
        (result.load_id, "sales.csv", 3, date(2024, 1, 3)),
    ]


def test_the_same_content_again_does_nothing(shop: Shop) -> None:
    shop.load(ONE)
    result = shop.load(ONE)
    assert (result.status, result.message) == (
        "unchanged",
        "the same content is loaded already; nothing to do",
    )
    assert len(shop.ledger()) == 1
    assert len(shop.rows()) == 3


def test_the_same_content_under_another_name_does_nothing_and_says_as_what_it_is_loaded(shop: Shop) -> None:
    shop.load(ONE)
    assert "is loaded already, as 'sales.csv'" in shop.load(ONE, "again.csv").message
    assert len(shop.rows()) == 3


def test_a_loaded_file_that_takes_on_the_content_of_another_loaded_file_is_refused(shop: Shop) -> None:
    shop.load(ONE)
    shop.load("id,day,note\n9,2024-01-09,z\n", "other.csv")
    before = sorted(shop.rows())
    assert "now holds what 'sales.csv' holds" in shop.error(ONE, "other.csv")
    assert sorted(shop.rows()) == before


def test_files_without_rows_are_not_copies_of_each_other(shop: Shop) -> None:
    shop.load(ONE)
    shop.load("id,day,note\n", "quiet.csv")
    assert shop.load("id,day,note\n", "quieter.csv").status == "loaded"
    assert shop.load("id,day,note\n").status == "loaded"  # sales.csv was taken back
    assert shop.rows() == []


def test_a_redelivered_file_replaces_its_own_rows_only(shop: Shop) -> None:
    shop.load(ONE)
    other = shop.load("id,day,note\n9,2024-01-09,z\n", "other.csv")
    result = shop.load(ONE.replace(",b", ",B"))
    assert "earlier rows replaced" in result.message
    assert sorted(shop.rows()) == [
        ("1", "2024-01-01", "a"),
        ("2", "2024-01-02", "B"),
        ("3", "2024-01-03", "c"),
        ("9", "2024-01-09", "z"),
    ]
    assert [row["replaced_by"] for row in shop.ledger()] == [result.load_id, None, None]
    assert other.load_id in {row[0] for row in shop.rows("_load_id")}


def test_content_that_was_replaced_loads_again(shop: Shop) -> None:
    shop.load(ONE)
    shop.load(ONE.replace(",b", ",B"))
    assert shop.load(ONE).status == "loaded"
    assert shop.rows("note") == [("a",), ("b",), ("c",)]


def test_a_file_from_another_folder_replaces_its_own_rows(shop: Shop) -> None:
    shop.contract = shop_contract(files="sales/*.csv")
    shop.load(ONE, "monday/sales/x.csv")
    shop.load(ONE.replace(",b", ",B"), "tuesday/sales/x.csv")
    assert shop.rows("_source_file, note")[1] == ("sales/x.csv", "B")
    assert len(shop.rows()) == 3


def test_a_compressed_redelivery_replaces_the_plain_file(shop: Shop) -> None:
    shop.load(ONE)
    shop.load(ONE.replace(",b", ",B"), "sales.csv.gz")
    assert shop.rows("note") == [("a",), ("B",), ("c",)]


def test_a_snapshot_replaces_the_table(shop: Shop) -> None:
    shop.contract = shop_contract(apply="snapshot")
    shop.load(ONE, "first.csv")
    result = shop.load("id,day,note\n2,2024-01-02,b\n3,2024-01-03,C\n", "second.csv")
    assert shop.rows() == [("2", "2024-01-02", "b"), ("3", "2024-01-03", "C")]
    assert result.event_dates == [date(2024, 1, 1), date(2024, 1, 3)]
    assert [row["replaced_by"] for row in shop.ledger()] == [result.load_id, None]


def test_a_failed_redelivery_leaves_the_rows_as_they_were(shop: Shop) -> None:
    shop.load(ONE)
    shop.error('id,day,note\n7,2024-01-07,"open')
    assert len(shop.rows()) == 3
    assert [row["status"] for row in shop.ledger()] == ["loaded", "failed"]
    assert "never closed" in shop.ledger()[-1]["error"]


def test_the_ledger_refuses_counts_that_do_not_add_up(shop: Shop) -> None:
    shop.load(ONE)
    with pytest.raises(psycopg2.errors.CheckViolation):
        shop.query("UPDATE ingest.load SET rows_loaded = rows_loaded - 1 RETURNING 1")


def test_an_empty_ledger_is_an_empty_list(shop: Shop) -> None:
    assert shop.ledger() == []


def test_the_ledger_can_be_asked_for_one_source_table_or_the_last_loads(shop: Shop) -> None:
    shop.load(ONE)
    shop.load(ONE.replace(",b", ",B"))
    connection = shop.connect()
    assert len(ledger.loads(connection, "shop", "sale")) == 2
    assert [row["load_id"] for row in ledger.loads(connection, limit=1)] == [shop.ledger()[-1]["load_id"]]
    assert ledger.loads(connection, "elsewhere") == ledger.loads(connection, "shop", "other") == []
    connection.close()


def small_file(number: int, note: str = "a") -> str:
    return f"id,day,note\n{number},2024-01-{number + 1:02},{note}\n"


def test_files_of_one_run_are_loaded_each_by_itself(shop: Shop) -> None:
    shop.write(small_file(1), "a.csv")
    shop.write("id,day\n2,nonsense\n", "b.csv")
    shop.write(small_file(1), "c.csv")  # what a.csv holds
    shop.write(small_file(3), "d.csv")
    results = shop.load_paths(shop.folder)
    assert [result.status for result in results] == ["loaded", "failed", "unchanged", "loaded"]
    assert "as 'a.csv'" in results[2].message
    assert [(row["file"], row["status"], row["rows_loaded"]) for row in shop.ledger()] == [
        ("a.csv", "loaded", 1),
        ("b.csv", "failed", 0),
        ("d.csv", "loaded", 1),
    ]
    assert [row[0] for row in shop.rows()] == ["1", "3"]


def test_of_many_files_only_those_that_changed_are_loaded_again(shop: Shop) -> None:
    for number in range(1, 10):
        shop.write(small_file(number), f"{number}.csv")
    shop.load_paths(shop.folder)
    shop.write(small_file(4, "changed"), "4.csv")
    shop.write(small_file(5, "b"), "5.csv")  # of the same size as before
    results = shop.load_paths(shop.folder)
    assert [r.file for r in results if r.status == "loaded"] == ["4.csv", "5.csv"]
    assert [r.event_dates for r in results if r.status == "loaded"] == [
        [date(2024, 1, 5)],
        [date(2024, 1, 6)],
    ]
    assert sorted(shop.rows("id, note")) == [
        (str(number), {4: "changed", 5: "b"}.get(number, "a")) for number in range(1, 10)
    ]


def test_what_was_loaded_before_a_run_was_stopped_stays_and_is_known(shop: Shop) -> None:
    for number in range(1, 4):
        shop.write(small_file(number), f"{number}.csv")

    def stop(file: str, _read: int, _size: int, _rows: int) -> None:
        if file == "2.csv":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.load_paths(shop.folder, progress=stop)
    assert [row["status"] for row in shop.ledger()] == ["loaded", "interrupted"]
    results = shop.load_paths(shop.folder)
    assert [result.status for result in results] == ["unchanged", "loaded", "loaded"]
    assert [row[0] for row in shop.rows()] == ["1", "2", "3"]


def test_a_second_loader_waits_for_the_first_and_says_so(shop: Shop) -> None:
    shop.load(ONE)
    first, told = shop.connect(), threading.Event()
    messages: list[str] = []

    def notify(message: str) -> None:
        messages.append(message)
        told.set()

    with ledger.table_lock(first, "shop", "sale", notify):
        path = shop.write(ONE.replace(",b", ",B"))
        results: list[Any] = []
        second = threading.Thread(target=lambda: results.extend(shop.load_paths(path, notify=notify)))
        second.start()
        assert told.wait(10)
        assert results == []
    second.join(10)
    first.close()
    assert messages == ["shop.sale: another load of this table is running; waiting for it to end"]
    assert results[0].status == "loaded"


def test_two_loaders_of_one_file_load_it_once(shop: Shop) -> None:
    path, results = shop.write(ONE), []
    threads = [threading.Thread(target=lambda: results.extend(shop.load_paths(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(result.status for result in results) == ["loaded", "unchanged", "unchanged", "unchanged"]
    assert len(shop.rows()) == 3


def test_a_stopped_load_is_in_the_ledger_as_interrupted(shop: Shop) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.load_paths(shop.write(ONE), progress=stop)
    assert [(row["status"], row["error"]) for row in shop.ledger()] == [
        ("interrupted", "stopped by the user")
    ]


KILLED_LOADER = """
import sys, time
from pathlib import Path
import psycopg2
from loaders.load import load_source
from tests.loaders.conftest import shop_contract

def progress(file, done, total, rows):
    if done > total / 2:
        print("in the middle", flush=True)
        time.sleep(60)

url, path = sys.argv[1:]
load_source(lambda: psycopg2.connect(url), shop_contract(), [Path(path)], Path("."), progress)
"""


@pytest.mark.both_versions
def test_a_loader_killed_in_the_middle_leaves_the_table_and_the_next_one_loads(shop: Shop) -> None:
    shop.load("id,day,note\n1,2023-12-31,before\n")
    rows = "".join(f"{number},2024-01-01,{'x' * 100}\n" for number in range(60_000))
    path = shop.write("id,day,note\n" + rows)
    loader = subprocess.Popen(
        [sys.executable, "-c", KILLED_LOADER, shop.settings.url("loader"), str(path)],
        cwd=ROOT,
        env={**clean_environment(), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert loader.stdout is not None
    assert loader.stdout.readline() == b"in the middle\n"
    assert [row["status"] for row in shop.ledger()] == ["loaded", "running"]
    os.kill(loader.pid, signal.SIGKILL)
    loader.wait()
    loader.stdout.close()
    deadline = time.monotonic() + 20
    while shop.ledger()[-1]["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)  # until the server notices

    assert shop.rows("note") == [("before",)]
    assert shop.ledger()[-1]["status"] == "interrupted"
    messages: list[str] = []
    (result,) = load_source(shop.connect, shop.contract, [path], shop.folder, notify=messages.append)
    assert messages == ["sales.csv: an earlier load was interrupted and left the table as it was"]
    assert (result.status, result.rows_loaded) == ("loaded", 60_000)
    assert len(shop.rows("id")) == 60_000
    assert shop.query("SELECT status FROM ingest.load ORDER BY load_id") == [
        ("loaded",),
        ("interrupted",),
        ("loaded",),
    ]
