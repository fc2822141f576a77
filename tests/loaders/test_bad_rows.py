"""A row that cannot be loaded is kept with its line, its text and the reason; the others are loaded."""

import pytest

from loaders.rows import RAW_CHARACTERS
from tests.loaders.conftest import Shop, shop_contract

HEAD = "id,day,note\n1,2024-01-01,first\n"
LAST = "9,2024-01-09,last\n"


def one_rejected(shop: Shop, row: str | bytes, lines: int = 1) -> tuple[int, str, str]:
    """Load a file with one bad row between two good ones and return what was kept of it."""
    data = row.encode() if isinstance(row, str) else row
    result = shop.load(HEAD.encode() + data + LAST.encode())
    assert result.status == "loaded", result.message
    assert result.rows_read == result.rows_loaded + result.rows_rejected
    assert shop.rows()[0] == ("1", "2024-01-01", "first")
    assert shop.rows()[-1] == ("9", "2024-01-09", "last")
    ((line, raw, reason),) = shop.rejected()
    return line, raw, reason


def test_a_row_with_too_few_fields_is_rejected(shop: Shop) -> None:
    assert one_rejected(shop, "2,2024-01-01\n") == (3, "2,2024-01-01", "too few fields: 2 instead of 3")


def test_a_row_with_too_many_fields_is_rejected(shop: Shop) -> None:
    assert one_rejected(shop, "2,2024-01-01,a,b\n") == (
        3,
        "2,2024-01-01,a,b",
        "too many fields: 4 instead of 3",
    )


def test_invalid_bytes_are_rejected_and_shown_escaped(shop: Shop) -> None:
    line, raw, reason = one_rejected(shop, b"2,2024-01-01,caf\xe9\n")
    assert (line, raw) == (3, "2,2024-01-01,caf\\xe9")
    assert reason == "not valid utf-8; the file may be latin-1: set encoding in the contract"


def test_latin_1_is_converted_when_the_contract_says_so(shop: Shop) -> None:
    shop.contract = shop_contract(format={"encoding": "latin-1"})
    shop.load(HEAD.encode() + "2,2024-01-01,café\n".encode("latin-1"))
    assert shop.rows()[-1] == ("2", "2024-01-01", "café")


def test_bytes_that_the_contracts_encoding_lacks_are_rejected(shop: Shop) -> None:
    shop.contract = shop_contract(format={"encoding": "cp1252"})
    assert one_rejected(shop, b"2,2024-01-01,\x81\n") == (3, "2,2024-01-01,\\x81", "not valid cp1252")


def test_a_nul_is_rejected_and_shown_escaped(shop: Shop) -> None:
    line, raw, reason = one_rejected(shop, b"2,2024-01-01,a\x00b\n")
    assert (line, raw) == (3, "2,2024-01-01,a\\x00b")
    assert reason == "column 'note' holds a NUL character"


def test_a_stray_quote_inside_a_quoted_field_is_rejected(shop: Shop) -> None:
    line, raw, reason = one_rejected(shop, '2,2024-01-01,"a "big" one"\n')
    assert (line, raw) == (3, '2,2024-01-01,"a "big" one"')
    assert reason == "a quote inside a quoted field is not doubled"


def test_a_stray_quote_costs_its_line_and_not_the_rows_after_it(shop: Shop) -> None:
    result = shop.load(HEAD + '2,2024-01-01,"open\n3,2024-01-01,"closed"\n' + LAST)
    assert (result.rows_loaded, result.rows_rejected) == (3, 1)
    assert [row[0] for row in shop.rows()] == ["1", "3", "9"]


def test_a_quote_inside_an_unquoted_field_is_text(shop: Shop) -> None:
    shop.load(HEAD + '2,2024-01-01,5" pipe\n')
    assert shop.rows()[-1] == ("2", "2024-01-01", '5" pipe')


@pytest.mark.parametrize("day", ["2024-13-01", "01.02.2024", "2024-01-01 10:00", "yesterday"])
def test_an_event_time_that_does_not_parse_is_rejected(shop: Shop, day: str) -> None:
    _, _, reason = one_rejected(shop, f"2,{day},a\n")
    assert reason == f"event time {day!r} is not of the format '%Y-%m-%d'"


def test_a_row_without_an_event_time_is_rejected(shop: Shop) -> None:
    assert one_rejected(shop, "2,,a\n")[2] == "no event time: column 'day' is empty"


def test_line_breaks_inside_quotes_are_kept_and_lines_still_counted(shop: Shop) -> None:
    shop.load(HEAD + '2,2024-01-01,"two\nlines"\n3,2024-01-01,"crlf\r\ntoo"\n4,bad,x\n' + LAST)
    assert shop.rows("note")[1:3] == [("two\nlines",), ("crlf\r\ntoo",)]
    assert shop.rejected()[0][0] == 7


