"""The metric dictionary, seeds/metric.csv, and its words in the descriptions of the models that serve the measures."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OpsError

SEED = Path("seeds") / "metric.csv"
UNITS = ("money", "count", "rate", "ratio", "days", "score", "quantity")
DIMENSIONS = ("time", "channel", "store", "place", "category", "product", "customer", "seller", "carrier")
NOTHING = "nothing"
COLUMNS = (
    "metric",
    "label",
    "definition",
    "relation",
    "expression",
    "dated_by",
    "unit",
    "additive_over",
    "served_in",
    "owner",
)
NEEDED = tuple(column for column in COLUMNS if column not in ("relation", "dated_by"))
MART_READ = re.compile(r"\b(?:FROM|JOIN)\s+mart\.([a-z_][a-z0-9_]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Metric:
    """A measure: its name is the column's in every model that serves it."""

    metric: str
    label: str
    definition: str
    relation: (
        str  # what the expression is computed over, with aliases; empty where it is made of other measures
    )
    expression: str
    dated_by: str  # the date that a row of the relation counts on
    unit: str
    additive_over: tuple[str, ...]
    served_in: tuple[str, ...]  # views of bi
    owner: str

    def words(self) -> str:
        """Return the description of a column that holds the measure."""
        if not self.additive_over:
            return f"{self.definition}. Not additive."
        *others, last = self.additive_over
        over = f"{', '.join(others)} and {last}" if others else last
        currencies = ", never over currencies" if self.unit == "money" else ""
        return f"{self.definition}. Adds up over {over}{currencies}."


def read_metrics(root: Path) -> list[Metric]:
    """Return the dictionary of the project in `root`. Raises OpsError that names the line and what is wrong in it."""
    with (root / SEED).open(encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise OpsError(f"{SEED}: the columns have to be {', '.join(COLUMNS)}.")
        rows = [(reader.line_num, row) for row in reader]
    metrics: dict[str, Metric] = {}
    for line, row in rows:
        if fault := _fault(row):
            raise OpsError(f"{SEED}, line {line}: {fault}.")
        if row["metric"] in metrics:
            raise OpsError(f"{SEED}, line {line}: {row['metric']} is defined already.")
        metrics[row["metric"]] = Metric(
            **{column: row[column] for column in COLUMNS if column not in ("additive_over", "served_in")},
            additive_over=() if row["additive_over"] == NOTHING else tuple(row["additive_over"].split(", ")),
            served_in=tuple(row["served_in"].split()),
        )
    return list(metrics.values())


def _fault(row: dict[str, str]) -> str:
    """What is wrong with a line of the dictionary; empty if nothing."""
    if None in row or None in row.values():
        return "it has too many or too few fields"
    if missing := [column for column in NEEDED if not row[column].strip()]:
        return f"{', '.join(missing)} is missing"
    if row["unit"] not in UNITS:
        return f"the unit '{row['unit']}' is none of {', '.join(UNITS)}"
    unknown = set(row["additive_over"].split(", ")) - {*DIMENSIONS, NOTHING}
    if unknown:
        return f"additive_over is '{NOTHING}' or some of {', '.join(DIMENSIONS)}, not {', '.join(unknown)}"
    if row["definition"].endswith("."):
        return "the definition ends with a full stop, which its readers add"
    if strange := [view for view in row["served_in"].split() if not view.startswith("bi.")]:
        return f"{', '.join(strange)} is no view of bi"
    return ""


def outdated(root: Path) -> list[Path]:
    """Return the model files whose descriptions of measures are not the dictionary's.

    Raises OpsError when a view of the dictionary is missing or does not have the column.
    """
    return [path for path, old, new in _described(root, read_metrics(root)) if old != new]


def write_descriptions(root: Path) -> list[Path]:
    """Put the dictionary's words into the models and return the files that changed. Raises OpsError as `outdated`."""
    changed = [(path, new) for path, old, new in _described(root, read_metrics(root)) if old != new]
    for path, text in changed:
        path.write_text(text, encoding="utf-8")
    return [path for path, _ in changed]


def _described(root: Path, metrics: Sequence[Metric]) -> Iterator[tuple[Path, str, str]]:
    """Each model that serves measures, with its text as it is and as it should be.

    A mart that a view is made of, be it through other marts, gets the same words in its columns of the same names.
    """
    words: dict[Path, dict[str, str]] = {}
    for view in sorted({view for metric in metrics for view in metric.served_in}):
        served = {metric.metric: metric.words() for metric in metrics if view in metric.served_in}
        path = root / "models" / "bi" / f"{view.removeprefix('bi.')}.sql"
        if not path.exists():
            raise OpsError(f"{SEED} names {view}, and there is no {path.relative_to(root)}.")
        text = path.read_text("utf-8")
        if absent := [name for name in served if not _entry(name).search(text)]:
            raise OpsError(
                f"{SEED} says that {view} serves {', '.join(absent)}; it describes no such column."
            )
        words.setdefault(path, {}).update(served)
        for file in _marts_behind(root, text):
            words.setdefault(file, {}).update(served)
    for path, descriptions in words.items():
        old = new = path.read_text("utf-8")
        for name, text in descriptions.items():
            new = _entry(name).sub(_replacement(text), new)
        yield path, old, new


def _marts_behind(root: Path, text: str) -> Iterator[Path]:
    """The files of the marts that a model's text reads, and of those that they are made of."""
    for mart in sorted(set(MART_READ.findall(text))):
        for file in (root / "models" / "marts").rglob(f"{mart}.sql"):
            yield file
            yield from _marts_behind(root, file.read_text("utf-8"))


def _entry(column: str) -> re.Pattern[str]:
    """The column's entry in `column_descriptions`, as `sqlmesh format` writes it."""
    return re.compile(rf"^(?P<head>    {re.escape(column)} = )'(?:[^']|'')*'(?P<end>,?)$", re.MULTILINE)


def _replacement(text: str) -> str:
    quoted = text.replace("'", "''").replace("\\", "\\\\")
    return rf"\g<head>'{quoted}'\g<end>"
