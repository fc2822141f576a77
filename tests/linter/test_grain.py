"""A grain is written down, unique and never NULL."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlmesh.core.model import Model

from linter.grain import GrainIsAudited

EACH_NOT_NULL = "not_null(columns := (source)), not_null(columns := (order_id))"
TOGETHER = "unique_combination_of_columns(columns := (source, order_id))"
QUERY = "SELECT 1::INT AS source, 2::INT AS order_id, 3::INT AS order_key"


@pytest.mark.parametrize(
    ("grain", "audits"),
    [
        ("order_key", "(not_null(columns := (order_key)), unique_values(columns := (order_key)))"),
        ("order_key", "(not_null(columns := order_key), unique_values(columns := [order_key]))"),
        (
            "(source, order_id)",
            f"(not_null(columns := (source, order_id)), {TOGETHER})",
        ),
        (
            "(source, order_id)",
            f"({EACH_NOT_NULL}, unique_values(columns := (order_id)))",
        ),
    ],
)
def test_an_audited_grain_is_fine(grain, audits, make_model, complaints):
    assert complaints(GrainIsAudited, make_model(query=QUERY, grain=grain, audits=audits)) == []


def test_a_model_without_a_grain_is_refused(make_model, complaints):
    assert complaints(GrainIsAudited, make_model(query=QUERY)) == [
        "core.fct_sale has no grain: say which columns make one row"
    ]


@pytest.mark.parametrize(
    ("audits", "missing"),
    [
        ("(not_null(columns := (source, order_id)))", "no unique_combination_of_columns"),
        (
            "(not_null(columns := (source, order_id)), "
            "unique_combination_of_columns(columns := (source, order_id, order_key)))",
            "no unique_combination_of_columns",
        ),
        (
            f"({EACH_NOT_NULL}, unique_values(columns := (order_id), condition := source > 1))",
            "no unique_combination_of_columns",
        ),
        (
            f"(not_null(columns := (source)), {TOGETHER})",
            "no not_null audit on order_id",
        ),
        ("(accepted_range(column := order_id, min_v := 0))", "no not_null audit on order_id, source"),
    ],
)
def test_a_grain_that_the_audits_leave_open_is_refused(audits, missing, make_model, complaints):
    model = make_model(query=QUERY, grain="(source, order_id)", audits=audits)
    (message,) = complaints(GrainIsAudited, model)
    assert missing in message
    assert message.endswith("(source, order_id)")


def test_of_two_grains_each_is_audited(make_model, complaints):
    audits = "(not_null(columns := (order_key)), unique_values(columns := (order_key)))"
    model = make_model(query=QUERY, grains="(order_key, (source, order_id))", audits=audits)
    (message,) = complaints(GrainIsAudited, model)
    assert "(source, order_id)" in message


def test_an_embedded_model_has_a_grain_and_needs_no_audit_because_sqlmesh_would_run_none(
    make_model, complaints
):
    assert complaints(GrainIsAudited, make_model(query=QUERY, kind="EMBEDDED", grain="order_key")) == []
    assert len(complaints(GrainIsAudited, make_model(query=QUERY, kind="EMBEDDED"))) == 1


class Project:
    """The models of a project, as a rule sees them."""

    def __init__(self, *models: Model) -> None:
        self.models = {model.fqn: model for model in models}


AUDITED = {
    "kind": "INCREMENTAL_BY_TIME_RANGE (time_column order_date)",
    "grain": "order_key",
    "audits": "(not_null(columns := (order_key)), unique_values(columns := (order_key)))",
}
VIEW = {"name": "bi.sale", "kind": "VIEW", "grain": "order_key"}
SHOWN = "SELECT order_key::INT AS order_key FROM core.fct_sale"
FACT = "SELECT order_key::INT AS order_key, order_date::DATE AS order_date FROM conformed.sale"


def complaints_in(project: Project, model: Model) -> list[str]:
    violations = GrainIsAudited(cast(Any, project)).check_model(model) or []
    return [violation.violation_msg for violation in violations]


def test_a_view_needs_no_audit_where_it_just_shows_an_audited_model(make_model):
    fact, view = make_model(query=FACT, **AUDITED), make_model(query=SHOWN, **VIEW)
    assert complaints_in(Project(fact, view), view) == []


def test_a_view_needs_no_audit_where_an_audited_model_keeps_its_rows(make_model):
    view = make_model(**VIEW | {"name": "stg.sale"}, query="SELECT id::INT AS order_key FROM raw_shop.sale")
    fact = make_model(name="stg.judged_sale", query=FACT.replace("conformed", "stg"), **AUDITED)
    assert complaints_in(Project(fact, view), view) == []


@pytest.mark.parametrize(
    ("query", "stored"),
    [
        (f"{SHOWN} JOIN core.dim_store AS store ON TRUE", AUDITED),
        (f"{SHOWN} UNION ALL {SHOWN}", AUDITED),
        (f"{SHOWN} CROSS JOIN LATERAL (SELECT 1) AS twice", AUDITED),
        ("SELECT order_key::INT AS order_key FROM core.fct_sale AS a CROSS JOIN core.fct_sale AS b", AUDITED),
        (f"SELECT order_key FROM ({SHOWN}) AS shown", AUDITED),
        ("SELECT UNNEST(order_keys)::INT AS order_key FROM core.fct_sale", AUDITED),
        (SHOWN, AUDITED | {"audits": "(not_null(columns := (order_key)))"}),
        (SHOWN, AUDITED | {"kind": "VIEW"}),
        (
            SHOWN,
            AUDITED | {"grain": "line_key", "audits": AUDITED["audits"].replace("order_key", "line_key")},
        ),
        (SHOWN.replace("fct_sale", "fct_other"), AUDITED),
    ],
)
def test_a_view_that_could_multiply_rows_or_shows_others_is_audited_itself(query, stored, make_model):
    fact, view = make_model(query=FACT, **stored), make_model(query=query, **VIEW)
    assert len(complaints_in(Project(fact, view), view)) == 1
