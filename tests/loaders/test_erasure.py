"""Erasing a person from raw tables: what goes, what stays, and that no file brings them back."""

from datetime import date
from typing import Any

import pytest

from generator.build import generate
from generator.scales import options
from loaders import erasure
from loaders.contract import Contract, load_contracts
from loaders.erased_rows import Erased
from loaders.load import load_source
from loaders.person import below, person_root, personal_tables
from tests.loaders.conftest import Shop

pytestmark = pytest.mark.both_versions

ANN, BOB = "A-4711-x", "B-0815-y"
CUSTOMERS = f"""id,card,email,phone,name,street,city,seen
{ANN},card-ann-1,ann@example.org,+44 20 7946 0001,Ann Example,1 Long Street,Leeds,2026-03-01
{BOB},card-bob-1,bob@example.org,+44 20 7946 0002,Bob Example,2 Long Street,Leeds,2026-03-01
{ANN},card-ann-1,ann.new@example.org,+44 20 7946 0003,Ann Example,9 Far Road,York,2026-03-05
"""
ORDERS = f"""order_id,customer,clerk,day,amount,ship_to
o1,{ANN},clerk-1,2026-03-01,10.10,1 Long Street
o2,{BOB},clerk-1,2026-03-01,20.20,2 Long Street
o3, {ANN} ,clerk-2,2026-03-02,30.30,1 Long Street
o4,,clerk-2,2026-03-02,40.40,
"""
COMMENTS = """order_id,text
o1,it is me Ann and I like it
o2,it is me Bob
"""
CARD_USES = "card,points\ncard-ann-1,5\ncard-bob-1,7\n"
REQUIRED = {"required": True}


def contract() -> Contract:
    """A shop whose customers are known by their number, their card, and through their orders."""
    tables: dict[str, Any] = {
        "customer": {
            "files": "customers.csv",
            "apply": "append",
            "key": ["id"],
            "columns": {
                "id": {**REQUIRED, "personal": "pseudonym"},
                "card": {"personal": "pseudonym"},
                "email": {"personal": "email"},
                "phone": {"personal": "phone"},
                "name": {"personal": "name"},
                "street": {"personal": "address"},
                "city": {"personal": "region"},
                "seen": {},
            },
        },
        "clerk": {
            "files": "clerks.csv",
            "apply": "snapshot",
            "columns": {"clerk": {"personal": "pseudonym"}},
        },
        "web_order": {
            "files": "orders*.csv",
            "apply": "append",
            "key": ["order_id"],
            "event_time": {"column": "day", "format": "%Y-%m-%d"},
            "columns": {
                "order_id": REQUIRED,
                "customer": {"references": "customer.id"},
                "clerk": {"personal": "pseudonym", "references": "clerk.clerk"},
                "day": REQUIRED,
                "amount": {},
                "ship_to": {"personal": "address"},
            },
        },
        "comment": {
            "files": "comments.csv",
            "apply": "append",
            "event_time": {"through": "order_id"},
            "columns": {"order_id": {"references": "web_order.order_id"}, "text": {"personal": "free text"}},
        },
        "card_use": {
            "files": "card_uses.csv",
            "apply": "append",
            "columns": {"card": {"references": "customer.card"}, "points": {}},
        },
    }
    return Contract.model_validate({"source": "shop", "person": "customer.id", "tables": tables})


@pytest.fixture
def known(shop: Shop) -> Shop:
    """The shop with its files loaded."""
    shop.contract = contract()
    for name, text in FILES.items():
        assert shop.load(text, name).status == "loaded"
    return shop


FILES = {
    "customers.csv": CUSTOMERS,
    "orders.csv": ORDERS,
    "comments.csv": COMMENTS,
    "card_uses.csv": CARD_USES,
}


def erase(shop: Shop, customer_id: str) -> Erased:
    connection = shop.connect()
    try:
        with connection, connection.cursor() as cursor:
            erasure.ensure_ledger(cursor)
            return erasure.erase(cursor, shop.contract, customer_id)
    finally:
        connection.close()


def everything(shop: Shop) -> str:
    """The text of every row of the raw layer and of the ledger."""
    tables = shop.query(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('raw_shop', 'ingest')"
    )
    return "\n".join(
        str(row[0]) for (table,) in tables for row in shop.query(f"SELECT t::text FROM {table} t")
    )


