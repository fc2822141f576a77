"""How fast the views of `bi` answer: what a BI tool would send, many times, as the user that BI tools have.

    .venv/bin/python -m benchmarks.bi_queries [--repeat 20] [--only NUMBER] [--json]

The questions of bi_queries.sql go to the warehouse that the project has (`retail demo --scale large` makes a large
one), over one connection of `bi_reader`, each until its last row is here. The first answer to each is left out, so
that what is measured is warm. Exit code 1 above the target: the 95th percentile over all answers.
"""

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from ops.settings import load_settings

TARGET = 1.0
FILE = Path(__file__).with_name("bi_queries.sql")
QUESTION = re.compile(r"^-- (\d+) (.+)\n([^;]+);", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """A query with its number and what it asks."""

    number: int
    title: str
    sql: str


@dataclass(frozen=True)
class Measured:
    """The answers to one question: their rows, and the seconds that each took."""

    question: Question
    rows: int
    seconds: list[float]


def read_questions(file: Path = FILE) -> list[Question]:
    """Return the questions of the file, in its order."""
    return [
        Question(int(number), title, sql.strip())
        for number, title, sql in QUESTION.findall(file.read_text("utf-8"))
    ]


def measure(cursor: Cursor, question: Question, repeat: int) -> Measured:
    """Ask once to warm up, then so many times."""
    seconds = []
    rows = 0
    for _ in range(1 + repeat):
        began = time.perf_counter()
        cursor.execute(question.sql)
        rows = len(cursor.fetchall())
        seconds.append(time.perf_counter() - began)
    return Measured(question, rows, seconds[1:])


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the least of the times that so large a share of them does not exceed."""
    return sorted(seconds)[math.ceil(share * len(seconds)) - 1]


def table(measured: Sequence[Measured], size: str) -> str:
    """Return the times per question, and all together, as Markdown."""
    every = [second for item in measured for second in item.seconds]
    overall = percentile(every, 0.95)
    return "\n".join(
        [
            "| question | rows | p50, ms | p95, ms | max, ms |",
            "|---|--:|--:|--:|--:|",
            *(
                f"| {item.question.number} {item.question.title} | {item.rows:,} "
                f"| {_ms(percentile(item.seconds, 0.5))} | {_ms(percentile(item.seconds, 0.95))} "
                f"| {_ms(max(item.seconds))} |"
                for item in measured
            ),
            f"| **all** | | {_ms(percentile(every, 0.5))} | **{_ms(overall)}** | {_ms(max(every))} |",
            "",
            f"{size}, {len(every):,} answers: the 95th percentile is "
            f"{'within' if overall <= TARGET else 'above'} the {TARGET:g} s aimed at.",
        ]
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}"


def _size(cursor: Cursor) -> str:
    """Say what the questions were put to."""
    cursor.execute("SELECT count(*), count(DISTINCT source) FROM bi.order_line")
    [(lines, sources)] = cursor.fetchall()
    cursor.execute("SELECT count(*) FROM bi.inventory_daily")
    [(stock,)] = cursor.fetchall()
    return f"{lines:,} order lines of {sources} sources and {stock:,} days of stock"


def main() -> None:
    """Run from the command line; exit 1 above the target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--only", type=int, help="just the question of this number")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    questions = [item for item in read_questions() if given.only in (None, item.number)]
    if not questions:
        raise SystemExit(f"{FILE.name} has no question {given.only}.")
    connection = load_settings().connect("bi")
    try:
        with connection.cursor() as cursor:
            size = _size(cursor)
            measured = [measure(cursor, question, given.repeat) for question in questions]
    finally:
        connection.close()
    overall = percentile([second for item in measured for second in item.seconds], 0.95)
    if given.json:
        report = {
            "of": size,
            "p95": overall,
            "target": TARGET,
            "questions": [asdict(item) for item in measured],
        }
        print(json.dumps(report, indent=2))
    else:
        print(table(measured, size))
    sys.exit(0 if overall <= TARGET else 1)


if __name__ == "__main__":
    main()
