"""Drift in SQL is what NumPy makes of the same rows, and is found where it was planted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extras import execute_values
from scipy.stats import chi2
from sqlglot import exp
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model

from loaders.schema import ensure_tables
from ops.settings import Settings
from tests.macros.conftest import MACROS, MODULES, Ask
from tests.support import ROOT

SHARES = np.arange(1, 10) / 10
Show = Callable[[str], pd.DataFrame]


def psi(expected: np.ndarray[Any, Any], actual: np.ndarray[Any, Any]) -> float:
    """The index of two histograms, with half a row more in each bin."""
    e = (expected + 0.5) / (expected.sum() + 0.5 * len(expected))
    a = (actual + 0.5) / (actual.sum() + 0.5 * len(actual))
    return float(np.sum((a - e) * np.log(a / e)))


def edges_of(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.unique(np.quantile(values, SHARES, method="inverted_cdf"))


def histogram(values: np.ndarray[Any, Any], edges: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


@pytest.fixture(scope="module")
def show(connection: Connection, module_database: Settings) -> Show:
    """The rows of a model of ml, on the tables that a test has made."""
    loader = module_database.connect_loader()
    ensure_tables(loader, {})
    loader.close()

    def show(name: str) -> pd.DataFrame:
        sys.modules.update(MODULES)
        text = (ROOT / "models" / "ml" / f"{name}.sql").read_text("utf-8")
        model = load_sql_based_model(
            parse(text, default_dialect="postgres"),
            dialect="postgres",
            macros=MACROS,
            module_path=ROOT,
            variables={"drift_psi": 0.25},
        )
        with connection.cursor() as cursor:
            cursor.execute(model.render_query_or_raise().sql("postgres"))
            return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])

    return show


def test_the_index_is_numpys(ask: Ask) -> None:
    expected, actual = np.array([0, 40, 1000, 7, 3]), np.array([5, 30, 400, 0, 65])
    rows = ", ".join(f"({e}, {a})" for e, a in zip(expected, actual, strict=True))
    found = ask(
        f"SELECT @PSI(@BIN_RATE(e, {expected.sum()}, 5), @BIN_RATE(a, {actual.sum()}, 5)) AS psi "
        f"FROM (VALUES {rows}) AS bin(e, a)"
    )
    assert found[0][0] == pytest.approx(psi(expected, actual), rel=1e-12)


def test_with_many_rows_the_half_rows_do_not_matter(ask: Ask) -> None:
    textbook = (0.6 - 0.5) * np.log(0.6 / 0.5) + (0.4 - 0.5) * np.log(0.4 / 0.5)
    found = ask(
        "SELECT @PSI(@BIN_RATE(e, 1000000000, 2), @BIN_RATE(a, 1000000000, 2)) AS psi "
        "FROM (VALUES (500000000, 600000000), (500000000, 400000000)) AS bin(e, a)"
    )
    assert found[0][0] == pytest.approx(textbook, rel=1e-6)


@pytest.mark.parametrize("bins", [3, 5, 10])
def test_the_limit_is_the_chi_squares(ask: Ask, bins: int) -> None:
    [(limit,)] = ask(f"SELECT @PSI_LIMIT({bins}, 400, 1000) AS psi_limit")
    assert limit == pytest.approx(chi2.ppf(0.95, bins - 1) * (1 / 400 + 1 / 1000), rel=0.01)
    assert ask("SELECT @PSI_LIMIT(1, 400, 1000) AS a, @PSI_LIMIT(5, 0, 1000) AS b") == [(None, None)]


def test_chance_exceeds_the_limit_once_in_twenty_times(ask: Ask) -> None:
    generator = np.random.default_rng(7)
    [(limit,)] = ask("SELECT @PSI_LIMIT(10, 5000, 2000) AS psi_limit")
    edges = np.arange(1, 10) / 10
    found = [
        psi(histogram(generator.random(5000), edges), histogram(generator.random(2000), edges))
        for _ in range(2000)
    ]
    assert np.mean(np.array(found) > limit) == pytest.approx(0.05, abs=0.015)


def record(connection: Connection, environment: str, scores: dict[str, np.ndarray[Any, Any]]) -> None:
    """Make the scores of each source the model's, and record them as after a plan."""
    rows = [(source, float(score)) for source, values in scores.items() for score in values]
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS ml; DROP TABLE IF EXISTS ml.guess")
        cursor.execute("CREATE TABLE ml.guess (source text, score double precision)")
        execute_values(cursor, "INSERT INTO ml.guess VALUES %s", [*rows, ("shop", None)])
        view = exp.table_("guess", db="ml")
        cursor.execute(MODULES["macros.drift"].distribution(environment, "ml.guess", "score", view))