ANNS = (
    ANN,
    "card-ann-1",
    "ann@",
    "ann.new@",
    "7946 0001",
    "7946 0003",
    "Ann",
    "1 Long Street",
    "9 Far Road",
    "York",
)


def test_the_tables_of_a_person_are_found_down_the_references() -> None:
    tables = personal_tables(contract())
    assert set(tables) == {"customer", "web_order", "comment", "card_use"}
    assert person_root(contract()) == "customer.id"
    assert tables["web_order"].identities == (("customer", "customer.id"),)  # not the clerk
    assert tables["comment"].links == (("order_id", "web_order.order_id"),)
    assert tables["web_order"].passed_on == ("order_id",)
    assert below(tables, contract(), "web_order") == ["comment"]


def test_nothing_of_the_person_is_left_and_all_of_the_others(known: Shop) -> None:
    erased = erase(known, ANN)
    assert erased.rows == {"customer": 2, "web_order": 2, "comment": 1, "card_use": 1}
    assert erased.dates == {date(2026, 3, 1), date(2026, 3, 2)}
    left = everything(known)
    assert [value for value in ANNS if value in left] == []
    for value in (
        BOB,
        "card-bob-1",
        "bob@example.org",
        "Bob Example",
        "2 Long Street",
        "it is me Bob",
        "clerk-1",
    ):
        assert value in left


def test_sums_counts_and_joins_stay(known: Shop) -> None:
    def figures() -> list[tuple[Any, ...]]:
        return known.query(
            "SELECT o.day, sum(o.amount::numeric), count(*), count(DISTINCT btrim(o.customer)), "
            "count(c.id), sum(u.points::int) FROM raw_shop.web_order o "
            "LEFT JOIN raw_shop.customer c ON c.id = btrim(o.customer) "
            "LEFT JOIN raw_shop.card_use u ON u.card = c.card GROUP BY 1 ORDER BY 1"
        )

    before = figures()
    erase(known, ANN)
    assert figures() == before
    stones = known.query("SELECT DISTINCT id, card FROM raw_shop.customer WHERE id LIKE 'erased-%'")
    assert len(stones) == 1
    assert stones[0][0] != stones[0][1]


def test_the_ledger_knows_when_and_how_much_and_not_who(known: Shop) -> None:
    erase(known, ANN)
    [(mark, rows, dates, finished)] = known.query(
        "SELECT id_mark, rows_touched, event_dates, finished_at FROM ingest.erasure"
    )
    assert len(mark) == 64
    assert rows == {"customer": 2, "web_order": 2, "comment": 1, "card_use": 1}
    assert dates == [date(2026, 3, 1), date(2026, 3, 2)]
    assert finished is None


def test_a_file_that_comes_again_does_not_bring_the_person_back(known: Shop) -> None:
    erase(known, ANN)
    before = known.query("SELECT id, card FROM raw_shop.customer ORDER BY _row_number")
    for name, text in FILES.items():
        changed = text.replace("20.20", "21.20").replace("Bob Example", "Rob Example").replace(",7\n", ",8\n")
        assert known.load(changed.replace("me Bob", "me, Bob"), name).status == "loaded"
    left = everything(known)
    assert [value for value in ANNS if value in left] == []
    assert "Rob Example" in left
    assert known.query("SELECT id, card FROM raw_shop.customer ORDER BY _row_number") == before


def test_only_the_dates_of_what_changed_are_touched_by_a_file_that_comes_again(known: Shop) -> None:
    erase(known, ANN)
    result = known.load(ORDERS.replace("20.20", "21.20"), "orders.csv")
    assert result.event_dates == [date(2026, 3, 1)]


def test_a_later_file_with_the_person_in_it_is_erased_while_it_is_loaded(known: Shop) -> None:
    erase(known, ANN)
    known.load(
        f"order_id,customer,clerk,day,amount,ship_to\no9,{ANN},clerk-1,2026-03-09,5.00,9 Far Road\n",
        "orders2.csv",
    )
    [(customer, amount, ship_to)] = known.query(
        "SELECT customer, amount, ship_to FROM raw_shop.web_order WHERE order_id = 'o9'"
    )
    assert (customer.startswith("erased-"), amount, ship_to) == (True, "5.00", None)
    known.load("order_id,text\no9,it is me Ann again\n", "comments.csv")
    assert [value for value in ANNS if value in everything(known)] == []


