"""The union of what the sources give."""

from __future__ import annotations

import pytest
from sqlmesh.utils.errors import SQLMeshError

QUERY = 'SELECT source, order_id FROM (@UNION_SOURCES("order", source, order_id)) AS sourced'


def test_sources_that_give_the_entity_are_united(render):
    sql = render(QUERY, sources={"a": ["order"], "b": ["customer"], "c": ["customer", "order"]})
    assert "a__to_order" in sql
    assert "c__to_order" in sql
    assert "b__to" not in sql
    assert sql.count("UNION ALL") == 1


def test_one_source_needs_no_union(render):
    sql = render(QUERY, sources={"a": ["order"]})
    assert "a__to_order" in sql
    assert "UNION" not in sql


@pytest.mark.both_versions
@pytest.mark.parametrize("sources", [{}, {"a": []}, {"a": ["customer"]}], ids=str)
def test_without_a_source_there_is_no_row(ask, sources):
    assert ask(QUERY, sources=sources) == []


def test_an_entity_is_not_taken_for_one_that_begins_alike(render):
    assert "order_line" not in render(QUERY, sources={"a": ["order_line", "order"]})
    assert "a__to" not in render(QUERY, sources={"a": ["order_line"]})


@pytest.mark.parametrize("variables", [{}, {"sources": ["a"]}], ids=str)
def test_a_configuration_without_sources_is_an_error_that_says_so(render, variables):
    with pytest.raises(Exception, match="variable `sources`") as error:
        render(QUERY, **variables)
    assert isinstance(error.value, SQLMeshError)
