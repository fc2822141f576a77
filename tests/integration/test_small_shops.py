"""From small invented files to the star schema, on both Postgres versions."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from ops.bi_contract import changes, read_contract
from ops.metrics import read_metrics
from tests.integration.measures import differences
from tests.integration.shops import INVOICES, write_invoices, write_shops
from tests.integration.star import daily_fingerprints, delete_all_environments, fingerprints, keys
from tests.support import ROOT, Project

pytestmark = [pytest.mark.both_versions, pytest.mark.thorough(minutes=4), pytest.mark.marts(which="ml")]

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")


@pytest.fixture(scope="module")
def shops(module_project: Project) -> Project:
    """The two shops, loaded and planned into prod."""
    write_shops(module_project.root / "data")
    module_project.retail("load", "--all")
    module_project.sqlmesh(*PLAN)
    return module_project


def test_every_raw_row_is_counted_dropped_as_a_repetition_or_quarantined(shops: Project) -> None:
    raw = shops.query("SELECT count(*) FROM raw_online_retail.transaction")
    core = shops.query("SELECT count(*) FROM core.fct_order_line WHERE source = 'online_retail'")
    repeated = shops.query(
        "SELECT count(*) FROM stg.online_retail__transaction "
        "WHERE copy_number > 1 AND quarantine_reason IS NULL"
    )
    held = shops.query("SELECT count(*) FROM quality.quarantined_row WHERE source = 'online_retail'")
    assert [raw[0][0], core[0][0], repeated[0][0], held[0][0]] == [14, 12, 1, 1]


def test_bad_rows_are_quarantined_with_their_reason(shops: Project) -> None:
    rows = shops.query(
        "SELECT source, table_name, row_number, reason FROM quality.quarantined_row ORDER BY 1, 2, 3"
    )
    assert rows == [
        ("olist", "order", 4, "order_approved_at 'soon' is no timestamp"),
        ("olist", "order_item", 6, "order_id 'o4' is no accepted order"),
        ("olist", "order_item", 7, "order_id 'o8' is no accepted order"),
        ("online_retail", "transaction", 3, "quantity 'x4' is no integer"),
    ]


def test_lines_are_sold_as_what_they_are(shops: Project) -> None:
    rows = shops.query(
        "SELECT line_kind, count(*), sum(net_amount), bool_or(is_return) FROM core.fct_order_line "
        "WHERE source = 'online_retail' GROUP BY 1 ORDER BY 1"
    )
    assert rows == [
        ("adjustment", 1, Decimal("-50.0000"), False),
        ("discount", 1, Decimal("-2.5000"), False),
        ("freight", 1, Decimal("18.0000"), False),
        ("gift_voucher", 1, Decimal("20.0000"), False),
        ("product", 7, Decimal("74.3750"), True),
        ("stock_movement", 1, Decimal("0.0000"), False),
    ]


def test_a_returned_line_finds_the_line_that_sold_it(shops: Project) -> None:
    rows = shops.query(
        "SELECT back.order_id, sale.order_id, bridge.return_days FROM core.bridge_return AS bridge "
        "JOIN core.fct_order_line AS back ON back.order_line_key = bridge.return_line_key "
        "JOIN core.fct_order_line AS sale ON sale.order_line_key = bridge.sale_line_key"
    )
    assert rows == [("C700004", "700001", 1)]


def test_a_fact_points_at_the_customer_as_of_the_order(shops: Project) -> None:
    rows = shops.query(
        "SELECT fact.order_id, customer.city, customer.version_number, customer.is_current "
        "FROM core.fct_order AS fact JOIN core.dim_customer AS customer USING (customer_key) "
        "WHERE fact.source = 'olist' ORDER BY 1"
    )
    assert rows == [
        ("o1", "sao paulo", 1, False),
        ("o2", "rio de janeiro", 2, True),
        ("o3", "sao paulo", 1, True),
        ("o5", None, 1, True),  # the Unknown member
    ]


def test_what_is_missing_points_at_the_unknown_member_and_is_not_dropped(shops: Project) -> None:
    rows = shops.query(
        "SELECT line.order_id, product.product_id, seller.seller_id, customer.customer_id "
        "FROM core.fct_order_line AS line "
        "JOIN core.dim_product AS product USING (product_key) "
        "JOIN core.dim_seller AS seller USING (seller_key) "
        "JOIN core.dim_customer AS customer USING (customer_key) "
        "WHERE line.order_id IN ('o5', '700003') ORDER BY 1"
    )
    assert rows == [("700003", "10003", "unknown", "unknown"), ("o5", "unknown", "unknown", "unknown")]


def test_an_order_tells_its_way_its_money_and_its_reviews(shops: Project) -> None:
    [row] = shops.query(
        "SELECT order_date, ordered_at AT TIME ZONE 'UTC', is_late, delay_days, delivery_days, line_count, "
        "product_amount, freight_amount, order_amount, paid_amount, "
        "payment_count, instalment_count, review_count, review_score "
        "FROM core.fct_order WHERE order_id = 'o1'"
    )
    assert row[0] == date(2018, 3, 1)
    assert str(row[1]) == "2018-03-02 02:30:00"  # 23:30 in Sao Paulo
    assert row[2:6] == (True, 1, 8, 2)
    assert row[6:10] == (Decimal("200.0000"), Decimal("20.2000"), Decimal("220.2000"), Decimal("220.2000"))
    assert row[10:] == (2, 3, 2, Decimal("3.5000"))


def test_bi_reader_reads_bi_and_nothing_else(shops: Project) -> None:
    connection = shops.settings.connect("bi")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM bi.order_line")
            assert cursor.fetchone() == (17,)
        for schema, table in (("core", "fct_order"), ("stg", "olist__order"), ("raw_olist", "customer")):
            connection.rollback()
            with connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"):
                cursor.execute(f'SELECT * FROM "{schema}"."{table}"')
    finally:
        connection.close()


def test_a_days_sales_are_orders_of_merchandise_and_returns_stand_on_both_days(shops: Project) -> None:
    rows = shops.query(
        "SELECT sales_date::text, order_count, unit_count, customer_count, new_customer_count, gross_amount, "
        "return_amount, return_by_sale_date_amount, net_amount, freight_amount FROM bi.sales_trend "
        "WHERE source = 'online_retail' AND channel = 'all' ORDER BY 1"
    )
    money = [tuple(str(round(Decimal(str(value)), 3)) for value in row[5:]) for row in rows]
    assert [row[:5] for row in rows] == [
        ("2025-07-01", 3, 19, 2, 2),  # one of the three names no customer
        ("2025-07-02", 1, 3, 1, 1),  # neither what was written off nor the bad debt is an order
        ("2025-07-03", 1, 1, 1, 0),  # the voucher is no merchandise
    ]
    assert money == [
        ("75.250", "0.000", "8.500", "75.250", "18.000"),
        ("3.375", "8.500", "0.000", "-5.125", "0.000"),
        ("4.250", "0.000", "0.000", "4.250", "0.000"),
    ]


def test_the_sql_of_each_definition_gives_the_number_that_is_served(shops: Project) -> None:
    assert differences(shops) == []


def test_a_definition_that_says_something_else_is_found(shops: Project) -> None:
    (returns,) = [metric for metric in read_metrics(ROOT) if metric.metric == "return_amount"]
    (rate,) = [metric for metric in read_metrics(ROOT) if metric.metric == "return_rate"]
    by_sale = replace(returns, served_in=("bi.sales_daily",), dated_by="line.order_date - 1")
    of_gross = replace(
        rate, expression="return_amount / NULLIF(net_amount, 0)", served_in=("bi.sales_monthly",)
    )
    found = differences(shops, [by_sale, of_gross])
    assert {line.split(": ")[0] for line in found} == {
        "return_amount in bi.sales_daily",
        "return_rate in bi.sales_monthly",
    }


def test_the_views_have_the_columns_of_their_contract_and_tell_what_they_mean(shops: Project) -> None:
    rows = shops.query(
        "SELECT view.relname, field.attname, "
        "replace(format_type(field.atttypid, field.atttypmod), 'timestamp with time zone', 'timestamptz'), "
        "col_description(view.oid, field.attnum), obj_description(view.oid) "
        "FROM pg_class AS view JOIN pg_attribute AS field ON field.attrelid = view.oid AND field.attnum > 0 "
        "WHERE view.relnamespace = 'bi'::regnamespace ORDER BY view.relname, field.attnum"
    )
    views: dict[str, dict[str, str]] = {}
    for view, column, kind, *_ in rows:
        views.setdefault(str(view), {})[str(column)] = str(kind)
    assert changes(read_contract(ROOT), views) == []
    assert [row[:2] for row in rows if not row[3] or not row[4]] == [], "no comment"
    unreadable = shops.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'bi'::regnamespace "
        "AND NOT has_table_privilege('bi_reader', oid, 'SELECT')"
    )
    assert unreadable == []


@pytest.mark.one_version
def test_a_second_plan_changes_nothing(shops: Project) -> None:
    before = fingerprints(shops)
    assert "No changes to plan" in shops.sqlmesh(*PLAN)
    assert fingerprints(shops) == before


@pytest.mark.one_version
def test_a_redelivered_file_with_one_changed_line_changes_just_that_day(shops: Project) -> None:
    before = daily_fingerprints(shops)
    lines = list(INVOICES["2025-07-03"])
    lines[1] = ("700008", "10001A", "blue kettle", "5", "4.25", "502.0", "France")
    write_invoices(shops.root / "data", "2025-07-03", lines)
    shops.retail("load", "online_retail")
    touched = shops.query("SELECT event_dates FROM ingest.load ORDER BY load_id DESC LIMIT 1")
    assert touched == [([date(2025, 7, 3)],)]
    shops.sqlmesh(
        *PLAN,
        "--restate-model",
        "stg.online_retail__transaction",
        "--start",
        "2025-07-03",
        "--end",
        "2025-07-03",
    )
    after = daily_fingerprints(shops)
    changed = {at for at in before.keys() | after.keys() if before.get(at) != after.get(at)}
    assert changed == {
        ("fct_order", "online_retail", date(2025, 7, 3)),
        ("fct_order_line", "online_retail", date(2025, 7, 3)),
    }


@pytest.mark.one_version
def test_a_rebuild_from_nothing_gives_the_same_rows_under_the_same_keys(shops: Project) -> None:
    rows, surrogates = fingerprints(shops), keys(shops)
    delete_all_environments(shops)
    assert shops.query("SELECT to_regclass('core.fct_order')") == [(None,)]
    shops.sqlmesh(*PLAN)
    assert keys(shops) == surrogates
    assert fingerprints(shops) == rows
