"""What a refresh did to the facts: rows added, removed and changed, by source and day."""

from collections.abc import Iterator
from datetime import date

import pytest

from ops.changes import Change, Changes, described
from ops.restatement import Restatement
from ops.settings import Settings
from ops.sqlmesh import Fact, Prod
from tests.support import query

FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (1, 2, 3, 4))
SALE = Fact("core.fct_sale", "sale_date", "sale_key")
STAR = """
CREATE SCHEMA core;
CREATE TABLE core.fct_sale (sale_key text, source text, sale_date date, amount numeric);
INSERT INTO core.fct_sale VALUES
    ('a', 'shop', '2026-03-01', 1), ('b', 'shop', '2026-03-01', 2),
    ('c', 'shop', '2026-03-02', 3), ('d', 'shop', '2026-03-03', 4);
"""


@pytest.fixture
def star(database: Settings) -> Settings:
    query(database, STAR)
    return database


@pytest.fixture
def changes(star: Settings) -> Iterator[Changes]:
    with Changes(star, Prod({}, [SALE], computed_until=THIRD)) as found:
        yield found


def again(*days: date) -> Restatement:
    return Restatement(("stg.shop__sale",), min(days), max(days))


def test_rows_are_added_removed_and_changed(star: Settings, changes: Changes) -> None:
    changes.remember(again(FIRST, SECOND))
    query(star, "UPDATE core.fct_sale SET amount = 20 WHERE sale_key = 'b'")
    query(star, "DELETE FROM core.fct_sale WHERE sale_key = 'c'")
    query(star, "INSERT INTO core.fct_sale VALUES ('e', 'market', '2026-03-02', 5)")
    assert changes.found([SALE]) == [
        Change("core.fct_sale", "market", SECOND, 1, 0, 0),
        Change("core.fct_sale", "shop", FIRST, 0, 0, 1),
        Change("core.fct_sale", "shop", SECOND, 0, 1, 0),
    ]


def test_a_row_whose_day_moved_left_one_day_and_came_to_the_other(star: Settings, changes: Changes) -> None:
    changes.remember(again(FIRST, SECOND))
    query(star, "UPDATE core.fct_sale SET sale_date = '2026-03-02' WHERE sale_key = 'a'")
    assert changes.found([SALE]) == [
        Change("core.fct_sale", "shop", FIRST, 0, 1, 0),
        Change("core.fct_sale", "shop", SECOND, 1, 0, 0),
    ]


def test_days_that_were_computed_twice_are_compared_with_what_was_there_first(
    star: Settings, changes: Changes
) -> None:
    changes.remember(again(FIRST))
    query(star, "UPDATE core.fct_sale SET amount = 10 WHERE sale_key = 'a'")
    changes.remember(again(FIRST, SECOND))
    query(star, "UPDATE core.fct_sale SET amount = 1.00 WHERE sale_key = 'a'")
    assert changes.found([SALE]) == []


def test_days_that_are_new_count_although_nobody_named_them(star: Settings, changes: Changes) -> None:
    query(star, "INSERT INTO core.fct_sale VALUES ('f', 'shop', '2026-03-04', 6)")
    query(star, "DELETE FROM core.fct_sale WHERE sale_key = 'd'")  # not looked at: nobody computed it
    assert changes.found([SALE]) == [Change("core.fct_sale", "shop", FOURTH, 1, 0, 0)]


def test_a_fact_that_is_not_there_yet_has_no_rows(database: Settings) -> None:
    with Changes(database, Prod({})) as changes:
        assert changes.found([SALE]) == []
        query(database, STAR)
        assert sum(change.added for change in changes.found([SALE])) == 4


def test_it_is_told_in_a_line_per_fact_and_source() -> None:
    days = [date(2026, 3, day) for day in range(1, 10)]
    assert described([Change("core.fct_sale", "shop", day, 1000, 0, 2) for day in days]) == [
        "core.fct_sale, shop: 9,000 added, 18 changed on 9 days from 2026-03-01 to 2026-03-09"
    ]
    assert described([Change("core.fct_sale", "shop", day, 0, 1, 0) for day in days[:2]]) == [
        "core.fct_sale, shop: 2 removed on 2026-03-01, 2026-03-02"
    ]
