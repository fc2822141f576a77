"""A small SQLMesh project on Postgres whose Python models are written by COPY."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlmesh import Context

from ops.project_copy import ROOT
from ops.settings import Settings
from tests.support import Project, query

CONFIG = """
gateways:
  postgres:
    connection: &server
      {{type: postgres, host: {host}, port: {port}, user: {user}, password: {password}, database: {database}}}
    state_connection:
      <<: *server
      database: {state}
default_gateway: postgres
model_defaults: {{dialect: postgres, start: '2026-11-01', post_statements: ['@REFRESH_STATISTICS()']}}
physical_table_naming_convention: table_only
plan: {{auto_categorize_changes: {{python: full, sql: full}}}}
disable_anonymized_analytics: true
"""
HEADER = """
import datetime as dt
import os
import signal
from decimal import Decimal
from pathlib import Path

import pandas as pd
import psycopg2
from sqlglot import exp
from sqlmesh import model
from sqlmesh.core.model import ModelKindName
from ml.frame import read_frame

FULL = dict(name=ModelKindName.CUSTOM, materialization="copy_full")
BY_DAY = dict(
    name=ModelKindName.CUSTOM,
    materialization="copy_by_time_range",
    materialization_properties={"time_column": "day"},
)

"""


@dataclass(frozen=True)
class Small:
    """The project: its models are what a test writes."""

    settings: Settings
    root: Path

    def write(self, name: str, text: str) -> None:
        """Write a model's file: Python behind the usual imports, or SQL."""
        head = HEADER if name.endswith(".py") else ""
        (self.root / "models" / name).write_text(head + textwrap.dedent(text), "utf-8")

    def plan(self, **options: object) -> bool:
        """Plan and apply prod in this process; return whether there was anything to compute."""
        with patch.dict(os.environ, MAX_FORK_WORKERS="1"):
            context = Context(paths=[self.root])
            plan = context.plan(auto_apply=True, no_prompts=True, skip_tests=True, no_diff=True, **options)
            context.close()
        return bool(plan.missing_intervals or plan.has_changes)

    def sqlmesh(self, *arguments: str, check: bool = True, answers: str = "") -> str:
        """Run `sqlmesh` in a process of its own and return what it printed."""
        project = Project(replace(self.settings, root=self.root))
        return project.sqlmesh(*arguments, check=check, answers=answers)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        return query(self.settings, sql)

    def physical(self, name: str) -> str:
        """The table behind the view of a model."""
        [(table,)] = self.query(
            "SELECT DISTINCT d.refobjid::regclass::text FROM pg_rewrite AS r JOIN pg_depend AS d "
            "ON d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n' "
            f"WHERE r.ev_class = '{name}'::regclass"
        )
        return str(table)


@pytest.fixture
def small(database: Settings, tmp_path: Path) -> Iterator[Small]:
    """A project without models on a database of its own."""
    root = tmp_path / "small"
    for part in ("materializations", "macros", "ml"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "models").mkdir()
    login = database.transformer
    values = {"host": database.host, "port": database.port, "user": login.user, "password": login.password}
    names = {"database": database.database, "state": database.state_database}
    (root / "config.yaml").write_text(CONFIG.format(**values, **names), "utf-8")
    return Small(database, root)
