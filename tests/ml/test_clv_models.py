"""BG/NBD, Pareto/NBD and Gamma-Gamma against the papers' tables, plain integration, simulation and their own limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1

from ml.clv.bg_nbd import (
    beta_nodes,
    bg_nbd_expected_purchases,
    bg_nbd_log_likelihood,
    bg_nbd_p_alive,
    fit_bg_nbd,
)
from ml.clv.gamma_gamma import fit_gamma_gamma, gamma_gamma_expected_value, gamma_gamma_log_likelihood
from ml.clv.histories import Histories, pooled_histories
from ml.clv.pareto_nbd import (
    fit_pareto_nbd,
    pareto_nbd_expected_purchases,
    pareto_nbd_log_likelihood,
    pareto_nbd_p_alive,
)
from tests.ml.cdnow import cdnow_later, cdnow_repeat_values, cdnow_weeks, needs_cdnow
from tests.ml.clv_reference import (
    BG,
    PARETO,
    bg_nbd_grid,
    pareto_nbd_grid,
    simulate_bg_nbd,
    simulate_pareto_nbd,
)

HISTORIES = [(0, 0, 0), (0, 0, 50), (1, 20, 50), (3, 45, 50), (7, 100, 200), (2, 50, 50)]
SHAPES = st.floats(0.05, 8.0)
LENGTHS = st.floats(1.0, 400.0)


def one(x: float, t_x: float, T: float) -> Histories:  # noqa: N803
    return pooled_histories([x], [t_x], [T])


@st.composite
def histories(draw: st.DrawFn) -> Histories:
    """Some customers, who buy at most once a day."""
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        watched = draw(st.integers(0, 1500))
        active = draw(st.integers(0, watched))
        rows.append((draw(st.integers(1, active)) if active else 0, active, watched))
    return pooled_histories(*zip(*rows, strict=True))


@needs_cdnow
def test_bg_nbd_has_the_published_parameters_of_cdnow() -> None:
    """Fader, Hardie and Lee (2005), table 2."""
    found = fit_bg_nbd(cdnow_weeks()[1])
    assert found.value == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert found.is_converged
    assert found.n == 2357


@needs_cdnow
def test_pareto_nbd_has_the_published_parameters_of_cdnow() -> None:
    """Fader, Hardie and Lee (2005), table 2."""
    found = fit_pareto_nbd(cdnow_weeks()[1])
    assert found.value[[0, 2]] == pytest.approx([0.553, 0.606], abs=5e-4)
    assert found.value[[1, 3]] == pytest.approx([10.58, 11.67], abs=5e-3)
    assert found.log_likelihood == pytest.approx(-9595.0, abs=0.05)
    assert found.is_converged


@needs_cdnow
def test_gamma_gamma_has_the_published_parameters_of_cdnow() -> None:
    """Fader and Hardie (2013), section 5."""
    x, z = cdnow_repeat_values()
    found = fit_gamma_gamma(x, z)
    assert len(x) == found.n == 946
    assert found.value == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)
    assert found.is_converged


@needs_cdnow
def test_bg_nbd_forecasts_cdnow_as_is_known() -> None:
    customers, seen = cdnow_weeks()
    expected = bg_nbd_expected_purchases(fit_bg_nbd(seen).value, seen, np.array([39.0]))[seen.place, 0]
    later = cdnow_later(customers)
    assert later.sum() == 1882
    assert expected.sum() / later.sum() - 1 == pytest.approx(-0.121, abs=5e-4)
    assert np.corrcoef(expected, later)[0, 1] == pytest.approx(0.626, abs=5e-4)
    assert np.sqrt(((expected - later) ** 2).mean()) == pytest.approx(1.608, abs=5e-4)


@needs_cdnow
def test_standard_errors_are_those_of_customers_drawn_again() -> None:
    """The bootstrap knows nothing of the likelihood's curvature."""
    customers, seen = cdnow_weeks()
    random, fits = np.random.default_rng(1), []
    for _ in range(60):
        drawn = seen.place[random.integers(0, len(customers), len(customers))]
        fits.append(np.log(fit_bg_nbd(pooled_histories(seen.x[drawn], seen.t_x[drawn], seen.T[drawn])).value))
    errors = fit_bg_nbd(seen).standard_errors() / fit_bg_nbd(seen).value
    assert np.std(fits, axis=0) == pytest.approx(errors, rel=0.4)


