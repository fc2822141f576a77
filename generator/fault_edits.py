"""How rows are spoiled: as the text that they are in their files."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generator.arrays import Array
from generator.output import Output, WrittenFile

Edit = Callable[[bytes], bytes]
FUTURE = b"2099-01-15"


@dataclass
class Fault:
    """One faulty row: where it stood, what is done to it, and (once that is done) where it stands.

    With `to_file` the row goes to another file's end, and stays where it was as well if it is a copy.
    """

    kind: str
    table: str
    row: int  # of the table, as it was written, from 0
    key: str
    edit: Edit | None = None
    to_file: int | None = None
    is_copy: bool = False
    detail: str = ""
    file: str = ""
    row_number: int = 0


class TableFiles:
    """The files of one table in the order of their writing, and which rows they hold."""

    def __init__(self, table: str, places: Sequence[int], files: Sequence[WrittenFile]) -> None:
        self.table = table
        self.places = list(places)  # in the output's list of files
        self.files = [files[place] for place in places]
        self.starts = np.concatenate([[0], np.cumsum([file.rows for file in self.files])]).astype(np.int64)
        groups: dict[str, list[int]] = {}
        for number, file in enumerate(self.files):
            groups.setdefault(file.path.rpartition("/")[0], []).append(number)
        self._following = np.full((len(self.files), 2), -1)  # place within its folder, files in the folder
        self._members = np.empty(len(self.files), dtype=object)
        for members in groups.values():
            for place, number in enumerate(members):
                self._following[number] = place, len(members)
                self._members[number] = members

    @property
    def rows(self) -> int:
        return int(self.starts[-1])

    def file_of(self, row: Array) -> Array:
        """Return in which file rows stand."""
        return np.searchsorted(self.starts, row, side="right") - 1

    def can_move(self) -> Array:
        """Return a mask of rows: a later file is there, and this file is not emptied by it."""
        file = self.file_of(np.arange(self.rows))
        place, size = self._following[file].T
        return (place < size - 1) & (self.starts[file] != np.arange(self.rows))

    def later(self, row: int, steps: int) -> int:
        """Return the file that comes so many files after the row's own, of the same store or feed."""
        file = int(self.file_of(np.array([row]))[0])
        members: list[int] = self._members[file]
        return members[min(int(self._following[file, 0]) + steps, len(members) - 1)]


class Tables:
    """The output's files by table."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def of(self, table: str) -> TableFiles:
        """Return a table's files."""
        files = self._output.files
        return TableFiles(table, [place for place, file in enumerate(files) if file.table == table], files)


def apply(output: Output, tables: TableFiles, faults: Sequence[Fault]) -> None:
    """Do what is planned to the files of one table, and note in each fault where its row stands now."""
    leaving: dict[int, list[Fault]] = {}
    for fault, file in zip(
        faults, tables.file_of(np.array([f.row for f in faults], dtype=np.int64)), strict=True
    ):
        leaving.setdefault(int(file), []).append(fault)
    arriving: dict[int, list[tuple[bytes, Fault]]] = {}
    for number, file in enumerate(tables.files):
        if number not in leaving and number not in arriving:
            continue
        path = output.folder / file.path
        lines = path.read_bytes().split(b"\n")[:-1]
        header = lines[:1] if file.path.endswith(".csv") else []
        body: list[tuple[bytes, Fault | None]] = [(line, None) for line in lines[len(header) :]]
        gone = set()
        for fault in leaving.get(number, []):
            place = fault.row - int(tables.starts[number])
            text = body[place][0]
            if fault.to_file is None:
                body[place] = (fault.edit(text) if fault.edit else text, fault)
                continue
            arriving.setdefault(fault.to_file, []).append((text, fault))
            if not fault.is_copy:
                gone.add(place)
                fault.detail = f"was in {_identity(file.path)}"
        left = [row for place, row in enumerate(body) if place not in gone] + list(arriving.pop(number, []))
        for row_number, (_, row_fault) in enumerate(left, 1):
            if row_fault:
                row_fault.file, row_fault.row_number = _identity(file.path), row_number
        path.write_bytes(b"\n".join([*header, *(text for text, _ in left)]) + b"\n")
        output.files[tables.places[number]] = replace(file, rows=len(left))


def _identity(path: str) -> str:
    """Return a file's name as the loaders know it: its path below the source's folder."""
    return path.removeprefix("store/")


def set_field(place: int, value: bytes) -> Edit:
    """Put a value into a CSV field; no field is in quotes in the generator's files."""

    def edit(text: bytes) -> bytes:
        fields = text.split(b",")
        fields[place] = value
        return b",".join(fields)

    return edit


def change_field(place: int, change: Callable[[bytes], bytes]) -> Edit:
    """Change a CSV field."""

    def edit(text: bytes) -> bytes:
        fields = text.split(b",")
        fields[place] = change(fields[place])
        return b",".join(fields)

    return edit


def in_future(place: int) -> Edit:
    """Move a timestamp far into the future, at the same time of day."""
    return change_field(place, lambda value: FUTURE + value[10:])


def negative(place: int) -> Edit:
    """Put a minus before an amount."""
    return change_field(place, lambda value: b"-" + value)


def too_few_fields(text: bytes) -> bytes:
    """Cut a CSV row off in the middle."""
    return b",".join(text.split(b",")[:-2])


def too_many_fields(text: bytes) -> bytes:
    """Give a CSV row a field more than its header has."""
    return text + b",surplus"


def torn(text: bytes) -> bytes:
    """Cut a JSON document off in the middle."""
    return text[: len(text) // 2]


def set_key(key: str, value: str | None) -> Edit:
    """Put a value into a JSON document."""

    def edit(text: bytes) -> bytes:
        document = json.loads(text)
        document[key] = value
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    return edit
