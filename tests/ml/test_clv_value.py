"""Discounted value and its uncertainty, and what is known of customers on a day."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import integrate
from scipy.special import gammaln, hyperu

from ml.clv.bg_nbd import fit_bg_nbd
from ml.clv.gamma_gamma import fit_gamma_gamma, gamma_gamma_expected_value, gamma_gamma_log_variance
from ml.clv.histories import customer_histories, pooled_histories
from ml.clv.pareto_nbd import pareto_nbd_log_likelihood
from ml.clv.value import (
    annuity_days,
    daily_discount,
    discounted_log_variance,
    discounted_purchases,
    expected_purchases,
    fit_purchase_model,
)
from tests.ml.clv_reference import BG, PARETO, simulate_bg_nbd

SEEN = pooled_histories([0, 0, 1, 3, 30], [0, 0, 20, 45, 300], [0, 50, 50, 400, 330])
MODELS = [("bg_nbd", BG), ("pareto_nbd", PARETO)]


@pytest.mark.parametrize(("method", "parameters"), MODELS)
def test_discounted_purchases_are_the_sum_of_each_days(method: str, parameters: np.ndarray) -> None:
    days = np.arange(0, 1096.0)
    discount = daily_discount(0.1)
    new = np.diff(expected_purchases(method, parameters, SEEN, days), axis=1)
    summed = (new * np.exp(-discount * (days[:-1] + 0.5))).sum(axis=1)
    found = discounted_purchases(method, parameters, SEEN, 1095.0, discount)
    assert found == pytest.approx(summed, rel=2e-5)


@pytest.mark.parametrize(("method", "parameters"), MODELS)
def test_without_discount_they_are_the_expected_purchases(method: str, parameters: np.ndarray) -> None:
    found = discounted_purchases(method, parameters, SEEN, 365.0, 0.0)
    assert found == pytest.approx(
        expected_purchases(method, parameters, SEEN, np.array([365.0]))[:, 0], rel=1e-12
    )


def test_without_end_they_are_the_published_dert_of_pareto_nbd() -> None:
    """Fader, Hardie and Lee (2005), Journal of Marketing Research 42, 415-430."""
    (r, alpha, s, beta), discount = PARETO, daily_discount(0.15)
    x, watched = SEEN.x, SEEN.T
    log_scale = (
        r * np.log(alpha) + s * np.log(beta) + (s - 1) * np.log(discount) + gammaln(r + x + 1) - gammaln(r)
    )
    log_scale -= (r + x + 1) * np.log(alpha + watched) + pareto_nbd_log_likelihood(PARETO, SEEN)[0]
    published = np.exp(log_scale) * hyperu(s, s, discount * (beta + watched))
    found = discounted_purchases("pareto_nbd", PARETO, SEEN, 365.0 * 150, discount, nodes=200)
    assert found == pytest.approx(published, rel=1e-6)


def test_the_annual_rate_is_what_a_year_costs() -> None:
    assert np.exp(-365 * daily_discount(0.1)) == pytest.approx(1 / 1.1)
    discount = daily_discount(0.2)
    assert annuity_days(400.0, discount) == pytest.approx(
        integrate.quad(lambda t: np.exp(-discount * t), 0, 400)[0]
    )
    assert annuity_days(400.0, 0.0) == 400


def test_the_delta_methods_variance_is_that_of_drawn_parameters() -> None:
    real = simulate_bg_nbd(BG, np.full(3000, 250.0), 0, seed=6)
    found = fit_bg_nbd(pooled_histories(real.x, real.t_x, real.T))
    random = np.random.default_rng(0)
    drawn = np.exp(random.multivariate_normal(np.log(found.value), found.log_covariance, 200))
    values = [np.log(discounted_purchases("bg_nbd", d, SEEN, 1095.0, 3e-4)) for d in drawn]
    variance = discounted_log_variance("bg_nbd", found, SEEN, 1095.0, 3e-4)
    assert np.sqrt(variance) == pytest.approx(np.std(values, axis=0), rel=0.25)


def test_the_values_variance_is_that_of_drawn_parameters() -> None:
    random = np.random.default_rng(5)
    x = random.integers(1, 8, 2000).astype(float)
    found = fit_gamma_gamma(x, random.gamma(3 * x) / x / random.gamma(4, 1 / 50, 2000))
    logs = random.multivariate_normal(np.log(found.value - found.least), found.log_covariance, 2000)
    x, z = np.array([0.0, 1.0, 6.0]), np.array([0.0, 200.0, 10.0])
    values = [np.log(gamma_gamma_expected_value(np.exp(one) + found.least, x, z)) for one in logs]
    assert np.sqrt(gamma_gamma_log_variance(found, x, z)) == pytest.approx(np.std(values, axis=0), rel=0.1)


def test_there_is_no_interval_where_the_data_does_not_tell_the_parameters() -> None:
    found = fit_purchase_model("bg_nbd", pooled_histories([3], [80], [100]))
    assert np.isnan(discounted_log_variance("bg_nbd", found, SEEN, 1095.0, 3e-4)).all()


def test_unknown_methods_are_refused() -> None:
    with pytest.raises(ValueError, match="no purchase model 'nbd'"):
        fit_purchase_model("nbd", SEEN)


def days(*rows: tuple[str, str, bool, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "order_date", "is_purchase", "net_amount"])


def test_histories_count_days_with_purchases_and_net_returns_off() -> None:
    seen = customer_histories(
        days(
            ("B", "2026-01-05", True, 30.0),
            ("A", "2026-01-01", True, 50.0),
            ("A", "2026-01-11", True, 70.0),
            ("A", "2026-01-15", False, -30.0),
            ("C", "2026-01-15", False, -9.0),
        ),
        date(2026, 1, 20),
    )
    assert seen.to_dict("records") == [
        {
            "customer_id": "A",
            "repeat_count": 1,
            "active_days": 10,
            "tenure_days": 19,
            "net_amount": 90.0,
            "mean_amount": 45.0,
        },
        {
            "customer_id": "B",
            "repeat_count": 0,
            "active_days": 0,
            "tenure_days": 15,
            "net_amount": 30.0,
            "mean_amount": 30.0,
        },
    ]


def test_nothing_after_the_day_is_looked_at() -> None:
    until = [("A", "2026-01-01", True, 50.0), ("B", "2026-01-05", True, 30.0), ("A", "2026-01-20", True, 1.0)]
    later = [
        ("A", "2026-01-21", True, 999.0),
        ("C", "2026-02-01", True, 5.0),
        ("B", "2026-02-01", False, -30.0),
    ]
    known = customer_histories(days(*until), date(2026, 1, 20))
    pd.testing.assert_frame_equal(known, customer_histories(days(*until, *later), date(2026, 1, 20)))
    assert customer_histories(days(*later), date(2026, 1, 20)).empty
