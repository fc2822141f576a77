"""The ledger of runs: the fingerprint of rows, and the row that a run leaves."""

from __future__ import annotations

import datetime as dt
import platform
import random

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from materializations.encoding import encode
from materializations.run_ledger import fingerprint
from tests.materializations.conftest import Small

KINDS = {"a": "bigint", "b": "text", "c": "double precision", "d": "date", "e": "numeric", "f": "boolean"}
ROW = st.tuples(
    st.none() | st.integers(0, 2),
    st.none() | st.sampled_from(["", "x"]),
    st.none() | st.sampled_from([0.0, 0.5]),
    st.none() | st.just(dt.date(2026, 1, 1)),
    st.none() | st.just("1.5"),
    st.none() | st.booleans(),
)


def rows_of(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = {name: exp.DataType.build(kind, dialect="postgres") for name, kind in KINDS.items()}
    return encode(pd.DataFrame(rows, columns=list(KINDS), dtype=object), columns, "ml.some")


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=6), seed=st.integers())
def test_the_order_of_rows_and_their_split_into_frames_change_no_fingerprint(
    rows: list[tuple[object, ...]], seed: int
) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311
    parts = fingerprint(rows_of(rows[:2])) + fingerprint(rows_of(rows[2:]))
    assert fingerprint(rows_of(rows)) == fingerprint(rows_of(shuffled)) == parts % 2**64


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6), other=ROW)
def test_another_row_makes_another_fingerprint(
    rows: list[tuple[object, ...]], other: tuple[object, ...]
) -> None:
    changed = [*rows[:-1], other]
    assert (fingerprint(rows_of(changed)) == fingerprint(rows_of(rows))) == (rows[-1] == other)
    assert fingerprint(rows_of([*rows, other])) != fingerprint(rows_of(rows))


def test_values_that_change_places_make_another_fingerprint() -> None:
    straight = pa.table({"a": [1, 2], "b": [1, 2]})
    assert fingerprint(pa.table({"a": [1, 2], "b": [2, 1]})) != fingerprint(straight)
    assert fingerprint(pa.table({"b": [1, 2], "a": [1, 2]})) == fingerprint(straight)


def test_a_text_has_one_hash_in_columns_of_few_and_of_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.table({"a": ["x", None, "", "y", "x"], "b": pa.array([None] * 5, pa.string())})
    of_each_text_once = fingerprint(texts)
    # By its globals: SQLMesh imports the module anew. Of a sample of one row all texts differ: "many".
    monkeypatch.setitem(fingerprint.__globals__, "SAMPLE_ROWS", 1)
    assert fingerprint(texts) == of_each_text_once


def test_a_run_leaves_a_row_in_the_ledger_where_there_is_one(small: Small) -> None:
    small.write(
        "numbers.py",
        """
        @model("ml.numbers", kind=FULL, columns={"number": "bigint"})
        def execute(context, start, end, execution_time, **kwargs):
            yield pd.DataFrame({"number": [1, 2]})
            yield pd.DataFrame({"number": [3]})
        """,
    )
    small.plan()  # there is none yet
    small.query("CREATE SCHEMA IF NOT EXISTS ingest")
    small.query(
        "CREATE TABLE ingest.model_run (model text, physical_table text, started_at timestamptz, seconds double "
        "precision, row_count bigint, data_fingerprint text, library_versions jsonb, python_version text)"
    )
    small.plan(restate_models=["ml.numbers"])
    small.plan(restate_models=["ml.numbers"])
    runs = small.query("SELECT * FROM ingest.model_run ORDER BY started_at")
    written = fingerprint(pa.table({"number": [3, 2, 1]}))
    assert len(runs) == 2
    for model, table, started, seconds, count, data, versions, python in runs:
        assert (model, count, data, python) == ("ml.numbers", 3, f"{written:016x}", platform.python_version())
        assert str(table).replace('"', "").endswith(small.physical("ml.numbers"))
        assert isinstance(started, dt.datetime)
        assert abs(started - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=10)
        assert isinstance(seconds, float)
        assert 0 < seconds < 60
        assert isinstance(versions, dict)
        assert versions["pandas"] == pd.__version__
