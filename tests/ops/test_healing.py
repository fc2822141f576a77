"""Which days are computed again because a row that others waited for has arrived."""

from datetime import date

import pytest

from loaders.contract import Contract
from loaders.schema import ensure_tables
from ops.healing import Healing
from ops.refresh_ledger import Touched
from ops.restatement import Restatement
from ops.settings import Settings
from tests.support import query

DAYS = [date(2026, 3, day) for day in range(1, 8)]
CONTRACT = Contract.model_validate(
    {
        "source": "shop",
        "tables": {
            "product": {
                "files": "p*.csv",
                "apply": "append",
                "key": ["product_id"],
                "columns": {"product_id": {"required": True}},
            },
            "order": {
                "files": "o*.csv",
                "apply": "append",
                "event_time": {"column": "day", "format": "%Y-%m-%d"},
                "key": ["order_id"],
                "columns": {
                    "order_id": {"required": True},
                    "day": {"required": True},
                    "product_id": {"references": "product.product_id"},
                },
            },
            "parcel": {
                "files": "s*.csv",
                "apply": "append",
                "event_time": {"column": "day", "format": "%Y-%m-%d"},
                "columns": {"order_id": {"references": "order.order_id"}, "day": {"required": True}},
            },
        },
    }
)
QUARANTINE = """
CREATE SCHEMA quality;
CREATE TABLE quality.quarantined_row (source text, table_name text, source_file text, row_number bigint,
    event_date date, rule_name text, reason text, healed_at timestamptz);
"""


