"""What is read of the star schema, tried on an engine that is not Postgres: the queries are no dialect's text."""

from datetime import date

import duckdb
import pandas as pd
from sqlglot import exp

from ml.clv.reading import clv_champions_query, clv_customers_query, clv_days_query

JANUARY, FEBRUARY, MARCH = date(2026, 1, 5), date(2026, 2, 1), date(2026, 3, 1)
LINE = {
    "source": "corner",
    "currency": "EUR",
    "customer_id": "A",
    "order_date": JANUARY,
    "return_date": pd.NaT,
    "line_kind": "product",
    "is_return": False,
    "is_cancelled": False,
    "net_amount": 10.0,
}


def rows_of(query: exp.Select, **tables: pd.DataFrame) -> list[tuple[object, ...]]:
    connection = duckdb.connect()
    for name, frame in tables.items():
        connection.register(name, frame)
    return connection.sql(query.sql("duckdb")).fetchall()


def days(*lines: dict[str, object], last: date = MARCH) -> list[tuple[object, ...]]:
    """Return customer_id, order_date, is_purchase and net_amount of the days that the lines make."""
    frame = pd.DataFrame([LINE | line for line in lines])
    frame["return_date"] = pd.to_datetime(frame["return_date"])
    frame["order_date"] = pd.to_datetime(frame["order_date"])
    orders = pd.DataFrame(
        {"source": ["corner", "corner", "other"], "order_date": [JANUARY, last, date(2030, 1, 1)]}
    )
    found = rows_of(clv_days_query(exp.to_table("line"), exp.to_table("orders")), line=frame, orders=orders)
    assert {row[6] for row in found} == {last}
    return sorted((row[2], pd.Timestamp(row[3]).date(), row[4], row[5]) for row in found)


def test_orders_of_a_day_are_one_purchase() -> None:
    assert days({}, {"net_amount": 5.0}, {"order_date": FEBRUARY}) == [
        ("A", JANUARY, 1, 15.0),
        ("A", FEBRUARY, 1, 10.0),
    ]


def test_cents_add_up_as_decimals_do() -> None:
    assert days({"net_amount": 0.1}, {"net_amount": 0.2}) == [("A", JANUARY, 1, 0.3)]  # binary is more


def test_a_return_stands_on_the_day_of_the_refund_and_is_no_purchase() -> None:
    back = {"is_return": True, "net_amount": -4.0, "return_date": FEBRUARY}
    assert days({}, back) == [("A", JANUARY, 1, 10.0), ("A", FEBRUARY, 0, -4.0)]
    assert days({}, back | {"return_date": pd.NaT}) == [("A", JANUARY, 1, 6.0)]


def test_postage_cancelled_orders_and_unknown_customers_are_left_out() -> None:
    assert days(
        {},
        {"line_kind": "postage", "net_amount": 3.0},
        {"is_cancelled": True, "order_date": FEBRUARY},
        {"customer_id": None},
    ) == [("A", JANUARY, 1, 10.0)]


def test_customers_come_with_their_histories_and_those_of_returns_only_do_not() -> None:
    customer = {
        "source": "corner",
        "currency": "EUR",
        "customer_id": "B",
        "as_of_date": MARCH,
        "tenure_days": 90,
        "recency_days": 20,
        "order_count": 5,
        "order_day_count": 4,
        "net_amount": 100.0,
    }
    frame = pd.DataFrame(
        [customer, customer | {"customer_id": "A"}, customer | {"customer_id": "C", "order_count": 0}]
    )
    found = rows_of(clv_customers_query(exp.to_table("customer")), customer=frame)
    assert [row[2] for row in found] == ["A", "B"]
    assert found[0][4:] == (90, 3, 70, 25.0)


def test_the_methods_that_serve_are_the_champions() -> None:
    rows = [("corner", "EUR", "bg_nbd", "champion"), ("corner", "EUR", "bg_nbd", "champion")]
    rows += [("corner", "EUR", "own_rate", "baseline"), ("corner", "EUR", "pareto_nbd", "challenger")]
    evaluation = pd.DataFrame(rows, columns=["source", "part", "method", "role"])
    found = rows_of(clv_champions_query(exp.to_table("evaluation")), evaluation=evaluation)
    assert found == [("corner", "EUR", "bg_nbd")]
