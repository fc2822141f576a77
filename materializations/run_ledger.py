"""The ledger of runs: what a Python model wrote, when, in how long, with which libraries."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
import time
import typing as t
from dataclasses import dataclass, field
from importlib import metadata

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

LEDGER = "ingest.model_run"
#: The libraries on which the numbers of a learned model depend.
LIBRARIES = (
    "implicit",
    "mlxtend",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "sqlmesh",
    "statsforecast",
    "statsmodels",
)
HASH_OF_NULL = np.uint64(0x9E3779B97F4A7C15)
SAMPLE_ROWS = 1_000  # that tell whether a column says the same again and again
Hashes = npt.NDArray[np.uint64]


@dataclass
class Run:
    """One evaluation of a model, from before its first row is computed until its last is written."""

    model: str
    table: str
    is_recorded: bool
    started_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    row_count: int = 0
    fingerprint: int = 0
    has_replaced: bool = False
    _began: float = field(default_factory=time.perf_counter)

    def count(self, rows: pa.Table) -> None:
        """Take note of rows that were written."""
        self.row_count += len(rows)
        if self.is_recorded:
            self.fingerprint = (self.fingerprint + fingerprint(rows)) % 2**64

    def record(self, cursor: t.Any) -> None:
        """Add this run to the ledger, in the cursor's transaction; nothing where there is no ledger."""
        if not self.is_recorded:
            return
        values = {
            "model": self.model,
            "physical_table": self.table,
            "started_at": self.started_at,
            "seconds": time.perf_counter() - self._began,
            "row_count": self.row_count,
            "data_fingerprint": f"{self.fingerprint:016x}",
            "library_versions": json.dumps(library_versions()),
            "python_version": platform.python_version(),
        }
        marks = ", ".join(f"%({name})s" for name in values)
        cursor.execute(f"INSERT INTO {LEDGER} ({', '.join(values)}) VALUES ({marks})", values)


def has_ledger(cursor: t.Any) -> bool:
    """Whether the database of the cursor keeps a ledger of runs that its user may add to."""
    cursor.execute("SELECT has_table_privilege(to_regclass(%s), 'INSERT')", (LEDGER,))
    return bool(cursor.fetchone()[0])


def library_versions() -> dict[str, str]:
    """Return the installed version of each library that a learned model may use."""
    installed = {}
    for name in LIBRARIES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def fingerprint(rows: pa.Table) -> int:
    """Return the sum, modulo 2**64, of a hash of each row: the same in any order and for any split into frames.

    A row's hash mixes the hashes of its values, each multiplied by an odd number of its column's own. A sum, not
    an exclusive or, so that a row that stands there twice counts twice.
    """
    combined = np.zeros(len(rows), np.uint64)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        combined += _hashes(column.combine_chunks()) * _multiplier(name)
    return int(_mixed(combined).sum(dtype=np.uint64))


def _multiplier(column: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(column.encode()).digest()[:8], "little") | 1)


def _hashes(values: pa.Array) -> Hashes:
    """A hash of each value; NULL has one that differs from that of 0, which is 0."""
    is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if is_text or pa.types.is_decimal(values.type):
        hashes = _text_hashes(values.cast(pa.string()))
    elif pa.types.is_floating(values.type):
        hashes = pd.util.hash_array(
            pc.fill_null(values, 0.0).cast(pa.float64()).to_numpy() + 0.0
        )  # -0.0 is 0.0
    else:
        if pa.types.is_date32(values.type):
            values = values.cast(pa.int32())
        hashes = pd.util.hash_array(pc.fill_null(values.cast(pa.int64()), 0).to_numpy())
    hashes = np.array(hashes, np.uint64)
    hashes[values.is_null().to_numpy(zero_copy_only=False)] = HASH_OF_NULL
    return hashes


def _text_hashes(texts: pa.Array) -> Hashes:
    """A hash of each text; where few texts stand in many rows, each is hashed once."""
    if pc.count_distinct(texts.slice(0, SAMPLE_ROWS)).as_py() > SAMPLE_ROWS // 2:
        return _hashes_of_texts(texts)
    coded = texts.dictionary_encode()
    hashes = np.append(_hashes_of_texts(coded.dictionary), HASH_OF_NULL)
    return np.asarray(hashes[coded.indices.fill_null(len(hashes) - 1).to_numpy()], np.uint64)


def _hashes_of_texts(texts: pa.Array) -> Hashes:
    return np.asarray(pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False), np.uint64)


def _mixed(values: Hashes) -> Hashes:
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014), so that sums of rows tell which values met."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
