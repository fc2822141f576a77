"""What is in a source's raw tables: how full and of what type columns are, how well keys and references hold.

Values of personal columns are never read from the server: they have no examples, no minimum and no maximum.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from rich.box import SIMPLE_HEAD
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from loaders.contract import Contract
from loaders.contract import Table as TableContract
from loaders.errors import LoadError
from loaders.profile_sql import GROUPING_LIMIT, TYPES, columns_query, key_query, reference_query

EXAMPLES = 5
EXAMPLE_LENGTH = 100  # a field may hold megabytes
SHOWN = 3  # examples on the screen
SHORT = 20  # letters of a value on the screen
LAST_HEADING = "most frequent (rows)"  # the one that wraps on a narrow screen
HEADINGS: dict[str, JustifyMethod] = {
    "column": "left",
    "type": "left",
    "misfits": "right",
    "null": "right",
    "distinct": "right",
    "min": "left",
    "max": "left",
    LAST_HEADING: "left",
}
GUESS_SHARE = 0.99  # of the rows have to be of a type, so that a few bad values are told and do not hide it

Example = tuple[str, int]
Read = tuple[int, int, int, dict[str, int], dict[str, list[str | None]] | None, list[list[Any]]]


@dataclass(frozen=True)
class ColumnProfile:
    """A raw column. `minimum` and `maximum` are of the guessed type; `misfits` rows are not of that type.

    The type is 'empty' for a column without a value. A personal column has counts and a type, but no values.
    """

    name: str
    personal: str | None
    rows: int
    nulls: int
    null_share: float
    distinct: int
    type_guess: str
    misfits: int
    minimum: str | None
    maximum: str | None
    examples: list[Example]


@dataclass(frozen=True)
class KeyProfile:
    """How well the contract's key holds: rows that lack a part of it, keys that occur again and how often."""

    columns: list[str]
    is_unique: bool
    incomplete_rows: int
    repeated_keys: int
    surplus_rows: int
    examples: list[tuple[list[str], int]]


@dataclass(frozen=True)
class ReferenceProfile:
    """How many of a column's distinct values the referenced column has, and what is missing there."""

    column: str
    references: str
    values: int
    found_share: float
    orphan_values: int
    orphan_rows: int
    examples: list[Example]


@dataclass(frozen=True)
class TableProfile:
    """A raw table with its columns, key (None where the contract has none) and references."""

    source: str
    table: str
    rows: int
    columns: list[ColumnProfile]
    key: KeyProfile | None
    references: list[ReferenceProfile]


def profile_source(conn: Connection, contract: Contract) -> list[TableProfile]:
    """Profile every raw table of a source, in the contract's order. Reads only.

    Leaves the transaction open. Raises LoadError when a table is missing or may not be read.
    """
    try:
        with conn.cursor() as cursor:
            return [_table(cursor, contract, name) for name in contract.tables]
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
        raise LoadError(
            f"{contract.source}: its raw tables are not as the contract says ({_first_line(error)}). "
            f"Load the source first: retail load {contract.source}"
        ) from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise LoadError(f"{contract.source}: may not be read by this user ({_first_line(error)})") from error


def as_dicts(profiles: Sequence[TableProfile]) -> list[dict[str, Any]]:
    """The profiles as dicts of what JSON knows."""
    return [asdict(profile) for profile in profiles]


def render(profiles: Sequence[TableProfile]) -> Group:
    """The profiles for a terminal: per raw table its columns, then its key and references."""
    return Group(*(part for profile in profiles for part in _parts(profile)))


def _table(cursor: Cursor, contract: Contract, name: str) -> TableProfile:
    table = contract.tables[name]
    names = list(table.columns)
    chunks = [names[start : start + GROUPING_LIMIT] for start in range(0, len(names), GROUPING_LIMIT)]
    columns = [column for chunk in chunks for column in _columns(cursor, contract, name, chunk)]
    return TableProfile(
        source=contract.source,
        table=name,
        rows=columns[0].rows,
        columns=columns,
        key=_key(cursor, contract, name) if table.key else None,
        references=list(_references(cursor, contract, name)),
    )


def _columns(cursor: Cursor, contract: Contract, name: str, columns: list[str]) -> list[ColumnProfile]:
    """Profile these columns in one pass over the table."""
    table = contract.tables[name]
    personal = [place for place, column in enumerate(columns) if table.columns[column].personal]
    cursor.execute(columns_query(contract, name, columns), _parameters(personal))
    read: dict[int, Read] = {row[0]: row[1:] for row in cursor.fetchall()}
    nothing: Read = (0, 0, 0, {}, None, [])  # of an empty table no value was counted
    return [
        _column(column, _word(table, column), read.get(place, nothing))
        for place, column in enumerate(columns)
    ]


def _column(name: str, personal: str | None, read: Read) -> ColumnProfile:
    rows, nulls, distinct, fits, ranges, examples = read
    kind = _guess(rows - nulls, fits)
    minimum, maximum = ranges[kind] if ranges and kind in ranges else (None, None)
    return ColumnProfile(
        name=name,
        personal=personal,
        rows=rows,
        nulls=nulls,
        null_share=nulls / rows if rows else 0.0,
        distinct=distinct,
        type_guess=kind,
        misfits=rows - nulls - fits[kind] if kind in fits else 0,
        minimum=minimum,
        maximum=maximum,
        examples=[(value, count) for value, count in examples],
    )


