"""A diff as the comment on a pull request shows it."""

from __future__ import annotations

from ops.diff.render import took
from ops.diff.report import Table, cell, headline, nothing, summary, tables
from ops.diff.types import EnvironmentDiff

MOST_CHARACTERS = 65_000  # GitHub takes 65,536 of a comment; a line of who sends it has room
MOST_ROWS = (50, 20, 10, 5, 2, 0)  # of a table, the first that fits
LONGEST = 300  # of a cell
OURS = {
    "change",
    "class",
    "fate",
    "gates",
    "rows",
    "share",
    "month",
    "table",
    "kind",
    "breaks reports",
}  # columns that hold words of ours


def as_markdown(diff: EnvironmentDiff) -> str:
    """Return a short summary, and details that unfold; never more than a comment may hold.

    Names and values stand as code, in which nothing is a mark-up, a link or a mention.
    """
    if diff.is_empty:
        return f"### {_escaped(headline(diff))}\n\n{_escaped(nothing(diff))}\n"
    for rows in MOST_ROWS:
        text = _page(diff, rows)
        if len(text) <= MOST_CHARACTERS:
            return text
    return text[:MOST_CHARACTERS]


def _page(diff: EnvironmentDiff, most_rows: int) -> str:
    lines = [f"### {_escaped(headline(diff))}", "", *(f"- {_escaped(line)}" for line in summary(diff)), ""]
    for table in tables(diff):
        lines += _details(table, most_rows)
    return "\n".join([*lines, f"<sub>{_escaped(took(diff))}</sub>", ""])


def _details(table: Table, most_rows: int) -> list[str]:
    lines = ["<details>", f"<summary>{_escaped(table.title)} ({len(table.rows):,})</summary>", ""]
    shown = table.rows[:most_rows]
    if shown:
        lines.append(f"| {' | '.join(_escaped(name) for name in table.columns)} |")
        lines.append(f"|{'---|' * len(table.columns)}")
        lines += [
            f"| {' | '.join(_cell(name, value) for name, value in zip(table.columns, row, strict=True))} |"
            for row in shown
        ]
    if len(table.rows) > len(shown):
        lines += ["", f"… and {len(table.rows) - len(shown):,} more: `retail diff --json` has all."]
    if table.note:
        lines += ["", _escaped(table.note)]
    return [*lines, "", "</details>", ""]


def _cell(column: str, value: object) -> str:
    text = " ".join(cell(value).split())
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    if not isinstance(value, str) or column in OURS or not text:
        return text
    return f"`{text.replace('`', '´').replace('|', chr(92) + '|')}`"


def _escaped(text: str) -> str:
    """Return a sentence in which nothing is mark-up or a mention; underscores inside of names are none."""
    for mark in "&\\`*<>[]@|":
        text = text.replace(mark, f"&#{ord(mark)};")
    return text