class Shop:
    """A shop's raw tables and its quarantine, written by hand."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        connection = settings.connect_loader()
        ensure_tables(connection, {"shop": CONTRACT})
        connection.close()
        query(settings, QUARANTINE)

    def load(self, load_id: int, table: str, key: str, day: date | None = None) -> None:
        connection = self.settings.connect_loader()
        column = "product_id" if table == "product" else "order_id"
        with connection, connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO raw_shop."{table}" (_load_id, _source_file, _row_number, _loaded_at, {column}'
                f"{', _event_date' if day else ''}) VALUES (%s, 'f', 1, now(), %s{', %s' if day else ''})",
                [load_id, key, *([day] if day else [])],
            )
        connection.close()

    def hold(self, table: str, day: date | None, reason: str, number: int = 1, rule: str = "") -> None:
        query(
            self.settings,
            "INSERT INTO quality.quarantined_row VALUES ('shop', %s, 'f', %s, %s, %s, %s, NULL)",
            *(table, number, day, rule or "orphan_reference", reason),
        )

    def heal(self) -> None:
        query(self.settings, "DELETE FROM quality.quarantined_row")

    def healing(self, done: int) -> Healing:
        return Healing(self.settings, {"shop": CONTRACT}, {"shop": done})


@pytest.fixture
def shop(database: Settings) -> Shop:
    return Shop(database)


def days(found: dict[str, Touched]) -> dict[str, set[date]]:
    return found["shop"].days


TOUCHED = {"shop": Touched(9, {"product": {DAYS[6]}})}


def test_rows_whose_missing_row_was_loaded_since_have_their_day_computed_again(shop: Shop) -> None:
    shop.load(5, "product", "P1")
    shop.load(6, "product", " P2")
    shop.hold("order", DAYS[0], "product_id 'P1' is unknown")
    shop.hold("order", DAYS[1], "product_id 'P2' is unknown", number=2)
    shop.hold("order", DAYS[2], "customer_id 'C7' is unknown; product_id 'P2' is unknown", number=3)
    shop.hold("order", DAYS[3], "product_id 'P3' is unknown", number=4)
    assert days(shop.healing(done=5).added_to(TOUCHED)) == {
        "product": {DAYS[6]},
        "order": {DAYS[1], DAYS[2]},
    }
    assert days(shop.healing(done=4).added_to(TOUCHED))["order"] == {DAYS[0], DAYS[1], DAYS[2]}


def test_rows_that_are_held_for_another_reason_or_have_no_day_are_left_alone(shop: Shop) -> None:
    shop.load(5, "product", "P1")
    shop.hold("order", DAYS[0], "price 'P1' is no number", rule="invalid_value")
    shop.hold("order", None, "product_id 'P1' is unknown", number=2)
    assert days(shop.healing(done=4).added_to(TOUCHED)) == {"product": {DAYS[6]}}


def test_a_row_that_has_another_fault_too_does_not_go_on_naming_what_is_there(shop: Shop) -> None:
    shop.load(5, "product", "P1")
    shop.hold("order", DAYS[0], "price '-1' is negative; product_id 'P1' is unknown", rule="negative_price")
    assert days(shop.healing(done=4).added_to(TOUCHED))["order"] == {DAYS[0]}


def test_a_source_of_which_nothing_was_loaded_is_not_looked_at(shop: Shop) -> None:
    shop.load(5, "product", "P1")
    shop.hold("order", DAYS[0], "product_id 'P1' is unknown")
    assert shop.healing(done=4).added_to({}) == {}


def test_what_waits_for_a_row_that_healed_is_computed_after_it(shop: Shop) -> None:
    shop.load(1, "order", "o1", DAYS[0])
    shop.hold("parcel", DAYS[2], "order_id 'o1' is unknown")
    healing = shop.healing(done=5)
    healing.was_computed(Restatement(("stg.shop__order",), DAYS[0], DAYS[0], source="shop"))
    rounds = healing.rounds(computed_until=DAYS[6])
    assert days(next(rounds)) == {"parcel": {DAYS[2]}}
    healing.was_computed(Restatement(("stg.shop__parcel",), DAYS[2], DAYS[2], source="shop"))
    assert list(rounds) == []  # computed after its order: if it waits still, then for good


def test_what_waits_for_good_is_not_computed_again_for_days_on_which_it_counts_itself(shop: Shop) -> None:
    shop.load(1, "order", "o1", DAYS[0])
    shop.hold("parcel", DAYS[2], "order_id 'o1' is unknown; product_id 'P9' is unknown")
    healing = shop.healing(done=5)
    healing.was_computed(Restatement(("stg.shop__order",), DAYS[0], DAYS[0], source="shop"))
    rounds = healing.rounds(computed_until=DAYS[6])
    assert days(next(rounds)) == {"parcel": {DAYS[2]}}
    for day in (DAYS[2], DAYS[0]):  # the last days first, then that of the order with which it counts
        healing.was_computed(Restatement(("stg.shop__parcel",), day, day, source="shop", is_far=True))
    assert list(rounds) == []


def test_days_that_the_same_plan_computed_and_days_that_were_new_fit_already(shop: Shop) -> None:
    shop.load(1, "order", "o1", DAYS[0])
    shop.hold("parcel", DAYS[2], "order_id 'o1' is unknown")
    shop.hold("parcel", DAYS[5], "order_id 'o1' is unknown", number=2)
    healing = shop.healing(done=5)
    healing.was_computed(Restatement(("stg.shop__order",), DAYS[0], DAYS[3], source="shop"))
    assert list(healing.rounds(computed_until=DAYS[4])) == []


def test_what_waits_for_a_row_of_a_new_day_is_computed_after_the_plan(shop: Shop) -> None:
    shop.load(9, "order", "o1", DAYS[5])
    shop.hold("parcel", DAYS[2], "order_id 'o1' is unknown")
    healing = shop.healing(done=5)
    healing.was_planned({"shop": Touched(9, {"order": {DAYS[5]}})}, after=DAYS[4])
    assert days(next(healing.rounds(computed_until=DAYS[4]))) == {"parcel": {DAYS[2]}}


def test_without_a_quarantine_nobody_waits(database: Settings) -> None:
    assert Healing(database, {"shop": CONTRACT}, {}).added_to(TOUCHED) == TOUCHED
