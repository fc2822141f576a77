"""Forecasts of product demand from rows of sales to rows that are served and judged."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ml.evaluation import EVALUATION_COLUMNS
from ml.forecast.candidates import CANDIDATES
from ml.forecast.demand import DEMAND_CLASSES, SourceDemand, demand_classes, source_demands
from ml.forecast.demand_choice import DEMAND_BASELINE, DEMAND_CHAMPION_COLUMNS, demand_champion_rows
from ml.forecast.demand_tables import (
    COMPARED_METRIC,
    DEMAND_FORECAST_COLUMNS,
    DEMAND_SERVED,
    demand_evaluation_rows,
    demand_forecast_rows,
)
from ml.forecast.descriptions import DEMAND_CHAMPION_DESCRIPTIONS, DEMAND_FORECAST_DESCRIPTIONS
from ml.forecast.settings import ForecastSettings
from tests.ml.forecast_series import FIRST, calendar, intermittent, weekly_demand

SETTINGS = ForecastSettings(most_windows=2)
WEEKS = 60


def demands_of(values: npt.NDArray[np.float64], days_into_the_week: int = 0) -> SourceDemand:
    """Return the one source of these series, known up to a Sunday, or to a day of the week after."""
    rows = weekly_demand(values)
    last = FIRST + timedelta(days=7 * values.shape[1] - 1 + days_into_the_week)
    sources = pd.DataFrame({"source": ["shop"], "as_of_date": [last], "country_code": ["GB"]})
    orders = pd.DataFrame(
        [("shop", FIRST + timedelta(days=day), 40.0) for day in range((last - FIRST).days + 1)],
        columns=["source", "sales_date", "order_count"],
    )
    (made,) = source_demands(rows, orders, sources, calendar(), SETTINGS)
    return made


@pytest.fixture(scope="module")
def values() -> npt.NDArray[np.float64]:
    """Return steady sellers, intermittent ones, one that has died out, and a new one."""
    rng = np.random.default_rng(2)
    steady = rng.poisson(12, (20, WEEKS)).astype(float)
    rare = intermittent(30, WEEKS, rate=0.25)
    dead, fresh = np.zeros((1, WEEKS)), np.zeros((1, WEEKS))
    dead[0, :30], fresh[0, -3:] = 5.0, 4.0
    return np.concatenate([steady, rare, dead, fresh])


@pytest.fixture(scope="module")
def champions(values: npt.NDArray[np.float64]) -> pd.DataFrame:
    return demand_champion_rows(demands_of(values), SETTINGS)


def test_columns_are_those_of_the_models(values: npt.NDArray[np.float64], champions: pd.DataFrame) -> None:
    assert list(champions) == list(DEMAND_CHAMPION_COLUMNS) == list(DEMAND_CHAMPION_DESCRIPTIONS)
    rows = demand_forecast_rows(champions)
    assert list(rows) == list(DEMAND_FORECAST_COLUMNS) == list(DEMAND_FORECAST_DESCRIPTIONS)
    assert list(demand_evaluation_rows(champions, SETTINGS)) == list(EVALUATION_COLUMNS)


def test_each_product_that_sold_lately_has_four_weeks_and_the_others_a_reason(
    values: npt.NDArray[np.float64], champions: pd.DataFrame
) -> None:
    rows = demand_forecast_rows(champions)
    assert rows.groupby("product_id").size().eq(4).all()
    assert "p050" not in set(rows["product_id"])  # it died out 30 weeks ago
    dead = champions[champions["product_id"] == "p050"].iloc[0]
    assert not dead["is_active"]
    assert dead["method"] == "none"
    assert "Sold nothing lately" in dead["note"]
    fresh = rows[rows["product_id"] == "p051"]
    assert fresh["demand_class"].eq("new").all()
    assert fresh["note"].str.startswith("New").all()
    assert 0.5 < fresh["forecast_units"].mean() < 8
    assert (rows["low_80_units"] >= 0).all()
    assert (rows["high_90_units"] >= rows["high_80_units"]).all()


def test_rates_are_found_where_they_are_steady(
    values: npt.NDArray[np.float64], champions: pd.DataFrame
) -> None:
    rows = demand_forecast_rows(champions)
    number = rows["product_id"].str[1:].astype(int)
    assert rows[number < 20]["forecast_units"].mean() == pytest.approx(12, rel=0.1)
    assert rows[(number >= 20) & (number < 50)]["forecast_units"].mean() == pytest.approx(0.25 * 3, rel=0.4)


def test_the_judged_windows_cover_what_the_intervals_promise_and_all_zero_is_not_served() -> None:
    values = np.concatenate(
        [intermittent(150, 110, rate=0.2, seed=5), np.random.default_rng(1).poisson(6, (50, 110))]
    )
    champions = demand_champion_rows(demands_of(values), ForecastSettings(most_windows=4))
    judged = demand_evaluation_rows(champions, SETTINGS)
    own = judged[(judged["part"] == "all") & (judged["method"] == DEMAND_SERVED)].set_index("metric")[
        "metric_value"
    ]
    assert 0.77 < own["coverage_80"] < 0.92
    assert 0.87 < own["coverage_90"] < 0.97
    assert own["bias"] < 0.1  # all-zero would be 1


def test_champions_are_better_than_the_window_average_where_demand_falls_or_rises() -> None:
    rng = np.random.default_rng(3)
    level = np.linspace(40, 5, 80) * rng.uniform(0.5, 2, (60, 1))
    values = rng.poisson(level).astype(float)
    judged = demand_evaluation_rows(demand_champion_rows(demands_of(values), SETTINGS), SETTINGS)
    row = judged[
        (judged["part"] == "all")
        & (judged["method"] == DEMAND_SERVED)
        & (judged["metric"] == "cumulative_scaled_error")
    ].iloc[0]
    assert row["is_better_than_baseline"]
    assert row["metric_value"] < 0.8 * row["baseline_value"]


def test_the_week_that_has_begun_is_known_in_part_and_not_served(values: npt.NDArray[np.float64]) -> None:
    series = demands_of(values, days_into_the_week=3)
    assert series.week_count() == WEEKS
    champions = demand_champion_rows(series, SETTINGS)
    rows = demand_forecast_rows(champions)
    assert rows["week_start_date"].min() == FIRST + timedelta(days=7 * (WEEKS + 1))
    assert rows.groupby("product_id").size().eq(4).all()


def test_classes_follow_interval_and_variation_of_the_sales() -> None:
    rng = np.random.default_rng(1)
    values = np.zeros((5, 52))
    values[0] = rng.poisson(50, 52)
    values[1] = rng.lognormal(2, 1.2, 52)
    values[2, ::4] = 3.0
    values[3, ::4] = rng.lognormal(2, 1.5, 13)
    values[4] = np.nan
    values[4, -5:] = 2.0
    values[2:4, 0] = 1.0
    names = [DEMAND_CLASSES[number] for number in demand_classes(values, 52)]
    assert names == ["smooth", "erratic", "intermittent", "lumpy", "new"]


def test_two_runs_are_identical_whatever_the_order_of_the_rows(
    values: npt.NDArray[np.float64], champions: pd.DataFrame
) -> None:
    rows = weekly_demand(values).sample(frac=1, random_state=1)
    last = FIRST + timedelta(days=7 * WEEKS - 1)
    sources = pd.DataFrame({"source": ["shop"], "as_of_date": [last], "country_code": ["GB"]})
    orders = pd.DataFrame(columns=["source", "sales_date", "order_count"])
    (series,) = source_demands(rows, orders, sources, calendar(), SETTINGS)
    again = demand_champion_rows(series, SETTINGS)
    pd.testing.assert_frame_equal(again, champions)


def test_changing_the_future_changes_nothing_that_was_judged_before(values: npt.NDArray[np.float64]) -> None:
    """The last window's actual sales are changed: what was served in it must not move."""
    changed = values.copy()
    changed[:, -4:] = np.random.default_rng(4).permuted(values[:, -4:], axis=0) * 2 + 1
    columns = ["product_id", "forecast_units", "baseline_units"]
    before, after = (
        demand_champion_rows(demands_of(each), SETTINGS)[columns].set_index("product_id")
        for each in (values, changed)
    )
    both = before.index.intersection(after.index).difference(["p050"])
    pd.testing.assert_frame_equal(before.loc[both], after.loc[both])


