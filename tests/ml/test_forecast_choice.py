"""Scores, champions, intervals and totals of the forecasts."""

from __future__ import annotations

import numpy as np
import pytest

from ml.forecast.diagnosis import season_strength
from ml.forecast.intervals import LEVELS, conformal_quantile, interval_widths, widths_by_origin
from ml.forecast.panel import backtest_origins, blank_before_first, build_panel, complete_days
from ml.forecast.reconcile import share_out, to_cents
from ml.forecast.scoring import (
    beats_baseline,
    choose_methods,
    cumulative_error,
    naive_scale,
    relative_scores,
    root_mean_squared_scaled_error,
    served_forecasts,
    squared_cumulative_error,
)
from tests.ml.forecast_series import intermittent, orders_of, seasonal, shop

ONE = np.ones(1)


def test_the_mean_absolute_error_would_choose_zero_for_an_intermittent_series_and_the_scores_do_not() -> None:
    values = intermittent(300, 228, rate=0.2)
    actual, rate = values[:, 200:], values[:, :200].mean(axis=1)
    zero, honest = np.zeros(actual.shape), np.repeat(rate[:, None], 28, axis=1)
    assert np.abs(zero - actual).mean() < np.abs(honest - actual).mean()
    scale = naive_scale(values, 200, 1)
    for score in (cumulative_error, squared_cumulative_error):
        assert score(honest, actual, scale).mean() < 0.7 * score(zero, actual, scale).mean()


def test_squares_prefer_the_mean_even_where_most_horizons_sell_nothing() -> None:
    values = intermittent(3000, 204, rate=0.05)
    actual, scale = values[:, 200:], np.full(3000, 1.0)
    zero, honest = np.zeros(actual.shape), np.full(actual.shape, 0.05 * 3)
    assert cumulative_error(zero, actual, scale).mean() < cumulative_error(honest, actual, scale).mean()
    assert (
        squared_cumulative_error(honest, actual, scale).mean()
        < squared_cumulative_error(zero, actual, scale).mean()
    )


def test_errors_by_hand() -> None:
    forecast, actual, scale = np.array([[1.0, 1, 1]]), np.array([[0.0, 2, 4]]), np.array([2.0])
    # cumulated: 1, 0, -3; by lead: 1, 0, 1; by the scale: 1/2, 0, 1/2
    assert cumulative_error(forecast, actual, scale)[0] == pytest.approx(1 / 3)
    assert squared_cumulative_error(forecast, actual, scale)[0] == pytest.approx(1 / 6)
    assert root_mean_squared_scaled_error(forecast, actual, scale)[0] == pytest.approx(np.sqrt(11 / 3) / 2)
    assert squared_cumulative_error(forecast, actual * 1e6, scale)[0] < 9


def test_the_scale_is_that_of_the_seasonal_naive_method_on_what_is_known() -> None:
    values = np.array([[1.0, 2, 4, 8, 99], [np.nan, 3, 3, 3, 99], [np.nan] * 5, [0.0, 0, 0, 0, 1]])
    scale = naive_scale(values, 4, 2)
    assert scale[0] == pytest.approx(np.sqrt((9 + 36) / 2))
    assert scale[1] == 3  # constant: its mean
    assert np.isnan(scale[2:]).all()


def test_a_method_that_is_better_in_the_group_is_chosen_for_a_series_with_little_to_go_by() -> None:
    rng = np.random.default_rng(1)
    scores = np.stack([np.full((4, 40), 1.0), np.full((4, 40), 0.7)]) * rng.uniform(0.9, 1.1, (2, 4, 40))
    scores[:, 1:, 0] = np.nan
    scores[0, 0, 0], scores[1, 0, 0] = 0.8, 1.0  # one window that says the contrary
    groups = np.zeros(40, dtype=np.int64)
    assert relative_scores(scores, groups, 4.0)[:, 0].argmin() == 1
    assert relative_scores(scores, groups, 0.1)[:, 0].argmin() == 0


