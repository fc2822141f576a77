"""Where the records and fields of a block of CSV lie, found with numpy instead of a parser.

The scan accepts a block only if it can prove that every record is well-formed (RFC 4180, each with the right
number of fields): then the block's own bytes can go to COPY. It judges nothing else; a block it does not
accept is read by `loaders.csv_records`, record by record.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUOTE, LINE_FEED, CARRIAGE_RETURN = 0x22, 0x0A, 0x0D
MAX_GATHERED = 32  # bytes up to which fields of one width, such as dates, are gathered at once
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scan:
    """A block's records: where each starts and ends (without line break); its delimiters, a row each."""

    block: bytes
    size: int  # bytes up to the end of the last whole record
    starts: Positions
    ends: Positions
    delimiters: NDArray[np.int64]
    is_plain: bool  # each record is one line, without a carriage return

    def __len__(self) -> int:
        return len(self.starts)

    def records(self) -> list[bytes]:
        """Return the records' bytes."""
        if self.is_plain:
            return self.block[: self.size - 1].split(b"\n")
        return self._slices(self.starts, self.ends)

    def fields(self, place: int) -> list[bytes]:
        """Return the bytes of one field of every record, quotes included."""
        starts, ends = self._bounds(place)
        width = int(ends[0] - starts[0])
        if not 0 < width <= MAX_GATHERED or not (ends - starts == width).all():
            return self._slices(starts, ends)
        data: NDArray[np.uint8] = np.frombuffer(self.block, dtype=np.uint8)
        texts: list[bytes] = data[starts[:, None] + np.arange(width)].view(f"S{width}").ravel().tolist()
        return texts

    def longest(self, place: int | None = None) -> int:
        """Return the length of the longest record, or of the longest field at a place."""
        starts, ends = (self.starts, self.ends) if place is None else self._bounds(place)
        return int((ends - starts).max())

    def _bounds(self, place: int) -> tuple[Positions, Positions]:
        last = self.delimiters.shape[1]
        starts = self.starts if place == 0 else self.delimiters[:, place - 1] + 1
        return starts, self.ends if place == last else self.delimiters[:, place]

    def _slices(self, starts: Positions, ends: Positions) -> list[bytes]:
        block = self.block
        return [block[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def scan(block: bytes, delimiter: str, columns: int) -> Scan | None:
    """Find the whole records of a block; None if they are not provably well-formed."""
    data: NDArray[np.uint8] = np.frombuffer(block, dtype=np.uint8)
    breaks, separators = data == LINE_FEED, data == ord(delimiter)
    quotes: Flags | None = None
    outside: Flags | None = None
    if b'"' in block:
        quotes = data == QUOTE
        outside = ~np.logical_xor.accumulate(quotes)
        breaks &= outside
        separators &= outside
    ends = np.flatnonzero(breaks)
    if not len(ends):
        return None
    size = int(ends[-1]) + 1
    starts = np.concatenate(([0], ends[:-1] + 1))
    found = np.flatnonzero(separators[:size])
    if len(found) != len(ends) * (columns - 1):
        return None
    delimiters = found.reshape(len(ends), columns - 1)
    if columns > 1 and ((delimiters[:, 0] < starts).any() or (delimiters[:, -1] > ends).any()):
        return None
    if quotes is not None and not _quotes_enclose_fields(data, np.flatnonzero(quotes[:size]), ord(delimiter)):
        return None
    is_plain = quotes is None or block.count(b"\n", 0, size) == len(ends)
    if b"\r" in block:
        returns = data[:size] == CARRIAGE_RETURN
        before_break = data[np.maximum(ends - 1, 0)] == CARRIAGE_RETURN
        if (
            np.count_nonzero(returns & outside[:size] if outside is not None else returns)
            != before_break.sum()
        ):
            return None
        ends = ends - before_break
        is_plain = is_plain and not before_break.any()
    if columns == 1 and (ends <= starts).any():
        return None  # a blank line is no record
    return Scan(block, size, starts, ends, delimiters, is_plain)


def _quotes_enclose_fields(data: NDArray[np.uint8], quotes: Positions, delimiter: int) -> bool:
    """Return whether opening quotes begin a field and closing ones end it; a doubled one does both."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = data[opening - 1]
    after = data[closing + 1]  # the block's last record ends with a line break, so there is one
    begins = _is_one_of(before, delimiter, LINE_FEED, QUOTE) | (opening == 0)
    ends = _is_one_of(after, delimiter, LINE_FEED, QUOTE, CARRIAGE_RETURN)
    return bool(begins.all() and ends.all())


def _is_one_of(data: NDArray[np.uint8], *values: int) -> Any:
    result = data == values[0]
    for value in values[1:]:
        result = result | (data == value)
    return result