def test_a_record_over_several_lines_is_rejected_with_its_first_line_and_whole_text(shop: Shop) -> None:
    line, raw, reason = one_rejected(shop, '2,2024-01-01,"two\nlines",more\n')
    assert (line, raw) == (3, '2,2024-01-01,"two\nlines",more')
    assert reason == "too many fields: 4 instead of 3"


def test_a_field_of_10_mb_loads(shop: Shop) -> None:
    shop.load(f"{HEAD}2,2024-01-01,{'x' * 10_000_000}\n{LAST}")
    assert shop.rows("length(note)") == [(5,), (10_000_000,), (4,)]


def test_a_quoted_field_of_10_mb_with_line_breaks_loads(shop: Shop) -> None:
    text = "some text\n" * 1_000_000
    shop.load(f'{HEAD}2,2024-01-01,"{text}"\n{LAST}')
    assert shop.rows("length(note)") == [(5,), (10_000_000,), (4,)]


def test_a_field_over_the_limit_is_rejected_and_its_text_cut(shop: Shop) -> None:
    line, raw, reason = one_rejected(shop, f"2,2024-01-01,{'x' * 17_000_000}\n")
    assert line == 3
    assert reason == "column 'note' has 17,000,000 characters; 16,777,216 are the limit"
    assert raw.startswith("2,2024-01-01,xxx")
    assert raw.endswith("… (cut: the row has 17,000,014 bytes)")
    assert len(raw) < RAW_CHARACTERS + 100


def test_a_carriage_return_alone_inside_a_field_is_rejected(shop: Shop) -> None:
    assert one_rejected(shop, "2,2024-01-01,a\rb\n")[2] == "a carriage return stands alone inside a field"


def test_a_carriage_return_inside_quotes_is_kept(shop: Shop) -> None:
    shop.load(HEAD + '2,2024-01-01,"a\rb"\n3,bad,c\n')
    assert shop.rows("note")[-1] == ("a\rb",)


def test_a_key_that_no_index_can_hold_is_rejected(shop: Shop) -> None:
    assert "the key is longer than the 2,500 bytes" in one_rejected(shop, f"{'k' * 3000},2024-01-01,a\n")[2]


def test_blank_lines_are_no_rows(shop: Shop) -> None:
    result = shop.load(HEAD + "\n\r\n" + LAST + "\n")
    assert (result.rows_read, result.rows_rejected) == (2, 0)


def test_a_last_line_without_a_line_break_is_a_row(shop: Shop) -> None:
    shop.load(HEAD + LAST.rstrip())
    assert len(shop.rows()) == 2


def test_windows_line_ends_are_no_part_of_the_last_field(shop: Shop) -> None:
    shop.load((HEAD + LAST).replace("\n", "\r\n"))
    assert shop.rows("note") == [("first",), ("last",)]


def test_an_empty_field_is_null_in_quotes_and_without(shop: Shop) -> None:
    shop.load(HEAD + '2,2024-01-01,\n3,2024-01-01,""\n')
    assert shop.rows("note")[1:] == [(None,), (None,)]


def test_a_line_of_backslash_and_dot_is_text(shop: Shop) -> None:
    shop.load(HEAD + '2,2024-01-01,"a\n\\.\nb"\n3,2024-01-01,\\.\n' + LAST)
    assert shop.rows("note")[1:3] == [("a\n\\.\nb",), ("\\.",)]


def test_text_that_looks_like_sql_is_text(shop: Shop) -> None:
    evil = "'); DROP TABLE raw_shop.sale; -- %s %(x)s"
    shop.load(HEAD + f"2,2024-01-01,{evil}\n3,{evil},a\n", f"{evil.replace('/', '')}.csv")
    assert shop.rows("note")[-1] == (evil,)
    assert shop.rejected()[0][1] == f"3,{evil},a"


def test_a_file_of_bad_rows_only_fails_and_its_rows_are_kept(shop: Shop) -> None:
    shop.load(HEAD)
    result = shop.load("id,day,note\n1,bad,a\n2,worse,b\n")
    assert result.status == "failed"
    assert (
        "none of its 2 rows could be loaded, so the table stays as it was. line 2: event time 'bad'"
        in result.message
    )
    assert len(shop.rows()) == 1
    assert [row[1] for row in shop.rejected()] == ["1,bad,a", "2,worse,b"]
    last = shop.ledger()[-1]
    assert (last["status"], last["rows_read"], last["rows_loaded"], last["rows_rejected"]) == (
        "failed",
        2,
        0,
        2,
    )


def test_many_bad_rows_are_all_kept(shop: Shop) -> None:
    result = shop.load(HEAD + "".join(f"{number},bad,{'x' * 200}\n" for number in range(30_000)))
    assert (result.rows_loaded, result.rows_rejected) == (1, 30_000)
    assert shop.query("SELECT count(*), max(line_number) FROM ingest.rejected_row") == [(30_000, 30_002)]
