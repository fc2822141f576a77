"""The project's models as SQLMesh loads them, and a database in which small tables stand for what they read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unittest.mock import patch

from psycopg2.extras import execute_values
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model

from tests.support import Project

START, END = (
    "2025-06-26",
    "2025-06-27",
)  # the days that are computed and audited, unless a test says otherwise
ALL_DAYS = ("2000-01-01", "2100-01-01")
Row = Mapping[str, object]


@dataclass(frozen=True)
class Bench:
    """Where models and audits are tried: the models as SQLMesh loads them, tables as a test wants them."""

    project: Project
    context: Context

    def model(self, name: str) -> Model:
        """Return a model of the project."""
        return self.context.get_model(name, raise_if_missing=True)

    def fill(self, name: str, rows: Sequence[Row]) -> None:
        """Make a table under the model's name, with its columns; what a row leaves out is NULL."""
        columns = self.model(name).columns_to_types_or_raise
        table = self._table(name)
        definitions = ", ".join(f'"{column}" {kind.sql("postgres")}' for column, kind in columns.items())
        connection = self.project.settings.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
                cursor.execute(f"CREATE TABLE {table} ({definitions})")
                values = [[row.get(column) for column in columns] for row in rows]
                execute_values(cursor, f"INSERT INTO {table} VALUES %s", values) if values else None
        finally:
            connection.close()

    def compute(self, name: str, start: str = START, end: str = END) -> None:
        """Make the table that the model's own query gives from the tables that it reads."""
        self.project.query(f"DROP TABLE IF EXISTS {self._table(name)}")
        self.project.query(f"CREATE TABLE {self._table(name)} AS {self.query_of(name, start, end)}")

    def show(self, name: str) -> None:
        """Make the view that the model's own query gives for all days, so that it follows what it reads."""
        schema = self._table(name).split(".")[0]
        self.project.query(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self.project.query(f"CREATE VIEW {self._table(name)} AS {self.query_of(name, *ALL_DAYS)}")

    def query_of(self, name: str, start: str = START, end: str = END) -> str:
        """Return the model's query for these days, as Postgres runs it."""
        return self.model(name).render_query_or_raise(start=start, end=end).sql("postgres")

    def fill_rest(self, name: str, *made: str) -> None:
        """Make empty tables for what the model reads, but for those models."""
        kept = {self.model(other).fqn for other in made}
        for other in sorted(self.model(name).depends_on - kept):
            table = exp.to_table(other, dialect="postgres")
            self.fill(f"{table.db}.{table.name}", [])

    def complaints(self, name: str, audit: str, **wanted: str) -> int:
        """Count the rows that an audit of the model finds, run as the model's header asks for it.

        `wanted` tells which one is meant where a model has an audit twice: key='customer_key'.
        """
        model = self.model(name)
        for definition, arguments in model.audits_with_args:
            given = {key: value.name for key, value in arguments.items()}
            if definition.name == audit and wanted.items() <= given.items():
                query = model.render_audit_query(definition, start=START, end=END, **arguments)
                return len(self.project.query(query.sql("postgres")))
        raise AssertionError(f"{name} has no audit {audit} {wanted or ''}")

    def _table(self, name: str) -> str:
        return ".".join(f'"{part}"' for part in name.replace('"', "").split("."))


def bench_of(project: Project) -> Bench:
    """Return the bench for a copy of the project."""
    with patch.dict(os.environ):  # SQLMesh puts the copy's .env there
        context = Context(paths=[project.root])
    return Bench(project, context)