def test_bad_input_gives_a_sensible_row_or_none() -> None:
    one = np.zeros((1, 1))
    one[0, 0] = 3.0
    for values in (one, np.full((1, 60), 4.0), np.concatenate([one, np.zeros((1, 20))], axis=1)):
        series = demands_of(values)
        champions = demand_champion_rows(series, SETTINGS)
        rows = demand_forecast_rows(champions)
        assert len(champions) == 1
        assert len(rows) == 4
        assert rows["forecast_units"].between(0, 5).all()
        assert len(demand_evaluation_rows(champions, SETTINGS)) > 0
    empty = weekly_demand(np.zeros((3, 10)))
    sources = pd.DataFrame({"source": ["shop"], "as_of_date": [FIRST], "country_code": [None]})
    orders = pd.DataFrame(columns=["source", "sales_date", "order_count"])
    assert source_demands(empty, orders, sources, calendar(), SETTINGS) == []
    assert demand_evaluation_rows(champions.iloc[:0], SETTINGS).empty
    assert set(CANDIDATES) >= {"adida", "imapa", "tsb", "croston_sba"}


def test_the_baseline_is_compared_with_nothing(champions: pd.DataFrame) -> None:
    judged = demand_evaluation_rows(champions, SETTINGS)
    naive = judged["method"] == DEMAND_BASELINE
    assert naive.any()
    assert judged[naive]["baseline_value"].isna().all()
    assert judged[naive]["baseline_method"].eq("").all()
    assert judged[~naive & (judged["metric"] == "rmsse")]["baseline_value"].notna().all()


