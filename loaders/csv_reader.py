"""CSV files to batches for COPY.

There is one reader with a shortcut. A block of whole records that is provably well-formed, in its encoding
and with valid event times goes to COPY as its own bytes behind its row number and event date. Every other
block is read record by record. Both give the same rows, which a property test shows.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from loaders.csv_records import CsvRecords, Record
from loaders.csv_scan import Scan, scan
from loaders.dates import REMEMBERED, EventDates
from loaders.files import CHUNK_BYTES, Chunks
from loaders.header import match_header
from loaders.lines import Lines
from loaders.rows import Batch, Plan, RowWriter, Seen
from loaders.schema import MAX_KEY_BYTES

SMALLEST_BLOCK = 16 * 1024
REMEMBERED_EXTRAS = 10_000


class CsvReader:
    """Reads a CSV file by its contract. Raises LoadError for a file whose header does not fit."""

    def __init__(self, path: Path, plan: Plan, *, shortcut: bool = True) -> None:
        file_format = plan.table.format
        self._plan = plan
        self._encoding = file_format.encoding
        self.delimiter = file_format.delimiter
        self._chunks = Chunks(path, file_format)
        self._lines = Lines(self._chunks, str(path))
        # Where a file begins without quotes, an empty field in quotes is left to the slow way, and COPY is
        # faster.
        self.has_quotes = b'"' in self._lines.buffer
        self._records = CsvRecords(self._lines, self.delimiter, self._encoding, str(path))
        self._layout = match_header(plan.table, self._records.header(), str(path), self.delimiter)
        columns = self._layout.columns
        extra = self._layout.extra
        self.seen = Seen(extra_columns=list(extra), missing_columns=list(self._layout.missing))
        self._writer = RowWriter(plan, columns, self.seen, extra=bool(extra), delimiter=self.delimiter)
        self.copy_columns = self._writer.copy_columns
        known = self._layout.is_known
        self._known_places = [place for place, is_known in enumerate(known) if is_known]
        self._extra_places = [place for place, is_known in enumerate(known) if not is_known]
        self._extra_texts: dict[tuple[str, ...], str] = {}
        self._shortcut = shortcut and not extra
        event = plan.table.event_time
        place = columns.index(event.column) if event and event.column in columns else None
        self._prefixes = Prefixes(plan, place, self.delimiter)

    @property
    def sha256(self) -> str:
        """Return the hash of the file's bytes, once its batches were read."""
        return self._chunks.sha256

    def batches(self) -> Iterator[Batch]:
        """Yield the file's rows. Raises LoadError for a file that cannot be read to its end."""
        size = CHUNK_BYTES
        while True:
            while len(self._lines.buffer) < size and self._lines.grow():
                pass
            if not self._lines.buffer:
                return
            batch = self._fast_block(size) if self._shortcut else None
            if batch:
                yield batch
                size = min(2 * size, CHUNK_BYTES)
            elif self._shortcut and size > SMALLEST_BLOCK:
                size //= 4  # so that a bad row makes few others go the slow way
            else:
                yield from self._slow_block(size)

    def _fast_block(self, size: int) -> Batch | None:
        """Take the whole records in the buffer's start as they are, or return None and leave the buffer alone."""
        buffer = self._lines.buffer
        block = buffer[: buffer.rfind(b"\n", 0, size) + 1]
        if b"\0" in block or (b'""' in block and not self.has_quotes):
            return None
        text = self._as_utf8(block)
        found = scan(text, self.delimiter, len(self._layout.fields)) if text is not None else None
        if text is None or found is None or self._has_long_key(found):
            return None
        prefixes = self._prefixes.of(found)
        if prefixes is None:
            return None
        first = self._writer.rows_read + 1
        self._writer.rows_read += len(found)
        numbers = range(first, first + len(found))
        # One list of all parts and one join: no row is formatted on its own, which would take twice as long.
        parts = [b"\n"] * (4 * len(found))
        parts[0::4] = map(b"%d".__mod__, numbers)
        parts[1::4] = prefixes
        parts[2::4] = found.records()
        data = b"".join(parts)
        self.seen.event_dates.update(self._prefixes.dates(prefixes))
        # Other encodings than utf-8 have one byte per character.
        self._lines.consume(found.size if text is block else len(text[: found.size].decode()))
        return Batch(data, [], self._writer.rows_read, self._lines.position)

    def _has_long_key(self, found: Scan) -> bool:
        key = self._plan.table.key
        if not key or found.longest() <= MAX_KEY_BYTES:
            return False
        places = [self._layout.fields.index(name) for name in key if name in self._layout.fields]
        return any(found.longest(place) > MAX_KEY_BYTES // len(places) for place in places)

    def _as_utf8(self, block: bytes) -> bytes | None:
        if block.isascii():
            return block
        try:
            text = block.decode(self._encoding)
        except UnicodeDecodeError:
            return None
        return block if self._encoding == "utf-8" else text.encode()

    def _slow_block(self, size: int) -> Iterator[Batch]:
        for record in self._records.block(size):
            self._add(record)
            if self._writer.is_full:
                yield self._writer.take(self._lines.position)
        yield self._writer.take(self._lines.position)

    def _add(self, record: Record) -> None:
        fault, fields, wanted = record.fault, record.fields, len(self._layout.fields)
        if not fault and len(fields) != wanted:
            fault = (
                f"too {'few' if len(fields) < wanted else 'many'} fields: {len(fields)} instead of {wanted}"
            )
        if fault:
            self._writer.reject(fault, record.line_number, record.raw, self._encoding)
            return
        extra = None
        if self._extra_places:
            extra = self._extra_text(tuple(fields[place] for place in self._extra_places))
            fields = [fields[place] for place in self._known_places]
        self._writer.add(fields, extra, record.line_number, record.raw, self._encoding)

    def _extra_text(self, values: tuple[str, ...]) -> str:
        """Return the unknown columns of a row as JSON; the same few values come again and again."""
        text = self._extra_texts.get(values)
        if text is None:
            pairs = zip(self._layout.extra, values, strict=True)
            text = json.dumps({name: value or None for name, value in pairs}, ensure_ascii=False)
            if len(self._extra_texts) < REMEMBERED_EXTRAS and len(text) < 1000:
                self._extra_texts[values] = text
        return text


class Prefixes:
    """What stands before a record's own bytes, after the row number: the event date, if rows have one."""

    def __init__(self, plan: Plan, event_place: int | None, delimiter: str) -> None:
        self._dates: EventDates | None = plan.dates()
        self._place = event_place
        self._delimiter = delimiter
        self._by_head: dict[bytes, bytes] = {}
        self._by_text: dict[bytes, bytes] = {}
        self._tails: set[bytes] = set()

    def dates(self, prefixes: list[bytes]) -> set[str]:
        """Return the event dates that stand in prefixes."""
        texts = {prefix[1:9].decode() for prefix in set(prefixes)} if self._dates else set()
        return {f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in texts}

    def of(self, found: Scan) -> list[bytes] | None:
        """Return a prefix per record, or None if an event time does not parse."""
        if self._dates is None:
            return [self._delimiter.encode()] * len(found)
        if self._place is None:
            return None
        texts = found.fields(self._place)
        if width := self._dates.head_width:  # a date and a clock repeat where whole timestamps do not
            heads = self._look_up(self._by_head, [text[:width] for text in texts], self._dates.head_iso)
            if heads is not None and self._are_tails({text[width:] for text in texts}):
                return heads
        return self._look_up(self._by_text, texts, self._dates.iso)

    def _look_up(
        self, known: dict[bytes, bytes], texts: list[bytes], parse: Callable[[str], str | None]
    ) -> list[bytes] | None:
        try:
            return list(map(known.__getitem__, texts))
        except KeyError:
            pass
        if len(known) > REMEMBERED:
            known.clear()
        for text in set(texts) - known.keys():
            day = parse(_unquoted(text))
            if day is None:
                return None
            short = day.replace("-", "")  # which Postgres reads a little faster
            known[text] = f"{self._delimiter}{short}{self._delimiter}".encode()
        return list(map(known.__getitem__, texts))

    def _are_tails(self, tails: set[bytes]) -> bool:
        new = tails - self._tails
        if len(self._tails) > REMEMBERED:
            self._tails.clear()
        if self._dates is None or not all(self._dates.is_tail(tail.decode()) for tail in new):
            return False
        self._tails |= tails
        return True


def _unquoted(field: bytes) -> str:
    """Return the value of a field; heads of fields come here too, which a quote makes unlike any date."""
    value = field.decode("utf-8", "replace")
    return value[1:-1].replace('""', '"') if value.startswith('"') and value.endswith('"') else value
