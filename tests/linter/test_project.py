"""The rules as SQLMesh loads them, and as the project switches them on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlmesh import Context
from sqlmesh.core.config import load_config_from_yaml
from sqlmesh.core.linter.definition import AnnotatedRuleViolation

RULES = {
    "layersreadleft",
    "storeddayskeepnoattributes",
    "grainisaudited",
    "descriptiontellstherow",
    "ownerisnamed",
    "tagsaregiven",
    "columnsaredescribed",
    "namesfit",
    "nonaivetimestamp",
    "moneyisnumeric",
    "columnnamesfollowvocabulary",
    "personalcolumnsstaybehind",
    "readersgetservedlayers",
}

CONFIG = f"""
gateways: {{local: {{connection: {{type: duckdb}}}}}}
default_gateway: local
model_defaults: {{dialect: postgres, start: 2025-01-01}}
linter: {{enabled: true, rules: [{", ".join(sorted(RULES))}]}}
"""

GOOD = """
MODEL (
  name core.fct_sale,
  kind FULL,
  owner analytics,
  grain sale_key,
  tags (core, fact),
  audits (not_null(columns := (sale_key)), unique_values(columns := (sale_key))),
  description 'One row per sale.',
  column_descriptions (sale_key = 'Surrogate key.', net_amount = 'What was paid.', currency = 'Its currency.')
);

SELECT 'a'::TEXT AS sale_key, 1::DECIMAL(14, 2) AS net_amount, 'GBP'::TEXT AS currency
"""

BAD = """
MODEL (
  name core.fct_a_sale_whose_name_is_far_too_long_for_postgres,
  kind FULL,
  description 'Sales.',
  grants ("select" = ARRAY['bi_reader'])
);

SELECT a::TIMESTAMP AS sold_at, b::REAL AS net_amount, c AS email FROM stg.shop__sale
"""

BAD_MART = """
MODEL (name mart.stock_daily, kind INCREMENTAL_BY_TIME_RANGE (time_column day));

SELECT day::DATE AS day, cost::NUMERIC AS cost_amount FROM core.dim_product
"""

RAW = """
- name: raw_shop.sale
  columns: {a: text}
"""


@pytest.fixture
def small_project(tmp_path: Path, project_root: Path) -> Path:
    """A project with this one's linter folder and one good model."""
    shutil.copytree(
        project_root / "linter", tmp_path / "linter", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "external_models.yaml").write_text(RAW)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "good.sql").write_text(GOOD)
    return tmp_path


def lint(folder: Path) -> list[AnnotatedRuleViolation]:
    return Context(paths=[folder]).lint_models(raise_on_error=False)


def test_a_good_model_and_an_external_one_pass_every_rule(small_project):
    assert lint(small_project) == []


def test_bad_models_are_stopped_by_every_rule_by_name(small_project):
    (small_project / "models" / "bad.sql").write_text(BAD)
    (small_project / "models" / "bad_mart.sql").write_text(BAD_MART)
    violations = lint(small_project)
    assert {violation.rule.name for violation in violations} == RULES
    assert {violation.violation_type for violation in violations} == {"error"}


def test_the_project_switches_on_every_rule(project_root):
    config = load_config_from_yaml(project_root / "config.yaml")
    assert config["linter"]["enabled"] is True
    assert set(config["linter"]["rules"]) >= RULES
    assert not set(config["linter"].get("ignored_rules", [])) & RULES


def test_every_rule_file_is_known_here(project_root):
    """A rule that is added to the folder has to be added to `RULES`, and so to config.yaml."""
    classes = {
        line.removeprefix("class ").split("(")[0].lower()
        for path in (project_root / "linter").glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith("class ") and "(Rule)" in line
    }
    assert classes == RULES
