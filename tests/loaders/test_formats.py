"""JSON, JSON Lines, Parquet and gzip fill the same tables as CSV."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.loaders.conftest import Shop, shop_contract

CSV = "id,day,note\n1,2024-01-01,a\n2,2024-01-02,\n"
LOADED = [("1", "2024-01-01", "a"), ("2", "2024-01-02", None)]


@pytest.fixture(autouse=True)
def any_name(shop: Shop) -> None:
    shop.contract = shop_contract(files="*", format={"kind": "jsonl"})


def json_array(shop: Shop) -> None:
    shop.contract = shop_contract(files="*", format={"kind": "json"})


def parquet(shop: Shop, query: str, name: str = "sales.parquet") -> Path:
    """Write a query's rows as Parquet and set the contract to read it."""
    shop.contract = shop_contract(files="*", format={"kind": "parquet"})
    path = shop.folder / name
    duckdb.connect().execute(f"COPY ({query}) TO '{shop.folder}/x' (FORMAT parquet)")
    (shop.folder / "x").rename(path)
    return path


def test_csv_may_be_compressed(shop: Shop) -> None:
    shop.contract = shop_contract()
    shop.load(CSV, "sales.csv.gz")
    assert shop.rows() == LOADED
    assert shop.rows("_source_file")[0] == ("sales.csv",)


def test_json_lines_load_as_rows(shop: Shop) -> None:
    shop.load('{"id": 1, "day": "2024-01-01", "note": "a"}\n\n{"id": "2", "day": "2024-01-02"}\n')
    assert shop.rows() == LOADED


def test_compressed_json_lines_load(shop: Shop) -> None:
    shop.load('{"id": 1, "day": "2024-01-01", "note": "a"}\n', "sales.jsonl.gz")
    assert shop.rows() == LOADED[:1]


@pytest.mark.parametrize("content", ["[{}]", "[{}, {}]", "[1]"])
def test_an_array_whose_rows_have_no_key_lacks_the_required_columns(shop: Shop, content: str) -> None:
    json_array(shop)
    assert "the required columns 'id', 'day' are missing; found: none" in shop.error(content, "sales.json")


def test_json_lines_whose_rows_have_no_key_lack_the_required_columns(shop: Shop) -> None:
    assert "are missing; found: none" in shop.error("{}\n{}\n")


def test_an_empty_array_is_no_rows(shop: Shop) -> None:
    json_array(shop)
    assert shop.load("[]", "sales.json").rows_read == 0


def test_numbers_are_kept_as_they_are_written_and_nested_values_as_json(shop: Shop) -> None:
    row = '{"id": 1.10, "day": "2024-01-01", "note": {"a": [1.50, 1e2, null, true], "é": "x\\"y"}, "more": [0.10]}'
    shop.load(row)
    assert shop.rows("id, note, _extra::text") == [
        ("1.10", '{"a": [1.50, 1e2, null, true], "é": "x\\"y"}', '{"more": [0.10]}')
    ]


def test_a_bad_line_of_json_lines_costs_that_line(shop: Shop) -> None:
    good = '{"id": %d, "day": "2024-01-01"}\n'
    bad = [
        "not json",
        "[1]",
        '{"id": 1, "id": 2, "day": "2024-01-01"}',
        '{"ID": 1, "id": 2, "day": "2024-01-01"}',
        '{"id": 1, "day": "2024-01-01", "note": "\\u0000"}',
        '{"id": 1, "day": "2024-01-01", "note": "\\ud800"}',
        '{"id": 1, "day": "2024-01-01", "more": "\\u0000"}',
        '{"id": 1}',
        '{"id": ' + "[" * 100_000,
    ]
    result = shop.load(good % 1 + "\n".join(bad) + "\n" + good % 2)
    assert (result.rows_loaded, result.rows_rejected) == (2, len(bad))
    rejected = shop.rejected()
    assert [line for line, _, _ in rejected] == list(range(2, 2 + len(bad)))
    assert [reason for _, _, reason in rejected] == [
        "no valid JSON: Expecting value (character 1)",
        "not a JSON object",
        "a key occurs twice in an object",
        "two keys for the column 'id'",
        "column 'note' holds a NUL character",
        "column 'note' holds half of a surrogate pair, which is no character",
        "an unknown column holds a NUL character",
        "no event time: column 'day' is empty",
        "nested too deeply",
    ]


def test_an_escaped_backslash_before_u0000_is_no_nul(shop: Shop) -> None:
    shop.load('{"id": 1, "day": "2024-01-01", "more": "\\\\u0000"}')
    assert shop.rows("_extra") == [({"more": "\\u0000"},)]


