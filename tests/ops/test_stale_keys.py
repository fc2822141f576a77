"""Finding the days on which facts hold keys of versions that are gone, and computing them again."""

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from ops.errors import OpsError
from ops.restatement import Restatement
from ops.settings import Settings
from ops.sqlmesh import SqlMesh
from ops.stale_keys import described, mend_stale_keys, restatements_of, stale_days
from tests.support import query

FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (1, 2, 3, 4))
STAR = """
CREATE SCHEMA core;
CREATE TABLE core.dim_customer (customer_key text, source text, customer_id text,
                                valid_from_at timestamptz, valid_to_at timestamptz);
CREATE TABLE core.dim_product (product_key text, source text, product_id text,
                               valid_from_at timestamptz, valid_to_at timestamptz);
INSERT INTO core.dim_customer VALUES
    ('nobody', 'unknown', 'unknown', '-infinity', 'infinity'),
    ('ana 1', 'shop', 'ana', '-infinity', '2026-03-02'),
    ('ana 2', 'shop', 'ana', '2026-03-02', 'infinity');
INSERT INTO core.dim_product VALUES
    ('nothing', 'unknown', 'unknown', '-infinity', 'infinity'),
    ('mug 1', 'shop', 'mug', '-infinity', 'infinity');
CREATE TABLE core.fct_order (source text, order_date date, ordered_at timestamptz,
                             customer_id text, customer_key text);
CREATE TABLE core.fct_order_line (source text, order_date date, ordered_at timestamptz,
                                  customer_id text, customer_key text, product_id text, product_key text);
INSERT INTO core.fct_order VALUES
    ('shop', '2026-03-01', '2026-03-01 23:59', 'ana', 'ana 1'),
    ('shop', '2026-03-02', '2026-03-02 00:00', 'ana', 'ana 2'),
    ('shop', '2026-03-02', '2026-03-02 10:00', NULL, 'nobody'),
    ('shop', '2026-03-02', '2026-03-02 10:00', 'bob', 'nobody');
INSERT INTO core.fct_order_line SELECT *, 'mug', 'mug 1' FROM core.fct_order;
"""


@pytest.fixture
def star(database: Settings) -> Settings:
    query(database, STAR)
    return database


class Plans(SqlMesh):
    """SQLMesh replaced by what a plan would have done to the facts."""

    def __init__(self, settings: Settings, effect: Callable[[], object] = lambda: None) -> None:
        super().__init__(settings)
        self.commands: list[list[str]] = []
        self.effect = effect

    def run(self, arguments: Sequence[str], answer: str = "") -> None:
        self.commands.append(list(arguments))
        self.effect()


def test_facts_with_the_keys_as_of_the_order_are_left_alone(star: Settings) -> None:
    plans = Plans(star)
    assert mend_stale_keys(star, lambda _: None, plans) == []
    assert plans.commands == []


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
    query(star, "INSERT INTO core.fct_order VALUES ('shop', %s, %s, %s, %s)", THIRD, order[1], order[0], key)
    assert stale_days(star) == {"core.fct_order": {THIRD}}


def test_lines_are_looked_at_for_customer_and_product(star: Settings) -> None:
    query(star, "UPDATE core.fct_order_line SET product_key = 'mug 0' WHERE order_date = %s", FIRST)
    query(star, "UPDATE core.fct_order_line SET customer_key = 'ana 0' WHERE customer_key = 'ana 2'")
    assert stale_days(star) == {"core.fct_order_line": {FIRST, SECOND}}


def test_without_a_star_there_is_nothing_to_mend(database: Settings) -> None:
    assert stale_days(database) == {}


def test_the_days_are_computed_again_and_the_reason_is_said(star: Settings) -> None:
    query(star, "UPDATE core.fct_order SET customer_key = 'ana 0' WHERE order_date = %s", FIRST)
    mended = "UPDATE core.fct_order SET customer_key = 'ana 1' WHERE customer_key = 'ana 0'"
    plans = Plans(star, lambda: query(star, mended))
    said: list[str] = []
    assert mend_stale_keys(star, said.append, plans) == [Restatement(("core.fct_order",), FIRST, FIRST)]
    assert len(plans.commands) == 1
    assert "core.fct_order: 2026-03-01 to 2026-03-01 (facts there hold the key of" in said[0]


def test_days_that_stay_stale_are_named(star: Settings) -> None:
    query(star, "UPDATE core.fct_order SET customer_key = 'ana 0' WHERE order_date = %s", FIRST)
    plans = Plans(star)
    with pytest.raises(OpsError, match=r"3 times .*core\.fct_order on 2026-03-01\."):
        mend_stale_keys(star, lambda _: None, plans)
    assert len(plans.commands) == 3


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
