"""Rows from the database as a DataFrame, the same way for every Python model."""

from __future__ import annotations

import io
import os
import threading
import typing as t

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlglot import exp
from sqlmesh import ExecutionContext

#: How a column of Postgres is read from COPY's text, by the number of its type (pg_type.oid).
READ_AS = {
    16: "bool",
    20: "int64",  # bigint
    21: "int64",  # smallint
    23: "int64",  # integer
    25: "string",  # text
    700: "double",  # real
    701: "double",  # double precision
    1042: "string",  # char
    1043: "string",  # varchar
    1082: "date32[day]",
    1184: "timestamp[us, tz=UTC]",
    1700: "double",  # numeric
    2950: "string",  # uuid
}
CODED, PACKED = "dictionary", "large_string"
PIPE_BYTES = 1 << 20


def read_frame(
    context: ExecutionContext,
    query: exp.Expression,
    coded: t.Collection[str] = (),
    packed: t.Collection[str] = (),
) -> pd.DataFrame:
    """Return the rows of a query. Order it by its grain where the order matters.

    coded: columns of text that come as categories, in ascending order: of millions of rows that name thousands of
    things they take a tenth of the memory, and no join has to put numbers into their place. packed: columns of text of
    which no object is made for each: `places` matches keys that name millions of things.

    On Postgres they come by COPY, in the connection and the transaction of the model:

    | Postgres | pandas | with NULL |
    |---|---|---|
    | smallint, integer, bigint | int64 | Int64 with pd.NA, so that no digit is lost |
    | real, double precision | float64 | NaN |
    | numeric | float64: sum money in the query | NaN |
    | boolean | bool | objects: True, False, None |
    | text, varchar, char, uuid | objects: str, which may be empty | None |
    | date | objects: datetime.date | None |
    | timestamptz | datetime64[us, UTC] | NaT |

    With a column of another type, and on other engines, they come by SQLMesh's own path and with its types.
    """
    adapter = context.engine_adapter
    if adapter.dialect != "postgres":
        return _coded(context.fetchdf(query), coded)
    sql = query.sql(dialect="postgres", comments=False)
    with adapter.transaction():
        adapter.cursor.execute(f"SELECT * FROM ({sql}) AS rows LIMIT 0")
        columns = adapter.cursor.description
        kinds = [
            CODED
            if column.name in coded
            else PACKED
            if column.name in packed
            else READ_AS.get(column.type_code)
            for column in columns
        ]
        frame = None if None in kinds else _rows_by_copy(adapter.cursor, sql, kinds)
        if frame is None:
            return _coded(context.fetchdf(query), coded)
    frame.columns = pd.Index([column.name for column in columns])
    return frame


def places(keys: pd.Series, among: pd.Series) -> npt.NDArray[np.int64]:
    """Return where each key stands among others, which are unique; -1 where it does not. Both are packed."""
    import pyarrow as pa
    from pyarrow import compute

    found = compute.index_in(pa.array(keys), value_set=pa.array(among))
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)


def _coded(frame: pd.DataFrame, coded: t.Collection[str]) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(coded, "category"))


def _rows_by_copy(cursor: t.Any, sql: str, kinds: t.Sequence[str | None]) -> pd.DataFrame | None:
    """The rows of a query, parsed by a thread while they come; None where Arrow cannot read one (infinity)."""
    source, goal = os.pipe()
    parsed: list[t.Any] = []
    reader = threading.Thread(target=_parse_csv, args=(source, kinds, parsed))
    reader.start()
    try:
        with os.fdopen(goal, "wb", PIPE_BYTES) as text:
            cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv, ENCODING 'utf8')", text)
    finally:
        reader.join()
    if isinstance(parsed[0], Exception):
        return None
    frame = pd.DataFrame(
        {place: _series(column) for place, column in enumerate(parsed.pop().columns)}, copy=False
    )
    give_memory_back()
    return frame


def give_memory_back() -> None:
    """Let Arrow give back what it has freed, which it keeps: 0.4 GB of packed keys of five million lines."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _parse_csv(source: int, kinds: t.Sequence[str | None], parsed: list[t.Any]) -> None:
    """Append the table that a file descriptor's text holds, or the error; all of the text is read in any case.

    COPY writes NULL as nothing and an empty text as "".
    """
    import pyarrow as pa
    from pyarrow import csv

    types = {str(place): _arrow_type(str(kind)) for place, kind in enumerate(kinds)}
    with io.BufferedReader(io.FileIO(source), PIPE_BYTES) as text:
        try:
            if not text.peek(1):
                parsed.append(pa.schema(types.items()).empty_table())
                return
            table = csv.read_csv(
                text,
                csv.ReadOptions(column_names=list(types), use_threads=False, block_size=4 << 20),
                csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                csv.ConvertOptions(
                    column_types=types,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    true_values=["t"],
                    false_values=["f"],
                ),
            )
            parsed.append(table)
        except pa.ArrowException as error:
            parsed.append(error)
            while text.read(PIPE_BYTES):
                pass


def _arrow_type(kind: str) -> t.Any:
    """Arrow's type of that name."""
    import pyarrow as pa

    if kind == CODED:
        return pa.dictionary(pa.int32(), pa.string())
    if kind.startswith("timestamp"):
        return pa.timestamp("us", tz="UTC")
    return pa.date32() if kind.startswith("date") else pa.type_for_alias(kind)


def _series(column: t.Any) -> pd.Series:
    """An Arrow column as pandas holds it."""
    if str(column.type) == PACKED:
        return pd.Series(pd.arrays.ArrowExtensionArray(column))
    if str(column.type).startswith(CODED):
        return _categories(column)
    if column.null_count and str(column.type) == "int64":
        return pd.Series(pd.Int64Dtype().__from_arrow__(column))
    return column.to_pandas(date_as_object=True)


def _categories(column: t.Any) -> pd.Series:
    """A column whose blocks were coded one by one, with one code for each text, the codes in the texts' order."""
    blocks = column.unify_dictionaries().chunks
    texts = np.array(blocks[-1].dictionary.to_pylist() if blocks else [], dtype=object)
    order = np.argsort(texts)
    rank = np.full(len(texts) + 1, -1, dtype=np.int32)  # the last one: of NULL, coded -1
    rank[order] = np.arange(len(texts), dtype=np.int32)
    codes = [rank[block.indices.fill_null(-1).to_numpy(zero_copy_only=False)] for block in blocks]
    return pd.Series(pd.Categorical.from_codes(np.concatenate([np.zeros(0, np.int32), *codes]), texts[order]))
