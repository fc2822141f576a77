"""Each audit of stock and parcels finds the row that was planted, and nothing where all is right."""

from __future__ import annotations

from typing import Any

import pytest

DAY, NEXT_DAY = "2025-06-26", "2025-06-27"  # those that are audited
DAY_BEFORE, DAY_OUTSIDE = "2025-06-25", "2025-06-28"
KEY, OTHER_KEY = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"


@pytest.mark.parametrize(
    ("model", "raw", "day"),
    [
        ("stg.store__judged_stock", "raw_store.stock", "snapshot_date"),
        ("stg.store__judged_shipment", "raw_store.shipment", "handed_over_date"),
        ("stg.store__judged_rating", "raw_store.rating", "rated_date"),
    ],
)
def test_verdicts_have_to_stand_on_every_raw_row_of_a_day(bench, model, raw, day):
    bench.fill(raw, [{"_event_date": date} for date in (DAY_BEFORE, DAY, DAY, NEXT_DAY)])
    for days, found in (([DAY, DAY, NEXT_DAY], 0), ([DAY, NEXT_DAY], 1), ([DAY, DAY, DAY], 2)):
        bench.fill(model, [{day: date} for date in days])
        assert bench.complaints(model, "staged_rows_match_raw") == found, days


@pytest.mark.parametrize(
    ("model", "entity", "day"),
    [
        ("conformed.stock", "stock", "snapshot_date"),
        ("core.fct_inventory_snapshot", "stock", "snapshot_date"),
        ("conformed.shipment", "shipment", "handed_over_date"),
        ("core.fct_shipment", "shipment", "handed_over_date"),
    ],
)
def test_a_day_has_to_hold_as_many_rows_as_raw_says(bench, model, entity, day):
    def total(date: str, rows: int, name: str = entity) -> dict[str, Any]:
        return {"source": "shop", "entity": name, "event_date": date, "row_count": rows}

    bench.fill(
        "conformed.row_total",
        [total(DAY, 2), total(NEXT_DAY, 1), total(DAY_OUTSIDE, 9), total(DAY, 7, name="other")],
    )
    for days, found in (
        ([DAY, DAY, NEXT_DAY], 0),
        ([DAY, NEXT_DAY], 1),
        ([DAY, DAY, NEXT_DAY, NEXT_DAY], 1),
        ([], 2),
    ):
        bench.fill(model, [{"source": "shop", day: date} for date in days])
        assert bench.complaints(model, "rows_match_row_total") == found, days


def stock(day: str, on_hand: int, change: int = 0, **changed: Any) -> dict[str, Any]:
    right = {
        "source": "shop",
        "location_id": "w1",
        "product_id": "p1",
        "snapshot_date": day,
        "on_hand_quantity": on_hand,
        "received_quantity": 5 + change,
        "issued_quantity": 5,
    }
    return right | changed


@pytest.mark.parametrize(
    ("counted", "found"),
    [
        ([stock(DAY, 12, 2), stock(NEXT_DAY, 9, -3)], 0),
        ([stock(DAY, 11, 2), stock(NEXT_DAY, 8, -3)], 1),
        ([stock(DAY, 11, 2), stock(NEXT_DAY, 9, -3)], 2),
        ([stock(NEXT_DAY, 99)], 0),  # nobody counted the day before
        ([stock(DAY, 99, product_id="p2"), stock(DAY, 99, location_id="w2")], 0),
        ([stock(DAY_OUTSIDE, 99)], 0),
    ],
)
def test_stock_has_to_follow_from_the_day_before(bench, counted, found):
    bench.fill("conformed.stock", [stock(DAY_BEFORE, 10), *counted])
    bench.fill("core.fct_inventory_snapshot", counted)
    model, audit = "core.fct_inventory_snapshot", "stock_follows_from_the_day_before"
    assert bench.complaints(model, audit) == found
    [definition] = [
        definition for definition, _ in bench.model(model).audits_with_args if definition.name == audit
    ]
    assert not definition.blocking  # a missing or corrected file makes it so


@pytest.mark.parametrize(
    ("child", "day", "key", "parent"),
    [
        ("core.fct_shipment", "handed_over_date", "order_key", "core.fct_order"),
        ("core.fct_inventory_snapshot", "snapshot_date", "product_key", "core.dim_product"),
        ("core.fct_inventory_snapshot", "snapshot_date", "store_key", "core.dim_store"),
        ("core.fct_review", "order_date", "product_key", "core.dim_product"),
        ("core.fct_review", "order_date", "customer_key", "core.dim_customer"),
    ],
)
def test_a_key_of_stock_parcels_and_ratings_has_to_stand_in_the_parent(bench, child, day, key, parent):
    bench.fill(parent, [{key: KEY}])
    for value, found in ((KEY, 0), (OTHER_KEY, 1), (None, 1)):
        bench.fill(child, [{day: DAY, key: KEY}, {day: DAY, key: value}])
        assert bench.complaints(child, "references_exist", key=key) == found, value