def test_a_comment_that_came_before_its_order_is_erased_with_the_order(known: Shop) -> None:
    known.load(COMMENTS + "o9,it is me Ann again\n", "comments.csv")
    erase(known, ANN)
    assert "me Ann again" in everything(known)  # nobody knows yet whose order o9 is
    known.load(
        f"order_id,customer,clerk,day,amount,ship_to\no9,{ANN},clerk-1,2026-03-09,5.00,9 Far Road\n",
        "orders2.csv",
    )
    assert [value for value in ANNS if value in everything(known)] == []


def test_unknown_columns_and_rejected_rows_that_name_the_person_are_emptied(known: Shop) -> None:
    rows = f"o5,{BOB},clerk-1,2026-03-03,1.00,,{ANN},gold\no6,{ANN},clerk-1,some day,1.00,,,\n"
    rows += f"o7,{BOB},clerk-1,some day,1.00,,,\n"
    known.load("order_id,customer,clerk,day,amount,ship_to,invited_by,level\n" + rows, "orders3.csv")
    assert known.query("SELECT count(*) FROM ingest.rejected_row") == [(2,)]
    erased = erase(known, ANN)
    assert erased.rows["web_order._extra"] == 1
    assert erased.rows["ingest.rejected_row"] == 1
    assert known.query("SELECT _extra FROM raw_shop.web_order WHERE order_id = 'o5'") == [
        ({"level": "gold"},)
    ]
    left = everything(known)
    assert [value for value in ANNS if value in left] == []
    assert "o7" in left
    known.load("order_id,customer,clerk,day,amount,ship_to,invited_by,level\n" + rows + "\n", "orders3.csv")
    raw = known.query("SELECT raw FROM ingest.rejected_row ORDER BY load_id, row_number")
    assert [text for (text,) in raw if ANN in text] == []


def test_a_number_that_went_through_a_spreadsheet_is_the_same_customer(shop: Shop) -> None:
    tables = {
        "sale": {
            "files": "*.csv",
            "apply": "append",
            "columns": {"customer": {"personal": "pseudonym"}, "amount": {}},
        }
    }
    shop.contract = Contract.model_validate({"source": "shop", "person": "sale.customer", "tables": tables})
    shop.load("customer,amount\n13085.0,1\n13085,2\n130850,3\n1308,4\n")
    assert erase(shop, "13085").rows == {"sale": 2}
    shop.load("customer,amount\n13085.0,1\n13085,2\n130850,3\n1308,5\n")
    customers = [row[0] for row in shop.query("SELECT customer FROM raw_shop.sale ORDER BY _row_number")]
    assert customers[0] == customers[1]
    assert customers[0].startswith("erased-")
    assert customers[2:] == ["130850", "1308"]


@pytest.fixture
def generated(shop: Shop) -> Shop:
    """A small generated shop with all its tables."""
    generate(options("tiny", seed=5, days=20), shop.folder / "made")
    shop.contract = load_contracts()["store"]
    results = load_source(shop.connect, shop.contract, None, shop.folder / "made")
    assert {result.status for result in results} == {"loaded"}
    return shop


# A customer of the generated shop who did everything: bought in both channels, got a parcel, rated both.
BUSY = """
SELECT customer_id FROM raw_store.customer_feed AS c
WHERE EXISTS (SELECT FROM raw_store.pos_line AS p WHERE p.customer_id = c.customer_id)
    AND EXISTS (
        SELECT FROM raw_store.web_order AS w JOIN raw_store.shipment USING (order_id)
        WHERE w.customer_id = c.customer_id
    )
    AND EXISTS (SELECT FROM raw_store.rating AS r WHERE r.customer_id = c.customer_id)
ORDER BY 1 LIMIT 1
"""