def _guess(values: int, fits: dict[str, int]) -> str:
    """The type that most rows have, the narrower first, if they are nearly all."""
    if not values:
        return "empty"
    best = max(TYPES, key=lambda kind: fits[kind])
    return best if fits[best] >= GUESS_SHARE * values else "text"


def _key(cursor: Cursor, contract: Contract, name: str) -> KeyProfile:
    table = contract.tables[name]
    personal = any(table.columns[column].personal for column in table.key)
    cursor.execute(key_query(contract, name), _parameters(personal))
    incomplete, repeated, surplus, examples = _one(cursor)
    return KeyProfile(
        columns=list(table.key),
        is_unique=not (incomplete or repeated),
        incomplete_rows=incomplete,
        repeated_keys=repeated,
        surplus_rows=surplus,
        examples=[(values, count) for values, count in examples or []],
    )


def _references(cursor: Cursor, contract: Contract, name: str) -> Iterator[ReferenceProfile]:
    for column, spec in contract.tables[name].columns.items():
        target = contract.reference(spec.references) if spec.references else None
        if spec.references is None or target is None:
            continue
        personal = bool(spec.personal or contract.tables[target[0]].columns[target[1]].personal)
        cursor.execute(reference_query(contract, name, column, target), _parameters(personal))
        values, orphan_values, orphan_rows, examples = _one(cursor)
        yield ReferenceProfile(
            column=column,
            references=spec.references,
            values=values,
            found_share=1 - orphan_values / values if values else 1.0,
            orphan_values=orphan_values,
            orphan_rows=orphan_rows,
            examples=[(value, count) for value, count in examples or []],
        )


def _parameters(personal: list[int] | bool) -> dict[str, object]:
    return {"personal": personal, "length": EXAMPLE_LENGTH, "examples": EXAMPLES}


def _word(table: TableContract, column: str) -> str | None:
    """What makes a column personal, in the contract's word for it."""
    return table.columns[column].personal


def _one(cursor: Cursor) -> tuple[Any, ...]:
    (row,) = cursor.fetchall()  # an aggregate has one row
    return tuple(row)


def _first_line(error: psycopg2.Error) -> str:
    return str(error).partition("\n")[0].strip()


def _parts(profile: TableProfile) -> Iterator[RenderableType]:
    """A raw table's columns, then a line for its key and each of its references."""
    title = Text(f"{profile.source}.{profile.table}: {profile.rows:,} rows", style="bold")
    grid = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for heading, justify in HEADINGS.items():
        grid.add_column(heading, justify=justify, no_wrap=heading != LAST_HEADING)
    for column in profile.columns:
        grid.add_row(*map(Text, _cells(column)))
    yield grid
    if profile.key:
        yield _key_line(profile.key)
    for reference in profile.references:
        yield _reference_line(reference)
    yield Text()


def _cells(column: ColumnProfile) -> Iterator[str]:
    yield column.name
    yield column.type_guess
    yield f"{column.misfits:,}" if column.misfits else ""
    yield _percent(column.null_share)
    yield f"{column.distinct:,}"
    if column.personal:
        yield from ("", "", f"({column.personal}: not shown)")
        return
    yield _short(column.minimum)
    yield _short(column.maximum)
    yield _shown(column.examples[:SHOWN])


def _key_line(key: KeyProfile) -> Text:
    name = ", ".join(key.columns)
    if key.is_unique:
        return Text(f"key ({name}): unique")
    problems = []
    if key.incomplete_rows:
        problems.append(f"{key.incomplete_rows:,} rows lack a part of it")
    if key.repeated_keys:
        problems.append(f"{key.repeated_keys:,} keys occur again, in {key.surplus_rows:,} more rows")
    line = Text(f"key ({name}): {'; '.join(problems)}", style="yellow")
    examples = [(" / ".join(map(_short, values)), count) for values, count in key.examples]
    return line.append(f", such as {_shown(examples)}" if examples else "")


def _reference_line(reference: ReferenceProfile) -> Text:
    start = f"{reference.column} -> {reference.references}: "
    if not reference.orphan_values:
        return Text(f"{start}all of {reference.values:,} values found")
    missing = f"{reference.orphan_values:,} of {reference.values:,} values not found"
    line = Text(f"{start}{missing}, in {reference.orphan_rows:,} rows", style="yellow")
    return line.append(f", such as {_shown(reference.examples)}" if reference.examples else "")


def _shown(examples: list[Example]) -> str:
    return ", ".join(
        f"{_short(value)} ({count:,})" if count > 1 else _short(value) for value, count in examples
    )


def _percent(share: float) -> str:
    """A share in percent, empty for none; a few among many are not rounded to none."""
    return "" if not share else "<0.1%" if share < 0.001 else f"{share:.1%}"


def _short(value: str | None) -> str:
    """A value on one line and not too long for a table."""
    text = " ".join((value or "").split())
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
