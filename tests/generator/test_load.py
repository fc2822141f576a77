"""What is generated goes through the loaders, and the ledger counts what the generator counted."""

from collections import Counter

import pytest

from loaders.contract import load_contracts
from loaders.load import LoadResult, load_source
from ops.settings import Settings
from tests.generator.files import Generated
from tests.support import query


@pytest.fixture(scope="module")
def loaded(spoiled: Generated, module_database: Settings) -> list[LoadResult]:
    """The shop with faults, loaded once for all tests of this module."""
    return load_source(module_database.connect_loader, load_contracts()["store"], None, spoiled.folder, None)


def test_the_ledger_counts_what_the_generator_counted(loaded: list[LoadResult], spoiled: Generated) -> None:
    assert {result.status for result in loaded} == {"loaded"}
    assert not [result for result in loaded if result.extra_columns or result.missing_columns]
    assert {(result.table, result.file): result.rows_read for result in loaded} == {
        (row["table"], row["file"].removeprefix("store/")): int(row["rows"]) for row in spoiled.truth("files")
    }


def test_torn_rows_are_rejected_and_no_others(
    loaded: list[LoadResult], spoiled: Generated, module_database: Settings
) -> None:
    torn = [fault for fault in spoiled.truth("faults") if fault["kind"] in ("malformed", "future_date")]
    rejected = query(
        module_database,
        "SELECT table_name, file, row_number::text, line_number::text FROM ingest.rejected_row",
    )
    assert sorted(rejected) == sorted(
        (fault["table"], fault["file"], fault["row_number"], fault["line_number"]) for fault in torn
    )
    lost = Counter(fault["table"] for fault in torn)
    for table, rows in spoiled.summary.rows.items():
        assert query(module_database, f'SELECT count(*) FROM raw_store."{table}"') == [(rows - lost[table],)]


def test_faults_stand_in_raw_under_their_file_and_row(
    loaded: list[LoadResult], spoiled: Generated, module_database: Settings
) -> None:
    negative = query(
        module_database,
        "SELECT _source_file, _row_number::text FROM raw_store.pos_line WHERE unit_price LIKE '-%'",
    )
    assert sorted(negative) == sorted(
        (fault["file"], fault["row_number"])
        for fault in spoiled.truth("faults")
        if fault["kind"] == "negative_price"
    )


def test_a_later_document_touches_the_day_of_its_order(
    loaded: list[LoadResult], module_database: Settings
) -> None:
    (wrong,) = query(
        module_database,
        "SELECT count(*) FROM raw_store.web_order WHERE _event_date <> left(placed_at, 10)::date",
    )
    (later,) = query(
        module_database,
        "SELECT count(*) FROM raw_store.web_order WHERE _source_file <> 'web/' || _event_date || '.jsonl'",
    )
    assert wrong == (0,)
    assert later > (100,)