def test_choice_knows_only_the_windows_before_the_origin() -> None:
    scores = np.zeros((2, 3, 1))
    scores[0, :, 0], scores[1, :, 0] = (1.0, 5.0, 5.0), (2.0, 1.0, 1.0)
    available = np.ones((2, 4, 1), dtype=bool)
    groups = np.zeros((4, 1), dtype=np.int64)
    chosen = choose_methods(scores, available, groups, 0.0 + 1e-9, (1, 0))[:, 0]
    assert chosen.tolist() == [1, 0, 1, 1]
    scores[:, 2] = 77.0
    assert choose_methods(scores, available, groups, 1e-9, (1, 0))[:3, 0].tolist() == [1, 0, 1]


def test_a_method_without_a_forecast_is_never_served() -> None:
    scores = np.array([[[0.1]], [[1.0]]])
    available = np.array([[[True], [False]], [[True], [True]]])
    groups = np.zeros((2, 1), dtype=np.int64)
    assert choose_methods(scores, available, groups, 4.0, (0, 1))[1, 0] == 1
    none = choose_methods(scores, np.zeros((2, 2, 1), dtype=bool), groups, 4.0, (0, 1))
    assert (none == -1).all()
    assert served_forecasts(np.full((2, 2, 1, 3), 7.0), none).tolist() == [[[0.0] * 3]] * 2


def test_champions_that_do_not_beat_the_baseline_on_later_windows_are_told() -> None:
    scores = np.zeros((2, 3, 2))
    scores[0], scores[1, 0], scores[1, 1:] = 1.0, 0.5, 2.0  # the second method shone once
    chosen = np.ones((4, 2), dtype=np.int64)
    groups = np.zeros(2, dtype=np.int64)
    assert not beats_baseline(scores, chosen, 0, groups).any()
    assert beats_baseline(scores[:, :1], chosen[:2], 0, groups).all()  # nothing to judge by
    assert beats_baseline(scores * np.array([3.0, 1.0])[:, None, None], chosen, 0, groups).all()


def test_the_quantile_is_the_finite_sample_one() -> None:
    errors = np.arange(1.0, 10.0)
    assert conformal_quantile(errors, 0.8) == 8
    assert conformal_quantile(errors, 0.9) == 9
    assert np.isnan(conformal_quantile(errors[:8], 0.9))
    assert conformal_quantile(np.array([-4.0, 1, 2, 3, np.nan]), 0.8) == 4


def test_a_series_with_too_few_errors_takes_its_groups() -> None:
    errors = np.array([[1.0, 2, 3, 4], [np.nan, np.nan, np.nan, 9.0], [np.nan] * 4])
    widths = interval_widths(errors, np.zeros(3, dtype=np.int64), 0.8)
    assert widths.tolist() == [4.0, 9.0, 9.0]
    assert interval_widths(errors, np.array([0, 1, 1]), 0.8).tolist() == [
        4.0,
        9.0,
        9.0,
    ]  # all of them together
    assert np.isnan(interval_widths(errors[1:], np.array([1, 1]), 0.8)).all()


def test_intervals_cover_what_they_promise_on_simulated_series() -> None:
    rng = np.random.default_rng(4)
    sizes = rng.uniform(0.5, 2.0, 200)
    errors = rng.standard_normal((7, 200, 28)) * sizes[:, None]
    widths = widths_by_origin(errors[:6], np.zeros((7, 200), dtype=np.int64))
    for level in LEVELS:
        covered = (np.abs(errors[6]) <= widths[level][6][:, None]).mean()
        assert level - 0.02 < covered < level + 0.05


def test_intervals_widen_where_the_windows_differ_and_hold_their_level_better() -> None:
    rng = np.random.default_rng(5)
    errors = (
        rng.standard_normal((7, 400, 1)) * 2 + rng.standard_normal((7, 400, 28)) * 0.5
    )  # a level per window
    groups = np.zeros((7, 400), dtype=np.int64)
    widths = widths_by_origin(errors[:6], groups)
    for level in LEVELS:
        plain = interval_widths(errors[:6].transpose(1, 0, 2).reshape(400, -1), groups[6], level)
        inside = [(np.abs(errors[6]) <= width[:, None]).mean() for width in (plain, widths[level][6])]
        assert inside[0] < level - 0.02
        assert inside[0] < inside[1] < level + 0.08
    assert (widths[0.9][1:] >= widths[0.8][1:]).all()


