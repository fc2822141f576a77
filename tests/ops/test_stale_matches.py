"""Finding the returns whose sale changed on another day, and matching them again."""

from collections.abc import Iterator
from datetime import date

import pytest

from ops.changes import Changes
from ops.restatement import Restatement
from ops.settings import Settings
from ops.sqlmesh import Fact, Prod, upstream
from ops.stale_matches import MATCH, restatements_of, restatements_of_lost
from tests.support import query

FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (1, 2, 3, 4))
LINE = Fact("core.fct_order_line", "order_date", "order_line_key")
# On the first two days ana buys a mug and bob a jug; on the third both bring them back.
STAR = """
CREATE SCHEMA core;
CREATE FUNCTION core.key(name text) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$SELECT md5(name)::uuid$$;
CREATE TABLE core.fct_order_line (order_line_key uuid, source text, order_date date, customer_id text, product_id text,
                                  quantity int, is_return boolean);
CREATE TABLE core.bridge_return (return_line_key uuid, sale_line_key uuid, order_date date);
INSERT INTO core.fct_order_line VALUES
    (core.key('ana buys'), 'shop', '2026-03-01', 'ana', 'mug', 2, false),
    (core.key('bob buys'), 'shop', '2026-03-02', 'bob', 'jug', 1, false),
    (core.key('ana brings'), 'shop', '2026-03-03', 'ana', 'mug', -1, true),
    (core.key('bob brings'), 'shop', '2026-03-04', 'bob', 'jug', -1, true);
INSERT INTO core.bridge_return VALUES
    (core.key('ana brings'), core.key('ana buys'), '2026-03-03'),
    (core.key('bob brings'), core.key('bob buys'), '2026-03-04');
"""
SECOND_SALE = (
    "INSERT INTO core.fct_order_line VALUES (core.key('{}'), 'shop', '2026-03-02', '{}', 'mug', 1, false)"
)


@pytest.fixture
def changes(database: Settings) -> Iterator[Changes]:
    """The first two days are remembered as those that will be computed again."""
    query(database, STAR)
    with Changes(database, Prod({}, [LINE], computed_until=FOURTH)) as found:
        found.remember(Restatement(("stg.shop__sale",), FIRST, SECOND))
        yield found


def days(restatements: list[Restatement]) -> list[tuple[date | None, date | None]]:
    assert all(item.models == (MATCH,) for item in restatements)
    return [(item.first, item.last) for item in restatements]


def test_nothing_is_matched_again_while_no_sale_changed(changes: Changes) -> None:
    assert restatements_of(changes, [(FIRST, SECOND)]) == []
    assert restatements_of_lost(changes) == []


def test_a_return_is_matched_again_when_its_sale_changes(changes: Changes, database: Settings) -> None:
    query(database, "UPDATE core.fct_order_line SET quantity = 3 WHERE order_line_key = core.key('ana buys')")
    assert days(restatements_of(changes, [(FIRST, SECOND)])) == [(THIRD, THIRD)]


def test_a_return_is_matched_again_when_its_sale_is_gone(changes: Changes, database: Settings) -> None:
    query(database, "DELETE FROM core.fct_order_line WHERE order_line_key = core.key('bob buys')")
    assert days(restatements_of(changes, [(FIRST, SECOND)])) == [(FOURTH, FOURTH)]
    assert days(restatements_of_lost(changes)) == [(FOURTH, FOURTH)]


def test_a_return_is_matched_again_when_the_customer_bought_the_product_once_more(
    changes: Changes, database: Settings
) -> None:
    query(database, SECOND_SALE.format("another", "ana"))
    assert days(restatements_of(changes, [(FIRST, SECOND)])) == [(THIRD, THIRD)]


def test_what_others_buy_matches_nothing_again(changes: Changes, database: Settings) -> None:
    query(database, SECOND_SALE.format("another", "eve"))
    assert restatements_of(changes, [(FIRST, SECOND)]) == []


@pytest.mark.parametrize(
    ("computed", "is_stale"),
    [
        ([(FIRST, FOURTH)], False),
        ([(FIRST, SECOND), (THIRD, FOURTH)], False),
        ([(THIRD, FOURTH), (FIRST, SECOND)], True),
        (
            [(THIRD, FOURTH)],
            False,
        ),  # no plan matched on the sale's day: its line has another key of a customer
    ],
)
def test_a_return_that_was_matched_with_or_after_its_sale_is_left(
    computed: list[tuple[date, date]], is_stale: bool, changes: Changes, database: Settings
) -> None:
    query(database, "UPDATE core.fct_order_line SET quantity = 3 WHERE order_line_key = core.key('ana buys')")
    assert bool(restatements_of(changes, computed)) == is_stale


def test_a_prod_that_is_older_than_the_bridges_day_has_nothing_to_match(database: Settings) -> None:
    query(database, STAR + "ALTER TABLE core.bridge_return DROP order_date")
    with Changes(database, Prod({}, [LINE])) as changes:
        assert restatements_of(changes, [(FIRST, SECOND)]) == restatements_of_lost(changes) == []


def test_upstream_are_the_models_that_a_model_reads_directly_or_through_others() -> None:
    reads = {"a": {"b", "raw"}, "b": {"c"}, "d": {"a"}}
    assert upstream("a", reads) == {"a", "b", "c", "raw"}