@pytest.mark.parametrize("history", HISTORIES)
def test_bg_nbd_is_the_mean_over_rates_and_dropouts(history: tuple[int, int, int]) -> None:
    likelihood, alive, expected = bg_nbd_grid(BG, *history, time=180)
    assert np.exp(bg_nbd_log_likelihood(BG, one(*history))[0][0]) == pytest.approx(likelihood, rel=3e-4)
    assert bg_nbd_p_alive(BG, one(*history))[0] == pytest.approx(alive, rel=3e-4)
    found = bg_nbd_expected_purchases(BG, one(*history), np.array([180.0]))[0, 0]
    assert found == pytest.approx(expected, rel=3e-4)


@pytest.mark.parametrize("history", HISTORIES)
def test_pareto_nbd_is_the_mean_over_rates_and_lifetimes(history: tuple[int, int, int]) -> None:
    likelihood, alive, expected = pareto_nbd_grid(PARETO, *history, time=180)
    assert np.exp(pareto_nbd_log_likelihood(PARETO, one(*history))[0][0]) == pytest.approx(
        likelihood, rel=1e-3
    )
    assert pareto_nbd_p_alive(PARETO, one(*history))[0] == pytest.approx(alive, rel=1e-3)
    found = pareto_nbd_expected_purchases(PARETO, one(*history), np.array([180.0]))[0, 0]
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("simulate", "p_alive", "expect", "parameters"),
    [
        (simulate_bg_nbd, bg_nbd_p_alive, bg_nbd_expected_purchases, BG),
        (simulate_pareto_nbd, pareto_nbd_p_alive, pareto_nbd_expected_purchases, PARETO),
    ],
    ids=["bg_nbd", "pareto_nbd"],
)
def test_simulated_customers_stay_and_buy_as_expected(simulate, p_alive, expect, parameters) -> None:  # type: ignore[no-untyped-def]
    """By number of purchases and by recency, within four standard errors of the simulation."""
    watched = np.tile([60.0, 200.0], 40_000)
    real = simulate(parameters, watched, 150.0, seed=4)
    seen = pooled_histories(real.x, real.t_x, real.T)
    alive = p_alive(parameters, seen)[seen.place]
    later = expect(parameters, seen, np.array([150.0]))[seen.place, 0]
    idle = real.T - real.t_x
    groups = [
        (real.x == 0),
        (real.x == 1),
        (real.x > 4),
        (real.x > 1) & (idle < 10),
        (real.x > 1) & (idle > 50),
    ]
    for group in groups:
        n = group.sum()
        assert n > 500
        assert (
            abs(real.alive[group].mean() - alive[group].mean()) < 4 * real.alive[group].std() / n**0.5 + 1e-9
        )
        assert abs(real.later[group].mean() - later[group].mean()) < 4 * real.later[group].std() / n**0.5


def test_the_published_closed_form_gives_the_same_expected_purchases() -> None:
    """Fader, Hardie and Lee (2005), equation (10), where its hypergeometric function is harmless."""
    random, time = np.random.default_rng(3), 200.0
    for _ in range(60):
        r, alpha, a, b = random.uniform([0.2, 5, 0.2, 0.5], [3, 200, 3, 9])
        watched = float(random.integers(1, 600))
        x = float(random.integers(0, min(watched, 15) + 1))
        t_x = float(random.integers(x, watched + 1)) if x else 0.0
        left = ((alpha + watched) / (alpha + watched + time)) ** (r + x)
        left *= hyp2f1(r + x, b + x, a + b + x - 1, time / (alpha + watched + time))
        odds = a / (b + x - 1) * ((alpha + watched) / (alpha + t_x)) ** (r + x) if x else 0.0
        published = (a + b + x - 1) / (a - 1) * (1 - left) / (1 + odds)
        found = bg_nbd_expected_purchases(np.array([r, alpha, a, b]), one(x, t_x, watched), np.array([time]))
        assert found[0, 0] == pytest.approx(published, rel=1e-6)


