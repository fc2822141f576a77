"""The public data sets as pandas reads them: a way to their figures that shares only the files with the project."""

import csv
import os
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from tests.support import ROOT

DATA = Path(os.environ.get("RETAIL_DATA_DIR") or ROOT.parent / "shared" / "data")
FIELDS = [
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "Price",
    "Customer ID",
    "Country",
    "InvoiceDate",
]

needs_public_data = pytest.mark.skipif(
    not (DATA / "olist").is_dir() or not (DATA / "online_retail").is_dir(),
    reason=f"the public data sets are not in {DATA} (RETAIL_DATA_DIR)",
)


@cache
def invoices() -> pd.DataFrame:
    """Return the wholesaler's files as they are, all text, money as exact decimals. Nobody may change the frame."""
    files = sorted((DATA / "online_retail").glob("*_transactions.csv"))
    frame = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in files])
    return frame.assign(
        quantity=frame["Quantity"].map(int),
        amount=[int(q) * Decimal(p) for q, p in zip(frame["Quantity"], frame["Price"], strict=True)],
        price=frame["Price"].map(Decimal),
    )


@cache
def olist(table: str) -> pd.DataFrame:
    """Return one of Olist's files, all text. Nobody may change the frame."""
    return pd.read_csv(DATA / "olist" / f"olist_{table}_dataset.csv", dtype=str, keep_default_na=False)


def merchandise() -> pd.DataFrame:
    """Return the wholesaler's lines of merchandise, sold or returned, by the words of docs/decisions.md.

    Repetitions count once; postage, fees, vouchers and corrections are told by their code; a line without a price
    that was written off, or that names no customer, is a movement of stock.
    """
    lines = invoices().drop_duplicates(FIELDS)
    with (ROOT / "seeds" / "stock_code_class.csv").open(encoding="utf-8") as text:
        others = {row["stock_code"] for row in csv.DictReader(text)}
    is_other = lines["StockCode"].str.strip().str.upper().isin(others)
    is_moved = (lines["price"] == 0) & ((lines["quantity"] < 0) | (lines["Customer ID"] == ""))
    return lines[~is_other & ~is_moved]


def olist_sales() -> pd.DataFrame:
    """Return the pieces that Olist sold, each with its order and person; cancelled and unavailable orders left out."""
    people = olist("customers")[["customer_id", "customer_unique_id"]]
    orders = olist("orders").merge(people, on="customer_id", how="left")
    sold = orders[~orders["order_status"].isin(["canceled", "unavailable"])]
    items = olist("order_items").assign(
        amount=olist("order_items")["price"].map(Decimal),
        freight=olist("order_items")["freight_value"].map(Decimal),
    )
    return items.merge(sold, on="order_id")
