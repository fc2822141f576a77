"""Finding the days on which facts hold keys of versions that are gone, and computing them again."""

from collections.abc import Iterator
from datetime import date

import pytest

from ops.errors import OpsError
from ops.restatement import Restatement
from ops.settings import Settings
from ops.stale_keys import Days, StaleKeys, described, restatements_of
from tests.support import query

FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (1, 2, 3, 4))
STAR = """
CREATE SCHEMA core;
CREATE FUNCTION core.key(name text) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$SELECT md5(CASE name WHEN 'nobody' THEN '7:unknown' ELSE name END)::uuid$$;
CREATE TABLE core.dim_customer (customer_key uuid, source text, customer_id text,
                                valid_from_at timestamptz, valid_to_at timestamptz);
CREATE TABLE core.dim_product (product_key uuid, source text, product_id text,
                               valid_from_at timestamptz, valid_to_at timestamptz);
INSERT INTO core.dim_customer VALUES
    (core.key('nobody'), 'unknown', 'unknown', '1900-01-01', '9999-12-31'),
    (core.key('ana 1'), 'shop', 'ana', '1900-01-01', '2026-03-02'),
    (core.key('ana 2'), 'shop', 'ana', '2026-03-02', '9999-12-31');
INSERT INTO core.dim_product VALUES
    (core.key('nobody'), 'unknown', 'unknown', '1900-01-01', '9999-12-31'),
    (core.key('mug 1'), 'shop', 'mug', '1900-01-01', '9999-12-31');
CREATE TABLE core.fct_order (source text, order_date date, ordered_at timestamptz,
                             customer_id text, customer_key uuid);
CREATE TABLE core.fct_order_line (source text, order_date date, ordered_at timestamptz,
                                  customer_id text, customer_key uuid, product_id text, product_key uuid);
INSERT INTO core.fct_order VALUES
    ('shop', '2026-03-01', '2026-03-01 23:59', 'ana', core.key('ana 1')),
    ('shop', '2026-03-02', '2026-03-02 00:00', 'ana', core.key('ana 2')),
    ('shop', '2026-03-02', '2026-03-02 10:00', NULL, core.key('nobody')),
    ('shop', '2026-03-02', '2026-03-02 10:00', 'bob', core.key('nobody'));
INSERT INTO core.fct_order_line SELECT *, 'mug', core.key('mug 1') FROM core.fct_order;
"""


@pytest.fixture
def star(database: Settings) -> Settings:
    query(database, STAR)
    return database


def stale_days(settings: Settings) -> Days:
    """Look through all facts."""
    with StaleKeys(settings, search_all=True) as stale:
        return stale.days()


@pytest.fixture
def moving(star: Settings) -> Iterator[StaleKeys]:
    """What is looked at when the versions were known to fit before."""
    with StaleKeys(star, search_all=False) as stale:
        yield stale


def test_facts_with_the_keys_as_of_the_order_are_left_alone(star: Settings) -> None:
    assert stale_days(star) == {}


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (("ana", "2026-03-03 10:00"), "ana gone"),  # of a version that is gone
        (("ana", "2026-03-03 10:00"), "ana 1"),  # of another version
        (("ana", "2026-03-03 10:00"), "nobody"),  # the customer came to be known
        (("bob", "2026-03-03 10:00"), "bob 1"),  # the customer is gone
    ],
)
def test_a_key_of_another_version_makes_the_day_stale(
    star: Settings, order: tuple[str, str], key: str
) -> None:
    query(
        star,
        "INSERT INTO core.fct_order VALUES ('shop', %s, %s, %s, core.key(%s))",
        *(THIRD, order[1], order[0], key),
    )
    assert stale_days(star) == {"core.fct_order": {THIRD}}


def test_lines_are_looked_at_for_customer_and_product(star: Settings) -> None:
    query(
        star,
        "UPDATE core.fct_order_line SET product_key = core.key('mug 0') WHERE order_date = %s",
        FIRST,
    )
    query(
        star,
        "UPDATE core.fct_order_line SET customer_key = core.key('ana 0') "
        "WHERE customer_key = core.key('ana 2')",
    )
    assert stale_days(star) == {"core.fct_order_line": {FIRST, SECOND}}


