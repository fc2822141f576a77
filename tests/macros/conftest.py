"""Macros as models use them: rendered through SQLMesh's optimizer, which may rewrite them, and run on Postgres."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from sqlmesh import macro
from sqlmesh.core.dialect import parse
from sqlmesh.core.macros import MacroRegistry
from sqlmesh.core.model import load_sql_based_model

from ops.settings import Settings
from tests.support import ROOT


def project_macros() -> tuple[MacroRegistry, dict[str, ModuleType]]:
    """Import the project's macros; return them and their modules.

    They register themselves, and may not stay registered: SQLMesh would take them for its own in every project
    that another test loads.
    """
    before = macro.get_registry()
    names = [f"macros.{path.stem}" for path in sorted((ROOT / "macros").glob("[!_]*.py"))]
    imported = {name: importlib.import_module(name) for name in names}
    registered = macro.get_registry()
    macro.set_registry(before)
    return registered, imported


MACROS, MODULES = project_macros()
Render = Callable[..., str]
Ask = Callable[..., list[tuple[object, ...]]]


@pytest.fixture(scope="session")
def render() -> Render:
    """The SQL that a query becomes as the query of a model."""

    def render(query: str, *, dialect: str = "postgres", **variables: object) -> str:
        expressions = parse(f"MODEL (name stg.tested, kind VIEW);\n{query}", default_dialect="postgres")
        sys.modules.update(MODULES)  # another test's project may have put its copies there
        model = load_sql_based_model(
            expressions, dialect="postgres", macros=MACROS, module_path=ROOT, variables=variables
        )
        return model.render_query_or_raise().sql(dialect)

    return render


@pytest.fixture(scope="module")
def connection(module_database: Settings) -> Iterator[Connection]:
    """A connection that the tests of one module share."""
    connection = module_database.connect()
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture
def ask(connection: Connection, render: Render) -> Ask:
    """The rows of a query with macros."""

    def ask(query: str, **variables: object) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(render(query, **variables))
            return list(cursor.fetchall())

    return ask
