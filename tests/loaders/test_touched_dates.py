"""Which dates a load touches: those of the rows that came, went or changed, and of what they refer to."""

from datetime import date
from typing import Any

import pytest

from loaders.contract import Contract
from tests.loaders.conftest import ONE, Shop, shop_contract


def test_a_redelivered_file_with_one_changed_line_touches_just_that_day(shop: Shop) -> None:
    shop.load(ONE)
    assert shop.load(ONE.replace(",b", ",B")).event_dates == [date(2024, 1, 2)]


def test_a_line_that_moves_to_another_day_touches_both_days(shop: Shop) -> None:
    shop.load(ONE)
    result = shop.load(ONE.replace("2024-01-02", "2024-01-07"))
    assert result.event_dates == [date(2024, 1, 2), date(2024, 1, 7)]


def test_rows_of_a_snapshot_in_another_order_touch_nothing_where_a_key_tells_them_apart(shop: Shop) -> None:
    shop.contract = shop_contract(apply="snapshot")
    shop.load(ONE)
    head, *rows = ONE.splitlines()
    assert shop.load("\n".join([head, *reversed(rows)])).event_dates == []


@pytest.mark.parametrize("table", [{"key": []}, {"key": [], "apply": "snapshot"}, {"key": ["id"]}])
def test_rows_in_another_place_touch_their_days_where_their_number_names_them(
    shop: Shop, table: dict[str, Any]
) -> None:
    shop.contract = shop_contract(**table)
    shop.load(ONE)
    head, first, second, third = ONE.splitlines()
    result = shop.load("\n".join([head, second, first, third]))
    assert result.event_dates == [date(2024, 1, 1), date(2024, 1, 2)]


def test_a_line_that_is_put_in_touches_the_days_of_the_lines_behind_it(shop: Shop) -> None:
    shop.load(ONE)
    head, first, *others = ONE.splitlines()
    result = shop.load("\n".join([head, first, "7,2024-01-07,new", *others]))
    assert result.event_dates == [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 7)]


def test_a_value_that_becomes_null_touches_its_day(shop: Shop) -> None:
    shop.load(ONE)
    assert shop.load(ONE.replace(",b", ",")).event_dates == [date(2024, 1, 2)]


def order_contract() -> Contract:
    """Orders with a date, their items, which take it from the order, and products without any."""
    order = {
        "files": "orders.csv",
        "apply": "snapshot",
        "key": ["order_id"],
        "event_time": {"column": "day", "format": "%Y-%m-%d"},
        "columns": {"order_id": {"required": True}, "day": {"required": True}},
    }
    item = {
        "files": "items.csv",
        "apply": "snapshot",
        "key": ["order_id", "product_id"],
        "event_time": {"through": "order_id"},
        "columns": {
            "order_id": {"references": "order.order_id"},
            "product_id": {"references": "product.product_id"},
            "price": {},
        },
    }
    product = {"files": "products.csv", "apply": "snapshot", "columns": {"product_id": {}}}
    return Contract.model_validate(
        {"source": "shop", "tables": {"item": item, "product": product, "order": order}}
    )


ORDERS = "order_id,day\no1,2024-01-01\no2,2024-01-02\no3,2024-01-02\n"
ITEMS = "order_id,product_id,price\no1,p1,1\no2,p1,2\no3,p2,3\nunknown,p2,4\n"


def test_referenced_tables_load_first_and_items_touch_their_orders_dates(shop: Shop) -> None:
    shop.contract = order_contract()
    shop.write(ORDERS, "orders.csv")
    shop.write(ITEMS, "items.csv")
    shop.write("product_id\np1\np2\n", "products.csv")
    results = shop.load_paths(shop.folder)
    assert [result.table for result in results] == ["order", "product", "item"]
    assert [result.event_dates for result in results] == [
        [date(2024, 1, 1), date(2024, 1, 2)],
        None,
        [date(2024, 1, 1), date(2024, 1, 2)],
    ]


def test_items_that_change_touch_just_the_dates_of_their_orders(shop: Shop) -> None:
    shop.contract = order_contract()
    shop.load(ORDERS, "orders.csv")
    shop.load(ITEMS, "items.csv")
    assert shop.load(ITEMS.replace("p1,1", "p1,1.50"), "items.csv").event_dates == [date(2024, 1, 1)]
    without = ITEMS.replace("p1,1", "p1,1.50").replace("o3,p2,3\n", "")
    assert shop.load(without, "items.csv").event_dates == [date(2024, 1, 2)]


def rating_contract() -> Contract:
    """Ratings have a day of their own and count on the day of their order, or of the receipt."""
    sold = {
        "apply": "append",
        "event_time": {"column": "day", "format": "%Y-%m-%d"},
        "columns": {"id": {"required": True}, "day": {"required": True}},
        "key": ["id"],
    }
    rating = {
        "files": "rating*.csv",
        "apply": "append",
        "key": ["rating"],
        "event_time": {"column": "rated", "format": "%Y-%m-%d", "touches": ["order", "receipt"]},
        "columns": {
            "rating": {"required": True},
            "order": {"references": "order.id"},
            "receipt": {"references": "receipt.id"},
            "score": {},
            "rated": {"required": True},
        },
    }
    tables = {
        "rating": rating,
        "order": {**sold, "files": "order*.csv"},
        "receipt": {**sold, "files": "receipt*.csv"},
    }
    return Contract.model_validate({"source": "shop", "tables": tables})


RATINGS = """rating,order,receipt,score,rated
1,o1,,5,2024-02-01
2,,r1,4,2024-02-01
3,,r2,3,2024-02-02
4,unknown,,2,2024-02-02
"""


def rated_shop(shop: Shop) -> Shop:
    shop.contract = rating_contract()
    shop.load("id,day\no1,2024-01-01\no2,2024-01-02\n", "orders.csv")
    shop.load("id,day\nr1,2024-01-03\nr2,2024-01-04\nr2,2024-01-04\n", "receipts.csv")
    return shop


def days(month: int, *numbers: int) -> list[date]:
    return [date(2024, month, number) for number in numbers]


def test_ratings_touch_their_own_dates_and_those_of_what_they_refer_to(shop: Shop) -> None:
    result = rated_shop(shop).load(RATINGS, "ratings.csv")
    assert result.event_dates == [*days(1, 1, 3, 4), *days(2, 1, 2)]
    rows = shop.query("SELECT rating, _event_date FROM raw_shop.rating ORDER BY 1")
    assert [day for _, day in rows] == days(2, 1, 1, 2, 2)
    indexes = shop.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'rating' ORDER BY indexname")
    assert sorted(text.split(" USING ")[1] for (text,) in indexes) == [
        'btree ("order")',
        "btree (_event_date)",
        "btree (rating)",
        "btree (receipt)",
    ]


def test_a_rating_that_changes_goes_or_moves_touches_both_its_sales(shop: Shop) -> None:
    rated_shop(shop).load(RATINGS, "ratings.csv")
    changed = RATINGS.replace("r1,4", "r1,1")
    assert shop.load(changed, "ratings.csv").event_dates == [*days(1, 3), *days(2, 1)]
    moved = changed.replace("1,o1,", "1,o2,")
    assert shop.load(moved, "ratings.csv").event_dates == [*days(1, 1, 2), *days(2, 1)]
    gone = moved.replace("3,,r2,3,2024-02-02\n", "")
    assert shop.load(gone, "ratings.csv").event_dates == [*days(1, 4), *days(2, 2)]
