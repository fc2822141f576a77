"""How commands print: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

PLAIN_WIDTH = 140  # where output goes into a file or a log
FOLDED = {"tables", "reason", "adds up over", "definition", "gate"}

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=PLAIN_WIDTH)


def say(line: str = "") -> None:
    """Print a line as it is."""
    click.echo(line)


def print_json(value: object) -> None:
    """Print a value as JSON; instants and dates in ISO form, money as it is (a string, never a float)."""
    click.echo(_as_json(value))


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON into a file."""
    path.write_text(_as_json(value) + "\n", "utf-8")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> None:
    """Print rows under a title; numbers stand right. Without rows it says so."""
    rows = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", title_style="bold", caption=note, caption_justify="left")
    for index, name in enumerate(columns):
        numeric = any(isinstance(row[index], int | float | Decimal) for row in rows)
        folded = name in FOLDED
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=not folded)
    for row in rows:
        table.add_row(*[cell(value) for value in row])
    if rows:
        console.print(table)
    else:
        console.print(f"[bold]{title}[/bold]: none")


def cell(value: Any) -> str:
    """Return a value as it stands in a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value).replace("[", "\\[")  # rich would take brackets for markup


def dates(values: Sequence[date] | None, limit: int = 3) -> str:
    """Return dates as text: a few of them, or how many and from when to when."""
    if not values:
        return ""
    ordered = sorted(values)
    if len(ordered) <= limit:
        return ", ".join(map(str, ordered))
    return f"{len(ordered)} days, {ordered[0]} to {ordered[-1]}"


def _as_json(value: object) -> str:
    return json.dumps(value, indent=2, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return str(value)
