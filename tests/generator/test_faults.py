"""The list of planted faults says what stands in the files."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.generator.files import Generated, Row

EVERY_KIND = {
    "negative_price": "quarantine",
    "future_date": "reject",
    "no_customer": "unknown_member",
    "duplicate": "dropped_duplicate",
    "orphan_product": "quarantine",
    "orphan_customer": "quarantine",
    "orphan_order": "quarantine",
    "late_parent": "healed",
    "quantity_out_of_range": "flagged",
    "missing_required": "quarantine",
    "malformed": "reject",
    "late_row": "accepted_late",
    "out_of_order_event": "accepted_late",
    "repeated_event": "dropped_duplicate",
}


def texts(path: Path) -> list[str]:
    """Return a file's rows as text, the first being row number 1."""
    lines = path.read_text("utf-8").splitlines()
    return lines[1:] if path.suffix == ".csv" else lines


def listed(spoiled: Generated, kind: str, table: str) -> list[tuple[Row, str]]:
    """Return the listed faults of one kind and table, each with the row where it is said to stand."""
    found = [fault for fault in spoiled.truth("faults") if (fault["kind"], fault["table"]) == (kind, table)]
    assert found, f"no {kind} in {table}"
    return [(fault, texts(spoiled.store / fault["file"])[int(fault["row_number"]) - 1]) for fault in found]


def fields(spoiled: Generated, table: str, text: str) -> Row:
    return dict(zip(spoiled.header(table), text.split(","), strict=True))


def key_of(fault: Row) -> str:
    return str(fault["key"]).partition("/")[0]


def test_every_kind_is_planted_with_its_treatment(spoiled: Generated) -> None:
    assert {fault["kind"]: fault["treatment"] for fault in spoiled.truth("faults")} == EVERY_KIND
    said = Counter(fault["kind"] for fault in spoiled.truth("faults"))
    assert said == spoiled.summary.faults
    places = [(fault["file"], fault["row_number"]) for fault in spoiled.truth("faults")]
    assert len(places) == len(set(places))


def test_line_numbers_are_those_of_the_file(spoiled: Generated) -> None:
    for fault in spoiled.truth("faults"):
        header = 1 if fault["file"].endswith(".csv") else 0
        assert int(fault["line_number"]) == int(fault["row_number"]) + header


@pytest.mark.parametrize(
    ("kind", "table", "column", "is_wrong"),
    [
        ("negative_price", "pos_line", "unit_price", lambda text: float(text) < 0),
        ("future_date", "pos_line", "sold_at", lambda text: text > "2099"),
        ("future_date", "rating", "rated_at", lambda text: text > "2099"),
        ("orphan_product", "pos_line", "product_id", lambda text: len(text) == 7),
        ("orphan_product", "rating", "product_id", lambda text: len(text) == 7),
        ("orphan_customer", "pos_line", "customer_id", lambda text: len(text) == 8),
        ("orphan_customer", "rating", "customer_id", lambda text: len(text) == 8),
        ("orphan_order", "pos_line", "returned_receipt_id", lambda text: len(text) == 10),
        ("orphan_order", "shipment", "order_id", lambda text: len(text) == 10),
        ("quantity_out_of_range", "pos_line", "quantity", lambda text: not 1 <= int(text) <= 10_000),
        ("missing_required", "rating", "score", lambda text: not text),
        ("missing_required", "shipment", "warehouse_id", lambda text: not text),
    ],
)
def test_spoiled_columns(spoiled: Generated, kind: str, table: str, column: str, is_wrong) -> None:  # type: ignore[no-untyped-def]
    faults = listed(spoiled, kind, table)
    places = {(fault["file"], fault["row_number"]) for fault, _ in faults}
    for fault, text in faults:
        row = fields(spoiled, table, text)
        assert is_wrong(row[column]), (fault, row)
        assert key_of(fault) in row.values()
    for path in spoiled.files(table):  # and nowhere else
        name = str(path.relative_to(spoiled.store))
        for number, text in enumerate(texts(path), 1):
            if (name, str(number)) not in places and text.count(",") == len(row) - 1:
                value = fields(spoiled, table, text)
                is_return = kind == "quantity_out_of_range" and value["returned_receipt_id"]
                assert is_return or not value[column] or not is_wrong(value[column]), (name, number)


def test_missing_fields_of_lines(spoiled: Generated) -> None:
    for _, text in listed(spoiled, "missing_required", "pos_line"):
        row = fields(spoiled, "pos_line", text)
        assert [row["product_id"], row["quantity"], row["unit_price"]].count("") == 1


def test_torn_rows_cannot_be_read(spoiled: Generated) -> None:
    for table in ("pos_line", "shipment", "rating"):
        wanted = len(spoiled.header(table)) - 1
        assert all(text.count(",") != wanted for _, text in listed(spoiled, "malformed", table))
    for _, text in listed(spoiled, "malformed", "web_order"):
        with pytest.raises(ValueError, match=r"\w"):
            json.loads(text)


def test_duplicates_and_repeated_events_stand_there_once_more(spoiled: Generated) -> None:
    for kind, table in (
        ("duplicate", "pos_line"),
        ("duplicate", "web_order"),
        ("duplicate", "shipment"),
        ("duplicate", "rating"),
        ("repeated_event", "product_feed"),
        ("repeated_event", "customer_feed"),
    ):
        count = Counter(text for path in spoiled.files(table) for text in texts(path))
        repeated = {text for text, number in count.items() if number > 1}
        assert repeated == {text for _, text in listed(spoiled, kind, table)}
        assert all(number <= 2 for number in count.values())


def test_late_rows_stand_in_a_later_file_than_their_own(spoiled: Generated, tiny: Generated) -> None:
    for kind, table in (
        ("late_row", "pos_line"),
        ("late_row", "web_order"),
        ("late_row", "shipment"),
        ("late_row", "rating"),
        ("late_parent", "customer_feed"),
    ):
        for fault, text in listed(spoiled, kind, table):
            was = fault["detail"].removeprefix("was in ")
            assert Path(was).parent == Path(fault["file"]).parent
            assert was < fault["file"]
            if table == "pos_line":  # the feeds' own disorder is drawn anew with more faults
                assert text in texts(tiny.store / was)


def test_orders_without_a_customer_have_none_in_any_document(spoiled: Generated) -> None:
    orders = {key_of(fault) for fault, _ in listed(spoiled, "no_customer", "web_order")}
    without = set()
    for path in spoiled.files("web_order"):
        for text in texts(path):
            if text.endswith("}"):
                document = json.loads(text) if is_json(text) else {}
                if document and document["customer_id"] is None:
                    without.add(document["order_id"])
                elif document:
                    assert document["order_id"] not in orders
    assert without == orders


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_faults_stand_alone(spoiled: Generated) -> None:
    """No return and no rating depends on a row that is spoiled."""
    hurt = {key_of(fault) for fault in spoiled.truth("faults") if fault["table"] in ("pos_line", "web_order")}
    bad = {(fault["file"], int(fault["row_number"])) for fault in spoiled.truth("faults")}
    for table, columns in (("pos_line", ["returned_receipt_id"]), ("rating", ["order_id", "receipt_id"])):
        for path in spoiled.files(table):
            name = str(path.relative_to(spoiled.store))
            for number, text in enumerate(texts(path), 1):
                if (name, number) not in bad:
                    row = fields(spoiled, table, text)
                    assert not hurt & {row[column] for column in columns}
