"""Online Retail II as it is downloaded, one workbook, to the daily files that its contract takes.

    python -m loaders.split_workbook FILE FOLDER

FILE is the workbook (.xlsx, for which openpyxl has to be installed) or a CSV file with the same columns.
"""

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from loaders.contract import Contract, Table, load_contracts, normal
from loaders.errors import LoadError

SOURCE, TABLE = "online_retail", "transaction"
Sheet = tuple[str, Iterator[Sequence[object]]]  # its name, and its rows with the header first


@dataclass(frozen=True)
class Split:
    """What was written: lines per day, and the days that several sheets hold."""

    lines: dict[date, int]
    repeated: tuple[date, ...]


def split(file: Path, folder: Path, contract: Contract | None = None) -> Split:
    """Write one CSV per day of `file` into `folder`, replacing those that are there.

    The workbook's sheets overlap: a day that several hold is taken whole from the one with most of its lines.
    Raises LoadError for a file that cannot be read, a missing column, and a line without a date.
    """
    table = (contract or load_contracts()[SOURCE]).tables[TABLE]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".split-") as scratch:
        parts: dict[date, dict[Path, int]] = {}
        for number, (name, rows) in enumerate(read_sheets(file)):
            place = Path(scratch) / str(number)
            place.mkdir()
            for day, count in _write_days(f"{file.name}, {name}", rows, table, place).items():
                parts.setdefault(day, {})[place / day.isoformat()] = count
        for day, found in parts.items():
            fullest = max(found, key=found.__getitem__)
            fullest.replace(folder / table.files.replace("*", day.isoformat()))
    return Split(
        {day: max(found.values()) for day, found in sorted(parts.items())},
        tuple(sorted(day for day, found in parts.items() if len(found) > 1)),
    )


def read_sheets(file: Path) -> Iterator[Sheet]:
    """Yield the sheets of a workbook, or a CSV file as the only one. Raises LoadError if it cannot be read."""
    if not file.is_file():
        raise LoadError(f"{file}: there is no such file")
    reader = {".xlsx": _workbook, ".csv": _csv}.get(file.suffix.lower())
    if reader is None:
        raise LoadError(f"{file}: neither .xlsx nor .csv; a .zip has to be unpacked first")
    yield from reader(file)


def _workbook(file: Path) -> Iterator[Sheet]:
    try:
        load_workbook: Callable[..., Any] = import_module("openpyxl").load_workbook
    except ImportError:
        raise LoadError(
            f"Reading {file.name} needs the package openpyxl: .venv/bin/python -m pip install openpyxl\n"
            "Or save each sheet as CSV, with dates like 2009-12-01 07:45, and split these files."
        ) from None
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets through what the zip and XML readers raise
        raise LoadError(f"{file}: no workbook that can be read ({error})") from error
    with closing(book):
        for sheet in book.worksheets:
            yield sheet.title, sheet.iter_rows(values_only=True)


def _csv(file: Path) -> Iterator[Sheet]:
    def rows() -> Iterator[Sequence[object]]:
        with file.open(newline="", encoding="utf-8-sig") as text:
            try:
                yield from csv.reader(text)
            except (UnicodeDecodeError, csv.Error) as error:
                raise LoadError(f"{file}: no CSV in UTF-8 ({error})") from error

    yield "its lines", rows()


def _write_days(name: str, rows: Iterable[Sequence[object]], table: Table, place: Path) -> Counter[date]:
    """Write a sheet's rows into a file per day, named after the day; return how many went into each."""
    numbered = enumerate(rows, 1)
    _, header = next(numbered, (0, ()))
    fields = _fields(name, header, table)
    dated_by = table.event_time.column if table.event_time else None

    def dated() -> Iterator[tuple[date, list[str]]]:
        for number, row in numbered:
            if any(value not in (None, "") for value in row):
                cells = {column: row[at] if at < len(row) else None for column, at in fields.items()}
                day = _day(cells[str(dated_by)], f"{name}, line {number}")
                yield day, [day.isoformat() if c == dated_by else _text(cells[c]) for c in fields]

    written: Counter[date] = Counter()
    for day, lines in groupby(dated(), key=lambda item: item[0]):  # sorted by day, or nearly so
        with (place / day.isoformat()).open("a", newline="", encoding="utf-8") as text:
            writer = csv.writer(text)
            if not written[day]:
                writer.writerow(table.header(column) for column in fields)
            for _, cells in lines:
                writer.writerow(cells)
                written[day] += 1
    return written


def _fields(name: str, header: Sequence[object], table: Table) -> dict[str, int]:
    """Return where each column stands in a row. Raises LoadError for one that is missing."""
    places = {normal(str(title)): place for place, title in enumerate(header) if title is not None}
    missing = [table.header(column) for column in table.columns if normal(table.header(column)) not in places]
    if missing:
        found = ", ".join(map(repr, header)) or "nothing"
        raise LoadError(f"{name}: no column {', '.join(map(repr, missing))}; found: {found}")
    return {column: places[normal(table.header(column))] for column in table.columns}


def _day(value: object, where: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError:
        raise LoadError(f"{where}: {value!r} is no date like 2009-12-01 07:45") from None


def _text(value: object) -> str:
    """Return a cell as text: a whole number without a fraction, as Excel shows it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def main(arguments: Sequence[str]) -> int:
    """Split the file that the command line names; 0 when it was split, 1 with a message when not."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m loaders.split_workbook FILE FOLDER\n")
        return 2
    try:
        done = split(Path(arguments[0]), Path(arguments[1]))
    except (LoadError, OSError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stdout.write(
        f"{sum(done.lines.values()):,} lines in {len(done.lines):,} daily files in {arguments[1]}\n"
    )
    if done.repeated:
        count = f"{len(done.repeated)} day{'s' if len(done.repeated) > 1 else ''}"
        span = f"{done.repeated[0]} to {done.repeated[-1]}"
        sys.stdout.write(f"In several sheets, and taken once: {count} from {span}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
