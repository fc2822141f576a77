"""The facts against the control totals: to the row and to the cent, per source, day and currency."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

DAY, NEXT_DAY, DAY_OUTSIDE = "2025-06-26", "2025-06-27", "2025-06-28"

# Of each fact: its audit, what the control total says of two lines, and the two lines.
GBP = {"currency": "GBP"}
FACTS = {
    "core.fct_order_line": (
        "lines_match_control_total",
        {"line_count": 2, "net_amount": "10.05", "freight_amount": "3", **GBP},
        [
            {"net_amount": "10", "freight_amount": "1", **GBP},
            {"net_amount": "0.05", "freight_amount": "2", **GBP},
        ],
    ),
    "core.fct_payment": (
        "payments_match_control_total",
        {"payment_count": 2, "paid_amount": "10.05", **GBP},
        [{"paid_amount": "10", **GBP}, {"paid_amount": "0.05", **GBP}],
    ),
    "core.fct_order": ("orders_match_control_total", {"order_count": 2}, [{}, {}]),
    "core.fct_review": ("reviews_match_control_total", {"review_count": 2}, [{}, {}]),
}
COUNTS = [
    (fact, next(name for name in said if name.endswith("_count"))) for fact, (_, said, _) in FACTS.items()
]
AMOUNTS = [(fact, name) for fact, (_, said, _) in FACTS.items() for name in said if name.endswith("_amount")]


def on(day: str, row: Mapping[str, object], source: str = "shop") -> dict[str, object]:
    return {"source": source, "order_date": day, **row}


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_that_holds_what_was_staged_passes(bench, fact):
    audit, said, rows = FACTS[fact]
    days = (DAY, NEXT_DAY, DAY_OUTSIDE)
    bench.fill("conformed.control_total", [on(day, said) for day in days])
    bench.fill(fact, [on(day, row) for day in days[:2] for row in rows])
    assert bench.complaints(fact, audit) == 0  # the third day is not one of those that are audited


@pytest.mark.parametrize("fact", FACTS)
def test_sources_do_not_stand_in_for_each_other(bench, fact):
    audit, said, rows = FACTS[fact]
    bench.fill("conformed.control_total", [on(DAY, said), on(DAY, said, "other_shop")])
    bench.fill(fact, [on(DAY, row) for row in [*rows, *rows]])
    assert bench.complaints(fact, audit) == 2


@pytest.mark.parametrize("fact", sorted({fact for fact, _ in AMOUNTS}))
def test_currencies_do_not_stand_in_for_each_other(bench, fact):
    audit, said, rows = FACTS[fact]
    bench.fill("conformed.control_total", [on(DAY, said), on(DAY, said | {"currency": "EUR"})])
    bench.fill(fact, [on(DAY, row) for row in [*rows, *rows]])
    assert bench.complaints(fact, audit) == 2


@pytest.mark.parametrize(("fact", "count"), COUNTS)
def test_a_row_too_few_or_too_many_is_found(bench, fact, count):
    audit, said, rows = FACTS[fact]
    bench.fill(fact, [on(DAY, row) for row in rows])
    for wrong in (1, 3):
        bench.fill("conformed.control_total", [on(DAY, said | {count: wrong})])
        assert bench.complaints(fact, audit) == 1


@pytest.mark.parametrize(("fact", "amount"), AMOUNTS)
def test_a_cent_is_found_and_less_than_half_of_one_is_rounding(bench, fact, amount):
    audit, said, rows = FACTS[fact]
    bench.fill(fact, [on(DAY, row) for row in rows])
    for difference, found in ((0.01, 1), (-0.01, 1), (0.004, 0), (0, 0)):
        moved = f"{float(said[amount]) + difference:.4f}"
        bench.fill("conformed.control_total", [on(DAY, said | {amount: moved})])
        assert bench.complaints(fact, audit) == found, difference


@pytest.mark.parametrize("fact", FACTS)
def test_a_day_that_one_side_lacks_is_found(bench, fact):
    audit, said, rows = FACTS[fact]
    bench.fill(fact, [on(DAY, row) for row in rows])
    bench.fill("conformed.control_total", [on(NEXT_DAY, said)])
    assert bench.complaints(fact, audit) == 2
