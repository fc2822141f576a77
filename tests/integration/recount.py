"""The generated shop's sales counted again straight from its files with pandas, by rules of their own."""

import csv
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd

LAST_DAY = "2026-06-30"  # of the files: what is dated later is a planted fault, which the loader refuses
CENT = Decimal("0.01")


@dataclass
class Sales:
    """What core has to hold: one row per order, line, payment and return, with its day."""

    orders: pd.DataFrame
    lines: pd.DataFrame
    payments: pd.DataFrame
    returns: pd.DataFrame


def recount(folder: Path) -> Sales:
    """Return the sales that a generated folder's files tell."""
    store = folder / "store"
    receipts = _usable(_receipt_lines(store), store)
    documents = _usable_documents(store)
    parts = [_of_receipts(receipts), *(_of_web_order(order) for _, order in documents.groupby("order_id"))]
    return Sales(*(pd.concat([part[place] for part in parts]) for place in range(4)))


def _receipt_lines(store: Path) -> pd.DataFrame:
    """All lines that can be read, in the order of the files' names."""
    rows = []
    for file in sorted(store.glob("pos/*/*.csv")):
        with file.open(newline="", encoding="utf-8") as text:
            header, *body = csv.reader(text)
        rows += [dict(zip(header, row, strict=True)) for row in body if len(row) == len(header)]
    frame = pd.DataFrame(rows)
    frame["order_date"] = frame["sold_at"].str[:10]
    return frame[frame["order_date"] <= LAST_DAY].reset_index(drop=True)


def _usable(lines: pd.DataFrame, store: Path) -> pd.DataFrame:
    """The lines that count: complete, of known customers, products and sales, the first of each key."""
    is_complete = (lines[["product_id", "quantity", "unit_price"]] != "").all(axis=1)
    lines = lines[is_complete].copy()
    for column in ("quantity", "unit_price", "discount_amount", "tax_amount"):
        lines[column] = lines[column].map(Decimal)
    known = (
        lines["product_id"].isin(_ids(store, "product"))
        & lines["customer_id"].isin(_ids(store, "customer") | {""})
        & (lines["unit_price"] >= 0)
    )
    lines = lines[known]
    sold = set(zip(lines["receipt_id"], lines["line_number"], strict=True))
    asked = zip(lines["returned_receipt_id"], lines["returned_line_number"], strict=True)
    lines = lines[[not receipt or (receipt, line) in sold for receipt, line in asked]]
    return lines.drop_duplicates(["receipt_id", "line_number"], keep="first")


def _ids(store: Path, entity: str) -> set[str]:
    files = store.glob(f"{entity}_feed/*.jsonl")
    return {json.loads(row)[f"{entity}_id"] for file in files for row in file.read_text("utf-8").splitlines()}


def _usable_documents(store: Path) -> pd.DataFrame:
    """The web orders' documents that can be read and are complete, one per change, by their numbers."""
    documents = []
    for file in sorted(store.glob("web/*.jsonl")):
        for row in file.read_text("utf-8").splitlines():
            try:
                document = json.loads(row, parse_float=Decimal)
            except json.JSONDecodeError:
                continue
            if document["status"] and document["updated_at"]:
                documents.append(document)
    frame = pd.DataFrame(documents).drop_duplicates(["order_id", "sequence"], keep="first")
    return frame.sort_values(["order_id", "sequence"])


def _of_receipts(lines: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    lines = lines.assign(net=lines["quantity"] * lines["unit_price"] - lines["discount_amount"])
    receipts = lines.groupby(["receipt_id", "order_date"], as_index=False).agg(
        store_id=("store_id", "first"), most=("quantity", "max"), net=("net", "sum")
    )
    receipts = receipts.rename(columns={"receipt_id": "order_id"})
    is_return = receipts["most"] < 0
    orders = receipts.assign(
        channel="store", status="completed", kind=is_return.map({True: "return", False: "sale"})
    )
    back = lines[lines["returned_receipt_id"] != ""]
    own = pd.DataFrame(
        {
            "order_date": lines["order_date"],
            "order_id": lines["receipt_id"],
            "line_id": lines["line_number"],
            "quantity": lines["quantity"],
            "net": lines["net"],
            "tax": lines["tax_amount"],
            "return_date": lines["order_date"].where(lines["quantity"] < 0, None),
        }
    )
    returns = pd.DataFrame(
        {
            "order_id": back["receipt_id"],
            "line_id": back["line_number"],
            "sale_order_id": back["returned_receipt_id"],
            "sale_line_id": back["returned_line_number"],
        }
    )
    payments = receipts[["order_date", "order_id"]].assign(number=1, paid=receipts["net"])
    return orders[["order_date", "order_id", "channel", "status", "kind", "store_id"]], own, payments, returns


STATUS = {"placed": "created", "paid": "approved", "packed": "processing", "returned": "delivered"}


def _of_web_order(documents: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    """What one order's documents come to: the last one says how it stands."""
    last = documents.iloc[-1]
    day, number = last["placed_at"][:10], last["order_id"]
    order = {
        "order_date": day,
        "order_id": number,
        "channel": "web",
        "status": STATUS.get(last["status"], last["status"]),
        "kind": "sale",
        "store_id": None,
    }
    lines, returns = [], []
    for line in last["lines"]:
        net = line["quantity"] * line["unit_price"] - line["discount_amount"]
        mine = {"order_date": day, "order_id": number, "return_date": None}
        sold = {"line_id": str(line["line_number"]), "quantity": line["quantity"]}
        lines.append(mine | sold | {"net": net, "tax": line["tax_amount"]})
        if line["returned_quantity"]:  # the generator's customers send all pieces of a line back
            assert line["returned_quantity"] == line["quantity"]
            back = {"line_id": f"{line['line_number']}R", "quantity": -line["quantity"]}
            when = {"return_date": last["updated_at"][:10]}
            lines.append(mine | back | when | {"net": -net, "tax": -line["tax_amount"]})
            match = {"order_id": number, "line_id": back["line_id"]}
            returns.append(match | {"sale_order_id": number, "sale_line_id": sold["line_id"]})
    if last["shipping_fee"]:
        fee = {"line_id": "SHIPPING", "quantity": 1, "net": last["shipping_fee"], "tax": None}
        lines.append({"order_date": day, "order_id": number, "return_date": None} | fee)
    payment, payments = last["payment"], []
    if payment["status"] in ("captured", "refunded"):
        payments.append({"order_date": day, "order_id": number, "number": 1, "paid": payment["amount"]})
    if payment["status"] == "refunded":
        back = {"number": 2, "paid": -payment["refunded_amount"]}
        payments.append({"order_date": day, "order_id": number} | back)
    return tuple(pd.DataFrame(rows) for rows in ([order], lines, payments, returns))
