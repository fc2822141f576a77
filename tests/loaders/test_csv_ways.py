"""The shortcut for well-formed blocks and the reading of records one by one give the same rows."""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loaders.csv_reader import CsvReader
from loaders.csv_scan import scan
from loaders.errors import LoadError
from loaders.rows import Plan
from tests.loaders.conftest import Shop, shop_contract

HEAD = b"id,day,note\n"
DAYS = ["2024-01-01", "2024-02-29", "2023-12-31"]
PIECES = ["a", "b c", ",", '"', '""', "\n", "\r\n", "\r", "é", "\x00", "2024-01-01", "x,2024-01-01,y\n"]
soup = st.lists(st.sampled_from(PIECES), max_size=25).map(lambda parts: "".join(parts).encode())
fields = st.text(st.sampled_from('ab,"\n\r é'), max_size=5)


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A file that Python's csv module wrote, in one of the dialects there are."""
    rows = draw(st.lists(st.tuples(fields, st.sampled_from(DAYS), fields), max_size=12))
    text = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    csv.writer(text, lineterminator=draw(st.sampled_from(["\n", "\r\n"])), quoting=quoting).writerows(rows)
    return text.getvalue().encode()


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    with (
        mock.patch("loaders.files.CHUNK_BYTES", size),
        mock.patch("loaders.csv_reader.CHUNK_BYTES", size),
        mock.patch("loaders.csv_reader.SMALLEST_BLOCK", 20),
    ):
        yield


def with_dashes(row: list[str]) -> list[str]:
    """A row with its event date written in one way: the shortcut leaves the dashes out."""
    day = row[1].replace("-", "")
    return [row[0], f"{day[:4]}-{day[4:6]}-{day[6:]}", *row[2:]]


def read(content: bytes, *, shortcut: bool, size: int, **options: Any) -> dict[str, Any]:
    """Read a file and return all that is known of it, or why it cannot be read."""
    table = shop_contract(**options).tables["sale"]
    with tempfile.TemporaryDirectory() as folder, chunks_of(size):
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        try:
            reader = CsvReader(path, Plan(table, "UTC"), shortcut=shortcut)
            batches = list(reader.batches())
        except LoadError as error:
            return {"error": str(error).replace(folder, "")}
        text = b"".join(batch.data for batch in batches).decode()
        return {
            "rows": [
                with_dashes(row)
                for row in csv.reader(io.StringIO(text, newline=""), delimiter=reader.delimiter)
            ],
            "rejected": [row for batch in batches for row in batch.rejected],
            "read": batches[-1].rows_read if batches else 0,
            "dates": reader.seen.event_dates,
            "sha256": reader.sha256,
        }


