"""What others built on the views of prod survives each promotion, or the plan stops with nothing changed."""

from __future__ import annotations

import psycopg2
import pytest

from ops.sqlmesh_process import COMMAND
from tests.promotion.conftest import SALE, Shop

pytestmark = [pytest.mark.both_versions, pytest.mark.thorough(minutes=2)]

BUILT = """
CREATE SCHEMA IF NOT EXISTS report AUTHORIZATION analyst;
GRANT USAGE ON SCHEMA report, bi TO PUBLIC;
GRANT SELECT ON bi.sale TO analyst WITH GRANT OPTION;
SET ROLE analyst;
CREATE VIEW report."Top sale" WITH (security_barrier=true) AS SELECT id, amount AS "the amount" FROM bi.sale;
COMMENT ON VIEW report."Top sale" IS 'What''s on top';
COMMENT ON COLUMN report."Top sale"."the amount" IS 'In pence';
GRANT SELECT ON report."Top sale" TO bi_reader WITH GRANT OPTION;
GRANT SELECT ("the amount") ON report."Top sale" TO PUBLIC;
CREATE MATERIALIZED VIEW report.kept AS SELECT id, "the amount" FROM report."Top sale";
CREATE UNIQUE INDEX kept_id ON report.kept (id);
CREATE MATERIALIZED VIEW report.empty AS SELECT id FROM bi.sale WITH NO DATA;
CREATE FUNCTION report.amount_of(wanted int) RETURNS int LANGUAGE sql
    BEGIN ATOMIC SELECT "the amount" FROM report."Top sale" WHERE id = wanted; END;
REVOKE ALL ON FUNCTION report.amount_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION report.amount_of TO bi_reader;
COMMENT ON FUNCTION report.amount_of IS 'One sale';
RESET ROLE;
"""
# What an analyst builds and fills with functions that nobody else may run.
FILLED = """
CREATE SCHEMA IF NOT EXISTS report AUTHORIZATION analyst;
GRANT USAGE ON SCHEMA bi TO PUBLIC;
SET ROLE analyst;
CREATE FUNCTION report.mine(given int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'analyst' THEN RAISE EXCEPTION 'run as %', current_user; END IF;
    RETURN given;
END $$;
CREATE MATERIALIZED VIEW report.filled AS
    SELECT report.mine(id) AS id, amount, current_user::text AS filled_by FROM bi.sale;
CREATE INDEX filled_mine ON report.filled (report.mine(amount)) WHERE report.mine(amount) > 0;
GRANT SELECT ON report.filled TO PUBLIC;
CREATE FUNCTION report.everybodys() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM bi.sale; END;
RESET ROLE;
"""
# Everything about the analyst's schema that somebody could miss, in words.
STATE = """
SELECT c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.relacl::text, c.reloptions::text,
    c.relispopulated::text, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class'),
    (SELECT string_agg(concat(attname, attacl::text, col_description(attrelid, attnum)), ',' ORDER BY attnum)
     FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
FROM pg_class AS c WHERE c.relnamespace = 'report'::regnamespace AND c.relkind IN ('v', 'm')
UNION ALL
SELECT indexname, 'i', indexdef, NULL, NULL, NULL, NULL, NULL, NULL FROM pg_indexes WHERE schemaname = 'report'
UNION ALL
SELECT p.oid::regprocedure::text, 'f', pg_get_userbyid(p.proowner),
    ARRAY(SELECT unnest(coalesce(p.proacl, acldefault('f', p.proowner)))::text ORDER BY 1)::text, NULL, NULL,
    pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), NULL
FROM pg_proc AS p WHERE p.pronamespace = 'report'::regnamespace
ORDER BY 1, 2
"""


@pytest.fixture
def analyst(shop: Shop) -> Shop:
    """Prod with an analyst whom the transformer may act for."""
    shop.administer(
        "DO $$ BEGIN CREATE ROLE analyst; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT analyst TO retail_transformer",
    )
    return shop


@pytest.fixture
def built(analyst: Shop) -> Shop:
    """Prod with what the analyst built on it."""
    analyst.administer(BUILT)
    return analyst


