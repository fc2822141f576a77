"""JSON files, one object a line or one array of objects, to batches for COPY.

Numbers are kept as they are written, nested values as JSON text. A bad line of JSON Lines costs that line; an
array that is malformed cannot be read on, so the file fails.
"""

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from loaders.contract import normal
from loaders.errors import LoadError
from loaders.files import CHUNK_BYTES, Chunks
from loaders.header import match_header
from loaders.lines import MAX_LINE_BYTES, Lines
from loaders.rows import Batch, Plan, RowWriter, Seen

_BLANKS = " \t\r\n"


class Number(str):
    """A JSON number as it is written: 1.10 stays 1.10."""

    __slots__ = ()


@dataclass(slots=True)
class Element:
    """One element of a file: its value or what is wrong with it, its text and the line it begins on."""

    value: Any
    fault: str | None
    raw: bytes | str
    line_number: int


class JsonReader:
    """Reads a file of objects by its contract. A column's header is the object's key."""

    delimiter = ","
    has_quotes = False  # RowWriter puts no empty field in quotes

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path = path
        self._table = plan.table
        self._chunks = Chunks(path, plan.table.format)
        self._columns = list(plan.table.columns)
        self._places = {normal(plan.table.header(name)): place for place, name in enumerate(self._columns)}
        self._was_read = False  # a row, be it without a key
        self._known_keys: dict[str, int | None] = {}  # keys met in the file, with the column's place
        self.seen = Seen()
        self._writer = RowWriter(plan, self._columns, self.seen, extra=True)
        self.copy_columns = self._writer.copy_columns

    @property
    def sha256(self) -> str:
        """Return the hash of the file's bytes, once its batches were read."""
        return self._chunks.sha256

    def batches(self) -> Iterator[Batch]:
        """Yield the file's rows.

        Raises LoadError for a malformed array and a required key in none of the objects.
        """
        is_array = self._table.format.kind == "json"
        for element in self._array() if is_array else self._lines():
            self._add(element)
            if self._writer.is_full:
                yield self._writer.take(self._chunks.position)
        if self._was_read:
            found = list({normal(key): key for key in self._known_keys}.values())
            self.seen.missing_columns += match_header(self._table, found, str(self._path)).missing
        yield self._writer.take(self._chunks.position)

    def _lines(self) -> Iterator[Element]:
        encoding = self._table.format.encoding
        lines = Lines(self._chunks, str(self._path))
        if not lines.buffer:
            raise LoadError(f"{self._path}: the file is empty")
        while block := lines.take_block(CHUNK_BYTES):
            for number, raw in enumerate(block, lines.line_number - len(block)):
                if raw.strip():
                    yield _parsed(raw, encoding, number)

    def _array(self) -> Iterator[Element]:
        yield from JsonArray(self._chunks, self._table.format.encoding, str(self._path)).elements()

    def _add(self, element: Element) -> None:
        self._was_read = True
        fault = element.fault
        if not fault and not isinstance(element.value, dict):
            fault = "not a JSON object"
        if not fault:
            values: list[str | None] = [None] * len(self._columns)
            extra: dict[str, Any] = {}
            fault = self._sort(element.value, values, extra)
        if fault:
            self._writer.reject(fault, element.line_number, element.raw)
        else:
            text = json_text(extra) if extra else None
            self._writer.add(values, text, element.line_number, element.raw)

    def _sort(self, row: Mapping[str, Any], values: list[str | None], extra: dict[str, Any]) -> str | None:
        """Put an object's values where they belong. Returns what is wrong with it."""
        filled: set[int] = set()
        for key, value in row.items():
            if key not in self._known_keys:
                self._meet(key)
            place = self._known_keys[key]
            if place is None:
                extra[key] = value
            elif place in filled:
                return f"two keys for the column {self._columns[place]!r}"
            else:
                filled.add(place)
                values[place] = column_text(value)
        return None

    def _meet(self, key: str) -> None:
        self._known_keys[key] = self._places.get(normal(key))
        if self._known_keys[key] is None:
            self.seen.extra_columns.append(key)