def test_where_each_series_falls_back_the_baseline_is_the_champion(champions: pd.DataFrame) -> None:
    lost = champions.assign(is_baseline_served=champions["method"] != "none")
    own, fallen = (demand_evaluation_rows(each, SETTINGS) for each in (champions, lost))
    for judged, method in ((own, DEMAND_SERVED), (fallen, DEMAND_BASELINE)):
        served = judged[judged["role"] == "champion"]
        assert len(served) == len(judged.groupby(["part", "metric"]))
        compared = served[(served["metric"] == COMPARED_METRIC) & (served["part"] == "all")].iloc[0]
        assert compared["method"] == method
    assert compared["baseline_method"] == ""
    assert compared["note"].startswith("The baseline is served")
    short = champions.assign(champion_error=np.nan, is_baseline_served=True)
    assert demand_evaluation_rows(short, SETTINGS)["role"].eq("champion").all()


def test_a_second_currency_changes_no_price_and_its_units_count() -> None:
    rows = weekly_demand(np.full((2, 12), 6.0))
    other = rows[rows["week_start_date"] >= rows["week_start_date"].iloc[4]]
    other = other[other["product_id"] == "p000"].assign(currency="AUD", net_amount=700.0, unit_count=3.0)
    other_only = weekly_demand(np.full((3, 12), 6.0)).query("product_id == 'p002'").assign(currency="AUD")
    last = FIRST + timedelta(days=7 * 12 - 1)
    sources = pd.DataFrame({"source": ["shop"], "as_of_date": [last], "country_code": ["GB"]})
    orders = pd.DataFrame(columns=["source", "sales_date", "order_count"])
    (one,) = source_demands(rows, orders, sources, calendar(), SETTINGS)
    (both,) = source_demands(pd.concat([other, rows, other_only]), orders, sources, calendar(), SETTINGS)
    np.testing.assert_array_equal(both.prices[:2], one.prices)
    assert (one.prices == 2).all()
    assert both.units.values[0].tolist() == [6.0] * 4 + [9.0] * 8
    assert np.isnan(both.prices[2]).all()  # sold in the other currency alone
    tied = pd.concat([rows, rows.assign(currency="AUD", net_amount=600.0)])
    (first,) = source_demands(tied, orders, sources, calendar(), SETTINGS)
    assert (first.prices == 100).all()  # of equally many, the first by name


def test_weeks_after_the_last_order_are_left_out() -> None:
    rows = weekly_demand(np.full((1, 12), 6.0))
    last = FIRST + timedelta(days=7 * 10 - 1)
    sources = pd.DataFrame({"source": ["shop"], "as_of_date": [last], "country_code": ["GB"]})
    orders = pd.DataFrame(columns=["source", "sales_date", "order_count"])
    (made,) = source_demands(rows, orders, sources, calendar(), SETTINGS)
    assert made.as_of_date == last
    assert made.week_count() == 10