def test_a_required_key_that_no_object_has_fails_the_file(shop: Shop) -> None:
    message = shop.error('{"id": 1, "dey": "2024-01-01"}\n')
    assert "the required column 'day' is missing; found: 'id', 'dey'. Was 'day' renamed to 'dey'?" in message


def test_an_array_of_objects_loads_as_rows(shop: Shop) -> None:
    json_array(shop)
    rows = [{"id": 1, "day": "2024-01-01", "note": "a"}, {"day": "2024-01-02", "id": 2, "note": None}]
    shop.load(json.dumps(rows, indent=2))
    assert shop.rows() == LOADED


def test_an_array_larger_than_a_chunk_loads_with_line_numbers(shop: Shop) -> None:
    json_array(shop)
    rows = [json.dumps({"id": n, "day": "2024-01-01", "note": "é" * 50}) for n in range(20_000)]
    rows[15_000] = "12345"
    result = shop.load("[\n" + ",\n".join(rows) + "\n]\n")
    assert (result.rows_loaded, result.rows_rejected) == (19_999, 1)
    assert shop.rejected() == [(15_002, "12345", "not a JSON object")]


def test_an_empty_array_loads_as_no_rows(shop: Shop) -> None:
    json_array(shop)
    assert shop.load(" [ ] \n").rows_read == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ('{"id": 1}', "say kind: jsonl"),
        ('[{"id": 1, "day": "2024-01-01"}', "line 1: the array is not closed"),
        ('[{"id": 1},\n', "line 2: the array is not closed"),
        ('[{"id": 1}\n{"id": 2}]', "line 2: ',' or ']' expected, not '{'"),
        ('[{"id": 1},\n{"id": oops}]', "line 2: no valid JSON: Expecting value"),
        ('[{"id": 1, "day": "2024-01-01"}] x', "there is more after the array"),
        (b'[{"id": "\xff"}]', "not valid utf-8"),
    ],
)
def test_a_malformed_array_fails_the_file(shop: Shop, content: str | bytes, message: str) -> None:
    json_array(shop)
    assert message in shop.error(content)


def test_parquet_loads_as_text(shop: Shop) -> None:
    path = parquet(
        shop,
        """
        SELECT 1::bigint AS id, DATE '2024-01-01' AS day, 1.10::decimal(10, 2) AS note,
            TIMESTAMPTZ '2024-01-01 00:00:00+02' AS at, [1, 2] AS list, {'a': DATE '2024-01-01'} AS pair, true AS yes
        UNION ALL SELECT 2, DATE '2024-01-02', NULL, NULL, NULL, NULL, NULL
        """,
    )
    (result,) = shop.load_paths(path)
    assert result.extra_columns == ("at", "list", "pair", "yes")
    assert shop.rows() == [("1", "2024-01-01", "1.10"), ("2", "2024-01-02", None)]
    assert shop.rows("_extra")[0] == (
        {"at": "2023-12-31 22:00:00+00", "list": "[1,2]", "pair": '{"a":"2024-01-01"}', "yes": "true"},
    )


def test_a_bad_row_of_parquet_is_rejected_by_its_number(shop: Shop) -> None:
    path = parquet(shop, "SELECT 1 AS id, '2024-01-01' AS day UNION ALL SELECT 2, 'bad'")
    shop.load_paths(path)
    assert shop.query("SELECT line_number, row_number, raw, reason FROM ingest.rejected_row") == [
        (None, 2, '{"id": "2", "day": "bad"}', "event time 'bad' is not of the format '%Y-%m-%d'")
    ]


def test_a_parquet_file_without_a_required_column_fails(shop: Shop) -> None:
    (result,) = shop.load_paths(parquet(shop, "SELECT 1 AS id"))
    assert "the required column 'day' is missing" in result.message


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing"])
def test_a_damaged_parquet_file_fails(shop: Shop, content: bytes) -> None:
    shop.contract = shop_contract(files="*", format={"kind": "parquet"})
    assert "is no valid Parquet file" in shop.error(content, "sales.parquet")


def test_a_parquet_file_with_a_pattern_for_a_name_is_read(shop: Shop) -> None:
    path = parquet(shop, "SELECT 1 AS id, '2024-01-01' AS day", "sales[1]*.parquet")
    (result,) = shop.load_paths(path)
    assert (result.status, result.rows_loaded) == ("loaded", 1)


def test_the_same_parquet_file_again_does_nothing(shop: Shop) -> None:
    path = parquet(shop, "SELECT 1 AS id, '2024-01-01' AS day")
    assert [shop.load_paths(path)[0].status for _ in range(2)] == ["loaded", "unchanged"]
