"""Values on their way to Postgres: what does not fit is told by name, and missing is told from empty."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlglot import exp

from materializations.encoding import CopyError, encode, to_csv


def columns(**kinds: str) -> dict[str, exp.DataType]:
    return {name: exp.DataType.build(kind, dialect="postgres") for name, kind in kinds.items()}


def csv(kind: str, values: object) -> str:
    """The text of a frame of one column."""
    frame = pd.DataFrame({"value": values})
    return to_csv(encode(frame, columns(value=kind), "ml.some")).to_pybytes().decode()


def test_columns_come_in_the_order_of_the_table() -> None:
    frame = pd.DataFrame({"b": ["x"], "a": [1]})
    assert to_csv(encode(frame, columns(a="bigint", b="text"), "ml.some")).to_pybytes() == b'1,"x"\n'


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a"], "it lacks b"),
        (["a", "b", "c"], "the table has no c"),
        (["A", "b"], "it lacks a; the table has no A"),
        (["a", "b", "b"], "it has twice b"),
    ],
)
def test_columns_that_are_not_the_tables_are_named(names: list[str], said: str) -> None:
    frame = pd.DataFrame([[1] * len(names)], columns=names)
    with pytest.raises(CopyError, match=f"^ml.some: the columns .*: {said}$"):
        encode(frame, columns(a="bigint", b="bigint"), "ml.some")


def test_an_empty_frame_needs_the_columns_too() -> None:
    with pytest.raises(CopyError, match="it lacks a"):
        encode(pd.DataFrame(), columns(a="bigint"), "ml.some")
    assert len(encode(pd.DataFrame({"a": []}), columns(a="bigint"), "ml.some")) == 0


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("bigint", [1.0, np.nan], "row 1 of the frame: NaN is no integer"),
        ("bigint", [1, float("nan"), "x"], "row 1 of the frame: NaN is no integer"),
        ("bigint", [1.5], "1.5"),
        ("bigint", [True], "booleans"),
        ("bigint", pd.array([True, None], "boolean"), "booleans"),
        ("bigint", [2**63], "9223372036854775808"),
        ("int", [2**31], "2147483648 not in range"),
        ("smallint", pd.array([None, 40000], "Int64"), "40000 not in range"),
        ("bigint", [dt.date(2026, 1, 1)], "row 0 of the frame: .* is of type date; give integers"),
        ("double precision", [True], "booleans"),
        ("double precision", ["x"], "could not convert string to float"),
        ("numeric(4, 2)", [True], "booleans"),
        ("numeric(4, 2)", [b"1"], "is of type bytes; give decimals"),
        ("boolean", [0, 1], "the frame holds int64; give booleans"),
        ("boolean", [True, "yes"], "row 1 of the frame: 'yes' is of type str"),
        ("date", [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-01 12:00")], "row 1 .*: a time of day"),
        ("date", [dt.datetime(2026, 1, 1, 12), None], "row 0 of the frame: a time of day"),
        ("date", [dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 12)], "no whole day"),
        ("date", pd.to_datetime(["2026-01-01"], utc=True), "a zone"),
        ("timestamp", pd.to_datetime(["2026-01-01"], utc=True), "a zone"),
        ("timestamptz", pd.to_datetime(["2026-01-01 00:00:00.000000001"], utc=True), "would lose data"),
        ("text", ["a", 1], "row 1 of the frame: 1 is of type int; give text"),
        ("text", [1, 2], "the frame holds int64; give text"),
        ("text", ["a\0b"], "NUL"),
        ("varchar(3)", ["abc", "äöüß", None], "row 1 of the frame: a text of 4 characters is too long"),
        ("jsonb", [{"a": float("nan")}], "not JSON compliant"),
    ],
)
def test_values_that_do_not_fit_are_told_with_model_and_column(kind: str, values: object, said: str) -> None:
    with pytest.raises(CopyError, match=re.escape("ml.some: column 'value' (") + f".*{said}"):
        csv(kind, values)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", None]),
        ("text", ["", np.nan]),
        ("text", pd.array(["", None], "string")),
        ("text", pd.array(["", None], "string[pyarrow]")),
        ("text", pd.Categorical(["", None])),
        ("varchar(3)", ["", pd.NA]),
    ],
)
def test_a_missing_text_is_told_from_an_empty_one(kind: str, values: object) -> None:
    assert csv(kind, values) == '""\n\n'


@pytest.mark.parametrize(
    ("kind", "values", "written"),
    [
        ("bigint", [None, pd.NA, 3], "\n\n3\n"),
        ("bigint", pd.array([2**53 + 1, None], "Int64"), "9007199254740993\n\n"),
        ("bigint", pd.array([1, None], pd.ArrowDtype(pa.int64())), "1\n\n"),
        ("bigint", [2.0, -0.0], "2\n0\n"),
        ("double precision", [0.1, np.nan, np.inf], "0.1\n\ninf\n"),
        ("double precision", pd.array([1.0, 0.0], "Float64") / pd.array([0.0, 0.0], "Float64"), "inf\nnan\n"),
        ("double precision", [Decimal("0.1"), None], "0.1\n\n"),
        ("real", np.array([0.1], np.float32), "0.1\n"),
        ("numeric(18, 2)", [Decimal("1.50"), None, Decimal("NaN")], '"1.50"\n\n\n'),
        ("numeric", [1.1, np.nan], "1.1\n\n"),
        ("boolean", [True, None, np.nan], "true\n\n\n"),
        ("boolean", pd.array([False, None], "boolean"), "false\n\n"),
        ("date", [dt.date(1, 1, 1), None], "0001-01-01\n\n"),
        ("date", pd.to_datetime(["2026-01-02", None]), "2026-01-02\n\n"),
        ("timestamptz", [pd.Timestamp("2026-01-02 03:04:05.000006", tz="Asia/Kolkata"), pd.NaT], None),
        ("timestamptz", pd.to_datetime(["2026-01-01 21:34:05.000006", None]), None),
        ("jsonb", [{"a": [1, None]}, np.nan, '{"b": 2}'], '"{""a"": [1, null]}"\n\n"{""b"": 2}"\n'),
        ("bytea", [b"\x00\xff", None], '"\\x00ff"\n\n'),
        ("text[]", [["a", 'b"\\', None], None, []], '"{""a"",""b\\""\\\\"",NULL}"\n\n"{}"\n'),
    ],
)
def test_values_are_written_exactly(kind: str, values: object, written: str | None) -> None:
    assert csv(kind, values) == (written or "2026-01-01 21:34:05.000006Z\n\n")
