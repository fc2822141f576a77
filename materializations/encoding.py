"""A DataFrame's columns as Arrow arrays that Postgres reads back as the very same values, and as CSV for COPY.

Arrow's CSV puts every text in quotes and writes NULL as nothing: Postgres tells the two apart, and within quotes
only the quote itself is special. Floats are written with as many digits as give the same float again.

What is missing becomes NULL: None, pd.NA, NaT, and NaN in a column of NumPy's floats or of objects, where pandas
has no other way to say it. NaN in pandas' `Float64` or in an Arrow-backed column is NaN in Postgres, since there
pd.NA says missing. NaN in a column of integers is an error: `Int64` holds integers with missing values.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import typing as t
import uuid
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from sqlglot import exp
from sqlmesh.utils.errors import SQLMeshError

Type = exp.DataType.Type
Columns = Mapping[str, exp.DataType]
MICROSECONDS = pa.timestamp("us")
INSTANTS = pa.timestamp("us", tz="UTC")
INTEGERS = {Type.SMALLINT: pa.int16(), Type.INT: pa.int32(), Type.BIGINT: pa.int64()}
TEXTS = (Type.TEXT, Type.VARCHAR, Type.CHAR, Type.BPCHAR, Type.NAME)
NUMBERS = (decimal.Decimal, int, float, np.integer, np.floating, str)
NAN_AMONG_INTEGERS = "NaN is no integer; where one is missing, say so with None or a column of type Int64"
MISSING = (type(None), type(pd.NA), type(pd.NaT))


class CopyError(SQLMeshError):
    """Rows that do not fit their table; the message names the model and the column."""


class MisfitError(ValueError):
    """Values that do not fit their column; the message says how, and `row` which one it is."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


def encode(frame: pd.DataFrame, columns: Columns, model: str, first_row: int = 0) -> pa.Table:
    """Return the frame's rows as Arrow columns in the table's order, each as its type in Postgres asks for.

    `first_row` is the number that messages give to the first of the rows. Raises CopyError for a column that is
    missing or not the table's, and for values that do not fit.
    """
    check_columns(frame, columns, model)
    arrays = []
    for name, kind in columns.items():
        try:
            arrays.append(_encoder(kind)(_plain(frame[name]), kind))
        except (pa.ArrowException, ArithmeticError, TypeError, ValueError) as error:
            row = getattr(error, "row", None)
            place = "" if row is None else f", row {first_row + row} of the frame"
            raise CopyError(f"{model}: column '{name}' ({kind.sql('postgres')}){place}: {error}") from error
    return pa.table(arrays, names=list(columns))


def check_columns(frame: pd.DataFrame, columns: Columns, model: str) -> None:
    """Raise CopyError unless the frame has the table's columns, in whatever order."""
    given = [str(name) for name in frame.columns]
    problems = {
        "it lacks": [name for name in columns if name not in given],
        "the table has no": [name for name in given if name not in columns],
        "it has twice": sorted({name for name in given if given.count(name) > 1}),
    }
    said = [f"{problem} {', '.join(names)}" for problem, names in problems.items() if names]
    if said:
        raise CopyError(
            f"{model}: the columns of its DataFrame are not those of its table: {'; '.join(said)}"
        )


def to_csv(rows: pa.Table) -> pa.Buffer:
    """Return the rows as CSV without a header, for `COPY … FROM STDIN (FORMAT csv)`."""
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False, batch_size=8192))
    return sink.getvalue()


def _encoder(kind: exp.DataType) -> Callable[[pd.Series, exp.DataType], pa.Array]:
    """The function for a type of Postgres."""
    if kind.this in INTEGERS:
        return _integers
    if kind.this in TEXTS:
        return _texts
    return ENCODERS.get(kind.this, _others)


def _plain(values: pd.Series) -> pd.Series:
    """The values themselves where the column holds codes for them."""
    return values.astype(values.cat.categories.dtype) if values.dtype == "category" else values


def _kinds(values: pd.Series) -> set[type]:
    """The types of the values of a column of objects, without those that mean missing."""
    return set(map(type, values.to_numpy())) - set(MISSING)


def _without_missing(values: pd.Series) -> list[t.Any]:
    """The values of a column of objects, with None for each that is missing."""
    return [None if missing else value for value, missing in zip(values, values.isna(), strict=True)]


def _refuse(values: pd.Series, allowed: tuple[type, ...], wanted: str) -> None:
    """Raise MisfitError for the first value of another type than those (bool is no number here)."""
    for place, value in enumerate(values):
        is_right = isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))
        if not is_right and not _is_missing(value):
            raise MisfitError(f"{value!r} is of type {type(value).__name__}; give {wanted}", place)