def test_a_customer_of_the_generated_shop_is_erased_with_parcels_and_ratings(generated: Shop) -> None:
    [(customer,)] = generated.query(BUSY)
    contacts = generated.query(
        "SELECT unnest(ARRAY[name, email, phone, address]) FROM raw_store.customer_feed "
        f"WHERE customer_id = '{customer}'"
    )
    parcels = generated.query(
        "SELECT shipment_id FROM raw_store.shipment JOIN raw_store.web_order USING (order_id) "
        f"WHERE customer_id = '{customer}'"
    )
    totals = (
        "SELECT count(*), sum(quantity::numeric * unit_price::numeric), count(DISTINCT customer_id) "
        "FROM raw_store.pos_line"
    )
    before = generated.query(totals)
    rated = generated.query(
        "SELECT r._event_date, coalesce(w._event_date, p._event_date) FROM raw_store.rating AS r "
        "LEFT JOIN raw_store.web_order AS w USING (order_id) LEFT JOIN raw_store.pos_line AS p USING (receipt_id) "
        f"WHERE r.customer_id = '{customer}'"
    )

    erased = erase(generated, customer)

    assert set(erased.rows) == {"customer_feed", "pos_line", "web_order", "shipment", "rating"}
    assert {day for pair in rated for day in pair} <= erased.dates
    left = everything(generated)
    assert customer not in left
    assert [value for (value,) in contacts if value and value in left] == []
    assert generated.query(totals) == before
    ids = {
        row
        for table in ("customer_feed", "pos_line", "web_order", "rating")
        for row in generated.query(
            f"SELECT DISTINCT customer_id FROM raw_store.{table} WHERE customer_id LIKE 'erased-%'"
        )
    }
    assert len(ids) == 1  # the same stands for the person everywhere, so orders and ratings still join
    emptied = generated.query(
        "SELECT DISTINCT shipment_id FROM raw_store.shipment WHERE destination_city IS NULL "
        "AND destination_state IS NULL AND destination_postal_prefix IS NULL"
    )
    assert sorted(emptied) == sorted(set(parcels))
    addresses = generated.query(
        "SELECT DISTINCT ship_to FROM raw_store.web_order WHERE customer_id LIKE 'erased-%'"
    )
    assert addresses == [(None,)]


def test_files_of_the_generated_shop_that_come_again_bring_nobody_back(generated: Shop) -> None:
    [(customer,)] = generated.query(BUSY)
    erase(generated, customer)
    for path in sorted((generated.folder / "made" / "store").glob("*/*")):
        if path.is_file() and path.suffix != ".parquet":
            path.write_text(path.read_text() + "\n")  # other content, the same rows
    load_source(generated.connect, generated.contract, None, generated.folder / "made")
    assert customer not in everything(generated)
    parcels = generated.query(
        "SELECT count(*) FROM raw_store.shipment JOIN raw_store.web_order USING (order_id) "
        "WHERE customer_id LIKE 'erased-%' AND destination_city IS NOT NULL"
    )
    assert parcels == [(0,)]


def test_somebody_else_who_rates_what_the_person_bought_is_left_alone(generated: Shop) -> None:
    [(customer,)] = generated.query(BUSY)
    [(other,)] = generated.query(BUSY.replace("1 LIMIT", "1 DESC LIMIT"))
    [(receipt,)] = generated.query(
        f"SELECT min(receipt_id) FROM raw_store.pos_line WHERE customer_id = '{customer}'"
    )
    rating = "rating_id,customer_id,product_id,order_id,receipt_id,score,rated_at\n"
    rating += f"R-other,{other},P00001,,{receipt},5,2026-06-30 10:00:00\n"
    generated.load(rating, "rating/other.csv")
    rows = f"SELECT count(*) FROM raw_store.customer_feed WHERE customer_id = '{other}'"
    before = generated.query(rows)
    erase(generated, customer)
    assert generated.query(rows) == before
    assert generated.query("SELECT customer_id FROM raw_store.rating WHERE rating_id = 'R-other'") == [
        (other,)
    ]
    assert generated.query("SELECT count(*) FROM ingest.erased_id") == [(1,)]


def test_hashes_of_keys_in_the_ledger_do_not_lead_back(known: Shop) -> None:
    known.load(CUSTOMERS.replace("card-ann-1", "card-ann-2"), "customers.csv")
    hashes = "SELECT column_name FROM ingest.arrived_key WHERE key_hash = hashtextextended('{}', 0)"
    assert known.query(hashes.format("card-ann-2")) == [("card",)]
    erase(known, ANN)
    assert known.query(hashes.format("card-ann-2")) == []
    [(stands_for,)] = known.query("SELECT DISTINCT card FROM raw_shop.customer WHERE card LIKE 'erased-%'")
    assert known.query(hashes.format(stands_for)) == [("card",)]


def test_nobody_of_that_name_changes_nothing(known: Shop) -> None:
    before = everything(known)
    assert erase(known, "nobody").rows == {}
    assert everything(known) == before
    assert known.query("SELECT count(*) FROM ingest.erasure") == [(0,)]