def test_what_comes_after_an_origin_does_not_change_its_intervals() -> None:
    errors = np.random.default_rng(6).standard_normal((4, 5, 10))
    groups = np.zeros((5, 5), dtype=np.int64)
    before = widths_by_origin(errors, groups)
    errors[2:] *= 100
    after = widths_by_origin(errors, groups)
    for level in LEVELS:
        np.testing.assert_array_equal(before[level][:3], after[level][:3])
        assert (after[level][3:] > before[level][3:]).all()


def test_parts_are_drawn_to_the_whole_in_their_own_proportions() -> None:
    parts = np.array([[1.0, 0.0, 4.0], [3.0, 0.0, 0.0]])
    made = share_out(parts, np.array([8.0, 16.0, 2.0]))
    np.testing.assert_allclose(made, [[2.0, 10.0, 2.0], [6.0, 6.0, 0.0]])
    assert share_out(np.zeros((2, 3)), np.ones(3)).tolist() == np.zeros((2, 3)).tolist()
    assert to_cents(np.array([0.125, 1.004, -2.5])).tolist() == [12, 100, -250]


def test_an_end_that_fades_out_is_left_out_and_a_closed_shop_is_not() -> None:
    full = np.full(100, 40.0)
    fading = np.concatenate([full, [30, 25, 14, 9, 11, 3, 0, 0, 0, 1]])
    assert complete_days(fading, 0.5, 60) == 102
    assert complete_days(full, 0.5, 60) == 100
    assert complete_days(np.concatenate([full, np.zeros(80)]), 0.5, 60) == 180
    assert complete_days(np.zeros(100), 0.5, 60) == 100
    assert complete_days(np.array([5.0, 0.0]), 0.5, 60) == 2


def test_a_panel_is_gap_free_and_begins_with_the_first_sale() -> None:
    sales = shop(days=60)
    rows = sales[(sales["category"] != "c2") | (sales["sales_date"] >= sales["sales_date"].iloc[20])]
    first, last = sales["sales_date"].min(), sales["sales_date"].max()
    panel = build_panel(
        rows.sample(frac=1, random_state=2), ["category"], "sales_date", "net_amount", first, last
    )
    assert panel.values.shape == (3, 60)
    assert np.nansum(panel.values) == pytest.approx(rows["net_amount"].sum())
    assert np.isnan(panel.values[2, :20]).all()
    assert not np.isnan(panel.values[2, 40:]).any()
    again = build_panel(rows, ["category"], "sales_date", "net_amount", first, last)
    np.testing.assert_array_equal(again.values, panel.values)  # whatever the order of the rows
    weeks = build_panel(orders_of(sales), ["source"], "sales_date", "order_count", first, last, 7)
    assert weeks.values.shape == (1, 8)  # the ninth week is not over
    assert (weeks.values == 350).all()


def test_windows_do_not_overlap_and_leave_enough_before_the_first() -> None:
    assert backtest_origins(200, 35, 6, 56) == [60, 95, 130, 165, 200]
    assert backtest_origins(1000, 28, 6, 56)[0] == 1000 - 6 * 28
    assert backtest_origins(45, 35, 6, 56) == [45]


def test_the_season_is_strong_where_there_is_one() -> None:
    strong, _ = season_strength(seasonal(1, 200, noise=0.02)[0], 7)
    weak, chance = season_strength(np.random.default_rng(1).standard_normal(200), 7)
    assert strong > 0.9
    assert weak < 0.5
    assert 0 <= chance <= 1
    assert np.isnan(season_strength(np.full(200, 3.0), 7)).all()
    assert np.isnan(season_strength(np.arange(20.0), 7)).all()
    assert np.isnan(blank_before_first(np.zeros((1, 4)))).all()
