"""Datasets resolved: their columns with types and descriptions, their measures with the dictionary's words and SQL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from ops.bi_contract import Views
from ops.dashboards.spec import Dataset, Measure, Spec, Unit
from ops.errors import OpsError
from ops.metrics import Metric

DESCRIBED = re.compile(r"^    (\w+) = '((?:[^']|'')*)',?$", re.MULTILINE)
SUFFIXES = {
    "_amount": "numeric", "_count": "bigint", "_rate": "numeric", "_date": "date", "_at": "timestamptz",
    "_days": "numeric", "_quantity": "numeric", "_number": "integer",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    name: str
    kind: str  # as Postgres calls the type
    text: str


@dataclass(frozen=True)
class Resolved:
    """A measure as Superset computes it."""

    name: str
    label: str
    sql: str
    text: str
    unit: Unit


@dataclass(frozen=True)
class Table:
    """A dataset: its query (None: the view itself), columns and measures."""

    name: str
    dataset: Dataset
    query: str | None
    columns: Mapping[str, Column]
    measures: Mapping[str, Resolved]


def resolve(spec: Spec, views: Views, metrics: list[Metric], root: Path) -> dict[str, Table]:
    """Return the datasets. Raises OpsError for one that asks for what no view or dictionary has."""
    dictionary = {metric.metric: metric for metric in metrics}
    words = {view: _descriptions(root, view) for view in views}
    tables = {}
    for name, dataset in spec.datasets.items():
        columns = _columns(name, dataset, views, words)
        measures = {
            measure.name: _measure(name, dataset, measure, columns, dictionary)
            for measure in dataset.measures
        }
        tables[name] = Table(name, dataset, dataset.sql, columns, measures)
    return tables


def reads(dataset: Dataset) -> dict[str, set[str] | None]:
    """Return the views of bi that a dataset reads; None for their columns where it shows the view as it is."""
    if dataset.view is not None:
        return {dataset.view: None}
    tree = sqlglot.parse_one(dataset.sql or "", dialect="postgres")
    return {table.name: set() for table in tree.find_all(exp.Table) if table.db == "bi"}


def faults(dataset: Dataset, views: Views) -> list[str]:
    """Say what the query of a dataset asks for that the views do not have."""
    missing = [f"there is no view bi.{view}" for view in reads(dataset) if view not in views]
    if missing or dataset.sql is None:
        return missing
    try:
        _qualified(dataset.sql, views)
    except SqlglotError as error:
        return [str(error).splitlines()[0]]
    return []


def in_schema(sql: str, schema: str) -> str:
    """Return the query over the views of another environment."""
    if schema == "bi":
        return sql
    tree = sqlglot.parse_one(sql, dialect="postgres")
    for table in tree.find_all(exp.Table):
        if table.db == "bi":
            table.set("db", exp.to_identifier(schema))
    return tree.sql("postgres", pretty=True)


def _qualified(sql: str, views: Views) -> exp.Query:
    """The query with every column traced to its view. Raises SqlglotError for one that has none."""
    schema: dict[str, object] = {"bi": {view: dict(columns) for view, columns in views.items()}}
    found = qualify(
        sqlglot.parse_one(sql, dialect="postgres"),
        schema=schema,
        dialect="postgres",
        validate_qualify_columns=True,
        quote_identifiers=False,
    )
    if not isinstance(found, exp.Query):
        raise SqlglotError(f"This is no query: {sql}")
    return found


def _columns(
    name: str, dataset: Dataset, views: Views, words: Mapping[str, Mapping[str, str]]
) -> dict[str, Column]:
    if found := faults(dataset, views):
        raise OpsError(f"Dataset {name}: {'; '.join(found)}.")
    if dataset.view is not None:
        kinds = views[dataset.view]
        return {
            column: Column(column, kind, words[dataset.view].get(column, ""))
            for column, kind in kinds.items()
        }
    tree = _qualified(dataset.sql or "", views)
    sources = list(reads(dataset))
    columns = {}
    for column in tree.named_selects:
        source = next((view for view in sources if column in views[view]), None)
        kind = views[source][column] if source else _kind_of(column)
        columns[column] = Column(column, kind, words[source].get(column, "") if source else "")
    return columns


def _kind_of(column: str) -> str:
    """The type that the project's vocabulary gives a column of that name."""
    if column.startswith(("is_", "has_")):
        return "boolean"
    return next((kind for suffix, kind in SUFFIXES.items() if column.endswith(suffix)), "text")


def _descriptions(root: Path, view: str) -> dict[str, str]:
    """The column descriptions of a model, as `sqlmesh format` writes them."""
    path = root / "models" / "bi" / f"{view}.sql"
    text = path.read_text("utf-8") if path.exists() else ""
    return {column: words.replace("''", "'") for column, words in DESCRIBED.findall(text)}


def _measure(
    name: str,
    dataset: Dataset,
    measure: Measure,
    columns: Mapping[str, Column],
    dictionary: Mapping[str, Metric],
) -> Resolved:
    known = dictionary.get(measure.name)
    unit = measure.unit or (known.unit if known else None)
    label = measure.label or (known.label if known else None)
    if unit is None or label is None:
        raise OpsError(
            f"Dataset {name}: {measure.name} is not in the dictionary, so it needs a label and a unit."
        )
    sql = sql_of(name, measure, dictionary)
    _check_columns(f"Dataset {name}, {measure.name}", sql, columns)
    if unit == "money" and dataset.currency:
        # Money is never added over currencies: with more than one among the rows there is no number, not a wrong one.
        sql = f"CASE WHEN MIN({dataset.currency}) = MAX({dataset.currency}) THEN {sql} END"
    text = measure.text or (known.definition if known else "")
    return Resolved(measure.name, label, sql, text, unit)  # type: ignore[arg-type]


def sql_of(name: str, wanted: Measure, dictionary: Mapping[str, Metric]) -> str:
    """A measure's own SQL, or the dictionary's measure over the rows: a sum, or what it is made of summed."""
    if wanted.sql:
        return wanted.sql
    measure = wanted.name
    metric = dictionary.get(measure)
    if metric is None:
        raise OpsError(f"Dataset {name}: {measure} is not in the dictionary, so it needs sql.")
    if metric.additive_over:
        return f"SUM({measure})"
    if metric.relation:
        raise OpsError(f"Dataset {name}: {measure} does not add up, so it needs sql.")

    def sum_up(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        part = dictionary.get(node.name)
        if part is None or not part.additive_over:
            raise OpsError(
                f"Dataset {name}: {measure} is made of {node.name}, which does not add up: it needs sql."
            )
        return exp.func("SUM", exp.column(node.name))

    return sqlglot.parse_one(metric.expression, dialect="postgres").transform(sum_up).sql("postgres")


def _check_columns(where: str, sql: str, columns: Mapping[str, Column]) -> None:
    try:
        tree = sqlglot.parse_one(sql, dialect="postgres")
    except SqlglotError as error:
        raise OpsError(f"{where}: {error}") from error
    if missing := {column.name for column in tree.find_all(exp.Column)} - columns.keys():
        raise OpsError(f"{where}: the dataset has no {', '.join(sorted(missing))}.")
