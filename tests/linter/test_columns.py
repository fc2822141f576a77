"""A column's type is what its name promises."""

from __future__ import annotations

import pytest

from linter.columns import ColumnNamesFollowVocabulary, MoneyIsNumeric, NoNaiveTimestamp


@pytest.mark.parametrize("kind", ["TIMESTAMPTZ", "DATE", "TEXT", "TIME"])
def test_an_instant_with_a_zone_and_a_day_are_fine(kind, make_model, complaints):
    assert complaints(NoNaiveTimestamp, make_model(query=f"SELECT x::{kind} AS x FROM core.y")) == []


@pytest.mark.parametrize("layer", ["core", "mart", "ml", "bi"])
def test_a_timestamp_without_a_zone_is_refused_from_core_on(layer, make_model, complaints):
    query = "SELECT x::TIMESTAMP AS ordered_at, y::DATE AS order_date, z::TIMESTAMP(3) AS seen FROM core.z"
    (message,) = complaints(NoNaiveTimestamp, make_model(f"{layer}.sale", query))
    assert message.startswith(f"{layer}.sale: ordered_at, seen is a timestamp without a zone")


def test_left_of_core_a_timestamp_may_lack_its_zone(make_model, complaints):
    model = make_model("stg.olist__order", "SELECT x::TIMESTAMP AS purchased_local FROM raw_olist.order")
    assert complaints(NoNaiveTimestamp, model) == []


def test_money_is_numeric_and_has_a_currency(make_model, complaints):
    query = (
        "SELECT a::DECIMAL(14, 2) AS net_amount, b::NUMERIC AS list_amount, c::TEXT AS currency FROM core.x"
    )
    assert complaints(MoneyIsNumeric, make_model(query=query)) == []


@pytest.mark.parametrize("kind", ["DOUBLE PRECISION", "REAL", "INT", "TEXT"])
def test_money_of_another_type_is_refused(kind, make_model, complaints):
    query = f"SELECT a::{kind} AS net_amount, c::TEXT AS currency FROM core.x"
    (message,) = complaints(MoneyIsNumeric, make_model(query=query))
    assert message.startswith("core.fct_sale: net_amount is ")


def test_money_without_its_currency_is_refused(make_model, complaints):
    query = "SELECT a::DECIMAL(14, 2) AS net_amount FROM core.x"
    assert complaints(MoneyIsNumeric, make_model(query=query)) == [
        "core.fct_sale has amounts and no column 'currency'"
    ]


def test_quality_may_compare_amounts_as_it_likes(make_model, complaints):
    model = make_model("quality.difference", "SELECT a::DOUBLE PRECISION AS net_amount FROM core.x")
    assert complaints(MoneyIsNumeric, model) == []


@pytest.mark.parametrize(
    "column",
    [
        "a::BOOLEAN AS is_return",
        "a::BOOLEAN AS has_review",
        "a::TIMESTAMPTZ AS ordered_at",
        "a::DATE AS order_date",
        "a::BIGINT AS order_count",
        "a::SMALLINT AS line_count",
        "a::TEXT AS island",
    ],
)
def test_a_name_that_keeps_its_promise_is_fine(column, make_model, complaints):
    assert complaints(ColumnNamesFollowVocabulary, make_model(query=f"SELECT {column} FROM core.x")) == []


@pytest.mark.parametrize(
    "column",
    [
        "a::BOOLEAN AS returned",
        "a::INT AS is_return",
        "a::DATE AS ordered_at",
        "a::TIMESTAMPTZ AS order_date",
        "a::DECIMAL(10, 2) AS order_count",
    ],
)
def test_a_name_that_breaks_its_promise_is_refused_from_core_on(column, make_model, complaints):
    name = column.rsplit(" ", 1)[-1]
    (message,) = complaints(ColumnNamesFollowVocabulary, make_model(query=f"SELECT {column} FROM core.x"))
    assert message.startswith(f"core.fct_sale: {name} is ")
    staged = make_model("stg.olist__order", f"SELECT {column} FROM raw_olist.order")
    assert complaints(ColumnNamesFollowVocabulary, staged) == []


@pytest.mark.parametrize("rule", [NoNaiveTimestamp, MoneyIsNumeric, ColumnNamesFollowVocabulary])
def test_a_type_that_is_not_known_is_not_judged(rule, make_model, complaints):
    query = "SELECT a AS net_amount, b AS ordered_at, c AS is_return, d AS currency FROM core.x"
    assert complaints(rule, make_model(query=query)) == []
