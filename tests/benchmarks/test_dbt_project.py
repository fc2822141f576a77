"""The dbt project that SQLMesh is measured against holds the same SQL, and leaves no model out in silence."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmesh import Context

from benchmarks.environments.dbt_project import Translation, TranslationError, Translator
from ops.project_copy import ROOT

CONFIG = """
gateways: {local: {connection: {type: duckdb, database: shop.db}}}
default_gateway: local
model_defaults: {dialect: postgres, start: 2025-01-01, post_statements: ['@REFRESH_STATISTICS()']}
"""
EXTERNAL = """
- name: raw_shop.line
  columns: {line_id: text, sold_on: text, amount: text}
"""
AUDIT = """
AUDIT (name amount_is_positive, blocking false);
SELECT * FROM @this_model WHERE amount <= 0
"""
MODELS = {
    "country.sql": "MODEL (name seed.country, kind SEED (path '../seeds/country.csv'), "
    "columns (country_code TEXT, population INT))",
    "staged.sql": "MODEL (name stg.line, kind EMBEDDED); "
    "SELECT line_id::TEXT AS line_id, sold_on::DATE AS sold_on, amount::DECIMAL(18, 2) AS amount "
    "FROM raw_shop.line WHERE sold_on::DATE BETWEEN @start_date AND @end_date",
    "fact.sql": "MODEL (name core.fct_line, kind INCREMENTAL_BY_TIME_RANGE (time_column sold_on), "
    "description 'One row per line.', column_descriptions (amount = 'The money.'), "
    "audits (unique_values(columns := (line_id)), amount_is_positive)); "
    "SELECT line_id::TEXT AS line_id, sold_on::DATE AS sold_on, amount::DECIMAL(18, 2) AS amount FROM stg.line; "
    "@INDEX_ON(line_id, sold_on); @INDEX_ON_ROWS(amount > 5, sold_on)",
    "mart.sql": "MODEL (name mart.day, kind FULL); "
    "SELECT sold_on::DATE AS sold_on, SUM(amount)::DECIMAL(18, 2) AS amount FROM core.fct_line AS line "
    "JOIN seed.country ON country.population > 0 GROUP BY sold_on; @UNIQUE_INDEX_ON(sold_on)",
    "view.sql": 'MODEL (name bi."order", kind VIEW, audits (not_null(columns := (sold_on)))); '
    "SELECT sold_on::DATE AS sold_on FROM mart.day",
    "reserved.sql": 'MODEL (name bi.ordered, kind VIEW); SELECT sold_on::DATE AS sold_on FROM bi."order"',
    "learned.py": "from sqlmesh import model\n"
    "@model('ml.score', kind='FULL', columns={'score': 'int'}, depends_on=['core.fct_line'])\n"
    "def execute(context, **kwargs):\n    yield from ()\n",
    "learned_view.sql": "MODEL (name bi.score, kind VIEW); SELECT score::INT AS score FROM ml.score",
    "learned_far.sql": "MODEL (name bi.best, kind VIEW); SELECT MAX(score)::INT AS score FROM bi.score",
}


@dataclass(frozen=True)
class Project:
    """A SQLMesh project with one model of each kind, and where its dbt project is written to."""

    root: Path
    translator: Translator

    def translated(self, **models: str) -> Translation:
        """Translate it, with more models."""
        for name, text in models.items():
            (self.root / "models" / f"{name}.sql").write_text(text, "utf-8")
        return self.translator.translate(Context(paths=[str(self.root)]))

    def text(self, path: str) -> str:
        return (self.root / "dbt" / path).read_text("utf-8")

    def config(self, path: str) -> dict[str, Any]:
        """Return how dbt is told to build a model."""
        content = json.loads(self.text(path))
        [properties] = content.get("models") or content["seeds"]
        return dict(properties["config"])

    def hooks(self, name: str) -> list[str]:
        """Return what dbt runs behind a model."""
        head = self.text(f"models/{name}/{name}.sql").splitlines()[0]
        hooks = json.loads(head.removeprefix("{{ config(post_hook=").removesuffix(") }}"))
        return list(hooks)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project as it is, translated once for those who only look."""
    project = make_project(tmp_path_factory.mktemp("project"))
    project.translated()
    return project


def make_project(tmp_path: Path) -> Project:
    for folder in ("models", "macros", "audits", "seeds", "external_models"):
        (tmp_path / folder).mkdir()
    shutil.copy2(ROOT / "macros" / "indexes.py", tmp_path / "macros")
    (tmp_path / "macros" / "__init__.py").touch()
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "external_models" / "shop.yaml").write_text(EXTERNAL)
    (tmp_path / "audits" / "amount.sql").write_text(AUDIT)
    (tmp_path / "seeds" / "country.csv").write_text("country_code,population\nGB,69\n")
    for name, text in MODELS.items():
        (tmp_path / "models" / name).write_text(text)
    return Project(tmp_path, Translator(tmp_path / "dbt"))


def test_every_model_becomes_something_or_is_named_with_a_reason(project: Project) -> None:
    done = project.translated()
    assert sorted(done.built) == ['bi."order"', "bi.ordered", "core.fct_line", "mart.day"]
    assert done.seeds == ["seed.country"]
    assert done.inlined == ["stg.line"]
    assert done.sources == ["raw_shop.line"]
    assert done.left_out == {
        "ml.score": "a Python model",
        "bi.score": "reads ml.score",
        "bi.best": "reads bi.score",
    }
    assert done.tests == 3
    files = {path.stem for path in (project.root / "dbt").rglob("*.sql")}
    assert files == {
        "bi__order",
        "bi__ordered",
        "core__fct_line",
        "mart__day",
        "core__fct_line__1_unique_values",
        "core__fct_line__2_amount_is_positive",
        "bi__order__1_not_null",
    }


