"""A small project that promotes as ours does: one table, two views, and an administrator's connection."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from loaders.schema import ensure_tables
from ops import dotenv
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Settings
from tests.support import ROOT, Project

CONFIG = """
gateways:
  postgres:
    connection: &server
      type: postgres
      host: {{ env_var('PGHOST') }}
      port: {{ env_var('PGPORT') }}
      user: {{ env_var('PGUSER') }}
      password: "{{ env_var('PGPASSWORD') }}"
      database: {{ env_var('PGDATABASE') }}
      concurrent_tasks: 4
    state_connection:
      <<: *server
      database: {{ env_var('RETAIL_STATE_DATABASE') }}
default_gateway: postgres
model_defaults:
  dialect: postgres
  start: '2024-01-01'
physical_table_naming_convention: table_only
plan:
  include_unmodified: true
  auto_categorize_changes: {sql: full}
disable_anonymized_analytics: true
"""
SALE = "1::INT AS id, 10::INT AS amount, 'lamp'::TEXT AS name"
GRANTED = "grants ('select' = array['bi_reader']),"


def write_models(
    root: Path, *, sale: str = SALE, shown: str = "*", grants: str = GRANTED, total: bool = True
) -> None:
    """Write the models: the table's columns, what `bi.sale` shows of them, who may read it."""
    models = root / "models"
    models.mkdir(exist_ok=True)
    (models / "sale.sql").write_text(f"MODEL (name core.sale, kind FULL); SELECT {sale}")
    (models / "shown.sql").write_text(
        f"MODEL (name bi.sale, {grants} kind VIEW); SELECT {shown} FROM core.sale"
    )
    (models / "total.sql").unlink(missing_ok=True)
    if total:
        (models / "total.sql").write_text(
            "MODEL (name bi.total, kind VIEW); SELECT SUM(amount)::INT AS amount FROM core.sale"
        )


@dataclass(frozen=True)
class Shop(Project):
    """The small project: `core.sale`, and the views `bi.sale` and `bi.total` of it."""

    server: ThrowawayServer

    def write(self, **models: Any) -> None:
        """Write the models, as `write_models`."""
        write_models(self.root, **models)

    def plan(self, *more: str, environment: str = "prod", check: bool = True) -> str:
        return self.sqlmesh("plan", environment, "--auto-apply", "--no-prompts", *more, check=check)

    def administrator(self) -> Connection:
        """A connection of the server's administrator that commits each statement."""
        administrator = self.server.server.connect(self.settings.database)
        administrator.autocommit = True
        return administrator

    def administer(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the administrator and return the rows of the last."""
        connection = self.administrator()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                try:
                    return list(cursor.fetchall())
                except psycopg2.ProgrammingError:
                    return []
        finally:
            connection.close()


@pytest.fixture
def shop(database: Settings, postgres: ThrowawayServer, tmp_path: Path) -> Shop:
    """The small project, in prod."""
    return make_shop(database, postgres, tmp_path / "shop")


def make_shop(database: Settings, postgres: ThrowawayServer, root: Path) -> Shop:
    """Make the small project and plan its prod."""
    (root / "materializations").mkdir(parents=True)
    shutil.copy(ROOT / "materializations" / "hooks.py", root / "materializations")
    (root / "config.yaml").write_text(CONFIG)
    settings = replace(database, root=root)
    dotenv.update(settings.env_file, settings.variables())
    connection = settings.connect_loader()
    ensure_tables(connection, {})
    connection.close()
    shop = Shop(settings, postgres)
    shop.write()
    shop.plan()
    shop.administer("GRANT USAGE ON SCHEMA bi TO bi_reader")
    return shop


@pytest.fixture(scope="module")
def shared(
    module_database: Settings, postgres: ThrowawayServer, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """The small project in prod, for all tests of a module: each promotes something of its own first."""
    return make_shop(module_database, postgres, tmp_path_factory.mktemp("shared") / "shop")