def _is_missing(value: object) -> bool:
    return isinstance(value, MISSING) or (isinstance(value, float | decimal.Decimal) and value != value)


def _integers(values: pd.Series, kind: exp.DataType) -> pa.Array:
    if values.dtype == object:
        nan = next(
            (row for row, value in enumerate(values) if isinstance(value, float) and value != value), None
        )
        if nan is not None:
            raise MisfitError(NAN_AMONG_INTEGERS, nan)
        _refuse(values, NUMBERS, "integers")
        array = pa.array([None if isinstance(value, MISSING) else value for value in values])
    elif values.dtype == bool or str(values.dtype) in ("boolean", "bool[pyarrow]"):
        raise MisfitError("the frame holds booleans; give integers")
    elif isinstance(values.dtype, np.dtype):
        array = pa.array(values.to_numpy())
        if array.type in (pa.float64(), pa.float32()) and np.isnan(values.to_numpy()).any():
            raise MisfitError(NAN_AMONG_INTEGERS, int(np.isnan(values.to_numpy()).argmax()))
    else:
        array = _arrow(values)
    return array.cast(INTEGERS[kind.this])


def _floats(values: pd.Series, kind: exp.DataType) -> pa.Array:
    if values.dtype == object:
        _refuse(values, NUMBERS, "floats")
        return pa.array(
            [None if value is None else float(value) for value in _without_missing(values)], pa.float64()
        )
    array = _arrow(values)
    if pa.types.is_boolean(array.type):
        raise MisfitError("the frame holds booleans; give floats")
    return array if array.type == pa.float32() else array.cast(pa.float64())


def _numerics(values: pd.Series, kind: exp.DataType) -> pa.Array:
    if values.dtype == object:
        _refuse(values, NUMBERS, "decimals")
        return pa.array(
            [None if value is None else str(value) for value in _without_missing(values)], pa.string()
        )
    array = _arrow(values)
    if pa.types.is_boolean(array.type):
        raise MisfitError("the frame holds booleans; give decimals")
    return array


def _booleans(values: pd.Series, kind: exp.DataType) -> pa.Array:
    if values.dtype == object:
        _refuse(values, (bool, np.bool_), "True, False or None")
        return pa.array(_without_missing(values), pa.bool_())
    array = _arrow(values)
    if not pa.types.is_boolean(array.type):
        raise MisfitError(f"the frame holds {values.dtype}; give booleans (`boolean` where some are missing)")
    return array


def _dates(values: pd.Series, kind: exp.DataType) -> pa.Array:
    if values.dtype != object:
        array = _arrow(values)
        if getattr(array.type, "tz", None):
            raise MisfitError("the frame holds instants with a zone; give the day that is meant")
        return array if _is_text(array) else _whole_days(array)
    if _kinds(values) <= {dt.date}:  # Arrow would take a datetime for its day
        return pa.array(values.to_numpy(), pa.date32(), from_pandas=True)
    _refuse(values, (dt.date, str), "dates")
    return pa.array(
        [value if value is None else _day(value) for value in _without_missing(values)], pa.string()
    )


def _whole_days(array: pa.Array) -> pa.Array:
    """Timestamps as dates, which Arrow would also make of those within a day."""
    days = array.cast(pa.date32())
    is_whole = pc.fill_null(pc.equal(days.cast(array.type), array), True).to_numpy(zero_copy_only=False)
    if not is_whole.all():
        raise MisfitError("a time of day is no date; give the day that is meant", int(is_whole.argmin()))
    return days


def _day(value: dt.date | str) -> str:
    if isinstance(value, dt.datetime) and (value.time() != dt.time() or value.tzinfo is not None):
        raise MisfitError(f"the frame holds {value!r}, which is no whole day without a zone")
    return value if isinstance(value, str) else value.isoformat()[:10]


def _instants(values: pd.Series, kind: exp.DataType) -> pa.Array:
    """Of timestamptz; what says no zone is UTC, as everywhere in the project."""
    if values.dtype == object:
        if str in _kinds(values):
            return _others(values, kind)
        _refuse(values, (dt.date,), "timestamps")
        return pa.array(_without_missing(values), INSTANTS)
    array = _arrow(values)
    if _is_text(array):
        return array
    return (
        array.cast(INSTANTS)
        if getattr(array.type, "tz", None)
        else pc.assume_timezone(array.cast(MICROSECONDS), "UTC")
    )


