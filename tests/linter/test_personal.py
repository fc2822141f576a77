"""Personal columns are followed from the raw table to the model that shows them, and told apart by name too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlglot import parse_one
from sqlmesh import Context
from sqlmesh.core.model.common import ParsableSql

from linter.personal import PersonalColumnsStayBehind, ReadersGetServedLayers

CONTRACT = """
source: shop
tables:
  customer:
    files: "*.csv"
    apply: append
    columns:
      id: {personal: pseudonym}
      email: {personal: email}
      phone: {personal: phone}
      full_name: {personal: name}
      street: {personal: address}
      postal_code: {personal: postal code}
      city: {personal: region}
      remark: {personal: free text}
      points: {}
"""
RAW = """
- name: raw_shop.customer
  columns:
    {id: text, email: text, phone: text, full_name: text, street: text, postal_code: text, city: text, remark: text,
     points: text, _extra: jsonb}
"""
CONFIG = """
gateways: {local: {connection: {type: duckdb}}}
default_gateway: local
model_defaults: {dialect: postgres, start: 2025-01-01}
linter: {enabled: true, rules: [personalcolumnsstaybehind]}
"""
Lint = Callable[[Mapping[str, str]], list[str]]


@pytest.fixture
def lint(tmp_path: Path, project_root: Path) -> Lint:
    """What the rule says about a project of these models, by name and query."""

    def lint(models: Mapping[str, str]) -> list[str]:
        for folder in ("models", "macros", "loaders/contracts"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "config.yaml").write_text(CONFIG)
        (tmp_path / "external_models.yaml").write_text(RAW)
        (tmp_path / "loaders" / "contracts" / "shop.yaml").write_text(CONTRACT)
        (tmp_path / "linter").symlink_to(project_root / "linter")
        for number, (name, query) in enumerate(models.items()):
            kind = "EMBEDDED" if "__to_" in name else "VIEW"
            header = f"MODEL (name {name}, kind {kind});\n"
            (tmp_path / "models" / f"model_{number}.sql").write_text(header + query)
        return [item.violation_msg for item in Context(paths=[tmp_path]).lint_models(raise_on_error=False)]

    return lint


CARRYING = (
    "email",
    "LOWER(TRIM(email))",
    "MD5(email)::UUID",
    "phone || '!'",
    "COALESCE(NULL, full_name)",
    "CASE WHEN points IS NULL THEN street END",
    "(SELECT MAX(other.email) FROM raw_shop.customer AS other)",
    "MAX(email) OVER (PARTITION BY id)",
    "SPLIT_PART(full_name, ' ', 1)",
    "LEFT(street, 3)",
    "LEFT(postal_code, 4)",
    "LEFT(postal_code, -1)",
    "RIGHT(postal_code, 3)",
    "LEFT(postal_code || street, 3)",
)
HARMLESS = (
    "privacy.pseudonym(NULLIF(TRIM(email), ''))",
    "email IS NULL",
    "NOT phone LIKE '+%'",
    "LENGTH(full_name)",
    "LEFT(TRIM(postal_code), 3)",
    "NULLIF(LEFT(TRIM(postal_code), 3), '')",
    "CASE WHEN street IS NULL THEN 'none' ELSE 'some' END",
    "ROW_NUMBER() OVER (PARTITION BY email ORDER BY phone)",
    "city",
    "id",
    "remark",
    "_extra",
)


def test_each_way_to_carry_a_personal_value_is_found_in_staging_and_no_other(lint: Lint) -> None:
    columns = [f"{expression} AS c{place}" for place, expression in enumerate([*CARRYING, *HARMLESS])]
    found = lint({"stg.shop__customer": f"SELECT {', '.join(columns)} FROM raw_shop.customer"})
    assert all("@PSEUDONYM" in text for text in found)
    told = [text.split("stg.shop__customer: ")[1].split(" carries")[0] for text in found]
    assert told == [f"c{place}" for place in range(len(CARRYING))]


def test_a_value_is_followed_through_models_ctes_unions_and_embedded_ones(lint: Lint) -> None:
    found = lint(
        {
            "stg.shop__customer": "SELECT id AS customer_id, remark AS note, city FROM raw_shop.customer",
            "stg.shop__to_customer": "SELECT customer_id, note, city FROM stg.shop__customer",
            "conformed.customer": "WITH a AS (SELECT * FROM stg.shop__to_customer), b AS (SELECT customer_id, city "
            "AS town, UPPER(note) AS shouted FROM a) SELECT customer_id, shouted, town FROM b",
            "core.dim_customer": "SELECT 'unknown' AS customer_id, NULL::TEXT AS said, NULL::TEXT AS town UNION ALL "
            "SELECT customer_id, shouted, town FROM conformed.customer",
        }
    )
    assert len(found) == 2
    assert any("conformed.customer: shouted carries free text" in text for text in found)
    assert any("core.dim_customer: said carries free text" in text for text in found)


def test_a_model_that_changed_is_followed_again(lint: Lint, tmp_path: Path) -> None:
    assert lint({"stg.shop__customer": "SELECT id FROM raw_shop.customer"}) == []
    context = Context(paths=[tmp_path])
    assert not list(context.lint_models(raise_on_error=False))
    # upsert_model keeps the linter's module as it is, while load() would import it anew and so forget what it knew.
    query = parse_one("SELECT email AS id FROM raw_shop.customer", dialect="postgres")
    changed = ParsableSql.from_parsed_expression(query, "postgres")
    context.upsert_model("stg.shop__customer", query_=changed)
    [found] = context.lint_models(raise_on_error=False)
    assert "stg.shop__customer: id carries email" in found.violation_msg


def test_unknown_columns_and_rejected_rows_reach_quality_but_not_core(lint: Lint) -> None:
    query = "SELECT _extra ->> 'mail' AS shown FROM raw_shop.customer"
    found = lint({"quality.seen": query, "core.seen": query})
    assert found == [found[0]]
    assert "core.seen: shown carries unknown columns" in found[0]


@pytest.mark.parametrize(
    "column", ["email", "contact_email", "phone", "first_name", "street", "delivery_address", "birth_date"]
)
def test_a_name_that_sounds_personal_is_told_from_conformed_on(make_model, complaints, column: str) -> None:
    query = f"SELECT 'a'::TEXT AS {column}"
    assert complaints(PersonalColumnsStayBehind, make_model("core.dim_customer", query))
    assert complaints(PersonalColumnsStayBehind, make_model("conformed.customer", query))
    assert not complaints(PersonalColumnsStayBehind, make_model("stg.shop__customer", query))


@pytest.mark.parametrize(
    "column", ["email_hash", "has_email", "product_name", "address_count", "street_count", "state"]
)
def test_names_that_only_remind_of_one_are_not(make_model, complaints, column: str) -> None:
    assert not complaints(
        PersonalColumnsStayBehind, make_model("core.dim_x", f"SELECT 'a'::TEXT AS {column}")
    )


def test_grants_belong_to_what_is_served(make_model, complaints) -> None:
    grants = {"grants": "(\"select\" = ARRAY['bi_reader'])"}
    for name in ("stg.shop__customer", "core.dim_customer", "quality.row"):
        assert "has grants" in complaints(ReadersGetServedLayers, make_model(name, **grants))[0]
    for name in ("bi.customer", "mart.sales", "ml.score"):
        assert not complaints(ReadersGetServedLayers, make_model(name, **grants))
    assert not complaints(ReadersGetServedLayers, make_model("core.dim_customer"))
