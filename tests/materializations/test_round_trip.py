"""Whatever a frame holds is in Postgres what it was, and read from there it is that again."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one
from sqlmesh.core.engine_adapter import EngineAdapter, create_engine_adapter

from materializations.encoding import encode, to_csv
from ml.frame import places, read_frame
from ops.settings import Settings

KINDS = {
    "small": "smallint",
    "large": "bigint",
    "share": "double precision",
    "amount": "numeric(38, 10)",
    "word": "text",
    "flag": "boolean",
    "day": "date",
    "instant": "timestamptz",
    "moment": "timestamp",
    "facts": "jsonb",
    "words": "text[]",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
WORD = st.one_of(
    TEXT, st.sampled_from(["", "\\N", "NULL", '"', "a\tb\n\\.\nc\r\n", "\\", ",", "'", "{}", " x "])
)
DAY = st.dates(dt.date(1, 1, 2), dt.date(9999, 12, 30))
MOMENT = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=5,
).filter(lambda value: isinstance(value, list | dict))
VALUES = {
    "small": st.integers(-(2**15), 2**15 - 1),
    "large": st.integers(-(2**63), 2**63 - 1),
    "share": st.floats(allow_nan=False, width=64),
    "amount": st.decimals(-(10**20), 10**20, places=10),
    "word": WORD,
    "flag": st.booleans(),
    "day": DAY,
    "instant": MOMENT.map(lambda moment: moment.replace(tzinfo=dt.UTC)),
    "moment": MOMENT,
    "facts": JSON,
    "words": st.lists(st.none() | WORD, max_size=3),
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | value for name, value in VALUES.items()}), max_size=4
)


@pytest.fixture(scope="module")
def adapter(module_database: Settings) -> Iterator[EngineAdapter]:
    """SQLMesh's way to a database that holds an empty table of all kinds."""
    adapter = create_engine_adapter(module_database.connect, "postgres")
    definitions = ", ".join(f"{name} {kind}" for name, kind in KINDS.items())
    adapter.execute(f"CREATE TEMPORARY TABLE of_all_kinds (place int, {definitions})")
    yield adapter
    adapter.close()


def copied(adapter: EngineAdapter, frame: pd.DataFrame) -> None:
    """Make the table hold the frame's rows."""
    columns = {name: exp.DataType.build(kind, dialect="postgres") for name, kind in KINDS.items()}
    rows = encode(frame, {"place": exp.DataType.build("int"), **columns}, "ml.some")
    adapter.cursor.execute("TRUNCATE of_all_kinds")
    adapter.cursor.copy_expert("COPY of_all_kinds FROM STDIN (FORMAT csv)", pa.BufferReader(to_csv(rows)))


