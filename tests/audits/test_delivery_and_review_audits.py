"""The audits that hold the marts of delivery and of reviews to the orders and reviews that they are made of."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.marts

DAY, DAY_OUTSIDE = "2025-06-26", "2025-06-28"
ORDER, OTHER_ORDER, LAMP, VASE, SELLER, OTHER_SELLER, NOBODY = (
    f"00000000-0000-0000-0000-00000000000{number}" for number in range(1, 8)
)

ON_ITS_WAY = {
    "source": "shop",
    "order_date": DAY,
    "channel": "web",
    "promised_date": "2025-06-30",
    "delivered_date": "2025-07-02",
    "is_late": True,
}
PLACED = {**ON_ITS_WAY, "order_key": ORDER, "order_kind": "sale", "is_cancelled": False}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([ON_ITS_WAY], 0),
        ([], 1),
        ([ON_ITS_WAY, ON_ITS_WAY], 1),
        ([ON_ITS_WAY | {"is_late": False}], 2),  # missing as it is, too much as it is not
        ([ON_ITS_WAY | {"delivered_date": None}], 2),
        ([ON_ITS_WAY | {"channel": "store"}], 2),
    ],
)
def test_every_order_with_a_way_stands_in_the_mart_as_it_is(bench, rows: list[dict[str, Any]], found: int):
    without_a_way: list[dict[str, object]] = [
        {"order_kind": "return"},
        {"is_cancelled": True},
        {"promised_date": None, "delivered_at": None},
        {"order_date": DAY_OUTSIDE},
    ]
    bench.fill("core.fct_order", [PLACED, *(PLACED | other for other in without_a_way)])
    bench.fill("mart.order_delivery", rows)
    assert bench.complaints("mart.order_delivery", "rows_match") == found


@pytest.mark.parametrize(("counts", "found"), [([2, 1], 0), ([2, 2], 1), ([2], 1)])
def test_the_ranges_of_delay_hold_every_review_of_a_promised_order(bench, counts: list[int], found: int):
    not_promised = PLACED | {"order_key": OTHER_ORDER, "promised_date": None}
    bench.fill("core.fct_order", [PLACED, not_promised])
    reviews = [{"source": "shop", "order_key": key} for key in (ORDER, ORDER, ORDER, OTHER_ORDER)]
    bench.fill("core.fct_review", reviews)
    ranges = [
        {"source": "shop", "channel": "web", "bucket_number": number, "review_count": count}
        for number, count in enumerate(counts)
    ]
    bench.fill("mart.review_by_delay", ranges)
    assert bench.complaints("mart.review_by_delay", "totals_match") == found


@pytest.fixture
def reviewed(bench):
    """An order of two lamps of one seller and a vase of another, reviewed as a whole; the vase is rated besides."""
    unknown = str(bench.project.query("SELECT MD5('7:unknown')::UUID")[0][0])
    line = {"order_key": ORDER, "line_kind": "product", "is_return": False}
    bench.fill(
        "core.fct_order_line",
        [
            line | {"product_key": LAMP, "seller_key": SELLER},
            line | {"product_key": LAMP, "seller_key": SELLER},
            line | {"product_key": VASE, "seller_key": OTHER_SELLER},
            line | {"product_key": unknown, "seller_key": NOBODY, "line_kind": "freight"},
            line | {"product_key": unknown, "seller_key": unknown, "is_return": True},
        ],
    )
    bench.fill(
        "core.dim_product",
        [
            {"product_key": LAMP, "category": "light"},
            {"product_key": VASE},
            {"product_key": unknown, "category": "never seen"},
        ],
    )
    whole = {"source": "shop", "order_key": ORDER, "review_key": ORDER, "product_key": unknown, "score": 1}
    rating = {"source": "shop", "order_key": ORDER, "review_key": VASE, "product_key": VASE, "score": 5}
    return bench, whole, rating


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, 0),
        ({"review_count": 3}, 1),  # the lamps counted twice
        ({"score_1_count": 0}, 1),
        ({"score_5_count": 1}, 1),
        ({"category": "vases"}, 2),
    ],
)
def test_a_category_has_each_review_of_what_is_in_it_once(reviewed, changed: dict[str, Any], found: int):
    bench, whole, rating = reviewed
    bench.fill("core.fct_review", [whole, rating])
    light = {"source": "shop", "category": "light", "review_count": 1, "score_1_count": 1, "score_5_count": 0}
    other = light | {"category": "unknown", "review_count": 2, "score_5_count": 1}
    bench.fill("mart.review_category", [light | changed, other])
    assert bench.complaints("mart.review_category", "totals_match") == found


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, 0),
        ({"review_count": 2}, 1),
        ({"score_1_count": 0}, 1),
        ({"score_5_count": 1}, 1),
        ({"seller_key": NOBODY}, 2),
    ],
)
def test_a_seller_has_each_review_of_the_orders_with_their_goods_once(
    reviewed, changed: dict[str, Any], found: int
):
    bench, whole, _ = reviewed
    bench.fill("core.fct_review", [whole])
    first = {
        "source": "shop",
        "seller_key": SELLER,
        "review_count": 1,
        "score_1_count": 1,
        "score_5_count": 0,
    }
    bench.fill("mart.review_seller", [first | changed, first | {"seller_key": OTHER_SELLER}])
    assert bench.complaints("mart.review_seller", "totals_match") == found