def _timestamps(values: pd.Series, kind: exp.DataType) -> pa.Array:
    """Of timestamp without a zone."""
    if values.dtype == object:
        if str in _kinds(values):
            return _others(values, kind)
        _refuse(values, (dt.date,), "timestamps")
        if any(getattr(value, "tzinfo", None) is not None for value in values):
            raise MisfitError("the frame holds timestamps with a zone")
        return pa.array(_without_missing(values), MICROSECONDS)
    array = _arrow(values)
    if getattr(array.type, "tz", None):
        raise MisfitError("the frame holds timestamps with a zone")
    return array if _is_text(array) else array.cast(MICROSECONDS)


def _texts(values: pd.Series, kind: exp.DataType) -> pa.Array:
    if values.dtype == object:
        array = _object_texts(values)
    else:
        array = _arrow(values)
        if not _is_text(array):
            raise MisfitError(f"the frame holds {values.dtype}; give text")
    if pc.any(pc.match_substring(array, "\0")).as_py():
        raise MisfitError("the frame holds a text with the character NUL, which Postgres' texts cannot")
    if kind.expressions and len(array):
        lengths = pc.fill_null(pc.utf8_length(array), 0)
        longest = int(np.argmax(lengths.to_numpy(zero_copy_only=False)))
        if lengths[longest].as_py() > int(kind.expressions[0].name):
            raise MisfitError(f"a text of {lengths[longest].as_py()} characters is too long", longest)
    return array


def _object_texts(values: pd.Series) -> pa.Array:
    """Python's texts, None for what is missing. Arrow looks through millions of them in a tenth of Python's time."""
    try:
        array = pa.array(values.to_numpy(), from_pandas=True)
    except pa.ArrowException:  # of mixed types, or not what Unicode allows: the words for it come from below
        array = None
    if array is not None and (pa.types.is_string(array.type) or pa.types.is_null(array.type)):
        return array.cast(pa.string())
    if not _kinds(values) <= {str}:
        _refuse(values, (str,), "text")
    return pa.array(_without_missing(values), pa.string())


def _jsons(values: pd.Series, kind: exp.DataType) -> pa.Array:
    """Of json and jsonb; a str is JSON already."""
    found = [
        None
        if _is_missing(value)
        else value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, allow_nan=False)
        for value in values
    ]
    return pa.array(found, pa.string())


def _bytes(values: pd.Series, kind: exp.DataType) -> pa.Array:
    _refuse(values, (bytes, bytearray), "bytes")
    return pa.array([None if _is_missing(value) else "\\x" + value.hex() for value in values], pa.string())


def _lists(values: pd.Series, kind: exp.DataType) -> pa.Array:
    _refuse(values, (list, tuple, np.ndarray), "lists")
    return pa.array([None if _is_missing(value) else _list_literal(value) for value in values], pa.string())


def _list_literal(values: t.Iterable[t.Any]) -> str:
    """A list as Postgres writes arrays: {"a","b",NULL}."""
    parts = []
    for value in values:
        if isinstance(value, list | tuple | np.ndarray):
            parts.append(_list_literal(value))
        elif _is_missing(value):
            parts.append("NULL")
        else:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'"{escaped}"')
    return "{" + ",".join(parts) + "}"


def _others(values: pd.Series, kind: exp.DataType) -> pa.Array:
    """Of any type else: text that Postgres reads."""
    known = (str, dt.date, dt.time, uuid.UUID)
    _refuse(values, known, "text that Postgres reads")
    return pa.array([None if _is_missing(value) else str(value) for value in values], pa.string())


def _arrow(values: pd.Series) -> pa.Array:
    """The values of a typed column; NumPy's NaN and NaT are missing, in nullable columns only what is marked so."""
    array = pa.array(values.array if hasattr(values.array, "__arrow_array__") else values, from_pandas=None)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _is_text(array: pa.Array) -> bool:
    return bool(pa.types.is_string(array.type) or pa.types.is_large_string(array.type))


ENCODERS: Mapping[t.Any, Callable[[pd.Series, exp.DataType], pa.Array]] = {
    Type.DOUBLE: _floats,
    Type.FLOAT: _floats,
    Type.DECIMAL: _numerics,
    Type.BOOLEAN: _booleans,
    Type.DATE: _dates,
    Type.TIMESTAMPTZ: _instants,
    Type.TIMESTAMP: _timestamps,
    Type.JSON: _jsons,
    Type.JSONB: _jsons,
    Type.VARBINARY: _bytes,
    Type.ARRAY: _lists,
}