@settings(max_examples=400, deadline=None)
@given(content=st.one_of(soup, written(), st.tuples(written(), soup).map(b"".join)), size=st.integers(8, 200))
@example(content=b'1,2024-01-01,""\n2,2024-01-01,"a""b"\n', size=100)
@example(content=b'1,2024-01-01,a\r\n2,2024-01-01,"b\r\n"\r\n', size=100)
@example(content=b'1,"2024-01-01","x"\n2,2024-01-01,y"\n', size=20)
def test_both_ways_read_any_file_alike(content: bytes, size: int) -> None:
    fast = read(HEAD + content, shortcut=True, size=size)
    assert fast == read(HEAD + content, shortcut=False, size=1 << 20)
    if "rows" in fast:
        assert fast["read"] == len(fast["rows"]) + len(fast["rejected"])


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(fields, st.sampled_from(DAYS), fields), min_size=1, max_size=12))
def test_what_the_csv_module_wrote_is_read_as_it_was(rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    found = read(HEAD + text.getvalue().encode(), shortcut=True, size=50)
    assert found["rows"] == [[str(n), day, key, day, note] for n, (key, day, note) in enumerate(rows, 1)]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r"])
def test_both_ways_convert_encodings_alike(encoding: str) -> None:
    text = bytes(set(range(32, 256)) - set(b'",')).decode(encoding, "ignore")
    lines = "".join(f"{n},2024-01-01,{text}\n" for n in range(9)).encode(encoding) + b"x,bad,\x81\xff\n"
    options: dict[str, Any] = {"size": 700, "format": {"encoding": encoding}}
    fast = read(HEAD + lines, shortcut=True, **options)
    assert fast == read(HEAD + lines, shortcut=False, **options)
    assert fast["rows"][0][-1] == text


@pytest.mark.parametrize(
    "stamps",
    [
        ["2024-01-01 00:00:00", "2024-01-01 23:59:59", '"2024-02-29 12:00:00"'],
        [
            "2024-01-01 00:00:00",
            "2024-1-1 1:2:3",
            "2024-01-01 24:00:00",
            "2024-01-01",
            "2024-01-01 00:00:00 ",
        ],
    ],
)
def test_both_ways_parse_timestamps_alike(stamps: list[str]) -> None:
    lines = "".join(f"{n},{stamp},x\n" for n, stamp in enumerate(stamps)).encode()
    event = {"column": "day", "format": "%Y-%m-%d %H:%M:%S"}
    fast = read(HEAD + lines, shortcut=True, size=1000, event_time=event)
    assert fast == read(HEAD + lines, shortcut=False, size=1000, event_time=event)


def test_a_clean_file_takes_the_shortcut_quoted_or_not() -> None:
    plain = HEAD + b"1,2024-01-01,a\n" * 50
    quoted = (
        b'"id","day","note"\r\n'
        + b'"1","2024-01-01","two\nlines, ""quoted"""\r\n"2","2024-01-01",""\r\n' * 50
    )
    with mock.patch("loaders.csv_records.CsvRecords.block", side_effect=AssertionError):
        assert len(read(plain, shortcut=True, size=300)["rows"]) == 50
        assert len(read(quoted, shortcut=True, size=300)["rows"]) == 100


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"a,b",
        b"a\n",
        b"a,b,c\n",
        b"a\nb,c,d\n",
        b'a,b"c\n',
        b'"a"b,c\n',
        b'a, "b"\n',
        b'"a,b\n',
        b"a,b\rc\n",
        b"\n",
    ],
)
def test_the_scan_accepts_nothing_that_it_cannot_prove(block: bytes) -> None:
    assert scan(block, ",", 2) is None


AWKWARD = (
    'id,day,note\n1,2024-01-01,plain\n2,2024-01-01,"quoted, ""twice"""\n3,2024-01-01,""\n4,2024-01-01,\n'
    '5,2024-01-01,"two\nlines"\n6,2024-01-02,"\\."\n7,2024-01-02,\\N\n8,2024-01-02, blanks \n9,2024-01-02,NULL\n'
    "10,2024-01-02,çé漢😀\n"
)


@pytest.mark.both_versions
@pytest.mark.parametrize("extra", ["", "11,2024-01-02,too,many\n", '12,2024-01-02,"a\rb"\n13,bad,c\n'])
def test_postgres_gets_the_same_table_both_ways(shop: Shop, extra: str) -> None:
    tables = []
    slow = mock.patch.object(CsvReader, "_fast_block", return_value=None)
    for name, content, way in (("fast", AWKWARD, chunks_of(60)), ("slow", AWKWARD + extra, slow)):
        with way:
            shop.contract = shop_contract(source=name)
            shop.load(content)
        tables.append(
            shop.query(
                f"SELECT _row_number, _event_date, id, day, note FROM raw_{name}.sale "
                "WHERE _row_number <= 10 ORDER BY _row_number"
            )
        )
    assert tables[0] == tables[1]
    assert [row[-1] for row in tables[0]] == [
        "plain",
        'quoted, "twice"',
        None,
        None,
        "two\nlines",
        "\\.",
        "\\N",
        " blanks ",
        "NULL",
        "çé漢😀",
    ]
