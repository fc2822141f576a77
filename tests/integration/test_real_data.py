"""The public data, when it is there: the star schema against pandas straight from the raw files.

Nothing is shared with the project's own path but the files: pandas reads them, applies the rules of
docs/decisions.md in its own words, and every figure has to be the same to the cent.
"""

import re
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.public_data import DATA, FIELDS, invoices, needs_public_data, olist
from tests.integration.star import daily_fingerprints, fingerprints
from tests.support import Project

SEQUENTIAL = re.compile(r"Seq Scan on \"?(\w+)")  # the table; physical ones are entity__version
PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")

pytestmark = [pytest.mark.thorough(minutes=4), needs_public_data]


@pytest.fixture(scope="module")
def prod(module_project: Project) -> Project:
    """Both data sets, loaded and planned into prod."""
    (module_project.root / "data").symlink_to(DATA)
    module_project.retail("load", "--all")
    module_project.sqlmesh(*PLAN)
    return module_project


@pytest.fixture(name="invoices", scope="module")
def all_invoices() -> pd.DataFrame:
    return invoices()


def test_every_line_of_the_files_is_in_raw(prod: Project, invoices: pd.DataFrame) -> None:
    assert prod.query("SELECT count(*) FROM raw_online_retail.transaction") == [(len(invoices),)]
    assert len(invoices) == 525_461


def test_valid_sales_differ_from_the_files_by_the_repetitions_alone(
    prod: Project, invoices: pd.DataFrame
) -> None:
    is_valid = (invoices["quantity"] > 0) & (invoices["price"] > 0) & ~invoices["Invoice"].str.startswith("C")
    is_repeated = invoices.duplicated(FIELDS)
    assert round(sum(invoices.loc[is_valid, "amount"]), 2) == Decimal("10305892.02")
    assert is_repeated.sum() == 6_866
    [(in_core,)] = prod.query(
        "SELECT sum(line.net_amount) FROM core.fct_order_line AS line "
        "JOIN core.fct_order AS placed USING (order_key) "
        "WHERE line.source = 'online_retail' AND placed.order_kind <> 'return' "
        "AND line.quantity > 0 AND line.unit_price_amount > 0"
    )
    assert in_core == sum(invoices.loc[is_valid & ~is_repeated, "amount"])


def test_each_day_has_the_money_of_its_file(prod: Project, invoices: pd.DataFrame) -> None:
    once = invoices.drop_duplicates(FIELDS)
    expected = once.groupby("InvoiceDate").agg(
        lines=("amount", "size"), amount=("amount", "sum"), orders=("Invoice", "nunique")
    )
    found = prod.query(
        "SELECT order_date::text, count(*), sum(net_amount), count(DISTINCT order_id) "
        "FROM core.fct_order_line WHERE source = 'online_retail' GROUP BY 1 ORDER BY 1"
    )
    assert found == [(day, row.lines, row.amount, row.orders) for day, row in expected.iterrows()]


def test_all_olist_orders_have_their_items_payments_and_reviews(prod: Project) -> None:
    orders, items, payments, reviews = (
        olist(name) for name in ("orders", "order_items", "order_payments", "order_reviews")
    )
    [row] = prod.query(
        "SELECT count(*), sum(line_count), sum(product_amount), sum(freight_amount), sum(payment_count), "
        "sum(paid_amount), sum(review_count) FROM core.fct_order WHERE source = 'olist'"
    )
    assert row == (
        len(orders),
        len(items),
        sum(items["price"].map(Decimal)),
        sum(items["freight_value"].map(Decimal)),
        len(payments),
        sum(payments["payment_value"].map(Decimal)),
        len(reviews),
    )
    assert len(orders) == 12_459


def test_olist_lateness_is_what_the_stamps_say(prod: Project) -> None:
    orders = olist("orders")
    delivered = orders[orders["order_delivered_customer_date"] != ""]
    is_late = (
        delivered["order_delivered_customer_date"].str[:10]
        > delivered["order_estimated_delivery_date"].str[:10]
    )
    found = prod.query("SELECT count(*) FILTER (WHERE is_late), count(is_late) FROM core.fct_order")
    assert found == [(is_late.sum(), len(delivered))]


def test_olist_people_have_as_many_versions_as_their_addresses_changed(prod: Project) -> None:
    customers = olist("customers").set_index("customer_id")
    orders = (
        olist("orders")
        .join(customers, on="customer_id")
        .sort_values(["order_purchase_timestamp", "order_id"])
    )
    address = ["customer_zip_code_prefix", "customer_city", "customer_state"]
    before = orders.groupby("customer_unique_id")[address].shift()
    versions = (orders[address] != before).any(axis=1).sum()
    found = prod.query(
        "SELECT count(*), count(*) FILTER (WHERE is_current) FROM core.dim_customer WHERE source = 'olist'"
    )
    assert found == [(versions, customers["customer_unique_id"].nunique())]