def amounts(shop: Shop) -> list[tuple[object, ...]]:
    return shop.administer(
        'SELECT "the amount", (SELECT "the amount" FROM report.kept), report.amount_of(1) FROM report."Top sale"'
    )


@pytest.mark.parametrize(
    "sale",
    [
        SALE.replace("10", "11"),
        f"{SALE}, 1::INT AS more",
        SALE.replace(", 'lamp'::TEXT AS name", ""),
        f"0::INT AS first, {SALE}",
        SALE.replace("'lamp'::TEXT", "7::INT"),
    ],
    ids=["other rows", "a column more", "a column less", "columns moved", "another type"],
)
def test_what_others_built_survives_with_all_that_belongs_to_it(built: Shop, sale: str) -> None:
    before = built.administer(STATE)
    built.write(sale=sale)
    built.plan()
    after = built.administer(STATE)
    assert after == before
    assert len(before) == 5
    new = 11 if "11" in sale else 10
    assert [row[0] for row in amounts(built)] == [new]
    assert built.administer("SELECT report.amount_of(1)") == [(new,)]
    assert built.query("SELECT amount FROM bi.total") == [(new,)]


def test_a_column_that_others_need_stops_the_plan_with_nothing_changed(built: Shop) -> None:
    before = built.administer(STATE)
    built.write(sale=SALE.replace("AS amount", "AS price").replace("10", "11"), total=False)
    printed = built.plan(check=False)
    assert "would break what others built" in printed
    assert 'view report."Top sale" (owner analyst): column "amount" does not exist' in printed
    assert "materialized view report.kept (owner analyst)" in printed
    assert "Virtual layer updated" not in printed
    assert "RETAIL_ALLOW_BROKEN_DEPENDENTS=1" in printed
    assert built.administer(STATE) == before
    assert built.query("SELECT amount FROM bi.sale") == [(10,)]
    assert built.query("SELECT amount FROM bi.total") == [(10,)]


def test_a_model_that_goes_stops_the_plan_while_others_build_on_it(shop: Shop) -> None:
    shop.administer(
        "CREATE SCHEMA report", "CREATE VIEW report.doubled AS SELECT 2 * amount AS twice FROM bi.total"
    )
    shop.write(total=False)
    printed = shop.plan(check=False)
    assert "view report.doubled (owner" in printed
    assert "it is built on" in printed
    assert shop.administer("SELECT twice FROM report.doubled") == [(20,)]


def test_an_owner_whom_the_transformer_may_not_act_for_is_named(built: Shop) -> None:
    built.administer("REVOKE analyst FROM retail_transformer")
    before = built.administer(STATE)
    built.write(sale=SALE.replace(", 'lamp'::TEXT AS name", ""))
    printed = built.plan(check=False)
    assert "after GRANT analyst TO the role that plans" in printed
    assert built.administer(STATE) == before


@pytest.mark.parametrize("still_given", [True, False], ids=["model still gives", "model gives no more"])
def test_an_owners_functions_run_as_the_owner_who_reads_by_the_models_grant(
    analyst: Shop, still_given: bool
) -> None:
    given = "grants ('select' = array['analyst']),"
    analyst.write(grants=given)
    analyst.plan()
    analyst.administer(FILLED)
    before = analyst.administer(STATE)
    analyst.write(sale=f"0::INT AS first, {SALE.replace('10', '11')}", grants=given if still_given else "")
    analyst.plan()
    assert analyst.administer(STATE) == before
    assert analyst.administer("SELECT id, amount, filled_by FROM report.filled") == [(1, 11, "analyst")]
    assert analyst.administer("SELECT has_table_privilege('analyst', 'bi.sale', 'SELECT')") == [
        (still_given,)
    ]


def test_an_owner_who_may_not_read_any_more_stops_the_plan(analyst: Shop) -> None:
    analyst.administer("GRANT SELECT ON bi.sale TO analyst", FILLED, "REVOKE SELECT ON bi.sale FROM analyst")
    before = analyst.administer(STATE)
    analyst.write(sale=f"0::INT AS first, {SALE}")
    printed = analyst.plan(check=False)
    assert "materialized view report.filled (owner analyst): permission denied for view sale\n" in printed
    assert analyst.administer(STATE) == before