def test_scores_are_compared_with_the_first_the_previous_and_prods(
    connection: Connection, show: Show
) -> None:
    generator = np.random.default_rng(11)
    first, same, moved = generator.beta(2, 5, 3000), generator.beta(2, 5, 2500), generator.beta(5, 5, 2000)
    constant = np.full(50, 0.5)
    record(connection, "prod", {"shop": first, "stall": constant})
    record(connection, "prod", {"shop": first, "stall": constant})  # nothing new: not recorded again
    record(connection, "prod", {"shop": same, "stall": constant})
    record(connection, "dev", {"shop": moved, "stall": constant})
    record(connection, "dev", {"shop": first[:1000], "stall": constant})
    found = show("score_drift").sort_values(["environment", "recorded_at", "compared_with"])

    edges = edges_of(first)
    shop = found[found["source"] == "shop"]
    expected = [
        ("dev", "prod", psi(histogram(same, edges), histogram(moved, edges)), True),
        ("dev", "first", psi(histogram(moved, edges), histogram(first[:1000], edges)), True),
        ("dev", "previous", psi(histogram(moved, edges), histogram(first[:1000], edges)), True),
        ("dev", "prod", psi(histogram(same, edges), histogram(first[:1000], edges)), False),
        ("prod", "first", psi(histogram(first, edges), histogram(same, edges)), False),
        ("prod", "previous", psi(histogram(first, edges), histogram(same, edges)), False),
    ]
    assert [tuple(row) for row in shop[["environment", "compared_with", "psi", "is_drifted"]].to_numpy()] == [
        (environment, kind, pytest.approx(value, rel=1e-9), drifted)
        for environment, kind, value, drifted in expected
    ]
    stall = found[found["source"] == "stall"]
    assert list(stall["compared_with"]) == ["prod"]
    assert list(stall["psi"]) == [0.0]


def sales(months: int, change: int) -> pd.DataFrame:
    """Orders of some months, of which those from `change` on are worth twice as much."""
    generator = np.random.default_rng(3)
    days = pd.date_range("2024-01-01", periods=months * 30, freq="D")
    frame = pd.DataFrame({"order_date": generator.choice(days, 6000)}).sort_values(
        "order_date", ignore_index=True
    )
    doubled = frame["order_date"] >= pd.Timestamp("2024-01-01") + pd.DateOffset(months=change)
    frame["net_sale_amount"] = np.round(generator.gamma(2, 20, 6000) * np.where(doubled, 2, 1), 2)
    frame["line_count"] = generator.integers(1, 4, 6000)
    frame["customer_id"] = generator.choice([*"abcdefghijklmnopqrstuvwxyz", None], 6000)
    frame["order_id"] = [f"{number:05}" for number in range(6000)]
    return frame.assign(source="shop", currency="EUR")


def reference(frame: pd.DataFrame, feature: str) -> dict[str, tuple[float, int, int]]:
    """Index, rows and baseline rows of each month, from the definition."""
    first = frame["order_date"].min()
    frame = frame.assign(month=frame["order_date"].dt.to_period("M"))
    if feature == "gap_days":
        known = frame.dropna(subset="customer_id").sort_values(["order_date", "order_id"])
        known = known.assign(gap_days=known.groupby("customer_id")["order_date"].diff().dt.days)
        begins = known["month"].dt.to_timestamp() >= first + pd.Timedelta(days=90)
        frame = known[begins & (known["gap_days"] <= 90)]
    year = frame[frame["month"].dt.to_timestamp() < first + pd.Timedelta(days=365)]
    edges = edges_of(year[feature].to_numpy(float))
    found = {}
    for month in sorted(frame["month"].unique()):
        past = frame[(frame["month"] < month) & (frame["month"] >= month - 12)]
        if past["month"].nunique() >= 3:
            now = frame[frame["month"] == month][feature].to_numpy(float)
            then = past[feature].to_numpy(float)
            found[str(month)] = (psi(histogram(then, edges), histogram(now, edges)), len(now), len(then))
    return found


def test_the_drift_of_inputs_is_numpys_and_is_found_in_the_month_where_it_was_planted(
    connection: Connection, show: Show
) -> None:
    frame = sales(months=18, change=14)
    columns = list(frame)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS mart; DROP TABLE IF EXISTS mart.order_sale")
        cursor.execute(
            "CREATE TABLE mart.order_sale (order_date date, net_sale_amount numeric, line_count int, "
            "customer_id text, order_id text, source text, currency text)"
        )
        one = {"order_date": "2024-05-05", "net_sale_amount": 5, "line_count": 1, "customer_id": None}
        lone = {**one, "order_id": "1", "source": "stall", "currency": "INR"}  # one order: no row
        rows = [*frame.astype(object).to_dict("records"), lone]
        values = [[row[column] for column in columns] for row in rows]
        execute_values(cursor, f"INSERT INTO mart.order_sale ({', '.join(columns)}) VALUES %s", values)
    found = show("input_drift")
    assert set(found["source"]) == {"shop"}
    for feature, column in {
        "order_amount": "net_sale_amount",
        "line_count": "line_count",
        "gap_days": "gap_days",
    }.items():
        wanted = reference(frame, column)
        rows = found[found["feature"] == feature].sort_values("month_date")
        assert [str(day)[:7] for day in rows["month_date"]] == list(wanted)
        for row, (value, count, past) in zip(rows.itertuples(), wanted.values(), strict=True):
            assert (row.row_count, row.baseline_count) == (count, past)
            assert row.psi == pytest.approx(value, rel=1e-9)
    drifted = found[found["is_drifted"]]
    assert {(row.feature, str(row.month_date)) for row in drifted.itertuples()} >= {
        ("order_amount", "2025-03-01")
    }
    assert set(drifted["feature"]) == {"order_amount"}
    assert min(map(str, drifted["month_date"])) == "2025-03-01"
