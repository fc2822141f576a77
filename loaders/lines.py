"""A file as blocks of bytes and as lines: what the CSV and JSON readers take from."""

from collections.abc import Iterator

from loaders.errors import LoadError
from loaders.files import Chunks

MAX_LINE_BYTES = 64 * 1024 * 1024
UTF8_MARK = b"\xef\xbb\xbf"


class Lines:
    """The bytes of a file that were not consumed yet, and the number of the line they begin with.

    `buffer` is looked at in place and consumed from its start; `grow` adds the file's next chunk to it. A
    last line without a line break gets one.
    """

    def __init__(self, chunks: Chunks, name: str) -> None:
        self._chunks = chunks
        self._iterator: Iterator[bytes] = iter(chunks)
        self._name = name
        self.buffer = b""
        self.line_number = 1
        self.at_end = False
        self._ends_with_break = True
        if self.grow():
            self.buffer = self.buffer.removeprefix(UTF8_MARK)

    @property
    def position(self) -> int:
        """Return how many bytes of the file on disk were read."""
        return self._chunks.position

    def grow(self) -> bool:
        """Read on. Returns False at the end of the file."""
        if self.at_end:
            return False
        chunk = next(self._iterator, b"")
        if chunk:
            self.buffer += chunk
            self._ends_with_break = chunk.endswith(b"\n")
            return True
        self.at_end = True
        if self._ends_with_break:
            return False
        self.buffer += b"\n"
        self._ends_with_break = True
        return True

    def consume(self, size: int) -> None:
        """Drop bytes that were dealt with, up to the start of a line."""
        self.line_number += self.buffer.count(b"\n", 0, size)
        self.buffer = self.buffer[size:]

    def give_back(self, lines: list[bytes]) -> None:
        """Put lines that were taken last back in front."""
        self.line_number -= len(lines)
        self.buffer = b"".join(lines) + self.buffer

    def take_block(self, size: int) -> list[bytes]:
        """Consume the buffer's whole lines of about that size, reading on where it holds none; none at the end.

        Raises LoadError for a line that is longer than memory should hold.
        """
        while not (end := self.buffer.rfind(b"\n", 0, size) + 1 or self.buffer.find(b"\n") + 1):
            if not self.grow():
                return []
            if len(self.buffer) > MAX_LINE_BYTES:
                raise LoadError(
                    f"{self._name}: line {self.line_number} is longer than {MAX_LINE_BYTES >> 20} MB; "
                    "is this the right file?"
                )
        lines = self.buffer[: end - 1].split(b"\n")
        self.consume(end)
        return [line + b"\n" for line in lines]