def test_names_mean_the_same_to_the_owner(analyst: Shop) -> None:
    """A name without its schema is looked for in the schema that is called like who runs the statement."""
    analyst.administer(
        "GRANT SELECT ON bi.sale TO analyst",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
        "CREATE FUNCTION public.mine(given int) RETURNS int LANGUAGE sql IMMUTABLE RETURN given",
        "GRANT EXECUTE ON FUNCTION public.mine TO PUBLIC",
        "CREATE SCHEMA analyst AUTHORIZATION analyst",
        FILLED.replace("report.mine(amount)", "public.mine(amount)"),
        "CREATE FUNCTION analyst.mine(given int) RETURNS int LANGUAGE sql IMMUTABLE RETURN -given",
        "GRANT EXECUTE ON FUNCTION analyst.mine TO PUBLIC",
    )
    before = analyst.administer(STATE)
    analyst.write(sale=f"0::INT AS first, {SALE}")
    analyst.plan()
    assert analyst.administer(STATE) == before


def test_something_that_cannot_be_built_again_stops_the_plan(shop: Shop) -> None:
    shop.administer("CREATE SCHEMA report", "CREATE TABLE report.copy (sold bi.sale)")
    shop.write(sale=SALE.replace(", 'lamp'::TEXT AS name", ""))
    printed = shop.plan(check=False)
    assert "table report.copy (owner postgres): it cannot be built again" in printed
    shop.write(sale=SALE.replace("10", "11"))
    shop.plan()  # in place: it does not matter


def test_there_are_no_foreign_keys_to_lose_because_postgres_takes_none_on_a_view(shop: Shop) -> None:
    with pytest.raises(psycopg2.errors.WrongObjectType, match='referenced relation "sale" is not a table'):
        shop.administer("CREATE TABLE public.note (id int REFERENCES bi.sale (id))")


def test_grants_given_by_hand_survive_and_those_of_the_model_follow_it(shop: Shop) -> None:
    shop.administer(
        "DO $$ BEGIN CREATE ROLE analyst; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT SELECT ON bi.sale, bi.total TO analyst WITH GRANT OPTION",
        "GRANT SELECT (id), UPDATE (name) ON bi.sale TO PUBLIC",
        "GRANT SELECT ON bi.total TO bi_reader",
    )
    acl = "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'bi'::regnamespace ORDER BY 1"
    shop.write(sale=f"0::INT AS first, {SALE}", grants="")
    shop.plan()
    (_, sale), (_, total) = shop.administer(acl)
    assert "analyst=r*/" in str(sale)
    assert "bi_reader" not in str(sale)
    assert "analyst=r*/" in str(total)
    assert "bi_reader=r/" in str(total)
    columns = "SELECT attname, attacl::text FROM pg_attribute WHERE attrelid = 'bi.sale'::regclass ORDER BY 1"
    given = [(name, str(acl).split("/")[0]) for name, acl in shop.administer(columns) if acl]
    assert given == [
        ("id", "{=r"),
        ("name", "{=w"),
    ]


def test_what_breaks_is_let_go_where_that_is_allowed_and_its_definition_kept(built: Shop) -> None:
    built.write(sale=SALE.replace("AS amount", "AS price"), total=False)
    with_leave = built.run(
        [*COMMAND, "plan", "prod", "--auto-apply", "--no-prompts"], RETAIL_ALLOW_BROKEN_DEPENDENTS="1"
    )
    assert "Virtual layer updated" in with_leave
    kept = built.query(
        "SELECT view, name, owner, reason, statements[1] FROM ingest.broken_dependent ORDER BY broken_dependent_id"
    )
    assert [row[1] for row in kept] == [
        'view report."Top sale"',
        "materialized view report.kept",
        "function report.amount_of(integer)",
    ]
    assert kept[0][0] == '"bi"."sale"'
    assert 'amount AS "the amount"' in str(kept[0][4])
    assert [row[0] for row in built.administer(STATE)] == ["empty"]
    assert built.query("SELECT price FROM bi.sale") == [(10,)]