def test_the_published_hypergeometric_form_gives_the_same_pareto_likelihood() -> None:
    """Fader and Hardie (2005), likelihood with A_0, where its difference does not cancel out."""
    for r, alpha, s, beta in ([0.5, 10.0, 0.6, 12.0], [1.4, 40.0, 2.0, 9.0]):
        x, t_x, watched = 4.0, 20.0, 90.0
        high, low, power = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)

        def part(t: float, high=high, low=low, power=power, total=r + s + x) -> float:  # type: ignore[no-untyped-def]
            return float(hyp2f1(total, power, total + 1, (high - low) / (high + t)) / (high + t) ** total)

        both = (alpha + watched) ** -(r + x) * (beta + watched) ** -s
        both += s / (r + s + x) * (part(t_x) - part(watched))
        published = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(both)
        found = pareto_nbd_log_likelihood(np.array([r, alpha, s, beta]), one(x, t_x, watched))[0][0]
        assert found == pytest.approx(published, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(histories(), SHAPES, LENGTHS, SHAPES, LENGTHS)
def test_gradients_are_the_likelihoods_slopes(
    seen: Histories, r: float, alpha: float, s: float, beta: float
) -> None:
    for log_likelihood, at in (
        (bg_nbd_log_likelihood, np.array([r, alpha, s, beta / 40])),
        (pareto_nbd_log_likelihood, np.array([r, alpha, s, beta])),
    ):
        gradient = log_likelihood(at, seen)[1]
        for place, step in enumerate(np.diag(at * 1e-5)):
            slope = (log_likelihood(at + step, seen)[0] - log_likelihood(at - step, seen)[0]) / (
                2 * step[place]
            )
            assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-4 / at[place])


def test_gamma_gammas_gradient_is_its_slope_and_its_density_adds_up_to_one() -> None:
    at, x = np.array([3.0, 2.5, 20.0]), np.full(10_001, 3.0)
    z = np.linspace(1e-6, 2_000, len(x))
    density = np.exp(gamma_gamma_log_likelihood(at, x, z)[0])
    assert np.trapezoid(density, z) == pytest.approx(1, abs=1e-4)
    gradient = gamma_gamma_log_likelihood(at, x, z)[1]
    for place, step in enumerate(np.diag(at * 1e-5)):
        up, down = (gamma_gamma_log_likelihood(at + sign * step, x, z)[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / (2 * step[place]), rel=1e-3, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(histories(), SHAPES, LENGTHS, SHAPES, LENGTHS)
def test_expectations_make_sense_for_all_histories(
    seen: Histories, r: float, alpha: float, s: float, beta: float
) -> None:
    times = np.array([0.0, 30.0, 365.0, 366.0])
    for p_alive, expect, at in (
        (bg_nbd_p_alive, bg_nbd_expected_purchases, np.array([r, alpha, s, beta / 40])),
        (pareto_nbd_p_alive, pareto_nbd_expected_purchases, np.array([r, alpha, s, beta])),
    ):
        alive, expected = p_alive(at, seen), expect(at, seen, times)
        assert ((alive >= 0) & (alive <= 1)).all()
        assert np.isfinite(expected).all()
        assert (expected[:, 0] == 0).all()
        assert (np.diff(expected, axis=1) >= 0).all()
        if_nobody_stopped = (r + seen.x) / (alpha + seen.T)
        assert (expected[:, 2] <= if_nobody_stopped * 365 * (1 + 1e-9)).all()


def test_who_just_bought_is_alive_under_pareto_and_who_never_came_back_under_bg_nbd() -> None:
    assert pareto_nbd_p_alive(PARETO, one(5, 80, 80))[0] == 1
    assert bg_nbd_p_alive(BG, one(0, 0, 900))[0] == 1
    assert pareto_nbd_log_likelihood(PARETO, one(0, 0, 0))[0][0] == pytest.approx(0, abs=1e-12)
    assert bg_nbd_log_likelihood(BG, one(0, 0, 0))[0][0] == pytest.approx(0, abs=1e-12)


def test_new_customers_are_expected_to_buy_as_the_papers_say_of_anybody() -> None:
    """Fader, Hardie and Lee (2005), equation (9); Schmittlein et al. (1987), equation (17)."""
    time, (r, alpha, a, b) = 120.0, BG
    ratio = (alpha / (alpha + time)) ** r * hyp2f1(r, b, a + b - 1, time / (alpha + time))
    found = bg_nbd_expected_purchases(BG, one(0, 0, 0), np.array([time]))[0, 0]
    assert found == pytest.approx((a + b - 1) / (a - 1) * (1 - ratio), rel=1e-6)
    r, alpha, s, beta = PARETO
    level = r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + time)) ** (s - 1))
    found = pareto_nbd_expected_purchases(PARETO, one(0, 0, 0), np.array([time]))[0, 0]
    assert found == pytest.approx(level, rel=1e-9)


