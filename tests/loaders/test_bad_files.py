"""A file that cannot be loaded says what is wrong with it, and leaves its table as it was."""

import os
from pathlib import Path

import pytest

from loaders.errors import LoadError
from loaders.files import match_files
from loaders.load import load_source
from tests.loaders.conftest import Shop, shop_contract

GOOD = "id,day,note\n1,2024-01-01,a\n"


def test_a_missing_file_is_named(shop: Shop) -> None:
    (result,) = shop.load_paths(shop.folder / "sales.csv")
    assert result.status == "failed"
    assert "sales.csv: there is no such file" in result.message


def test_a_missing_file_that_fits_no_table_is_named_too(shop: Shop) -> None:
    with pytest.raises(LoadError, match="there is no such file"):
        shop.load_paths(shop.folder / "sales.xls")


def test_a_file_that_fits_no_table_names_what_the_tables_take(shop: Shop) -> None:
    with pytest.raises(LoadError, match=r"fits no table of 'shop'; they take \*\.csv"):
        shop.load_paths(shop.write("x", "sales.txt"))


def test_no_files_at_all_says_where_they_come_from(shop: Shop) -> None:
    contract = shop.contract.model_copy(update={"download": "https://example.org/sales"})
    with pytest.raises(LoadError, match=r"takes \*\.csv.*https://example.org/sales"):
        load_source(shop.connect, contract, None, shop.folder)


def test_an_empty_file_is_refused(shop: Shop) -> None:
    assert "the file is empty, it has not even a header" in shop.error("")


def test_a_file_with_a_header_only_loads_as_no_rows_and_says_so(shop: Shop) -> None:
    result = shop.load("id,day,note\n")
    assert (result.status, result.rows_read) == ("loaded", 0)
    assert "a header and no rows" in result.message
    assert shop.ledger()[0]["rows_read"] == 0


def test_a_missing_required_column_is_named_with_the_columns_found(shop: Shop) -> None:
    message = shop.error("id,note\n1,a\n")
    assert "sales.csv: the required column 'day' is missing; found: 'id', 'note'" in message


def test_a_renamed_column_is_guessed(shop: Shop) -> None:
    assert "Was 'day' renamed to 'Days'?" in shop.error("id,Days,note\n1,2024-01-01,a\n")


def test_reordered_columns_load_by_name(shop: Shop) -> None:
    shop.load("note,day,id\na,2024-01-01,1\n")
    assert shop.rows() == [("1", "2024-01-01", "a")]


def test_header_names_match_whatever_their_case_and_blanks(shop: Shop) -> None:
    shop.load(" ID ,Day,NOTE\n1,2024-01-01,a\n")
    assert shop.rows() == [("1", "2024-01-01", "a")]


def test_an_extra_column_is_kept_and_reported(shop: Shop) -> None:
    result = shop.load("id,day,Colour,note\n1,2024-01-01,red,a\n2,2024-01-01,,b\n")
    assert shop.rows("id, note, _extra") == [("1", "a", {"Colour": "red"}), ("2", "b", {"Colour": None})]
    assert result.extra_columns == ("Colour",)
    assert "unknown columns kept in _extra: Colour" in result.message
    assert shop.ledger()[0]["extra_columns"] == ["Colour"]


def test_an_optional_column_that_is_missing_is_null_and_reported(shop: Shop) -> None:
    result = shop.load("id,day\n1,2024-01-01\n")
    assert shop.rows() == [("1", "2024-01-01", None)]
    assert result.missing_columns == ("note",)


def test_a_duplicate_column_is_refused(shop: Shop) -> None:
    assert "the header has the column 'Note' twice" in shop.error("id,day,note,Note\n1,2024-01-01,a,b\n")


def test_a_wrong_delimiter_is_guessed(shop: Shop) -> None:
    assert "looks like the delimiter is ';'" in shop.error("id;day;note\n1;2024-01-01;a\n")


def test_another_delimiter_works_by_contract(shop: Shop) -> None:
    shop.contract = shop_contract(format={"delimiter": ";"})
    shop.load('id;day;note\n1;2024-01-01;"a;b"\n')
    assert shop.rows() == [("1", "2024-01-01", "a;b")]


