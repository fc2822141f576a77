"""Without faults everything in the files fits together: keys, references, prices, stock, sequences."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.generator.files import Generated, Row, read_file

FEEDS = {"product_feed": "product_id", "customer_feed": "customer_id"}


def current(tiny: Generated, table: str) -> dict[str, list[Row]]:
    """Return the events of each entity in the order of the log, each once."""
    found: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in tiny.rows(table):
        found[row[FEEDS[table]]][row["sequence"]] = row
    return {key: [rows[number] for number in sorted(rows)] for key, rows in found.items()}


def as_of(events: list[Row], moment: str) -> Row:
    """Return the last event until a local moment, given as YYYY-MM-DD HH:MM:SS."""
    return [event for event in events if event["updated_at"][:19].replace("T", " ") <= moment][-1]


def test_rows_stand_in_the_file_of_their_day(tiny: Generated) -> None:
    assert all(row["sold_at"][:10] == row["file_day"] for row in tiny.rows("pos_line"))
    assert all(row["updated_at"][:10] == row["file_day"] for row in tiny.rows("web_order"))
    assert all(row["rated_at"][:10] == row["file_day"] for row in tiny.rows("rating"))
    assert all(str(row["snapshot_date"]) == row["file_day"] for row in tiny.rows("stock"))
    assert all(
        path.parent.name == row["store_id"] for path in tiny.files("pos_line") for row in read_file(path)
    )


def test_keys_are_unique(tiny: Generated) -> None:
    lines = [(row["receipt_id"], row["line_number"]) for row in tiny.rows("pos_line")]
    documents = [(row["order_id"], row["sequence"]) for row in tiny.rows("web_order")]
    ratings = [row["rating_id"] for row in tiny.rows("rating")]
    stock = [(row["location_id"], row["product_id"], row["snapshot_date"]) for row in tiny.rows("stock")]
    for keys in (lines, documents, ratings, stock):
        assert len(keys) == len(set(keys)) > 0


def test_every_reference_holds(tiny: Generated) -> None:
    products, customers = (set(current(tiny, feed)) for feed in FEEDS)
    stores = {row["store_id"] for row in tiny.rows("store")}
    warehouses = {row["warehouse_id"] for row in tiny.rows("warehouse")}
    receipts = {row["receipt_id"] for row in tiny.rows("pos_line")}
    for row in tiny.rows("pos_line"):
        assert row["product_id"] in products
        assert row["store_id"] in stores
        assert row["customer_id"] in customers | {""}
    for documents in tiny.orders.values():
        for document in documents:
            assert document["customer_id"] in customers
            assert document["warehouse_id"] in warehouses
            assert {line["product_id"] for line in document["lines"]} <= products
    for row in tiny.rows("shipment"):
        assert row["order_id"] in tiny.orders
    for row in tiny.rows("rating"):
        assert row["customer_id"] in customers
        assert row["product_id"] in products
        assert (row["order_id"] in tiny.orders) != (row["receipt_id"] in receipts)
    for row in tiny.rows("stock"):
        assert row["location_id"] in warehouses
        assert row["product_id"] in products
    assert {row["warehouse_id"] for row in tiny.rows("store")} <= warehouses


def test_returns_bring_back_lines_that_were_sold_before(tiny: Generated) -> None:
    lines = {(row["receipt_id"], row["line_number"]): row for row in tiny.rows("pos_line")}
    back: Counter[tuple[str, str]] = Counter()
    for row in lines.values():
        assert (int(row["quantity"]) < 0) == bool(row["returned_receipt_id"])
        if not row["returned_receipt_id"]:
            continue
        origin = row["returned_receipt_id"], row["returned_line_number"]
        sold = lines[origin]
        same = ("product_id", "unit_price", "store_id", "customer_id")
        assert [sold[name] for name in same] == [row[name] for name in same]
        assert sold["sold_at"] < row["sold_at"]
        back[origin] -= int(row["quantity"])
    assert back
    assert all(count <= int(lines[origin]["quantity"]) for origin, count in back.items())


def test_prices_and_products_are_those_of_the_feed_at_the_time(tiny: Generated) -> None:
    products = current(tiny, "product_feed")
    sold = [(row["sold_at"], row) for row in tiny.rows("pos_line") if int(row["quantity"]) > 0]
    for documents in tiny.orders.values():
        placed_at = documents[0]["placed_at"][:19].replace("T", " ")
        sold += [(placed_at, line) for line in documents[0]["lines"]]
    changed = 0
    for moment, line in sold:
        version = as_of(products[line["product_id"]], moment)
        assert version["operation"] != "delete"
        assert Decimal(str(version["list_price"])) == Decimal(str(line["unit_price"]))
        changed += version["operation"] == "update"
        amount = Decimal(str(line["unit_price"])) * int(line["quantity"]) - Decimal(
            str(line["discount_amount"])
        )
        rate = Decimal(version["tax_percent"])
        assert abs(Decimal(str(line["tax_amount"])) - amount * rate / (100 + rate)) <= Decimal("0.005")
        assert bool(line["promotion_code"]) == (Decimal(str(line["discount_amount"])) > 0)
    assert changed > 0


def test_customers_buy_after_they_registered_and_not_once_deleted(tiny: Generated) -> None:
    customers = current(tiny, "customer_feed")
    visits = [(row["customer_id"], row["sold_at"]) for row in tiny.rows("pos_line")]
    visits += [
        (rows[0]["customer_id"], rows[0]["placed_at"][:19].replace("T", " ")) for rows in tiny.orders.values()
    ]
    for customer, moment in visits:
        if customer:
            assert as_of(customers[customer], moment)["operation"] != "delete"


def test_change_feeds_begin_with_an_insert_and_end_with_a_delete(tiny: Generated) -> None:
    for feed in FEEDS:
        every = current(tiny, feed)
        for events in every.values():
            kinds = [event["operation"] for event in events]
            assert kinds[0] == "insert"
            assert set(kinds[1:]) <= {"update", "delete"}
            assert "delete" not in kinds[:-1]
            moments = [event["updated_at"] for event in events]
            assert moments == sorted(moments)
        log = sorted({row["sequence"] for events in every.values() for row in events})
        assert log == list(range(1, len(log) + 1))


def test_a_few_events_come_twice_or_out_of_order_without_planted_faults(tiny: Generated) -> None:
    listed = Counter((fault["table"], fault["kind"]) for fault in tiny.truth("faults"))
    assert {kind for _, kind in listed} == {"repeated_event", "out_of_order_event"}
    for feed in FEEDS:
        sequences = [row["sequence"] for row in tiny.rows(feed)]
        assert len(sequences) - len(set(sequences)) == listed[feed, "repeated_event"] > 0
        assert sequences != sorted(sequences)


def test_web_orders_go_through_their_statuses_in_time(tiny: Generated) -> None:
    ranks = ("placed", "paid", "packed", "shipped", "delivered", "returned")
    seen = Counter(documents[-1]["status"] for documents in tiny.orders.values())
    assert set(seen) > {"delivered", "cancelled"}
    for documents in tiny.orders.values():
        assert [document["sequence"] for document in documents] == list(range(1, len(documents) + 1))
        moments = [document["updated_at"] for document in documents]
        assert moments == sorted(moments)
        assert moments[0] == documents[0]["placed_at"]
        statuses = [document["status"] for document in documents]
        if "cancelled" in statuses:
            assert statuses[-1] == "cancelled"
            assert set(statuses) <= {"placed", "paid", "cancelled"}
        else:
            assert statuses == sorted(statuses, key=ranks.index)
        for document in documents:
            same = ("order_id", "placed_at", "customer_id", "promised_date", "warehouse_id")
            assert [document[name] for name in same] == [documents[0][name] for name in same]
            total = sum(
                line["unit_price"] * line["quantity"] - line["discount_amount"] for line in document["lines"]
            )
            assert document["payment"]["amount"] == pytest.approx(total + document["shipping_fee"])
            assert any(line["returned_quantity"] for line in document["lines"]) == (
                document["status"] == "returned"
            )


def test_shipments_agree_with_their_orders(tiny: Generated) -> None:
    parcels: dict[str, list[Row]] = defaultdict(list)
    for row in tiny.rows("shipment"):
        parcels[row["order_id"]].append(row)
    for order_id, documents in tiny.orders.items():
        at = {document["status"]: document["updated_at"][:19].replace("T", " ") for document in documents}
        rows = parcels.get(order_id, [])
        assert len(rows) == ("shipped" in at) + ("delivered" in at)
        for row in rows:
            assert row["handed_over_at"] == at["shipped"]
            assert row["promised_date"] == documents[0]["promised_date"]
            assert row["delivered_at"] in ("", at.get("delivered"))


def test_stock_is_what_was_there_plus_received_minus_issued(tiny: Generated) -> None:
    opening = {
        (row["warehouse_id"], row["product_id"]): int(row["quantity"]) for row in tiny.truth("opening_stock")
    }
    before: dict[tuple[str, str], int] = {}
    for row in sorted(tiny.rows("stock"), key=lambda row: row["snapshot_date"]):
        cell = row["location_id"], row["product_id"]
        start = before.get(cell, opening[cell])
        assert row["on_hand"] == start + row["received_quantity"] - row["issued_quantity"]
        assert min(row["on_hand"], row["on_order"], row["issued_quantity"]) >= 0
        before[cell] = row["on_hand"]
    assert {path.stem for path in tiny.files("stock")} == {
        str(date(2026, 6, 30) - timedelta(days=back)) for back in range(45)
    }


def test_what_left_the_warehouse_is_what_was_sold(tiny: Generated) -> None:
    warehouse = {row["store_id"]: row["warehouse_id"] for row in tiny.rows("store")}
    issued: Counter[tuple[str, str, str]] = Counter()
    for row in tiny.rows("pos_line"):
        if int(row["quantity"]) > 0:
            issued[warehouse[row["store_id"]], row["product_id"], row["sold_at"][:10]] += int(row["quantity"])
    ends = datetime.fromisoformat("2026-06-29T00:00:00+05:30")  # a later order may still be cancelled
    for documents in tiny.orders.values():
        if documents[-1]["status"] != "cancelled":
            for line in documents[-1]["lines"]:
                cell = documents[0]["warehouse_id"], line["product_id"], documents[0]["placed_at"][:10]
                issued[cell] += line["quantity"]
    for row in tiny.rows("stock"):
        if row["snapshot_date"] < ends.date():
            cell = row["location_id"], row["product_id"], str(row["snapshot_date"])
            assert row["issued_quantity"] == issued[cell], cell


def test_people_are_invented(tiny: Generated) -> None:
    for row in tiny.rows("customer_feed"):
        if row["operation"] != "delete":
            assert row["email"].endswith(("@example.com", "@example.org"))
            assert row["phone"].startswith(
                "+91 0"
            )  # no Indian number begins with 0 behind the country's code