@pytest.mark.parametrize("around", [1 - 1e-7, 1.0, 1 + 1e-7])
def test_nothing_breaks_where_the_closed_forms_divide_by_zero(around: float) -> None:
    times, seen = np.array([180.0]), one(3, 40, 60)
    for expect, at, place in (
        (bg_nbd_expected_purchases, BG.copy(), 2),
        (pareto_nbd_expected_purchases, PARETO.copy(), 2),
    ):
        at[place] = around
        near = [expect(np.where(np.arange(4) == place, v, at), seen, times)[0, 0] for v in (0.999, 1.001)]
        assert expect(at, seen, times)[0, 0] == pytest.approx(np.mean(near), rel=1e-5)


def test_thousands_of_purchases_neither_overflow_nor_vanish() -> None:
    """The closed forms do from about 200 on; so does the sum of their logarithms where terms cancel out."""
    seen = pooled_histories([3000, 3000, 800, 161], [2990, 1500, 900, 94.7], [3000, 3000, 901, 98])
    times = np.array([90.0, 365.0])
    for log_likelihood, p_alive, expect, at in (
        (bg_nbd_log_likelihood, bg_nbd_p_alive, bg_nbd_expected_purchases, BG),
        (pareto_nbd_log_likelihood, pareto_nbd_p_alive, pareto_nbd_expected_purchases, PARETO),
    ):
        value, gradient = log_likelihood(at, seen)
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
        alive = p_alive(at, seen)
        assert alive[seen.x == 800] > 0.5
        assert alive[(seen.x == 3000) & (seen.t_x == 1500)] < 1e-100
        often = expect(at, seen, times)[seen.x == 800, 0]
        assert 60 < often < 90 * 801 / 920


def test_means_over_beta_distributions_are_exact_for_polynomials() -> None:
    for a, b in ((0.03, 0.2), (0.5, 0.5), (0.8, 400.0), (6.0, 2.0)):
        nodes, weights = beta_nodes(a, np.array([b]))
        for power in (0, 1, 2, 5):
            mean = float(weights[0] @ nodes[0] ** power)
            k = np.arange(power)
            assert mean == pytest.approx(np.prod((a + k) / (a + b + k)), rel=1e-9, abs=0)


def test_a_purchases_value_lies_between_the_customers_and_everybodys() -> None:
    at = np.array([6.0, 4.0, 15.0])
    everybody = 6 * 15 / 3
    x, z = np.array([0.0, 1.0, 5.0, 5000.0, 2.0]), np.array([np.nan, 100.0, 100.0, 100.0, -40.0])
    none, once, often, always, returned = gamma_gamma_expected_value(at, x, z)
    assert none == pytest.approx(everybody)
    assert everybody < once < often < always < 100
    assert always == pytest.approx(100, rel=0.01)
    assert 0 < returned < everybody


def test_simulated_values_of_the_next_purchase_are_as_expected() -> None:
    random, at = np.random.default_rng(8), np.array([4.0, 5.0, 30.0])
    n, x = 200_000, 3.0
    rate = random.gamma(at[1], 1 / at[2], n)
    z, following = random.gamma(at[0] * x, 1, n) / rate / x, random.gamma(at[0], 1, n) / rate
    expected = gamma_gamma_expected_value(at, np.full(n, x), z)
    for low, high in ((0, 20), (20, 40), (40, 80), (80, 1e9)):
        some = (z >= low) & (z < high)
        error = following[some].std() / some.sum() ** 0.5
        assert abs(following[some].mean() - expected[some].mean()) < 4 * error
