"""A diff as text for the terminal."""

from __future__ import annotations

from decimal import Decimal

from ops.diff.report import Table, cell, headline, nothing, summary, tables
from ops.diff.types import EnvironmentDiff

MOST_ROWS = 25  # of a table
WIDEST = 64  # of a column's room; what is longer stands out
LONGEST = 160  # of a cell


def as_text(diff: EnvironmentDiff) -> str:
    """Return what a person at the terminal reads: what matters, then the details."""
    if diff.is_empty:
        return f"{nothing(diff)}\n{took(diff)}"
    parts = ["\n".join([headline(diff), *(f"  {line}" for line in summary(diff))])]
    parts += [_table(table) for table in tables(diff)]
    return "\n\n".join([*parts, took(diff)])


def took(diff: EnvironmentDiff) -> str:
    """Return how long it took, and what of it most."""
    longest = sorted(diff.seconds.items(), key=lambda item: -item[1])[:3]
    parts = ", ".join(f"{part} {seconds:.1f}" for part, seconds in longest)
    return f"Compared in {sum(diff.seconds.values()):.1f} s ({parts})."


def _table(table: Table) -> str:
    rows = [[_short(cell(value)) for value in row] for row in table.rows[:MOST_ROWS]]
    widths = [
        min(WIDEST, max(len(row[place]) for row in [list(table.columns), *rows]))
        for place in range(len(table.columns))
    ]
    numeric = [any(_is_number(row[place]) for row in table.rows) for place in range(len(table.columns))]
    lines = [table.title]
    for row in [list(table.columns), *rows] if rows else []:
        cells = [
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    if len(table.rows) > MOST_ROWS:
        lines.append(f"  … and {len(table.rows) - MOST_ROWS:,} more: --json has all")
    if table.note:
        lines.append(f"  {table.note}")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
