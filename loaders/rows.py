"""Rows on their way to COPY: what every reader yields, and the checks that every row passes."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from loaders.contract import Table
from loaders.dates import EventDates
from loaders.schema import MAX_KEY_BYTES

RAW_CHARACTERS = 10_000  # of a rejected row that are kept
FIELD_CHARACTERS = 16 * 1024 * 1024  # what one field may hold
BATCH_BYTES = 1 << 20
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # in JSON text


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be parsed: where it begins, its text, and why."""

    line_number: int | None
    row_number: int
    raw: str
    reason: str


@dataclass
class Batch:
    """Rows as CSV text for COPY, the rejected ones beside them, and how far in the file they reach."""

    data: bytes
    rejected: list[Rejected]
    rows_read: int  # of the file so far
    position: int  # bytes of the file so far


@dataclass(frozen=True)
class Plan:
    """What a reader must know: the table's part of the contract and the shop's time zone."""

    table: Table
    time_zone: str

    def dates(self) -> EventDates | None:
        """Return a parser for the table's event times, or None where rows have none."""
        event = self.table.event_time
        return EventDates(event, self.time_zone) if event and event.column else None


@dataclass
class Seen:
    """What a reader met in a file."""

    event_dates: set[str] = field(default_factory=set)
    extra_columns: list[str] = field(default_factory=list)
    missing_columns: list[str] = field(default_factory=list)


class Reader(Protocol):
    """Reads one file. `copy_columns` and `delimiter` describe the CSV text of its batches.

    With `has_quotes` an empty field may be in quotes; without, it never is.
    """

    @property
    def copy_columns(self) -> Sequence[str]: ...
    @property
    def delimiter(self) -> str: ...
    @property
    def has_quotes(self) -> bool: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def sha256(self) -> str:
        """Return the hash of the file's bytes, once its batches were read."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Yield the file's rows. Raises LoadError for a file that cannot be read to its end."""
        ...


def raw_text(raw: bytes | str, encoding: str = "utf-8") -> str:
    """Return a row for people: bytes that are no text and NULs escaped, cut after 10,000 characters."""
    if isinstance(raw, bytes):
        # Four bytes are the longest character; more than is kept need not be decoded.
        cut = raw[: 4 * RAW_CHARACTERS + 4]
        text, length = cut.decode(encoding, "backslashreplace"), len(raw)
        unit = "bytes"
    else:
        text, length = raw.encode("utf-8", "backslashreplace").decode(), len(raw)
        unit = "characters"
    text = text.rstrip("\r\n").replace("\0", "\\x00")
    if len(text) <= RAW_CHARACTERS:
        return text
    return f"{text[:RAW_CHARACTERS]}… (cut: the row has {length:,} {unit})"


class RowWriter:
    """Writes rows one by one, as CSV text for COPY. Those that fail a check are kept with the reason."""

    def __init__(
        self, plan: Plan, columns: Sequence[str], seen: Seen, *, extra: bool, delimiter: str = ","
    ) -> None:
        self._plan = plan
        self._seen = seen
        self._delimiter = delimiter
        self._dates = plan.dates()
        event = plan.table.event_time
        self._event_place = columns.index(event.column) if event and event.column in columns else None
        self._key_places = [columns.index(name) for name in plan.table.key if name in columns]
        self._has_extra = extra
        self._rows: list[tuple[object, ...]] = []
        self._size = 0
        self._has_return = False
        self.rows_read = 0
        self.rejected: list[Rejected] = []
        dates = ("_event_date",) if self._dates else ()
        self.copy_columns = (
            "_row_number",
            *dates,
            *(("_extra",) if extra else ()),
            *columns,
        )

    def add(
        self,
        values: Sequence[str | None],
        extra: str | None,
        line_number: int | None,
        raw: bytes | str,
        encoding: str = "utf-8",
    ) -> None:
        """Add a row: its columns' values, a JSON object of unknown ones, its text in the file."""
        day = self._event_date(values)
        text = "".join(filter(None, values))
        reason = None
        if len(text) > MAX_KEY_BYTES or not text.isascii() or "\0" in text or "\r" in text:
            reason = self._fault(values)
            self._has_return = self._has_return or "\r" in text
        if extra and not reason and _extra_fault(extra):
            reason = f"an unknown column {_extra_fault(extra)}"
        if self._dates and day is None and not reason:
            reason = self._date_fault(values)
        if reason:
            self.reject(reason, line_number, raw, encoding)
            return
        self.rows_read += 1
        dates = (day,) if self._dates else ()
        extras = (extra,) if self._has_extra else ()
        row = (self.rows_read, *dates, *extras, *values)
        self._rows.append(row)
        self._size += len(raw) + 64
        if day:
            self._seen.event_dates.add(day)

    def reject(self, reason: str, line_number: int | None, raw: bytes | str, encoding: str = "utf-8") -> None:
        """Keep a row that cannot be loaded, with the reason."""
        self.rows_read += 1
        text = raw_text(raw, encoding)
        self._size += len(text) + 64
        self.rejected.append(Rejected(line_number, self.rows_read, text, reason))

    @property
    def is_full(self) -> bool:
        """Return whether it is time to take a batch."""
        return self._size >= BATCH_BYTES

    def take(self, position: int) -> Batch:
        """Return the rows added since the last call."""
        text = io.StringIO(newline="")
        if (
            self._has_return
        ):  # some versions of Python leave a lone carriage return unquoted, which COPY refuses
            text.writelines(self._delimiter.join(map(_quoted, row)) + "\n" for row in self._rows)
        else:
            csv.writer(text, delimiter=self._delimiter, lineterminator="\n").writerows(self._rows)
        batch = Batch(text.getvalue().encode(), self.rejected, self.rows_read, position)
        self._rows, self.rejected, self._size, self._has_return = [], [], 0, False
        return batch

    def _event_date(self, values: Sequence[str | None]) -> str | None:
        if not self._dates or self._event_place is None:
            return None
        value = values[self._event_place]
        return self._dates.iso(value) if value else None

    def _fault(self, values: Sequence[str | None]) -> str | None:
        for place, value in enumerate(values, len(self.copy_columns) - len(values)):
            if value and (fault := _text_fault(value)):
                return f"column {self.copy_columns[place]!r} {fault}"
        if sum(len((values[place] or "").encode()) for place in self._key_places) > MAX_KEY_BYTES:
            return f"the key is longer than the {MAX_KEY_BYTES:,} bytes that an index can hold"
        return None

    def _date_fault(self, values: Sequence[str | None]) -> str:
        event = self._plan.table.event_time
        value = values[self._event_place] if self._event_place is not None else None
        if event is None or not value:
            return f"no event time: column {event.column if event else ''!r} is empty"
        return f"event time {value[:100]!r} is not of the format {event.format!r}"


def _extra_fault(text: str) -> str | None:
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        return "holds a NUL character"
    return _text_fault(text)


def _quoted(value: object) -> str:
    text = "" if value is None else str(value).replace('"', '""')
    return f'"{text}"' if text else ""


def _text_fault(value: str) -> str | None:
    if len(value) > FIELD_CHARACTERS:
        return f"has {len(value):,} characters; {FIELD_CHARACTERS:,} are the limit"
    if "\0" in value:
        return "holds a NUL character"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "holds half of a surrogate pair, which is no character"
    return None
