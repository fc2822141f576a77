"""A model tells its readers what it holds and whom to ask."""

from __future__ import annotations

import pytest

from linter.papers import ColumnsAreDescribed, DescriptionTellsTheRow, OwnerIsNamed, TagsAreGiven


def test_a_description_begins_with_the_row(make_model, complaints):
    good = make_model(description="'One row per order line.'")
    assert complaints(DescriptionTellsTheRow, good) == []
    for header in ({}, {"description": "'Order lines.'"}):
        (message,) = complaints(DescriptionTellsTheRow, make_model(**header))
        assert "'One row per'" in message


def test_a_model_has_an_owner(make_model, complaints):
    assert complaints(OwnerIsNamed, make_model(owner="analytics")) == []
    assert complaints(OwnerIsNamed, make_model()) == ["core.fct_sale has no owner"]


def test_a_model_has_tags(make_model, complaints):
    assert complaints(TagsAreGiven, make_model(tags="(core, fact)")) == []
    assert complaints(TagsAreGiven, make_model()) == ["core.fct_sale has no tags"]


@pytest.mark.parametrize("layer", ["core", "mart", "ml", "bi"])
def test_columns_that_people_see_are_described(layer, make_model, complaints):
    query = "SELECT 1::INT AS a, 2::INT AS b, 3::INT AS c"
    model = make_model(f"{layer}.sale", query, column_descriptions="(a = 'The first.', b = ' ')")
    assert complaints(ColumnsAreDescribed, model) == [f"{layer}.sale: no description of b, c"]


def test_a_comment_beside_the_projection_describes_the_column(make_model, complaints):
    model = make_model(query="SELECT 1::INT AS a, /* the first */ 2::INT AS b /* the second */")
    assert complaints(ColumnsAreDescribed, model) == []


def test_columns_left_of_core_need_no_description(make_model, complaints):
    assert complaints(ColumnsAreDescribed, make_model("stg.olist__order")) == []
