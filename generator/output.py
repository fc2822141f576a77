"""Writing files fast: DuckDB turns columns into text, one period at a time, and the text is cut into files.

Every file that is made is listed first in a marker, so that it can be told from what others put there.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import duckdb
import numpy as np
import pandas as pd

from generator.arrays import Array
from generator.errors import GeneratorError

MARKER = ".retail-generated"
FOLDERS = ("store", "truth")
CHUNK_ROWS = 300_000
_HEAD = "# Written by `retail generate`: the files below are its own, and --force replaces them.\n"


@dataclass(frozen=True)
class WrittenFile:
    """A file below the output folder, the table that it belongs to, and its rows."""

    path: str
    table: str
    rows: int


def prepare(out: Path, *, force: bool) -> None:
    """Make the output folder; with `force` delete what was generated into it before.

    Raises GeneratorError for a folder that holds anything else, or that must not be written.
    """
    try:
        if out.exists() and not out.is_dir():
            raise GeneratorError(f"{out} is a file; name a folder.")
        if out.exists() and any(out.iterdir()):
            if not force:
                raise GeneratorError(
                    f"{out} is not empty: name another folder, or say --force to generate it anew."
                )
            _delete_own(out)
        out.mkdir(parents=True, exist_ok=True)
        (out / MARKER).write_text(_HEAD, "utf-8")
    except OSError as error:
        raise GeneratorError(f"{out}: cannot be written ({error.strerror or error})") from error


def _delete_own(out: Path) -> None:
    marker = out / MARKER
    own = marker.read_text("utf-8").splitlines()[1:] if marker.exists() else []
    for name in own:
        path = out / name
        if ".." not in Path(name).parts and not Path(name).is_absolute():
            path.unlink(missing_ok=True)
    for folder in sorted({parent for name in own for parent in (out / name).parents}, reverse=True):
        if folder != out and out in folder.parents and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    foreign = [name for name in FOLDERS if (out / name).exists()]
    if foreign:
        raise GeneratorError(
            f"{out / foreign[0]} holds files that were not generated; they are left alone. Name another one."
        )
    marker.unlink(missing_ok=True)


class Output:
    """The output folder while it is written. `files` is what was written so far."""

    def __init__(self, out: Path) -> None:
        self.folder = out
        self.files: list[WrittenFile] = []
        self._scratch = out / ".scratch"
        self._scratch.mkdir(exist_ok=True)
        self._marker = (out / MARKER).open("a", encoding="utf-8")
        self._connection = duckdb.connect(
            config={"threads": 2, "memory_limit": "1GB", "temp_directory": str(self._scratch / "spill")}
        )

    def __enter__(self) -> "Output":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._marker.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def csv(
        self, table: str, query: str, frames: Mapping[str, pd.DataFrame], names: Sequence[str], rows: Array
    ) -> None:
        """Write a query's rows, in its order, into CSV files of so many rows each."""
        data = self._copied(query, frames, "FORMAT csv, HEADER true, QUOTE '\"', DELIMITER ','")
        header, _, body = data.partition(b"\n")
        self._cut(table, header + b"\n", body, names, rows)

    def jsonl(
        self, table: str, query: str, frames: Mapping[str, pd.DataFrame], names: Sequence[str], rows: Array
    ) -> None:
        """Write a query's rows, in its order, into JSON Lines files of so many rows each."""
        self._cut(table, b"", self._copied(query, frames, "FORMAT json"), names, rows)

    def parquet(self, table: str, query: str, frame: pd.DataFrame, name: str) -> None:
        """Write a query's rows into one Parquet file."""
        path = self._open(table, name, len(frame))
        with self._registered({"frame": frame}):
            self._connection.execute(
                "SET threads = 1"
            )  # how rows are grouped must not depend on who is faster
            self._connection.execute(
                f"COPY ({query}) TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd)"
            )
            self._connection.execute("SET threads = 2")

    def whole(self, table: str, name: str, data: bytes, rows: int) -> None:
        """Write one file as it is."""
        self._open(table, name, rows).write_bytes(data)

    def _copied(self, query: str, frames: Mapping[str, pd.DataFrame], options: str) -> bytes:
        scratch = self._scratch / "copied"
        with self._registered(frames):
            self._connection.execute(f"COPY ({query}) TO '{_quoted(scratch)}' ({options})")
        return scratch.read_bytes()

    def _registered(self, frames: Mapping[str, pd.DataFrame]) -> "_Registered":
        return _Registered(self._connection, frames)

    def _cut(self, table: str, header: bytes, body: bytes, names: Sequence[str], rows: Array) -> None:
        """Cut text at the ends of lines into files of so many lines."""
        ends = np.flatnonzero(np.frombuffer(body, dtype=np.uint8) == 10) + 1
        last = np.cumsum(rows)
        if len(ends) != (last[-1] if len(last) else 0):
            raise AssertionError(f"{table}: {len(ends)} lines were written for {last[-1]} rows")
        bounds = np.concatenate([[0], ends[last - 1]]) if len(last) else np.zeros(1, dtype=np.int64)
        view = memoryview(body)
        for place, name in enumerate(names):
            path = self._open(table, name, int(rows[place]))
            with path.open("wb") as file:
                file.write(header)
                file.write(view[bounds[place] : bounds[place + 1]])

    def _open(self, table: str, name: str, rows: int) -> Path:
        """List a file that is about to be written, and return where."""
        self._marker.write(f"{name}\n")
        self._marker.flush()
        self.files.append(WrittenFile(name, table, rows))
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class _Registered:
    """Lets queries see data frames by name, for a while."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, frames: Mapping[str, pd.DataFrame]) -> None:
        self._connection = connection
        self._frames = frames

    def __enter__(self) -> None:
        for name, frame in self._frames.items():
            self._connection.register(name, frame)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._frames:
            self._connection.unregister(name)


def chunks(day: Array, most: int = CHUNK_ROWS) -> Iterator[slice]:
    """Cut rows that are sorted by day into pieces of whole days and about so many rows."""
    if not len(day):
        return
    starts = np.append(np.flatnonzero(np.diff(day, prepend=day[0] - 1)), len(day))
    begin = 0
    for start, end in pairwise(starts):
        if end - begin > most and start > begin:
            yield slice(begin, start)
            begin = start
    yield slice(begin, len(day))


def per_file(keys: Array) -> tuple[Array, Array]:
    """Return each run's key and length in a sorted array."""
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1)) if len(keys) else np.zeros(0, dtype=np.int64)
    return keys[starts], np.diff(np.append(starts, len(keys)))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
