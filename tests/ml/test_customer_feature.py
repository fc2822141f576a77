"""ml.customer_feature and ml.customer_outcome on Postgres: what was known on a day, and what came after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import md5

import pandas as pd
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extras import execute_values
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model

from ops.settings import Settings
from tests.macros.conftest import MACROS, MODULES
from tests.ml.propensity_shop import (
    CUTS,
    LAST_DAY,
    Tables,
    random_shop,
    reference_features,
    with_another_future,
)
from tests.support import ROOT

KEY = ["source", "customer_id", "as_of_date"]
TYPES = {
    "order_date": "date", "ordered_at": "timestamptz", "promised_date": "date", "delivered_date": "date",
    "return_date": "date", "answered_date": "date", "is_cancelled": "boolean", "is_return": "boolean",
    "delay_days": "int", "unit_count": "int", "score": "int", "order_key": "uuid", "product_key": "uuid",
    "gross_amount": "numeric", "discount_amount": "numeric", "net_sale_amount": "numeric", "net_amount": "numeric",
}  # fmt: skip
Known = Callable[[Tables], pd.DataFrame]


@pytest.fixture(scope="module")
def connection(module_database: Settings) -> Iterator[Connection]:
    connection = module_database.connect()
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def known(connection: Connection) -> Known:
    """The rows of ml.customer_feature for a shop, by its key; ml.customer_feature is left filled."""

    def known(tables: Tables) -> pd.DataFrame:
        sold = tables["order"][~tables["order"]["is_cancelled"]]
        _fill(connection, "mart.order_sale", sold)
        _fill(connection, "core.fct_order", tables["order"])
        _fill(connection, "core.fct_order_line", tables["line"])
        _fill(connection, "core.dim_product", tables["product"])
        _fill(connection, "core.fct_review", tables["review"])
        return _compute(connection, "customer_feature")

    return known


def test_features_are_what_a_customer_by_customer_count_says(known: Known) -> None:
    shop = random_shop()
    _agree(known(shop), shop)


def test_what_is_known_from_before_the_first_order_counts_from_that_order_on(known: Known) -> None:
    shop = random_shop(seed=6)
    told = shop["review"]["answered_date"] - timedelta(days=300)  # of orders that were cancelled, say
    shop["review"] = shop["review"].assign(answered_date=told)
    _agree(known(shop), shop)


def test_what_nobody_knows_the_day_of_counts_never(known: Known) -> None:
    shop = random_shop(seed=8)
    days = shop["review"]["answered_date"].astype(object)
    days[::2] = None
    shop["review"] = shop["review"].assign(answered_date=days)
    _agree(known(shop), shop)


def _agree(said: pd.DataFrame, shop: Tables) -> None:
    said = said.set_index(KEY)
    days = [LAST_DAY - timedelta(days=cut) for cut in CUTS]
    expected = pd.concat([reference_features(shop, s, day) for s in ("other", "shop") for day in days])
    expected = expected.set_index(KEY).sort_index()
    assert len(said) == len(expected) > 200
    for name in expected:
        if name == "currency":
            assert said[name].equals(expected[name])
            continue
        numbers = said[name].astype(float)
        wanted = expected[name].astype(float)
        assert numbers.isna().equals(wanted.isna()), name
        assert (numbers - wanted).abs().max() < 0.006, name


def test_nothing_that_comes_after_a_cut_changes_what_was_known_by_then(known: Known) -> None:
    shop = random_shop(seed=2)
    cut = LAST_DAY - timedelta(days=60)
    before, after = known(shop), known(with_another_future(shop, cut))
    later = before["as_of_date"] > cut
    assert (
        not before[later]
        .reset_index(drop=True)
        .equals(after[after["as_of_date"] > cut].reset_index(drop=True))
    )
    pd.testing.assert_frame_equal(
        before[~later].reset_index(drop=True),
        after[after["as_of_date"] <= cut].reset_index(drop=True),
    )


def test_the_first_n_of_a_date_are_a_sample_of_every_customer(known: Known) -> None:
    features = known(random_shop(seed=3))
    for _, rows in features.groupby(["source", "as_of_date"]):
        assert sorted(rows["sample_rank"]) == list(range(1, len(rows) + 1))
        drawn = rows.sort_values("sample_rank")["customer_id"].tolist()
        assert drawn == sorted(drawn, key=lambda name: (md5(name.encode()).hexdigest(), name))  # noqa: S324
    assert set(features.loc[features["is_current"], "as_of_date"]) == {LAST_DAY}
    assert features["customer_id"].notna().all()


def test_outcomes_are_the_days_to_the_next_order(known: Known, connection: Connection) -> None:
    shop = random_shop(seed=4)
    features = known(shop)
    outcome = _compute(connection, "customer_outcome")
    orders = shop["order"][~shop["order"]["is_cancelled"]]
    assert len(outcome) == (~features["is_current"]).sum() > 100
    for row in outcome.itertuples():
        theirs = orders[(orders["source"] == row.source) & (orders["customer_id"] == row.customer_id)]
        later = [(day - row.as_of_date).days for day in theirs["order_date"] if day > row.as_of_date]
        assert row.observed_days == (LAST_DAY - row.as_of_date).days
        assert (min(later) if later else None) == (
            None if pd.isna(row.next_order_days) else row.next_order_days
        )


def test_a_source_of_one_order_has_one_row_and_no_outcome(known: Known, connection: Connection) -> None:
    shop = random_shop(seed=5)
    order = shop["order"]
    one = order[(order["source"] == "shop") & order["customer_id"].notna() & ~order["is_cancelled"]].head(1)
    empty = {name: shop[name].head(0) for name in ("line", "review")}
    rows = known(shop | empty | {"order": one})
    assert rows[
        ["source", "order_count", "recency_days", "tenure_days", "active_rate"]
    ].to_numpy().tolist() == [["shop", 1, 0, 0, 0]]
    assert _compute(connection, "customer_outcome").empty


def _query(name: str) -> str:
    text = (ROOT / "models" / "ml" / f"{name}.sql").read_text("utf-8")
    sys.modules.update(MODULES)  # another test's project may have put its copies there
    header = parse(f"MODEL (name ml.{name}, kind FULL)", default_dialect="postgres")  # without audits
    model = load_sql_based_model(
        header + parse(text, default_dialect="postgres")[1:],
        dialect="postgres",
        macros=MACROS,
        module_path=ROOT,
        variables={"feature_cut_days": list(CUTS)},
    )
    return model.render_query_or_raise().sql("postgres")


def _compute(connection: Connection, name: str) -> pd.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS ml")
        cursor.execute(f"DROP TABLE IF EXISTS ml.{name}")
        cursor.execute(f"CREATE TABLE ml.{name} AS {_query(name)}")
        cursor.execute(f"SELECT * FROM ml.{name} ORDER BY {', '.join(KEY)}")
        rows = cursor.fetchall()
        frame = pd.DataFrame(rows, columns=[column[0] for column in cursor.description])
    for column in frame.columns.difference([*KEY, "currency"]):
        frame[column] = pd.to_numeric(frame[column])
    return frame


def _fill(connection: Connection, table: str, rows: pd.DataFrame) -> None:
    columns = [f"{name} {TYPES.get(name, 'text')}" for name in rows]
    values = [tuple(None if _missing(x) else x for x in row) for row in rows.itertuples(index=False)]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        if values:
            execute_values(cursor, f"INSERT INTO {table} VALUES %s", values)


def _missing(value: object) -> bool:
    return value is None or (not isinstance(value, str | date) and bool(pd.isna(value)))
