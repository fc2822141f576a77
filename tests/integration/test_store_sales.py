"""The generated shop's sales, from its files with planted faults to core: recounted to the row and the cent."""

import csv
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.conftest import EverySource
from tests.integration.recount import CENT, Sales, recount
from tests.support import Project

pytestmark = pytest.mark.long(minutes=4)

Row = tuple[object, ...]


def data(shop: Project) -> Path:
    return shop.root / "data"


@pytest.fixture(scope="module")
def shop(every_source: EverySource) -> Project:
    return every_source.project


@pytest.fixture(scope="module")
def counted(shop: Project) -> Sales:
    return recount(data(shop))


def held(shop: Project, sql: str) -> list[Row]:
    """What core holds, days as the files write them."""
    rows = shop.query(sql)
    return sorted(tuple(str(value) if isinstance(value, date) else value for value in row) for row in rows)


def told(frame: pd.DataFrame, columns: Sequence[str]) -> list[Row]:
    """What the recount tells, without pandas' own kinds of nothing."""
    rows = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None)
    return sorted(tuple(row) for row in rows.itertuples(index=False))


def test_each_receipt_and_web_order_is_one_order_as_it_stands(shop: Project, counted: Sales) -> None:
    rows = held(
        shop,
        "SELECT orders.order_id, order_date, channel, status, order_kind, coalesce(store.store_id, '') "
        "FROM core.fct_order AS orders JOIN core.dim_store AS store USING (store_key) "
        "WHERE orders.source = 'store'",
    )
    wanted = counted.orders.fillna({"store_id": "unknown"})
    assert rows == told(wanted, ["order_id", "order_date", "channel", "status", "kind", "store_id"])


def test_each_line_counts_once_to_the_cent(shop: Project, counted: Sales) -> None:
    rows = held(
        shop,
        "SELECT order_id, line_id, order_date, quantity, round(net_amount, 2), "
        "coalesce(round(tax_amount, 2), 0), coalesce(return_date::text, '') "
        "FROM core.fct_order_line WHERE source = 'store' AND net_amount = round(net_amount, 2)",
    )
    lines = counted.lines.fillna({"tax": Decimal(0), "return_date": ""})
    lines["net"] = [Decimal(net).quantize(CENT) for net in lines["net"]]
    assert rows == told(lines, ["order_id", "line_id", "order_date", "quantity", "net", "tax", "return_date"])


def test_each_payment_and_refund_counts_once_to_the_cent(shop: Project, counted: Sales) -> None:
    rows = held(
        shop,
        "SELECT order_id, payment_number, order_date, paid_amount FROM core.fct_payment "
        "WHERE source = 'store'",
    )
    assert rows == told(counted.payments, ["order_id", "number", "order_date", "paid"])


def test_each_return_is_tied_to_the_line_that_sold_it(shop: Project, counted: Sales) -> None:
    rows = held(
        shop,
        "SELECT back.order_id, back.line_id, sale.order_id, sale.line_id FROM core.bridge_return AS bridge "
        "JOIN core.fct_order_line AS back ON back.order_line_key = bridge.return_line_key "
        "JOIN core.fct_order_line AS sale ON sale.order_line_key = bridge.sale_line_key "
        "WHERE bridge.source = 'store'",
    )
    assert rows == told(counted.returns, ["order_id", "line_id", "sale_order_id", "sale_line_id"])
    assert len(rows) > 10


def test_exactly_the_planted_faults_are_held_back_and_flagged(shop: Project) -> None:
    with (data(shop) / "truth" / "faults.csv").open(encoding="utf-8") as text:
        planted = [row for row in csv.DictReader(text) if row["table"] in ("pos_line", "web_order")]
    for treatment, condition in (
        ("quarantine", "rule_name IS NOT NULL"),
        ("dropped_duplicate", "rule_name IS NULL AND copy_number > 1"),
        ("flagged", "rule_name IS NULL AND quality_flag IS NOT NULL"),
    ):
        found = [
            (table, *row)
            for table in ("pos_line", "web_order")
            for row in shop.query(
                f"SELECT source_file, row_number FROM stg.store__judged_{table} WHERE {condition}"
            )
        ]
        wanted = [
            (row["table"], row["file"], int(row["row_number"]))
            for row in planted
            if row["treatment"] == treatment
        ]
        assert sorted(found) == sorted(wanted), treatment
        assert wanted
