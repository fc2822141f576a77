"""Forecasts of revenue from rows of sales to rows that are served and judged."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import EVALUATION_COLUMNS
from ml.forecast.candidates import BASELINE, CANDIDATES
from ml.forecast.descriptions import (
    CANDIDATE_DESCRIPTIONS,
    SALES_CHAMPION_DESCRIPTIONS,
    SALES_FORECAST_DESCRIPTIONS,
)
from ml.forecast.sales import ALL_CATEGORIES, CANDIDATE_COLUMNS, sales_candidates
from ml.forecast.sales_choice import sales_choices
from ml.forecast.sales_evaluation import SALES_MODEL, SERVED_METHOD, sales_evaluation_rows
from ml.forecast.sales_tables import (
    SALES_CHAMPION_COLUMNS,
    SALES_FORECAST_COLUMNS,
    sales_champion_rows,
    sales_forecast_rows,
)
from ml.forecast.settings import ForecastSettings
from ml.gates import failures, judge
from tests.ml.forecast_series import FIRST, calendar, orders_of, shop, sources_of

SETTINGS = ForecastSettings(most_windows=3)


def candidates_of(sales: pd.DataFrame, settings: ForecastSettings = SETTINGS) -> pd.DataFrame:
    return sales_candidates(sales, orders_of(sales), sources_of(sales), calendar(), settings)


@pytest.fixture(scope="module")
def candidates() -> pd.DataFrame:
    """Return the candidates of a shop whose last day is a Tuesday."""
    return candidates_of(shop(days=261))


def test_columns_are_those_of_the_models(candidates: pd.DataFrame) -> None:
    assert list(candidates) == list(CANDIDATE_COLUMNS)
    assert set(CANDIDATE_COLUMNS) == set(CANDIDATE_DESCRIPTIONS)
    assert (
        list(sales_forecast_rows(candidates))
        == list(SALES_FORECAST_COLUMNS)
        == list(SALES_FORECAST_DESCRIPTIONS)
    )
    assert list(sales_champion_rows(candidates)) == list(SALES_CHAMPION_COLUMNS)
    assert list(SALES_CHAMPION_COLUMNS) == list(SALES_CHAMPION_DESCRIPTIONS)
    assert list(sales_evaluation_rows(candidates)) == list(EVALUATION_COLUMNS)


def test_four_whole_weeks_are_served_and_the_days_before_them(candidates: pd.DataFrame) -> None:
    rows = sales_forecast_rows(candidates)
    ahead = rows[~rows["is_backtest"].astype(bool)]
    last = FIRST + timedelta(days=260)
    days = ahead[(ahead["category"] == "c0") & (ahead["period_kind"] == "day")]["period_start_date"]
    assert list(days) == [last + timedelta(days=day) for day in range(1, 34)]
    weeks = list(ahead[(ahead["category"] == "c0") & (ahead["period_kind"] == "week")]["period_start_date"])
    assert weeks == [last + timedelta(days=6 + 7 * week) for week in range(4)]
    assert all(week.weekday() == 0 for week in weeks)


def test_categories_and_days_add_up_to_the_cent(candidates: pd.DataFrame) -> None:
    rows = sales_forecast_rows(candidates)
    rows["cents"] = (rows["forecast_amount"] * 100).round().astype(int)
    assert (rows["forecast_amount"] == rows["cents"] / 100).all()
    periods = ["period_kind", "period_start_date"]
    total = rows[rows["category"] == ALL_CATEGORIES].groupby(periods)["cents"].sum()
    parts = rows[rows["category"] != ALL_CATEGORIES].groupby(periods)["cents"].sum()
    pd.testing.assert_series_equal(total, parts)
    rows["monday"] = [day - timedelta(days=day.weekday()) for day in rows["period_start_date"]]
    days = rows[rows["period_kind"] == "day"].groupby(["category", "monday"])["cents"].agg(["sum", "size"])
    weeks = rows[rows["period_kind"] == "week"].set_index(["category", "period_start_date"])["cents"]
    whole = days[days["size"] == 7]["sum"]
    assert len(weeks) == len(whole) > 0
    assert (weeks == whole.reindex(weeks.index)).all()


def test_a_seasonal_shop_is_forecast_well_and_the_row_says_how_well_beside_the_naive(
    candidates: pd.DataFrame,
) -> None:
    rows = sales_evaluation_rows(candidates)
    mape = rows[(rows["metric"] == "weekly_mape") & (rows["method"] == SERVED_METHOD)].iloc[0]
    assert mape["metric_value"] < 0.06
    assert mape["metric_value"] < mape["baseline_value"]
    assert mape["is_better_than_baseline"]
    assert mape["note"] == ""
    assert mape["holdout_count"] == 8  # two judged windows of four weeks
    coverage = rows[(rows["metric"] == "coverage_80") & (rows["part"] == "EUR category day")].iloc[0]
    assert 0.7 < coverage["metric_value"] < 0.92


def test_mape_and_wape_are_what_a_recount_of_the_served_rows_gives(candidates: pd.DataFrame) -> None:
    served, sales = sales_forecast_rows(candidates), shop(days=261)
    weeks = served[
        (served["category"] == ALL_CATEGORIES)
        & (served["period_kind"] == "week")
        & served["is_backtest"].astype(bool)
    ]
    errors = []
    for row in weeks.itertuples():
        inside = (sales["sales_date"] >= row.period_start_date) & (
            sales["sales_date"] < row.period_start_date + timedelta(days=7)
        )
        actual = sales.loc[inside, "net_amount"].sum()
        errors.append(abs(row.forecast_amount - actual) / actual)
    judged = sales_evaluation_rows(candidates)
    value = judged[(judged["metric"] == "weekly_mape") & (judged["method"] == SERVED_METHOD)][
        "metric_value"
    ].iloc[0]
    assert value == pytest.approx(np.mean(errors), rel=1e-9)


def test_above_15_percent_the_row_says_so() -> None:
    rng = np.random.default_rng(3)
    sales = shop(days=261)
    week = (pd.to_datetime(sales["sales_date"]) - pd.Timestamp(FIRST)).dt.days // 7
    sales["net_amount"] *= np.exp(rng.normal(0, 0.7, 40))[week]
    rows = sales_evaluation_rows(candidates_of(sales))
    mape = rows[(rows["metric"] == "weekly_mape") & (rows["method"] == SERVED_METHOD)].iloc[0]
    assert mape["metric_value"] > 0.15
    assert "Above 15%" in mape["note"]
    assert f"naive: {mape['baseline_value']:.1%}" in mape["note"]


def test_two_runs_are_identical_whatever_the_order_of_the_rows(candidates: pd.DataFrame) -> None:
    again = candidates_of(shop(days=261).sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(again, candidates)
    pd.testing.assert_frame_equal(sales_forecast_rows(again), sales_forecast_rows(candidates))


def test_changing_the_future_changes_no_forecast_before_it(candidates: pd.DataFrame) -> None:
    origins = sorted(candidates["origin_date"].unique())
    sales = shop(days=261)
    later = pd.to_datetime(sales["sales_date"]) >= pd.Timestamp(origins[2])
    rng = np.random.default_rng(8)
    sales.loc[later, "net_amount"] = rng.permutation(sales.loc[later, "net_amount"]) * 3
    changed = candidates_of(sales)
    methods = [f"{name}_amount" for name in CANDIDATES] + ["scale_amount"]
    known = changed["origin_date"] <= origins[2]
    pd.testing.assert_frame_equal(changed.loc[known, methods], candidates.loc[known, methods])
    assert not changed.loc[~known, methods].equals(candidates.loc[~known, methods])
    before, after = sales_forecast_rows(candidates), sales_forecast_rows(changed)
    columns = [name for name in before if name not in ("note", "baseline_amount")]
    served = before["origin_date"] <= origins[2]
    assert served.any()
    pd.testing.assert_frame_equal(before.loc[served, columns], after.loc[served, columns])


def test_an_incomplete_end_is_not_taken_for_a_collapse() -> None:
    sales = shop(days=250)
    orders = orders_of(sales)
    end = orders["sales_date"].max()
    cut = sales["sales_date"] > end - timedelta(days=6)
    sales.loc[cut, "net_amount"] *= 0.02
    orders.loc[orders["sales_date"] > end - timedelta(days=6), "order_count"] = 1.0
    made = sales_candidates(sales, orders, sources_of(sales), calendar(), SETTINGS)
    assert made["origin_date"].max() == end - timedelta(days=5)
    assert (made["as_of_date"] == end).all()


def test_holidays_are_the_countrys_and_change_the_boosted_forecast() -> None:
    sales = shop(days=400, categories=6)
    holidays = tuple(FIRST + timedelta(days=day) for day in (60, 130, 200, 270, 340, 380, 410))
    sales["net_amount"] *= np.where(sales["sales_date"].isin(holidays), 3.0, 1.0)
    few = dataclasses.replace(SETTINGS, most_windows=0)
    with_holidays = sales_candidates(sales, orders_of(sales), sources_of(sales), calendar(holidays), few)
    elsewhere = sales_candidates(sales, orders_of(sales), sources_of(sales, "XX"), calendar(holidays), few)
    row = (with_holidays["sales_date"] == holidays[-1]) & (with_holidays["category"] == ALL_CATEGORIES)
    assert (
        with_holidays.loc[row, "boosting_amount"].iloc[0]
        > 1.5 * elsewhere.loc[row, "boosting_amount"].iloc[0]
    )


@pytest.mark.parametrize("days", [1, 5, 45])
def test_a_short_source_has_forecasts_without_intervals_and_says_why(days: int) -> None:
    made = candidates_of(shop(days=days))
    rows = sales_forecast_rows(made)
    assert len(rows) > 0
    assert rows["forecast_amount"].notna().all()
    assert rows["low_80_amount"].isna().all()
    assert rows["note"].str.len().gt(0).all()
    judged = sales_evaluation_rows(made)
    assert list(judged["metric"]) == ["wape", "weekly_mape"]
    assert judged["role"].eq("champion").all()
    assert judged["metric_value"].isna().all()
    assert judged["note"].str.contains("too few").all()


def test_bad_series_beside_good_ones_do_no_harm() -> None:
    sales = shop(days=230)
    last = sales["sales_date"].max()
    extra = [
        ("shop", "EUR", "once", last - timedelta(days=3), 50.0, 1.0),
        ("shop", "EUR", "returned", last - timedelta(days=90), 80.0, 1.0),
        ("shop", "EUR", "returned", last - timedelta(days=2), -80.0, 0.0),
        ("shop", "EUR", "nothing", last - timedelta(days=9), 0.0, 0.0),
        *[("shop", "EUR", "constant", last - timedelta(days=day), 10.0, 1.0) for day in range(229)],
        ("empty", "EUR", "zero", last, 0.0, 0.0),
    ]
    rows = pd.concat([sales, pd.DataFrame(extra, columns=list(sales))])
    made = candidates_of(rows)
    served = sales_forecast_rows(made)
    assert (served["forecast_amount"] >= 0).all()
    now = served[~served["is_backtest"].astype(bool) & (served["source"] == "shop")]
    assert set(now["category"]) == {"all", "c0", "c1", "c2", "constant", "nothing", "once", "returned"}
    assert (now[now["category"] == "nothing"]["forecast_amount"] == 0).all()
    assert now[now["category"] == "nothing"]["note"].str.contains("Nothing was sold").all()
    assert now[now["category"] == "once"]["note"].str.startswith("New").all()
    constant = now[(now["category"] == "constant") & (now["period_kind"] == "day")]["forecast_amount"]
    assert constant.mean() == pytest.approx(10, rel=0.15)
    champions = sales_champion_rows(made)
    errors = json.loads(champions[champions["category"] == "c0"]["method_errors"].iloc[0])
    assert set(errors) == set(CANDIDATES)
    assert len(sales_evaluation_rows(made)) > 0


def test_currencies_are_never_added_and_sources_do_not_touch_each_other(candidates: pd.DataFrame) -> None:
    one = shop(days=261)
    other = shop(days=100, source="other", seed=5).assign(currency="GBP")
    third = one.assign(currency="USD")
    rows = pd.concat([one, other, third])
    made = candidates_of(rows)
    alone = made[(made["source"] == "shop") & (made["currency"] == "EUR")].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, candidates, check_dtype=False)
    assert {(choice.source, choice.currency) for choice in sales_choices(made)} == {
        ("shop", "EUR"),
        ("shop", "USD"),
        ("other", "GBP"),
    }


def test_an_empty_source_gives_no_rows() -> None:
    sales = shop(days=10)
    nothing = sales_candidates(sales.iloc[:0], orders_of(sales), sources_of(sales), calendar(), SETTINGS)
    assert nothing.empty
    assert list(nothing) == list(CANDIDATE_COLUMNS)
    assert sales_forecast_rows(nothing).empty
    assert sales_champion_rows(nothing).empty
    assert sales_evaluation_rows(nothing).empty
    assert isinstance(FIRST, date)


def test_where_the_methods_chosen_lose_the_baseline_is_the_champion_and_is_judged_by_prod(
    candidates: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    (choice,) = sales_choices(candidates)
    losing = dataclasses.replace(choice, beats=np.zeros_like(choice.beats))
    before = sales_evaluation_rows(candidates)
    monkeypatch.setattr("ml.forecast.sales_evaluation.sales_choices", lambda _: [losing])
    rows = sales_evaluation_rows(candidates)
    for judged in (before, rows):
        assert judged[judged["role"] == "champion"].groupby(["part", "metric"]).size().eq(1).all()
        assert len(judged[judged["role"] == "champion"]) == len(judged.groupby(["part", "metric"]))
        naive = judged[judged["method"] == BASELINE]
        assert naive["baseline_value"].isna().all()
        assert naive["baseline_method"].eq("").all()
    wape = rows[(rows["metric"] == "wape") & (rows["role"] == "champion")]
    assert set(wape["part"]) == {"EUR total week", "EUR category week"}
    assert wape["method"].eq(BASELINE).all()
    assert wape["note"].str.endswith("the baseline is served.").all()
    assert set(rows[rows["method"] == SERVED_METHOD]["role"]) >= {"challenger"}
    gates = [{"model": SALES_MODEL, "metric": "wape", "worse_than_prod": 0.25, "worse_than_baseline": 0.1}]
    verdicts = judge(_records(rows), gates, _records(before))
    lost = {verdict.part for verdict in verdicts if verdict.is_passed is False}
    assert lost == {"EUR total week", "EUR category week"}  # the naive method is worse than what prod serves
    assert not failures(judge(_records(before), gates, _records(before)))


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    rows = rows.astype(object)
    return [dict(zip(rows, values, strict=True)) for values in rows.where(rows.notna(), None).to_numpy()]


def test_a_refund_after_the_last_order_moves_no_forecast(candidates: pd.DataFrame) -> None:
    sales = shop(days=261)
    last = sales["sales_date"].max()
    refund = pd.DataFrame([("shop", "EUR", "c0", last + timedelta(days=9), -40.0, 0.0)], columns=list(sales))
    with_refund = pd.concat([sales, refund])
    made = sales_candidates(with_refund, orders_of(sales), sources_of(sales), calendar(), SETTINGS)
    pd.testing.assert_frame_equal(made, candidates)
    assert made["as_of_date"].eq(last).all()
