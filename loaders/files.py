"""Raw files: finding them, opening them, hashing them, with messages that say what is wrong with one."""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import BinaryIO

from loaders.contract import Contract, FileFormat
from loaders.errors import LoadError

CHUNK_BYTES = 1 << 21
_SIGNATURES = {
    b"\x1f\x8b": "is compressed with gzip; name it .gz, or say compression: gzip in the contract",
    b"PK\x03\x04": "is a zip archive or an Excel workbook; unzip it, or save it as CSV",
    b"PAR1": "is a Parquet file; say kind: parquet in the contract",
    b"\xff\xfe": "is UTF-16 text; convert it to utf-8",
    b"\xfe\xff": "is UTF-16 text; convert it to utf-8",
}


@dataclass(frozen=True)
class SourceFile:
    """A file and the table it fills. `name` is its identity: the same name again replaces its rows."""

    path: Path
    table: str
    name: str


def find_files(contract: Contract, folder: Path) -> list[SourceFile]:
    """Return a contract's files below a folder, in loading order. Raises LoadError for names given twice."""
    found = []
    for table in contract.loading_order():
        pattern = contract.tables[table].files
        paths = {*folder.glob(pattern), *folder.glob(f"{pattern}.gz")}
        found += [SourceFile(path, table, _name(path, pattern)) for path in sorted(paths)]
    return _without_doubles(contract, found)


def match_files(contract: Contract, paths: Sequence[Path]) -> list[SourceFile]:
    """Return what the given files and folders hold, in loading order.

    Raises LoadError for a path that does not exist or that no table's file pattern, or several, match.
    """
    found: list[SourceFile] = []
    for path in paths:
        tables = [name for name, table in contract.tables.items() if _matches(path, table.files)]
        if not tables and path.is_dir():
            inside = find_files(contract, path)
            if not inside:
                raise LoadError(f"{path}: there is no file in it that fits {_patterns(contract)}")
            found += inside
        elif len(tables) == 1:
            found.append(SourceFile(path, tables[0], _name(path, contract.tables[tables[0]].files)))
        elif not tables and not path.exists():
            raise LoadError(f"{path}: there is no such file")
        elif not tables:
            raise LoadError(f"{path}: fits no table of {contract.source!r}; they take {_patterns(contract)}")
        else:
            raise LoadError(f"{path}: fits more than one table: {', '.join(tables)}")
    order = contract.loading_order()
    return _without_doubles(contract, sorted(found, key=lambda file: (order.index(file.table), file.name)))


def _without_doubles(contract: Contract, files: list[SourceFile]) -> list[SourceFile]:
    """Keep each path once. Raises LoadError for two paths that are the same file to a table."""
    known: dict[tuple[str, str], SourceFile] = {}
    for file in files:
        other = known.setdefault((file.table, file.name), file)
        if other.path.resolve() != file.path.resolve():
            raise LoadError(
                f"{other.path} and {file.path} are the same file to {file.table!r}; give one of them"
            )
    return list(known.values())


def without_superseded(
    contract: Contract, files: list[SourceFile], notify: Callable[[str], object]
) -> list[SourceFile]:
    """Leave out, and say so, all but the last by name of a snapshot table's files: it would replace the rest."""
    last = {file.table: file for file in files}
    kept = []
    for file in files:
        if contract.tables[file.table].apply == "append" or last[file.table] is file:
            kept.append(file)
        else:
            notify(f"{file.name}: left out, {last[file.table].name} replaces the whole table {file.table!r}")
    return kept


def _name(path: Path, pattern: str) -> str:
    parts = path.absolute().parts[-len(PurePath(pattern).parts) :]
    name = os.fsencode("/".join(parts)).decode("utf-8", "backslashreplace")  # as text that Postgres can hold
    return name.removesuffix(".gz")  # compressed or not, it is the same delivery


def _matches(path: Path, pattern: str) -> bool:
    wanted = PurePath(pattern).parts
    have = path.absolute().parts[-len(wanted) :]
    if len(have) != len(wanted):
        return False
    last = (wanted[-1], f"{wanted[-1]}.gz")
    above = zip(have[:-1], wanted[:-1], strict=True)
    return all(fnmatchcase(part, glob) for part, glob in above) and any(
        fnmatchcase(have[-1], glob) for glob in last
    )


def _patterns(contract: Contract) -> str:
    return ", ".join(sorted({table.files for table in contract.tables.values()}))


@dataclass(frozen=True)
class Stamp:
    """By what it is noticed that a file changes while it is read."""

    size: int
    modified: int


def file_stamp(path: Path) -> Stamp:
    """Return a file's size and time. Raises LoadError for what is no readable file."""
    with _open(path) as file:
        status = os.fstat(file.fileno())
    return Stamp(status.st_size, status.st_mtime_ns)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in chunks. Raises LoadError."""
    with _open(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_gzip(path: Path, file_format: FileFormat) -> bool:
    """Return whether a file is to be read through gzip."""
    if file_format.compression == "auto":
        return path.suffix == ".gz"
    return file_format.compression == "gzip"


class _HashedFile:
    """A file that hashes and counts the bytes that are read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        self.position += len(data)
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class Chunks:
    """A file's bytes, decompressed, in chunks. `position` counts the bytes on disk that were read.

    The file is hashed on the way: `sha256` is known when the last chunk was taken.
    """

    def __init__(self, path: Path, file_format: FileFormat) -> None:
        self._path = path
        self._gzip = is_gzip(path, file_format)
        self.position = 0
        self.sha256 = ""

    def __iter__(self) -> Iterator[bytes]:
        with _open(self._path) as opened:
            file = _HashedFile(opened)
            stream = gzip.GzipFile(fileobj=file, mode="rb") if self._gzip else file  # type: ignore[call-overload]
            first = True
            while chunk := self._read(stream):
                if first:
                    _check_signature(self._path, chunk)
                first = False
                self.position = file.position
                yield chunk
            while file.read(CHUNK_BYTES):
                pass  # what gzip did not look at belongs to the file's hash
            self.sha256 = file.hexdigest()

    def _read(self, stream: gzip.GzipFile | _HashedFile) -> bytes:
        try:
            return stream.read(CHUNK_BYTES)
        except EOFError:
            raise LoadError(
                f"{self._path}: the gzip file ends too early; it was not delivered whole"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise LoadError(f"{self._path}: is no valid gzip file ({error})") from error
        except OSError as error:
            raise LoadError(f"{self._path}: reading failed ({error.strerror or error})") from error


def _open(path: Path) -> io.BufferedReader:
    if path.is_dir():
        raise LoadError(f"{path}: is a directory where a file should be")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise LoadError(f"{path}: there is no such file") from None
    except PermissionError:
        raise LoadError(f"{path}: this user may not read it (no permission)") from None
    except OSError as error:
        raise LoadError(f"{path}: cannot be opened ({error.strerror})") from error


def _check_signature(path: Path, start: bytes) -> None:
    for signature, meaning in _SIGNATURES.items():
        if start.startswith(signature):
            raise LoadError(f"{path}: {meaning}")