def test_without_a_star_there_is_nothing_to_mend(database: Settings) -> None:
    for search_all in (True, False):
        with StaleKeys(database, search_all=search_all) as stale:
            assert list(stale.rounds()) == []


def test_versions_that_stay_where_they_were_are_not_asked_for(star: Settings, moving: StaleKeys) -> None:
    query(star, "UPDATE core.fct_order SET customer_key = core.key('ana 0') WHERE order_date = %s", FIRST)
    assert moving.days() == {}
    assert stale_days(star) == {"core.fct_order": {FIRST}}


def test_a_version_that_begins_later_makes_only_the_facts_from_then_on_stale(
    star: Settings, moving: StaleKeys
) -> None:
    query(
        star,
        "UPDATE core.dim_customer SET valid_to_at = '2026-03-02 00:00+02' WHERE customer_key = core.key('ana 1')",
    )
    query(
        star,
        "UPDATE core.dim_customer SET valid_from_at = '2026-03-01 12:00', customer_key = core.key('ana 2b') "
        "WHERE customer_key = core.key('ana 2')",
    )
    both = {FIRST, SECOND}
    assert moving.days() == {"core.fct_order": both, "core.fct_order_line": both}


def test_a_version_that_is_added_at_the_end_leaves_older_facts_alone(
    star: Settings, moving: StaleKeys
) -> None:
    query(star, "UPDATE core.dim_product SET valid_to_at = '2026-03-04' WHERE product_id = 'mug'")
    query(
        star,
        "INSERT INTO core.dim_product VALUES (core.key('mug 2'), 'shop', 'mug', '2026-03-04', '9999-12-31')",
    )
    assert moving.days() == {}


def test_a_customer_who_came_to_be_known_gets_their_facts(star: Settings, moving: StaleKeys) -> None:
    query(
        star,
        "INSERT INTO core.dim_customer VALUES (core.key('bob'), 'shop', 'bob', '1900-01-01', '9999-12-31')",
    )
    assert moving.days() == {"core.fct_order": {SECOND}, "core.fct_order_line": {SECOND}}


def test_a_product_that_is_gone_makes_all_its_facts_stale(star: Settings, moving: StaleKeys) -> None:
    query(star, "DELETE FROM core.dim_product WHERE product_id = 'mug'")
    assert moving.days() == {"core.fct_order_line": {FIRST, SECOND}}


def test_the_days_are_computed_again_and_the_reason_is_said(star: Settings) -> None:
    query(star, "UPDATE core.fct_order SET customer_key = core.key('ana 0') WHERE order_date = %s", FIRST)
    with StaleKeys(star, search_all=True) as stale:
        rounds = stale.rounds()
        [plan] = next(rounds)
        assert plan == Restatement(("core.fct_order",), FIRST, FIRST)
        assert "core.fct_order: 2026-03-01 to 2026-03-01 (facts there hold the key of" in str(plan)
        query(
            star,
            "UPDATE core.fct_order SET customer_key = core.key('ana 1') WHERE customer_key = core.key('ana 0')",
        )
        assert list(rounds) == []


def test_days_that_stay_stale_are_named(star: Settings) -> None:
    query(star, "UPDATE core.fct_order SET customer_key = core.key('ana 0') WHERE order_date = %s", FIRST)
    with (
        StaleKeys(star, search_all=True) as stale,
        pytest.raises(OpsError, match=r"3 times .*core\.fct_order on 2026-03-01\."),
    ):
        assert len(list(stale.rounds())) == 3


def test_facts_with_the_same_days_share_a_plan() -> None:
    both, lines = frozenset({FIRST, SECOND}), frozenset({FOURTH})
    assert restatements_of({"core.fct_order_line": both, "core.fct_order": both}) == [
        Restatement(("core.fct_order", "core.fct_order_line"), FIRST, SECOND)
    ]
    assert restatements_of({"core.fct_order_line": lines, "core.fct_order": both}) == [
        Restatement(("core.fct_order",), FIRST, SECOND),
        Restatement(("core.fct_order_line",), FOURTH, FOURTH),
    ]


def test_of_many_days_the_first_are_named() -> None:
    many = frozenset(date(2026, 3, day) for day in range(1, 13))
    assert described({"core.fct_order": many}).endswith("2026-03-10 and 2 more")