class JsonArray:
    """The elements of one large array, parsed one at a time: memory holds a chunk and an element."""

    def __init__(self, chunks: Chunks, encoding: str, name: str) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
        self._name = name
        self._text = ""
        self._place = 0
        self._line = 1
        self._at_end = False

    def elements(self) -> Iterator[Element]:
        """Yield the elements. Raises LoadError, with the line, where the file is no array or is malformed."""
        start = self._next_character()
        if start != "[":
            hint = "; if it has one object a line, say kind: jsonl" if start == "{" else ""
            self._fail(f"begins with {start!r} instead of '['{hint}" if start else "the file is empty")
        self._move(self._place + 1)
        if self._next_character() != "]":
            while True:
                yield self._element()
                if (mark := self._next_character()) == "]":
                    break
                if mark != ",":
                    self._fail(
                        "the array is not closed" if not mark else f"',' or ']' expected, not {mark!r}"
                    )
                self._move(self._place + 1)
        self._move(self._place + 1)
        if rest := self._next_character():
            self._fail(f"there is more after the array: {rest!r}")

    def _element(self) -> Element:
        if self._next_character() == "":
            self._fail("the array is not closed")
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                if self._grow():
                    continue  # perhaps the element is not here whole
                self._fail(_reason(error))
            if end == len(self._text) and self._grow():
                continue  # perhaps a number goes on
            element = Element(value, None, self._text[self._place : end], self._line)
            self._move(end)
            return element

    def _next_character(self) -> str:
        """Go on to what is no blank and return it; empty at the end of the file."""
        while True:
            place = self._place
            while place < len(self._text) and self._text[place] in _BLANKS:
                place += 1
            self._move(place)
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._grow():
                return ""

    def _move(self, place: int) -> None:
        self._line += self._text.count("\n", self._place, place)
        self._place = place

    def _grow(self) -> bool:
        """Drop what was read, read as much again as is left and at least a chunk.

        False at the end of the file.
        """
        if self._at_end:
            return False
        self._text, self._place = self._text[self._place :], 0
        if len(self._text) > MAX_LINE_BYTES:
            self._fail(f"an element is malformed or longer than {MAX_LINE_BYTES >> 20} MB")
        parts, wanted = [self._text], 2 * len(self._text) + 1
        while sum(map(len, parts)) < wanted:
            chunk = next(self._chunks, b"")
            try:
                parts.append(self._decoder.decode(chunk, final=not chunk))
            except UnicodeDecodeError as error:
                self._fail(f"not valid {error.encoding} after this line; set encoding in the contract")
            if not chunk:
                self._at_end = True
                break
        self._text = "".join(parts)
        return True

    def _fail(self, reason: str) -> NoReturn:
        raise LoadError(f"{self._name}, line {self._line}: {reason}")


def column_text(value: Any) -> str | None:
    """Return what a text column holds for a JSON value: a string's or a number's own text, else JSON."""
    if value is None or isinstance(value, str):
        return value or None
    return json_text(value)


def json_text(value: Any) -> str:
    """Return a parsed value as JSON again, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_ENCODER.encode(key)}: {json_text(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(json_text, value)) + "]"
    return _ENCODER.encode(value)


def _parsed(raw: bytes, encoding: str, line_number: int) -> Element:
    try:
        return Element(_DECODER.decode(raw.decode(encoding)), None, raw, line_number)
    except UnicodeDecodeError:
        return Element(None, f"not valid {encoding}", raw, line_number)
    except (ValueError, RecursionError) as error:
        return Element(None, _reason(error), raw, line_number)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no valid JSON: {error.msg} (character {error.colno})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice in an object")
    return result


_ENCODER = json.JSONEncoder(ensure_ascii=False)  # json.dumps would make one for each text
_DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=str, object_pairs_hook=_object
)
