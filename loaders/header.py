"""A file's header against the contract: which field of a row is which column."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from loaders.contract import Table, normal
from loaders.errors import LoadError

OTHER_DELIMITERS = {";": "';'", "\t": "a tab", ",": "','", "|": "'|'"}


@dataclass(frozen=True)
class Layout:
    """What the fields of a row are, in the file's order: columns, or names the contract does not know."""

    fields: tuple[str, ...]
    is_known: tuple[bool, ...]
    missing: tuple[str, ...]  # optional columns that the file does not have

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the known columns in the file's order."""
        return tuple(name for name, known in zip(self.fields, self.is_known, strict=True) if known)

    @property
    def extra(self) -> tuple[str, ...]:
        """Return the unknown columns in the file's order."""
        return tuple(name for name, known in zip(self.fields, self.is_known, strict=True) if not known)


def match_header(table: Table, header: Sequence[str], file: str, delimiter: str | None = None) -> Layout:
    """Match a header's names with the contract's, whatever their order, case and surrounding blanks.

    Raises LoadError for a required column that is missing (naming what was found and what may be meant), a
    column that occurs twice, and a file that seems to use another delimiter than the contract's.
    """
    columns = {normal(table.header(name)): name for name in table.columns}
    names = [name.removeprefix("\ufeff").strip() or f"column {place}" for place, name in enumerate(header, 1)]
    seen: set[str] = set()
    for name in names:
        if normal(name) in seen:
            raise LoadError(f"{file}: the header has the column {name!r} twice")
        seen.add(normal(name))
    missing = [name for key, name in columns.items() if key not in seen]
    required = [name for name in missing if table.columns[name].required]
    if required:
        raise LoadError(_missing(table, required, names, columns, file, delimiter))
    return Layout(
        fields=tuple(columns.get(normal(name), name) for name in names),
        is_known=tuple(normal(name) in columns for name in names),
        missing=tuple(missing),
    )


def _missing(
    table: Table,
    required: list[str],
    names: list[str],
    columns: dict[str, str],
    file: str,
    delimiter: str | None,
) -> str:
    wanted = ", ".join(repr(table.header(name)) for name in required)
    text = f"{file}: the required column{'s' if len(required) > 1 else ''} {wanted} "
    text += f"{'are' if len(required) > 1 else 'is'} missing; found: {', '.join(map(repr, names)) or 'none'}"
    if (
        delimiter
        and len(names) == 1
        and (other := _better_delimiter(names[0], delimiter, len(table.columns)))
    ):
        return f"{text}. It looks like the delimiter is {other}: the contract says {delimiter!r}"
    unknown = {normal(name): name for name in names if normal(name) not in columns}
    for name in required:
        header = table.header(name)
        close = difflib.get_close_matches(normal(header), unknown, n=1, cutoff=0.6)
        if close:
            text += f". Was {header!r} renamed to {unknown[close[0]]!r}?"
    return text


def _better_delimiter(line: str, delimiter: str, columns: int) -> str | None:
    counts = {other: line.count(other) for other in OTHER_DELIMITERS if other != delimiter}
    best = max(counts, key=counts.__getitem__)
    return OTHER_DELIMITERS[best] if counts[best] and counts[best] >= columns // 2 else None
