"""Rows from the future are rejected, and keys that a redelivery brings first are noted."""

from datetime import UTC, datetime, timedelta

import pytest

from loaders import dates
from loaders.contract import Contract
from tests.loaders.conftest import SALE, Shop, shop_contract
from tests.support import ROOT

TODAY = datetime.now(UTC).date()
ORDERS = Contract.model_validate(
    {
        "source": "shop",
        "tables": {
            "sale": {
                "files": "sales*.csv",
                "apply": "append",
                "key": ["id"],
                "columns": {"id": {"required": True}},
            },
            "item": {
                "files": "items*.csv",
                "apply": "append",
                "columns": {"sale_id": {"required": True, "references": "sale.id"}},
            },
        },
    }
)
NEW_KEYS = """
    SELECT load.file, load.load_id, key.column_name, sale.id
    FROM ingest.arrived_key AS key JOIN ingest.load AS load USING (load_id)
    LEFT JOIN raw_shop.sale AS sale ON hashtextextended(sale.id, 0) = key.key_hash
    ORDER BY 2, 4
"""


def test_a_row_from_the_day_after_loading_is_rejected_with_the_reason(shop: Shop) -> None:
    later = TODAY + timedelta(days=2)  # the shop's clock may be a day ahead of the test's
    result = shop.load(f"id,day,note\n1,{TODAY},a\n2,{later},b\n3,2020-02-30,c\n4,2020-01-01,d\n")
    assert (result.rows_loaded, result.rows_rejected) == (2, 2)
    assert [row[0] for row in shop.rows("id")] == ["1", "4"]
    assert shop.rejected() == [
        (3, f"2,{later},b", f"event time '{later}' lies after the day of loading"),
        (4, "3,2020-02-30,c", "event time '2020-02-30' is not of the format '%Y-%m-%d'"),
    ]


def test_a_contract_may_keep_the_future(shop: Shop) -> None:
    event = {"column": "day", "format": "%Y-%m-%d", "future": "keep"}
    shop.contract = shop_contract(SALE, event_time=event)
    assert shop.load("id,day,note\n1,2999-01-01,a\n").rows_loaded == 1


@pytest.mark.parametrize("pattern", ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"])
def test_the_last_day_itself_is_allowed(pattern: str) -> None:
    event = shop_contract().tables["sale"].event_time
    assert event is not None
    day = datetime(2024, 5, 1, 23, 59, 59)
    parser = dates.EventDates(event.model_copy(update={"format": pattern}), "UTC", day.date())
    assert parser.iso(day.strftime(pattern)) == "2024-05-01"
    next_day = (day + timedelta(days=1)).strftime(pattern)
    assert (parser.iso(next_day), parser.is_future(next_day)) == (None, True)
    assert parser.head_iso("2024-05-02") is None
    assert not parser.is_future("no date")


def test_a_redelivery_notes_the_keys_that_it_brought_first(shop: Shop) -> None:
    shop.contract = ORDERS
    shop.load("id\n1\n2\n", "sales_1.csv")
    assert shop.query(NEW_KEYS) == []  # what came once arrived with its load
    shop.load("id\n1\n2\n3\n 4 \n", "sales_1.csv")
    shop.load("sale_id\n9\n", "items_1.csv")
    shop.load("sale_id\n9\n8\n", "items_1.csv")  # nobody refers to an item
    assert [(file, column, key) for file, _, column, key in shop.query(NEW_KEYS)] == [
        ("sales_1.csv", "id", "3"),
        ("sales_1.csv", "id", None),  # ' 4 ', hashed without its blanks
    ]


def test_rows_from_before_the_models_begin_are_rejected(shop: Shop) -> None:
    shop.load("id,day,note\n1,1999-12-31,a\n2,2000-01-01,b\n")
    assert shop.rows("id") == [("2",)]
    [(_, _, reason)] = shop.rejected()
    assert reason == "event time '1999-12-31' lies before 2000-01-01, where the models begin"


def test_the_loaders_and_the_models_begin_on_the_same_day() -> None:
    config = (ROOT / "config.yaml").read_text("utf-8")
    assert f"start: '{dates.EARLIEST}'" in config
    assert f"calendar_start: '{dates.EARLIEST}'" in config
