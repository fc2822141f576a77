"""The forecasting methods against values by hand, slow references and another library."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest

from ml.forecast import candidates
from ml.forecast.bins import MOST_BINS, bin_edges, binned, distinct_rows
from ml.forecast.boosting import boosted
from ml.forecast.calendar import FAR_DAYS, calendar_features
from ml.forecast.candidates import CANDIDATES, COMBINED, candidate_forecasts
from ml.forecast.intermittent import adida_imapa, croston_sba, tsb
from ml.forecast.naive import last_year, seasonal_naive, window_average
from ml.forecast.panel import blank_before_first
from ml.forecast.smoothing import DAMPING, LEVEL_WEIGHTS, ets, ets_grid, theta
from tests.ml.forecast_series import FIRST, intermittent, seasonal

NOTHING = np.nan


def test_seasonal_naive_repeats_the_last_week_known() -> None:
    values = np.arange(14.0)[None, :]
    made = seasonal_naive(values, [7, 14], 9, 7)
    assert made[0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert made[1, 0].tolist() == [7, 8, 9, 10, 11, 12, 13, 7, 8]


def test_window_average_is_the_mean_by_weekday_and_of_what_there_is_for_a_young_series() -> None:
    values = np.array([[1.0, 3, 5, 7], [NOTHING, NOTHING, NOTHING, 8]])
    made = window_average(values, [4], 3, 2, 8)[0]
    assert made[0].tolist() == [3, 5, 3]
    assert made[1].tolist() == [8, 8, 8]  # the other phase was never seen


def test_last_year_grows_as_the_last_8_weeks_did() -> None:
    values = np.concatenate([np.full(364, 10.0), np.full(200, 20.0)])[None, :]
    values[0, 200:207] = 30.0
    origin = 564
    then, now = values[0, origin - 56 - 364 : origin - 364].sum(), values[0, origin - 56 : origin].sum()
    made = last_year(values, [origin], 14, 1)[0, 0]
    np.testing.assert_allclose(made, values[0, 200:214] * now / then)
    assert np.isnan(last_year(values, [400], 14, 1)).all()  # a year and 8 weeks are needed


def slow_croston(values: list[float], weight: float = 0.1) -> float:
    size = interval = 0.0
    since, begun = 0, False
    for value in values:
        since += 1
        if value == 0:
            continue
        if not begun:
            size, interval, begun = value, float(since), True
        else:
            size += weight * (value - size)
            interval += weight * (since - interval)
        since = 0
    return (1 - weight / 2) * size / interval


def slow_tsb(values: list[float], weight: float = 0.1) -> float:
    chance = size = None
    for value in values:
        sold = 1.0 if value else 0.0
        chance = sold if chance is None else chance + weight * (sold - chance)
        if value:
            size = value if size is None else size + weight * (value - size)
    assert chance is not None
    assert size is not None
    return chance * size


def test_croston_and_tsb_agree_with_a_reference_that_takes_one_series_at_a_time() -> None:
    values = intermittent(20, 90, rate=0.25)
    for origin in (30, 90):
        known = [list(row[:origin]) for row in values]
        np.testing.assert_allclose(
            croston_sba(values, [origin], 2)[0, :, 1], [slow_croston(row) for row in known]
        )
        np.testing.assert_allclose(tsb(values, [origin], 2)[0, :, 1], [slow_tsb(row) for row in known])


@pytest.mark.parametrize(
    "origin", [119, 120]
)  # sums of two and three periods begin with the first one, or do not
def test_intermittent_methods_agree_with_statsforecast(origin: int) -> None:
    models = pytest.importorskip("statsforecast.models")
    values = intermittent(12, 120, rate=0.3, seed=3)
    adida, imapa = adida_imapa(values, [origin], 1, 91)
    for number, row in enumerate(values[:, :origin]):
        assert croston_sba(values, [origin], 1)[0, number, 0] == pytest.approx(
            models.CrostonSBA().forecast(row, 1)["mean"][0]
        )
        assert tsb(values, [origin], 1)[0, number, 0] == pytest.approx(
            models.TSB(0.1, 0.1).forecast(row, 1)["mean"][0]
        )
        # Its weight is optimised within the range that ours takes five points of.
        assert adida[0, number, 0] == pytest.approx(models.ADIDA().forecast(row, 1)["mean"][0], rel=0.05)
        assert imapa[0, number, 0] == pytest.approx(models.IMAPA().forecast(row, 1)["mean"][0], rel=0.05)


def test_ets_forecasts_as_well_as_statsforecast_does_with_an_optimiser() -> None:
    models = pytest.importorskip("statsforecast.models")
    values = seasonal(8, 218, noise=0.15, trend=0.002)
    known, later = values[:, :190], values[:, 190:]
    ours = np.abs(ets(values, [190], 28, 7)[0] - later).mean()
    theirs = np.mean(
        [
            np.abs(models.AutoETS(7, model="ANA").forecast(row, 28)["mean"] - later[number])
            for number, row in enumerate(known)
        ]
    )
    assert ours < 1.1 * theirs


def slow_ets(
    row: npt.NDArray[np.float64], point: npt.NDArray[np.float64], season: int, horizon: int
) -> tuple[float, list[float]]:
    """Return the squared errors and the forecasts of one series at one point of the grid, state by state."""
    alpha, beta, gamma, _, with_season = point
    warm_up = 2 * season if season > 1 else 4
    level, trend = float(row[:warm_up].mean()), 0.0
    seasons = [
        float(row[phase:warm_up:season].mean()) - level if with_season else 0.0 for phase in range(season)
    ]
    squares = 0.0
    for period, value in enumerate(row):
        error = value - (level + DAMPING * trend + seasons[period % season])
        level, trend = level + DAMPING * trend + alpha * error, DAMPING * trend + alpha * beta * error
        seasons[period % season] += gamma * error
        squares += error**2
    ahead = []
    for lead in range(1, horizon + 1):
        level += DAMPING**lead * trend
        ahead.append(level + seasons[(len(row) + lead - 1) % season])
    return squares, ahead


@pytest.mark.parametrize("season", [1, 7])
def test_ets_is_the_point_of_the_grid_with_the_least_aicc(season: int) -> None:
    row = seasonal(1, 80, noise=0.2, trend=0.004)[0]
    best = (math.inf, [0.0])
    for point in ets_grid(season).T:
        squares, ahead = slow_ets(row, point, season, 10)
        parameters = 3 + 2 * point[3] + season * point[4]
        aicc = 80 * math.log(squares / 80) + 2 * parameters * (1 + (parameters + 1) / (80 - parameters - 1))
        best = min(best, (aicc, ahead))
    np.testing.assert_allclose(ets(row[None], [80], 10, season)[0, 0], best[1])


def test_theta_is_smoothing_with_half_the_slope_as_drift() -> None:
    row = seasonal(1, 60, noise=0.05, trend=0.01)[0]
    best = (math.inf, 0.0, 0.0)
    for alpha in LEVEL_WEIGHTS:
        level, squares = float(row[:4].mean()), 0.0
        for value in row:
            squares += (value - level) ** 2
            level += alpha * (value - level)
        best = min(best, (squares, alpha, level))
    slope = np.polyfit(np.arange(60), row, 1)[0]
    _, alpha, level = best
    expected = [level + slope / 2 * (lead + (1 - (1 - alpha) ** 60) / alpha) for lead in range(5)]
    np.testing.assert_allclose(theta(row[None], [60], 5, 1)[0, 0], expected)


def test_series_that_begin_late_are_forecast_as_if_nothing_had_been_before() -> None:
    values = seasonal(1, 120, noise=0.2)
    late = np.concatenate([np.full((1, 49), np.nan), values], axis=1)  # seven weeks: the weekdays stay
    for method in (ets, theta):
        np.testing.assert_allclose(method(late, [169], 14, 7), method(values, [120], 14, 7), rtol=1e-9)
    np.testing.assert_allclose(tsb(late, [169], 3), tsb(values, [120], 3))
    np.testing.assert_allclose(croston_sba(late, [169], 3), croston_sba(values, [120], 3))


def test_the_boosted_model_learns_a_holiday_from_other_series() -> None:
    days, horizon = 400, 28
    holidays = [date.fromordinal(FIRST.toordinal() + day) for day in (100, 160, 220, 280, 340, 410)]
    values = seasonal(10, days, noise=0.05)
    for day in holidays[:-1]:
        values[:, (day - FIRST).days] *= 3
    features = calendar_features(FIRST, days + horizon, 1, holidays)
    made = boosted(values, [days], horizon, 1, features, None, False)[0]
    usual = 100 * 0.95
    assert made[:, 10].mean() > 2 * usual  # the 410th day
    assert made[:, [3, 17, 24]].mean() < 1.3 * usual  # the same weekday without a holiday


def test_the_boosted_model_says_nothing_where_no_series_sold_anything_lately() -> None:
    values = np.concatenate([seasonal(8, 300), np.zeros((8, 60))], axis=1)
    made = boosted(values, [300, 360], 7, 1, calendar_features(FIRST, 367, 1, []), None, False)
    assert not np.isnan(made[0]).any()
    assert np.isnan(made[1]).all()


@pytest.mark.parametrize("features", [1, 8, 15])
def test_each_row_is_one_of_the_distinct_rows(features: int) -> None:
    random = np.random.default_rng(features)
    bins = random.choice([0.0, 1.0, MOST_BINS - 1.0, np.nan], (500, features), p=[0.8, 0.1, 0.05, 0.05])
    firsts, places = distinct_rows(bins)
    np.testing.assert_array_equal(bins[firsts][places], bins)
    assert len(firsts) == len({tuple(row) for row in np.nan_to_num(bins, nan=-1).tolist()})


@pytest.mark.parametrize("different", [40, 300, 20_000])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_bins_are_those_that_scikit_learns_trees_cut(different: int, missing: float) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    random = np.random.default_rng(different)
    values = random.integers(0, different, 3_000) / 7
    values[random.random(3_000) < missing] = np.nan
    weights = random.gamma(0.5, size=3_000) + 1e-3
    trees = HistGradientBoostingRegressor(max_iter=1, early_stopping=False)
    trees.fit(values[:, None], random.random(3_000), sample_weight=weights)
    mapper = trees._bin_mapper
    edges = bin_edges(values, weights)
    assert edges.tolist() == mapper.bin_thresholds_[0].tolist()
    bins = np.nan_to_num(binned(values, edges), nan=mapper.missing_values_bin_idx_)
    assert bins.tolist() == mapper.transform(values[:, None])[:, 0].tolist()


def test_the_calendar_knows_how_far_the_next_holiday_is() -> None:
    made = calendar_features(date(2024, 12, 20), 10, 1, [date(2024, 12, 25), date(2024, 12, 26)])
    assert made[0].tolist() == [4, 20, 12, 5, FAR_DAYS, 0]
    assert made[5].tolist() == [2, 25, 12, 0, FAR_DAYS, 1]
    assert made[6, 3:].tolist() == [0, 1, 1]
    assert made[8, 3:].tolist() == [FAR_DAYS, 2, 0]
    week = calendar_features(date(2024, 12, 23), 1, 7, [date(2024, 12, 25), date(2024, 12, 26)])
    assert week[0, 5] == 2


def test_the_combination_is_the_median_of_four() -> None:
    values = seasonal(3, 200)
    made = candidate_forecasts(values, [180], 14, 1, calendar_features(FIRST, 214, 1, []))
    parts = made[[CANDIDATES.index(name) for name in COMBINED]]
    np.testing.assert_allclose(made[CANDIDATES.index("combination")], np.median(parts, axis=0))


@pytest.mark.parametrize("step_days", [1, 7])
def test_what_lies_after_an_origin_does_not_change_its_forecasts(step_days: int) -> None:
    values = np.concatenate([seasonal(4, 300), blank_before_first(intermittent(4, 300, rate=0.2))])
    prices = np.where(values > 0, 2.0, np.nan)
    origins, horizon = [200, 240], 28
    features = calendar_features(FIRST, 330, step_days, [])
    before = candidate_forecasts(values, origins, horizon, step_days, features, prices, step_days == 7)
    for number, origin in enumerate(origins):
        other, dearer = values.copy(), prices.copy()
        other[:, origin:] = np.random.default_rng(9).permuted(values[:, origin:], axis=1) * 7 + 1
        dearer[:, origin:] = 99.0
        after = candidate_forecasts(other, origins, horizon, step_days, features, dearer, step_days == 7)
        np.testing.assert_array_equal(after[:, : number + 1], before[:, : number + 1])
    assert not np.array_equal(after[:, -1], before[:, 0])


@pytest.mark.parametrize("step_days", [1, 7])
def test_all_origins_at_once_give_what_each_origin_gives_alone(step_days: int) -> None:
    values = np.concatenate([seasonal(4, 150), blank_before_first(intermittent(30, 150, rate=0.1))])
    values[10:20, :125] = np.nan
    origins, features = [0, 1, 9, 124, 128, 130, 150], calendar_features(FIRST, 160, step_days, [])
    together = candidate_forecasts(values, origins, 10, step_days, features)
    for number, origin in enumerate(origins):
        alone = candidate_forecasts(values, [origin], 10, step_days, features)
        np.testing.assert_array_equal(together[:, number], alone[:, 0], err_msg=str(origin))


@pytest.mark.parametrize("step_days", [1, 7])
def test_how_many_series_are_taken_at_a_time_changes_nothing(
    step_days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.concatenate([seasonal(4, 150), blank_before_first(intermittent(30, 150, rate=0.1))])
    features = calendar_features(FIRST, 160, step_days, [])
    whole = candidate_forecasts(values, [124, 150], 10, step_days, features)
    monkeypatch.setattr(candidates, "CHUNK_SERIES", 3)  # the last one is taken alone
    np.testing.assert_array_equal(candidate_forecasts(values, [124, 150], 10, step_days, features), whole)


@pytest.mark.parametrize(
    "row",
    [
        np.zeros(100),
        np.full(100, 5.0),
        np.concatenate([np.zeros(99), [3.0]]),
        np.concatenate([[3.0], np.zeros(99)]),
        np.concatenate([np.full(50, 5.0), np.full(50, -5.0)]),
        np.full(100, 1e9),
    ],
    ids=["all_zero", "constant", "one_sale_at_the_end", "one_sale_at_the_start", "negative", "huge"],
)
def test_odd_series_give_a_sensible_forecast_or_none(row: npt.NDArray[np.float64]) -> None:
    values = blank_before_first(row[None, :])
    made = candidate_forecasts(values, [3, 50, 100], 14, 1, calendar_features(FIRST, 114, 1, []))
    known = made[~np.isnan(made)]
    assert (known >= 0).all()
    assert (known <= max(row.max(), 0) * 1.05 + 1e-9).all()
    if row.any() and row[50:].any():
        assert not np.isnan(made[CANDIDATES.index("window_average"), -1]).any()


def test_a_constant_series_is_forecast_by_its_constant() -> None:
    made = candidate_forecasts(np.full((1, 120), 5.0), [120], 14, 1, calendar_features(FIRST, 134, 1, []))
    for name in ("seasonal_naive", "window_average", "ets", "theta", "adida", "imapa", "tsb", "combination"):
        np.testing.assert_allclose(made[CANDIDATES.index(name)], 5.0, err_msg=name)


def test_no_series_and_no_history_are_no_error() -> None:
    features = calendar_features(FIRST, 200, 1, [])
    assert candidate_forecasts(np.empty((0, 50)), [50], 7, 1, features).shape == (len(CANDIDATES), 1, 0, 7)
    assert np.isnan(candidate_forecasts(np.empty((2, 0)), [0], 7, 1, features)).all()
