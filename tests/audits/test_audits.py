"""Each audit finds the row that was planted, and nothing where all is right."""

from __future__ import annotations

from typing import Any

import pytest

DAY, NEXT_DAY = "2025-06-26", "2025-06-27"
DAY_BEFORE, DAY_OUTSIDE = "2025-06-25", "2025-06-28"
BEGINNING, END_OF_TIME = "1900-01-01 00:00:00+00", "9999-12-31 00:00:00+00"
KEY, OTHER_KEY = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"

STAGED = {
    "stg.online_retail__transaction": "raw_online_retail.transaction",
    "stg.olist__order": 'raw_olist."order"',
}


@pytest.mark.parametrize("model", STAGED)
def test_staging_has_to_hold_every_raw_row_of_a_day(bench, model):
    bench.fill(STAGED[model], [{"_event_date": day} for day in (DAY_BEFORE, DAY, DAY, NEXT_DAY, DAY_OUTSIDE)])
    for days, found in (
        ([DAY, DAY, NEXT_DAY], 0),
        ([DAY, DAY, NEXT_DAY, DAY_OUTSIDE, DAY_OUTSIDE], 0),  # not of the days that are audited
        ([DAY, NEXT_DAY], 1),
        ([DAY, DAY, DAY, NEXT_DAY], 1),
        ([DAY, DAY], 1),
        ([], 2),
    ):
        bench.fill(model, [{"order_date": day} for day in days])
        assert bench.complaints(model, "staged_rows_match_raw") == found, days


def line(**changed: Any) -> dict[str, Any]:
    right = {
        "order_date": DAY,
        "quantity": 3,
        "unit_price_amount": "1.25",
        "list_amount": "3.75",
        "discount_amount": "0.5",
        "net_amount": "3.25",
        "line_kind": "product",
        "is_return": False,
    }
    return right | changed


RETURNED = {"quantity": -3, "list_amount": "-3.75", "discount_amount": 0, "net_amount": "-3.75"}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, 0),
        (RETURNED | {"is_return": True}, 0),
        (RETURNED | {"line_kind": "adjustment"}, 0),
        (RETURNED, 1),  # less than nothing, and no return
        ({"quantity": 0, "list_amount": 0, "net_amount": "-0.5"}, 0),  # a discount on no pieces: flagged
        ({"net_amount": "3.26"}, 1),
        ({"list_amount": "3.74"}, 1),
        ({"discount_amount": "-0.5"}, 1),
        ({"net_amount": "9", "order_date": DAY_OUTSIDE}, 0),
    ],
)
def test_money_of_a_line_has_to_follow_from_its_parts(bench, changed, found):
    bench.fill("core.fct_order_line", [line(), line(**changed)])
    assert bench.complaints("core.fct_order_line", "net_amount_follows_from_its_parts") == found


@pytest.mark.parametrize(("order_amount", "found"), [("15.5", 0), ("15.49", 1)])
def test_an_order_has_to_be_the_sum_of_its_parts(bench, order_amount, found):
    parts = {"product_amount": "10", "freight_amount": "7.5", "other_amount": "-2"}
    bench.fill("core.fct_order", [{"order_date": DAY, "order_amount": order_amount, **parts}])
    assert bench.complaints("core.fct_order", "order_amount_follows_from_its_parts") == found


REFERENCES = [
    ("core.fct_order", "customer_key", "core.dim_customer"),
    ("core.fct_order_line", "customer_key", "core.dim_customer"),
    ("core.fct_order_line", "product_key", "core.dim_product"),
    ("core.fct_order_line", "seller_key", "core.dim_seller"),
    ("core.fct_payment", "order_key", "core.fct_order"),
    ("core.fct_review", "order_key", "core.fct_order"),
]


