"""CSV record by record, with Python's csv module: knows lines, raw text and faults, and takes its time."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from loaders.errors import LoadError
from loaders.files import CHUNK_BYTES
from loaders.lines import Lines
from loaders.rows import FIELD_CHARACTERS

_REASONS = {
    "expected after": "a quote inside a quoted field is not doubled",
    "new-line character": "a carriage return stands alone inside a field",
    "field larger": f"a field has more than {FIELD_CHARACTERS:,} characters",
}


@dataclass(slots=True)
class Record:
    """A record: its fields or what is wrong with it, its text in the file and the line it begins on."""

    fields: list[str]
    fault: str | None
    raw: bytes
    line_number: int


class CsvRecords:
    """Takes records from lines. A fault costs the line it is on: reading goes on with the next line."""

    def __init__(self, lines: Lines, delimiter: str, encoding: str, name: str) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), FIELD_CHARACTERS))
        self._lines = lines
        self._delimiter = delimiter
        self._encoding = encoding
        self._name = name
        self._pending: deque[bytes] = deque()  # lines taken from the file, not yet read
        self._taken: list[bytes] = []  # lines of the record that is being read
        self._is_valid = True
        self._reader = csv.reader(self, delimiter=delimiter, strict=True)
        self.columns: list[str] = []  # the header, for messages

    def header(self) -> list[str]:
        """Take the first record that is no blank line. Raises LoadError if there is none or it is faulty."""
        while self._pending or self._fill():
            record = self._record()
            if record is None:
                continue
            if b"\r" in record.raw.rstrip(b"\r\n") and b'"' not in record.raw:
                raise LoadError(
                    f"{self._name}: its lines end with carriage returns only; save it with line feeds"
                )
            if record.fault:
                raise LoadError(f"{self._name}: line {record.line_number}, the header: {record.fault}")
            self._give_back()
            self.columns = record.fields
            return record.fields
        raise LoadError(f"{self._name}: the file is empty, it has not even a header")

    def block(self, size: int) -> Iterator[Record]:
        """Take the records that begin in the next lines of about that size.

        Raises LoadError for a quote that is never closed.
        """
        if not self._fill(size):
            return
        end = self._lines.line_number
        while self._next_line() < end:
            record = self._record()
            if record is not None:
                yield record
        self._give_back()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line as text: what the csv module reads from."""
        if not self._pending and not self._fill():
            raise StopIteration
        raw = self._pending.popleft()
        self._taken.append(raw)
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            self._is_valid = False
            return raw.decode(self._encoding, "backslashreplace")

    def _record(self) -> Record | None:
        line_number, raw = self._next_line(), self._pending[0]
        self._taken, self._is_valid = [], True
        if b'"' not in raw and b"\r" not in raw[:-2]:  # what csv would make of it, without its cost
            text = next(self).rstrip("\r\n")
            fields = text.split(self._delimiter) if text else []
        else:
            try:
                fields = next(self._reader)
            except csv.Error as error:
                return self._faulty(str(error), line_number)
            except StopIteration:
                return None
        if not fields:
            return None  # a blank line
        fault = None if self._is_valid else self._invalid()
        return Record(fields, fault, b"".join(self._taken), line_number)

    def _faulty(self, error: str, line_number: int) -> Record:
        """Reject the line that a faulty record begins on and read on with the line after it."""
        first, others = self._taken[0], self._taken[1:]
        if "unexpected end" in error or (others and "field larger" in error):
            raise LoadError(self._never_closed(line_number))
        self._pending.extendleft(reversed(others))
        reason = next((text for part, text in _REASONS.items() if part in error), error)
        return Record([], reason, first, line_number)

    def _never_closed(self, line_number: int) -> str:
        """Say where the quoted field begins that goes on to the end of what was read."""
        texts = [raw.decode(self._encoding, "backslashreplace") for raw in self._taken]
        limit = csv.field_size_limit(sum(map(len, texts)) + 1)
        try:
            fields = next(csv.reader(texts, delimiter=self._delimiter))
        finally:
            csv.field_size_limit(limit)
        opened = line_number + len(texts) - fields[-1].count("\n")
        place = len(fields) - 1
        column = f"column {self.columns[place]!r}" if place < len(self.columns) else f"field {place + 1}"
        return (
            f"{self._name}: the quoted field that begins on line {opened}, {column}, is never closed "
            f"(read on to line {line_number + len(texts) - 1}); is a quote missing, or the end of the file?"
        )

    def _invalid(self) -> str:
        hint = "; the file may be latin-1: set encoding in the contract" if self._encoding == "utf-8" else ""
        return f"not valid {self._encoding}{hint}"

    def _next_line(self) -> int:
        return self._lines.line_number - len(self._pending)

    def _fill(self, size: int = CHUNK_BYTES) -> bool:
        lines = self._lines.take_block(size)
        self._pending.extend(lines)
        return bool(lines)

    def _give_back(self) -> None:
        self._lines.give_back(list(self._pending))
        self._pending.clear()