def frame_of(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The rows as a DataFrame of objects, which keeps every value as it is, with their places."""
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in KINDS})
    return frame.assign(place=range(len(rows)))


@pytest.mark.both_versions
@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_postgres_holds_what_the_frame_held(adapter: EngineAdapter, rows: list[dict[str, object]]) -> None:
    copied(adapter, frame_of(rows))
    adapter.cursor.execute(f"SELECT {', '.join(KINDS)} FROM of_all_kinds ORDER BY place")
    found = [dict(zip(KINDS, row, strict=True)) for row in adapter.cursor.fetchall()]
    assert found == rows
    shares = zip((row["share"] for row in rows), (row["share"] for row in found), strict=True)
    assert all(a is b is None or math.copysign(1, a) == math.copysign(1, b) for a, b in shares)  # type: ignore[type-var]


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_read_frame_gives_what_was_written(adapter: EngineAdapter, rows: list[dict[str, object]]) -> None:
    copied(adapter, frame_of(rows))
    context = SimpleNamespace(engine_adapter=adapter)  # without a way to fall back to
    names = ["small", "large", "share", "word", "flag", "day", "instant"]
    query = exp.select(*names).from_("of_all_kinds").order_by("place")
    frame = read_frame(context, query)  # type: ignore[arg-type]
    assert list(frame.columns) == names
    for name in names:
        values = [None if pd.isna(value) else value for value in frame[name].tolist()]
        assert values == [row[name] for row in rows], name


def test_the_types_of_a_frame_are_those_that_read_frame_promises(adapter: EngineAdapter) -> None:
    context = SimpleNamespace(engine_adapter=adapter, fetchdf=adapter.fetchdf)
    kinds = "1::smallint AS a, 2::int AS b, 1.5::numeric AS c, 1::real AS d, true AS e, current_date AS f, now() AS g"
    whole = read_frame(context, parse_one(f"SELECT {kinds}, 'x'::text AS h", dialect="postgres"))  # type: ignore[arg-type]
    promised = ["int64", "int64", "float64", "float64", "bool", "object", "datetime64[us, UTC]", "object"]
    assert [str(kind) for kind in whole.dtypes] == promised
    query = parse_one(f"SELECT {kinds} UNION ALL SELECT {', '.join(['NULL'] * 7)}", dialect="postgres")
    holed = read_frame(context, query)  # type: ignore[arg-type]
    promised = ["Int64", "Int64", "float64", "float64", "object", "object", "datetime64[us, UTC]"]
    assert [str(kind) for kind in holed.dtypes] == promised


@pytest.mark.parametrize("row_count", [0, 5, 300_000])  # of several blocks, each with codes of its own
def test_coded_and_packed_texts_are_those_that_were_read(adapter: EngineAdapter, row_count: int) -> None:
    context = SimpleNamespace(engine_adapter=adapter)
    query = parse_one(
        "SELECT NULLIF(MD5((i % 7)::text), MD5('3')) AS word, MD5((i * 7919::bigint % 100000)::text)::uuid AS key "
        f"FROM GENERATE_SERIES(1, {row_count}) AS i",
        dialect="postgres",
    )
    plain = read_frame(context, query)  # type: ignore[arg-type]
    coded = read_frame(context, query, coded=["word"], packed=["key"])  # type: ignore[arg-type]
    assert coded["word"].astype(object).where(coded["word"].notna(), None).tolist() == plain["word"].tolist()
    assert coded["word"].cat.categories.tolist() == sorted(plain["word"].dropna().unique())
    assert coded["key"].tolist() == plain["key"].tolist()
    among = coded["key"].drop_duplicates()[::2]
    assert places(coded["key"], among).tolist() == pd.Index(among.tolist()).get_indexer(plain["key"]).tolist()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT NULL::text AS a UNION ALL SELECT ''", [[None], [""]]),
        ("SELECT 1::int AS a, 'x'::text AS a WHERE false", []),
        ("SELECT 1 AS a, 2 AS a", [[1, 2]]),
        ("SELECT '{\"a\": 1}'::jsonb AS a, 1 AS b", [[{"a": 1}, 1]]),
        ("SELECT 'infinity'::date AS a", [[dt.date.max]]),
        ("SELECT 0.1::real AS a, 'NaN'::float8 = 'NaN' AS b", [[0.1, True]]),
        ("SELECT 12345678901234567.89::numeric AS a", [[float(Decimal("12345678901234567.89"))]]),
    ],
)
def test_rows_of_any_shape_are_read(adapter: EngineAdapter, query: str, rows: list[list[object]]) -> None:
    context = SimpleNamespace(engine_adapter=adapter, fetchdf=adapter.fetchdf)
    assert read_frame(context, parse_one(query, dialect="postgres")).to_numpy().tolist() == rows  # type: ignore[arg-type]


def test_the_zone_of_the_session_changes_no_instant(adapter: EngineAdapter) -> None:
    context = SimpleNamespace(engine_adapter=adapter)
    query = parse_one("SELECT '2026-01-01 00:00:00.000001Z'::timestamptz AS a", dialect="postgres")
    with adapter.transaction():
        adapter.execute("SET LOCAL TIME ZONE 'Asia/Kolkata'")
        [[instant]] = read_frame(context, query).to_numpy().tolist()  # type: ignore[arg-type]
    assert instant == pd.Timestamp("2026-01-01 00:00:00.000001", tz="UTC")