@pytest.mark.parametrize(("child", "key", "parent"), REFERENCES)
def test_a_key_has_to_stand_in_the_parent(bench, child, key, parent):
    bench.fill(parent, [{key: KEY}])
    for value, found in ((KEY, 0), (OTHER_KEY, 1), (None, 1)):
        bench.fill(child, [{"order_date": DAY, key: KEY}, {"order_date": DAY, key: value}])
        assert bench.complaints(child, "references_exist", key=key) == found, value


def test_an_order_may_stand_on_one_day_only(bench):
    def order(day: str, order_id: str = "o1", source: str = "shop") -> dict[str, Any]:
        return {"source": source, "order_id": order_id, "order_date": day}

    name, audit = 'conformed."order"', "orders_stand_on_one_day"
    bench.fill(name, [order(DAY), order(DAY_BEFORE, "o2"), order(NEXT_DAY, source="other")])
    assert bench.complaints(name, audit) == 0
    bench.fill(name, [order(DAY), order(DAY_BEFORE)])  # the other day is not one of those computed
    assert bench.complaints(name, audit) == 1


def versions(*spans: tuple[str, str, bool]) -> list[dict[str, Any]]:
    return [
        {"source": "shop", "valid_from_at": start, "valid_to_at": end, "is_current": current}
        for start, end, current in spans
    ]


@pytest.mark.parametrize(
    ("model", "entity"),
    [
        ("conformed.customer", "customer_id"),
        ("conformed.product", "product_id"),
        ("core.dim_customer", "customer_id"),
        ("core.dim_product", "product_id"),
    ],
)
@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(BEGINNING, END_OF_TIME, True)], 0),
        ([(BEGINNING, "2025-01-01", False), ("2025-01-01", END_OF_TIME, True)], 0),
        ([(BEGINNING, "2025-01-01", False), ("2025-01-02", END_OF_TIME, True)], 1),  # a gap
        ([(BEGINNING, "2025-01-03", False), ("2025-01-02", END_OF_TIME, True)], 1),  # an overlap
        ([(BEGINNING, "2025-01-01", True)], 1),  # the current one ends
        ([(BEGINNING, "2025-01-01", True), ("2025-01-01", END_OF_TIME, True)], 1),  # two current ones
        ([(BEGINNING, END_OF_TIME, False)], 1),  # no current one
        ([("2025-01-01", END_OF_TIME, True)], 1),  # what is older would find none
        (
            [
                (BEGINNING, "2025-01-01", False),
                ("2025-01-01", "2025-01-01", False),  # one of no length
                ("2025-01-01", END_OF_TIME, True),
            ],
            1,
        ),
    ],
)
def test_versions_have_to_follow_each_other_without_a_gap(bench, model, entity, spans, found):
    right = versions((BEGINNING, END_OF_TIME, True))
    bench.fill(
        model, [{entity: "a", **row} for row in versions(*spans)] + [{entity: "b", **row} for row in right]
    )
    assert bench.complaints(model, "versions_are_contiguous", entity_id=entity) == found


@pytest.mark.parametrize("entity", ["customer", "product"])
def test_versions_that_the_models_make_reach_to_the_end_of_time(bench, entity):
    """In Python, because a unit test in YAML cannot compare instants behind the year 2262."""
    model, changing = f"conformed.{entity}", "city" if entity == "customer" else "category"
    observed = [(f"2025-0{month}-01 12:00:00+00", value) for month, value in enumerate("aabac", start=1)]
    sources = ["olist", "online_retail", "store"]
    for source in sources:
        rows = [
            {"source": source, f"{entity}_id": "1", "observed_at": at, "is_deleted": False, changing: value}
            for at, value in observed
        ]
        bench.fill(f"stg.{source}__to_{entity}", rows)
    bench.compute(model)
    assert bench.complaints(model, "versions_are_contiguous") == 0
    ends = bench.project.query(
        f"SELECT source, COUNT(*), MIN(valid_from_at) = '{BEGINNING}', MAX(valid_to_at) = '{END_OF_TIME}' "
        f"FROM {model} GROUP BY source ORDER BY source"
    )
    assert ends == [(source, 4, True, True) for source in sources]
