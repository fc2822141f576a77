"""Measures of probabilities against slow counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from ml.propensity.measures import (
    area_under_curve,
    brier_score_of,
    calibration_error_of,
    deciles,
    log_loss_of,
    top_decile_lift,
)


def _answers(seed: int = 1, n: int = 157, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probability = random.random(n).round(1 if ties else 12)
    return (random.random(n) < probability).astype(float), probability


@pytest.mark.parametrize("ties", [True, False])
def test_auc_is_the_share_of_pairs_that_are_ranked_rightly(ties: bool) -> None:
    happened, probability = _answers(ties=ties)
    pairs = [
        1.0 if yes > no else 0.5 if yes == no else 0.0
        for yes in probability[happened == 1]
        for no in probability[happened == 0]
    ]
    assert area_under_curve(happened, probability) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_scores_are_those_of_the_textbook() -> None:
    happened, probability = _answers(ties=False)
    assert log_loss_of(happened, probability) == pytest.approx(log_loss(happened, probability), abs=1e-12)
    assert brier_score_of(happened, probability) == pytest.approx(brier_score_loss(happened, probability))


def test_an_impossible_thing_that_happens_costs_much_but_not_everything() -> None:
    assert 10 < log_loss_of(np.array([1.0]), np.array([0.0])) < 20


def test_calibration_error_by_hand() -> None:
    # Twenty customers, two in each decile: 0.95 down to 0.05. Who is above a half orders, nobody else.
    probability = np.repeat(np.arange(0.95, 0, -0.1), 2)
    happened = (probability > 0.5).astype(float)
    by_hand = np.mean([0.05, 0.15, 0.25, 0.35, 0.45, 0.45, 0.35, 0.25, 0.15, 0.05])
    assert calibration_error_of(happened, probability) == pytest.approx(by_hand)
    assert calibration_error_of(happened, np.full(20, 0.5)) == pytest.approx(0)
    assert calibration_error_of(happened, np.full(20, 0.7)) == pytest.approx(0.2)


def test_equal_probabilities_are_in_one_decile_and_the_best_are_in_the_first() -> None:
    assert deciles(np.full(7, 0.3)).tolist() == [1] * 7
    assert deciles(np.linspace(0, 1, 100))[::-1].tolist() == [1 + i // 10 for i in range(100)]
    assert deciles(np.array([0.9, 0.1, 0.1, 0.9])).tolist() == [1, 6, 6, 1]


def test_lift_counts_the_first_tenth_and_shares_the_border_among_equals() -> None:
    happened = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0] * 2, dtype=float)
    perfect = happened + np.linspace(0, 0.01, 20)
    assert top_decile_lift(happened, perfect) == pytest.approx(1 / 0.2)
    assert top_decile_lift(happened, np.full(20, 0.4)) == pytest.approx(1.0)
    assert top_decile_lift(happened, np.array([0.9] * 4 + [0.1] * 16)) == pytest.approx(0.5 / 0.2)


def test_what_cannot_be_measured_is_not_a_number() -> None:
    nobody, someone = np.zeros(5), np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert np.isnan(area_under_curve(nobody, someone))
    assert np.isnan(top_decile_lift(nobody, someone))
    assert np.isnan(log_loss_of(np.zeros(0), np.zeros(0)))
    assert np.isnan(calibration_error_of(np.zeros(0), np.zeros(0)))