def test_known_customers_and_returns_are_counted_as_in_the_files(
    prod: Project, invoices: pd.DataFrame
) -> None:
    known = invoices.loc[invoices["Customer ID"] != "", "Customer ID"].nunique()
    cancelled = invoices.loc[invoices["Invoice"].str.startswith("C"), "Invoice"].nunique()
    found = prod.query(
        "SELECT (SELECT count(*) FROM core.dim_customer WHERE source = 'online_retail' AND is_current), "
        "(SELECT count(*) FROM core.fct_order WHERE source = 'online_retail' AND order_kind = 'return')"
    )
    assert found == [(known, cancelled)]
    assert known == 4_383


def test_the_checks_count_what_pandas_counts_in_the_files(prod: Project, invoices: pd.DataFrame) -> None:
    is_negative = (invoices["price"] < 0) & ~invoices["Invoice"].str.startswith("A")
    expected = {
        "duplicate_row": invoices.duplicated(FIELDS).sum(),
        "missing_customer": (invoices["Customer ID"] == "").sum(),
        "missing_stock_code": (invoices["StockCode"] == "").sum(),
        "negative_price": is_negative.sum(),
        "quantity_out_of_range": (~invoices["quantity"].abs().between(1, 10_000)).sum(),
    }
    found = prod.query(
        "SELECT check_name, sum(failed_count)::int FROM quality.check_result "
        "WHERE source = 'online_retail' AND check_name = ANY(%s) GROUP BY 1 ORDER BY 1",
        list(expected),
    )
    assert found == sorted(expected.items())
    assert prod.query("SELECT count(*) FROM quality.quarantined_row") == [(0,)]
    differing = "SELECT count(*) FROM quality.layer_comparison WHERE difference_count <> 0"
    assert prod.query(differing) == [(0,)]
    assert prod.exit_code("quality") == 0


RENDER = """
import sys
from sqlmesh import Context
context = Context(paths=sys.argv[1])
print(context.render(sys.argv[2], start=sys.argv[3], end=sys.argv[3]).sql("postgres", comments=False))
"""


@pytest.mark.parametrize(
    ("model", "day", "history"),
    [
        ("stg.online_retail__transaction", "2025-11-11", {"transaction"}),
        ("stg.olist__order", "2018-03-05", {"order"}),
        ("conformed.order_line", "2018-03-05", {"transaction", "order", "order_item", "customer"}),
        ("conformed.payment", "2018-03-05", {"order", "order_payment"}),
        ("core.fct_order_line", "2018-03-05", {"order_line"}),
        ("core.fct_order", "2018-03-05", {"order", "order_line", "payment", "review"}),
    ],
)
def test_a_day_is_computed_from_its_rows_and_not_from_the_history(
    prod: Project, model: str, day: str, history: set[str]
) -> None:
    rendered = prod.run([sys.executable, "-W", "ignore", "-c", RENDER, str(prod.root), model, day])
    plan = "\n".join(str(line) for (line,) in prod.query("EXPLAIN " + rendered))
    read_whole = {name.split("__")[-2] if "__" in name else name for name in SEQUENTIAL.findall(plan)}
    assert not read_whole & history, plan


def test_a_second_run_changes_nothing(prod: Project) -> None:
    before, loads = fingerprints(prod), prod.query("SELECT count(*) FROM ingest.load")
    assert "nothing new to load" in prod.retail("load", "--all")
    assert "No changes to plan" in prod.sqlmesh(*PLAN)
    assert (fingerprints(prod), prod.query("SELECT count(*) FROM ingest.load")) == (before, loads)


def test_a_redelivered_file_with_one_changed_line_changes_just_that_day(
    prod: Project, tmp_path: Path
) -> None:
    before = daily_fingerprints(prod)
    day = "2025-11-11"
    original = (DATA / "online_retail" / f"{day}_transactions.csv").read_text(encoding="utf-8")
    head, line, rest = original.split("\n", 2)
    fields = line.split(",")
    fields[3] = str(int(fields[3]) + 1)  # one more of the first line
    delivered = tmp_path / f"{day}_transactions.csv"
    delivered.write_text("\n".join([head, ",".join(fields), rest]), encoding="utf-8")
    prod.retail("load", "online_retail", str(delivered))
    model = "stg.online_retail__transaction"
    prod.sqlmesh(*PLAN, "--restate-model", model, "--start", day, "--end", day)
    after = daily_fingerprints(prod)
    changed = {at for at in before.keys() | after.keys() if before.get(at) != after.get(at)}
    assert changed == {
        ("fct_order", "online_retail", date.fromisoformat(day)),
        ("fct_order_line", "online_retail", date.fromisoformat(day)),
    }
