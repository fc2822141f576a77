"""Fitting: true parameters come back, the same data gives the same bits, bad data says what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from generator import customers as members
from generator import places, seasons, visits
from generator.scales import options
from ml.clv.bg_nbd import fit_bg_nbd
from ml.clv.gamma_gamma import fit_gamma_gamma
from ml.clv.histories import pooled_histories
from ml.clv.pareto_nbd import fit_pareto_nbd
from tests.ml.clv_reference import BG, PARETO, simulate_bg_nbd, simulate_pareto_nbd

N = 12_000


def within_standard_errors(found, truth: np.ndarray, factor: float = 3.5) -> bool:  # type: ignore[no-untyped-def]
    assert found.is_converged
    return bool((np.abs(found.value - truth) < factor * found.standard_errors()).all())


def test_the_generators_customers_give_its_parameters_back() -> None:
    """In busy time, in which the generator's customers buy; alpha is what it needed to sell as many lines as asked."""
    small = options("medium", seed=2)
    small = replace(small, scale=replace(small.scale, customers=N, lines=small.scale.lines * N // 20_000))
    when, where = seasons.seasons(small), places.places(small.scale)
    people = members.customers(small, when, where, visits.visits_wanted(small) * visits.MEMBER_SHARE, 8, 4)
    customer, busy = members.purchases(small, when, people)
    x = np.bincount(customer, minlength=N) - 1
    last = np.zeros(N)
    np.maximum.at(last, customer, busy)
    found = fit_bg_nbd(pooled_histories(x, last - people.arrived_busy, when.days - people.arrived_busy))
    assert within_standard_errors(found, np.array([members.R, people.alpha, members.A, members.B]))
    assert found.value[[0, 1]] == pytest.approx([members.R, people.alpha], rel=0.1)


def test_bg_nbd_finds_the_parameters_of_simulated_customers() -> None:
    real = simulate_bg_nbd(BG, np.random.default_rng(0).uniform(0, 400, N), 0, seed=1)
    assert within_standard_errors(fit_bg_nbd(pooled_histories(real.x, real.t_x, real.T)), BG)


def test_pareto_nbd_finds_the_parameters_of_simulated_customers() -> None:
    real = simulate_pareto_nbd(PARETO, np.random.default_rng(0).uniform(0, 400, N), 0, seed=1)
    assert within_standard_errors(fit_pareto_nbd(pooled_histories(real.x, real.t_x, real.T)), PARETO)


def test_gamma_gamma_finds_the_parameters_of_simulated_purchases() -> None:
    random, truth = np.random.default_rng(5), np.array([3.0, 4.0, 50.0])
    x = random.integers(1, 12, N).astype(float)
    z = random.gamma(truth[0] * x) / x / random.gamma(truth[1], 1 / truth[2], N)
    assert within_standard_errors(fit_gamma_gamma(x, z), truth)


def test_fits_do_not_depend_on_the_order_of_customers_and_are_the_same_twice() -> None:
    real = simulate_bg_nbd(BG, np.full(800, 200.0), 0, seed=2)
    days = np.ceil(real.t_x)
    shuffled = np.random.default_rng(0).permutation(800)
    z = np.random.default_rng(1).gamma(2, 20, 800)
    for fit in (fit_bg_nbd, fit_pareto_nbd):
        first, second = (
            fit(pooled_histories(real.x[o], days[o], real.T[o])) for o in (slice(None), shuffled)
        )
        assert first.value.tobytes() == second.value.tobytes()
        assert first.log_covariance.tobytes() == second.log_covariance.tobytes()
    values = [fit_gamma_gamma(real.x[o] + 1, z[o]).value.tobytes() for o in (slice(None), shuffled)]
    assert values[0] == values[1]


def test_the_unit_of_time_and_the_currency_do_not_matter() -> None:
    real = simulate_bg_nbd(BG, np.full(1500, 250.0), 0, seed=3)
    for fit, times in ((fit_bg_nbd, [1]), (fit_pareto_nbd, [1, 3])):
        days, hours = (fit(pooled_histories(real.x, real.t_x * f, real.T * f)) for f in (1, 24))
        unit = np.ones(4)
        unit[times] = 24
        assert hours.value == pytest.approx(days.value * unit, rel=1e-4)
        assert hours.log_likelihood == pytest.approx(
            days.log_likelihood - real.x.sum() * np.log(24), abs=1e-3
        )
    z = np.random.default_rng(1).gamma(2, 20, 1500)
    small, large = fit_gamma_gamma(real.x + 1, z), fit_gamma_gamma(real.x + 1, z * 1e6)
    assert large.value == pytest.approx(small.value * [1, 1, 1e6], rel=1e-4)


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_pareto_nbd])
@pytest.mark.parametrize(
    "customers",
    [
        ([0], [0], [100]),
        ([0] * 50, [0] * 50, list(range(50))),
        ([3], [80], [100]),
        ([0, 0], [0, 0], [0, 0]),
        ([100] * 20, [100] * 20, [100] * 20),
        ([1] + [0] * 4000, [10] + [0] * 4000, [400] * 4001),
    ],
    ids=["one", "nobody came back", "one who came back", "today", "all alike", "one of thousands"],
)
def test_data_that_does_not_tell_the_parameters_is_said_to(fit, customers) -> None:  # type: ignore[no-untyped-def]
    found = fit(pooled_histories(*customers))
    assert np.isfinite(found.value).all()
    assert (found.value > 0).all()
    if not found.is_identified():
        assert found.note
        assert np.isnan(found.standard_errors()).all()
    else:
        assert not found.note


def test_one_customer_never_tells_the_parameters() -> None:
    assert not fit_bg_nbd(pooled_histories([3], [80], [100])).is_identified()
    assert not fit_pareto_nbd(pooled_histories([3], [80], [100])).is_identified()
    assert not fit_gamma_gamma([4], [20.0]).is_identified()


@pytest.mark.parametrize(
    ("x", "t_x", "T", "message"),
    [
        ([], [], [], "no customer"),
        ([1], [np.nan], [5], "finite"),
        ([0.5], [2], [5], "count"),
        ([-1], [2], [5], "count"),
        ([1], [6], [5], "between 0 and T"),
        ([1], [0], [5], "0 for those who did not come back"),
        ([0], [3], [5], "0 for those who did not come back"),
    ],
)
def test_impossible_histories_are_refused(x, t_x, T, message: str) -> None:  # type: ignore[no-untyped-def] # noqa: N803
    with pytest.raises(ValueError, match=message):
        pooled_histories(x, t_x, T)


@pytest.mark.parametrize(("x", "z"), [([], []), ([0], [5.0]), ([2], [0.0]), ([2], [-5.0]), ([2], [np.inf])])
def test_values_that_gamma_gamma_cannot_know_are_refused(x: list[int], z: list[float]) -> None:
    with pytest.raises(ValueError, match=r"no customer|at least 1 and z positive"):
        fit_gamma_gamma(x, z)