def test_a_byte_order_mark_is_no_part_of_the_header(shop: Shop) -> None:
    shop.load(b"\xef\xbb\xbf" + GOOD.encode())
    assert shop.rows() == [("1", "2024-01-01", "a")]


def test_an_unbalanced_quote_fails_the_file_and_names_line_and_column(shop: Shop) -> None:
    rows = "".join(f"{number},2024-01-01,a\n" for number in range(10))
    message = shop.error(f'id,day,note\n1,2024-01-01,a\n2,2024-01-01,"never closed\n{rows}')
    assert (
        "quoted field that begins on line 3, column 'note', is never closed (read on to line 13)" in message
    )


def test_an_unbalanced_quote_is_found_in_the_line_where_it_stands_not_where_its_record_begins(
    shop: Shop,
) -> None:
    message = shop.error('id,day,note\n"two\nlines",2024-01-01,"open\nmore\n')
    assert "begins on line 3, column 'note'" in message


def test_a_truncated_gzip_file_is_refused(shop: Shop) -> None:
    path = shop.write(GOOD * 1000, "sales.csv.gz")
    path.write_bytes(path.read_bytes()[:-20])
    (result,) = shop.load_paths(path)
    assert "the gzip file ends too early; it was not delivered whole" in result.message


def test_a_gz_file_that_is_not_compressed_is_refused(shop: Shop) -> None:
    path = shop.write("", "sales.csv.gz")
    path.write_text(GOOD)
    (result,) = shop.load_paths(path)
    assert "is no valid gzip file" in result.message


def test_a_directory_where_a_file_should_be_is_refused(shop: Shop) -> None:
    (shop.folder / "sales.csv").mkdir()
    (result,) = shop.load_paths(shop.folder / "sales.csv")
    assert "is a directory where a file should be" in result.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(shop: Shop) -> None:
    path = shop.write(GOOD)
    path.chmod(0)
    (result,) = shop.load_paths(path)
    assert "no permission" in result.message


def test_a_refused_open_is_told_as_missing_permission(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shop.write(GOOD)

    def refuse(self: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    (result,) = shop.load_paths(path)
    assert "this user may not read it (no permission)" in result.message


@pytest.mark.parametrize(
    ("start", "meaning"),
    [
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"PK\x03\x04", "zip archive or an Excel workbook"),
        (b"PAR1", "Parquet"),
        ("id,day\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_of_another_kind_is_recognised(shop: Shop, start: bytes, meaning: str) -> None:
    assert meaning in shop.error(start + b"\n")


def test_lines_that_end_with_carriage_returns_only_are_refused(shop: Shop) -> None:
    assert "end with carriage returns only" in shop.error(GOOD.replace("\n", "\r"))


def test_a_failed_file_does_not_stop_the_others(shop: Shop) -> None:
    bad, good = shop.write("id,day,note\n1", "a.csv"), shop.write(GOOD, "b.csv")
    assert [result.status for result in shop.load_paths(bad, good)] == ["failed", "loaded"]
    assert [row["status"] for row in shop.ledger()] == ["failed", "loaded"]


def test_two_files_of_one_name_are_refused(shop: Shop) -> None:
    first, second = shop.write(GOOD, "x/a.csv"), shop.write(GOOD, "y/a.csv.gz")
    with pytest.raises(LoadError, match="are the same file to 'sale'"):
        match_files(shop.contract, [first, second])


def test_of_a_snapshots_files_the_last_by_name_is_loaded_and_the_others_are_named(shop: Shop) -> None:
    shop.contract = shop_contract(apply="snapshot")
    said: list[str] = []
    shop.write(GOOD, "2024-01-01.csv")
    shop.write(GOOD.replace(",a", ",b"), "2024-01-02.csv")
    assert [result.file for result in shop.load_paths(shop.folder, notify=said.append)] == ["2024-01-02.csv"]
    assert shop.rows("note") == [("b",)]
    assert said == ["2024-01-01.csv: left out, 2024-01-02.csv replaces the whole table 'sale'"]


def test_a_file_that_changes_while_it_is_read_is_not_kept(shop: Shop) -> None:
    path = shop.write(GOOD)

    def append(*_: object) -> None:
        with path.open("a") as file:
            file.write("2,2024-01-01,b\n")

    (result,) = shop.load_paths(path, progress=append)
    assert "was changed while it was read" in result.message
    assert shop.rows() == []