def test_a_dated_model_is_built_by_day_between_two_variables(translated: Project) -> None:
    config = translated.config("models/core__fct_line/core__fct_line.yml")
    assert (config["materialized"], config["incremental_strategy"]) == ("incremental", "delete+insert")
    assert (config["unique_key"], config["schema"], config["alias"]) == ("sold_on", "core", "fct_line")
    assert "'{{ var('start') }}'" in config["incremental_predicates"][0]
    query = translated.text("models/core__fct_line/core__fct_line.sql")
    assert """CAST('{{ var("start") }}' AS DATE)""" in query
    assert """CAST('{{ var("end") }}' AS DATE)""" in query


def test_an_embedded_model_stands_in_the_query_that_reads_it(translated: Project) -> None:
    query = translated.text("models/core__fct_line/core__fct_line.sql")
    assert "{{ source('raw_shop', 'line') }}" in query
    assert "stg" not in query


def test_a_full_model_is_a_table_and_a_view_a_view_of_refs(translated: Project) -> None:
    assert translated.config("models/mart__day/mart__day.yml")["materialized"] == "table"
    assert translated.config("models/bi__order/bi__order.yml")["materialized"] == "view"
    query = translated.text("models/mart__day/mart__day.sql")
    assert """{{ ref('core__fct_line') }} AS "line\"""" in query
    assert """{{ ref('seed__country') }} AS "country\"""" in query


def test_a_model_whose_name_is_a_word_of_sql_is_found(translated: Project) -> None:
    assert "{{ ref('bi__order') }}" in translated.text("models/bi__ordered/bi__ordered.sql")


def test_a_seed_keeps_its_rows_and_types(translated: Project) -> None:
    assert translated.text("seeds/seed__country/seed__country.csv") == "country_code,population\nGB,69\n"
    types = translated.config("seeds/seed__country/seed__country.yml")["column_types"]
    assert types == {"country_code": "TEXT", "population": "INT"}


def test_a_table_gets_the_indexes_and_statistics_that_sqlmesh_gives_it(translated: Project) -> None:
    mart = translated.config("models/mart__day/mart__day.yml")
    assert mart["indexes"] == [{"columns": ["sold_on"], "unique": True}]
    new = "{% if flags.WHICH != 'clone' and not is_incremental() %}"
    assert translated.hooks("mart__day") == [new + "analyze {{ this }}{% endif %}"]
    fact = translated.config("models/core__fct_line/core__fct_line.yml")
    assert fact["indexes"] == [{"columns": ["line_id", "sold_on"], "unique": False}]
    analyze, index = translated.hooks("core__fct_line")
    assert analyze == new + "analyze {{ this }}{% endif %}"
    assert index.startswith(new + "create index on {{ this }} (sold_on) WHERE")


def test_an_audit_is_a_test_of_the_same_days_and_warns_where_it_blocks_nothing(translated: Project) -> None:
    blocking = translated.text("tests/core__fct_line/core__fct_line__1_unique_values.sql")
    assert "severity" not in blocking
    assert """CAST('{{ var("end") }}' AS DATE)""" in blocking
    assert "{{ ref('core__fct_line') }}" in blocking
    assert translated.text("tests/core__fct_line/core__fct_line__2_amount_is_positive.sql").startswith(
        "{{ config(severity='warn') }}"
    )


def test_what_was_described_is_described_in_dbt_too(translated: Project) -> None:
    [properties] = json.loads(translated.text("models/core__fct_line/core__fct_line.yml"))["models"]
    assert properties["description"] == "One row per line."
    assert properties["columns"] == [{"name": "amount", "description": "The money."}]


def test_only_what_has_changed_is_written_again(project: Project) -> None:
    project.translated()
    kept = {path: path.stat().st_mtime_ns for path in (project.root / "dbt" / "models").rglob("*.sql")}
    staged = project.root / "models" / "staged.sql"
    staged.write_text(staged.read_text().replace("amount::", "-amount::"))
    project.translated()
    again = {path.stem for path, at in kept.items() if path.stat().st_mtime_ns != at}
    assert again == {"core__fct_line"}


def test_a_model_that_is_gone_leaves_no_file(project: Project) -> None:
    project.translated()
    (project.root / "models" / "reserved.sql").unlink()
    project.translated()
    assert not list((project.root / "dbt").rglob("bi__ordered*"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "MODEL (name mart.version, kind SCD_TYPE_2_BY_COLUMN (unique_key amount, columns [sold_on])); "
            "SELECT amount::INT AS amount, sold_on::DATE AS sold_on FROM mart.day",
            "mart.version",
        ),
        ("MODEL (name mart.odd, kind FULL); SELECT '{{ odd }}'::TEXT AS odd FROM mart.day", "Jinja"),
        (
            "MODEL (name mart.hook, kind FULL); SELECT 1::INT AS one FROM mart.day; DELETE FROM mart.day",
            "mart.hook",
        ),
        (
            "MODEL (name mart.early, kind INCREMENTAL_BY_TIME_RANGE (time_column sold_on)); "
            "SELECT sold_on::DATE AS sold_on FROM core.fct_line WHERE sold_on > @start_date - INTERVAL '7' DAY "
            "AND sold_on::TEXT > '@start_year'",
            "first or last day",
        ),
    ],
    ids=["kind", "jinja", "statement", "date"],
)
def test_what_dbt_cannot_have_is_an_error_that_names_it(project: Project, text: str, complaint: str) -> None:
    with pytest.raises(TranslationError, match=complaint):
        project.translated(odd=text)
