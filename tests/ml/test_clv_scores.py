"""The table of customers' value: tiers, intervals, baselines, and customers of whom little can be said."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.clv.columns import CLV_COLUMNS, CLV_PARAMETER_COLUMNS
from ml.clv.scores import ClvTerms, clv_parameters, clv_scores, tier_of
from tests.ml.clv_reference import BG, simulate_bg_nbd
from tests.support import ROOT

TERMS = ClvTerms(1095.0, 0.10)
TIERS = pd.read_csv(ROOT / "seeds" / "clv_tier.csv")
AMOUNTS = [name for name, kind in CLV_COLUMNS.items() if kind.startswith("decimal")]


def shop(source: str = "corner", n: int = 400, seed: int = 1, currency: str = "EUR") -> pd.DataFrame:
    """Simulated customers as the models read them, in whole days."""
    random = np.random.default_rng(seed)
    real = simulate_bg_nbd(BG, random.integers(1, 400, n).astype(float), 0, seed)
    t_x = np.ceil(real.t_x).astype(int)
    x = np.minimum(real.x, t_x).astype(int)
    value = random.gamma(4 * (x + 1)) / (x + 1) / random.gamma(4, 1 / 60, n)
    return customers(source, currency, x, t_x, real.T.astype(int), value)


def customers(source, currency, x, t_x, watched, value) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    return pd.DataFrame(
        {
            "source": source,
            "currency": currency,
            "customer_id": [f"C{place:05d}" for place in range(len(x))],
            "as_of_date": date(2026, 6, 30),
            "repeat_count": x,
            "active_days": t_x,
            "tenure_days": watched,
            "mean_amount": value,
        }
    )


def champions(*methods: str, source: str = "corner", currency: str = "EUR") -> pd.DataFrame:
    return pd.DataFrame({"source": source, "currency": currency, "method": list(methods)})


@pytest.mark.parametrize("method", ["bg_nbd", "pareto_nbd"])
def test_every_customer_has_a_row_that_makes_sense(method: str) -> None:
    seen = shop()
    scored = clv_scores(seen, champions(method, "gamma_gamma"), TIERS, TERMS)
    assert set(scored) == set(CLV_COLUMNS)
    assert scored["customer_id"].tolist() == seen["customer_id"].tolist()
    assert (scored["purchase_method"] == method).all()
    assert (scored["value_method"] == "gamma_gamma").all()
    assert scored.notna().all().all()
    assert scored["p_alive_rate"].between(0, 1).all()
    ahead = scored[[f"expected_purchases_{days}d" for days in (90, 180, 365)]].to_numpy()
    assert (np.diff(ahead, axis=1) >= 0).all()
    assert (scored["clv_low_amount"] <= scored["clv_amount"]).all()
    assert (scored["clv_amount"] <= scored["clv_high_amount"]).all()
    assert (scored["clv_amount"] >= scored["expected_value_365d_amount"] * 0.9).all()
    once = scored["repeat_count"] == 0
    assert once.sum() > 50
    assert (scored.loc[once, "clv_amount"] > 0).all()


def test_scores_are_the_same_twice_and_in_any_order() -> None:
    seen, chosen = shop(), champions("bg_nbd", "gamma_gamma")
    first = clv_scores(seen, chosen, TIERS, TERMS)
    second = clv_scores(seen.sample(frac=1, random_state=3), chosen, TIERS, TERMS)
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_shops_and_currencies_do_not_know_of_each_other() -> None:
    one, other = shop(), shop("corner", 300, seed=9, currency="BRL")
    both = clv_scores(
        pd.concat([one, other]),
        pd.concat([champions("bg_nbd", "gamma_gamma"), champions(currency="BRL")]),
        TIERS,
        TERMS,
    )
    alone = clv_scores(one, champions("bg_nbd", "gamma_gamma"), TIERS, TERMS)
    pd.testing.assert_frame_equal(
        both[both["currency"] == "EUR"].reset_index(drop=True), alone, check_exact=True
    )
    assert set(both.loc[both["currency"] == "BRL", "purchase_method"]) == {"own_rate"}


def test_the_interval_narrows_with_more_customers() -> None:
    few, many = (clv_scores(shop(n=n), champions("bg_nbd", "gamma_gamma"), TIERS, TERMS) for n in (300, 4000))
    width = [(np.log(one["clv_high_amount"] / one["clv_low_amount"])).median() for one in (few, many)]
    assert width[1] < 0.5 * width[0]


def test_without_a_champion_the_customers_own_past_serves() -> None:
    scored = clv_scores(
        customers("corner", "EUR", [3, 0], [60, 0], [100, 50], [40.0, 25.0]), champions(), TIERS, TERMS
    )
    assert scored["purchase_method"].tolist() == ["own_rate"] * 2
    assert scored["value_method"].tolist() == ["own_mean"] * 2
    assert scored["expected_purchases_90d"].tolist() == pytest.approx([2.7, 0])
    assert scored["expected_value_90d_amount"].tolist() == pytest.approx([108, 0])
    years = (1 - 1.1**-3) / np.log(1.1)  # the present value of one a year for three years
    assert scored["clv_amount"].tolist() == pytest.approx([0.03 * 365 * years * 40, 0], abs=1e-4)
    assert scored[["p_alive_rate", "clv_low_amount", "clv_high_amount"]].isna().all().all()


@pytest.mark.parametrize(
    "seen",
    [
        customers("corner", "EUR", [0], [0], [30], [20.0]),
        customers("corner", "EUR", [0], [0], [0], [20.0]),
        customers("corner", "EUR", [0] * 300, [0] * 300, range(300), [20.0] * 300),
        customers("corner", "EUR", [5, 0], [50, 0], [60, 60], [-10.0, 0.0]),
        customers("corner", "EUR", [1] * 40, [50] * 40, [60] * 40, [0.0] * 40),
        customers("corner", "EUR", [900] * 30, [900] * 30, [901] * 30, [20.0] * 30),
    ],
    ids=["one", "one of today", "all once", "all brought back", "no value", "every day"],
)
def test_little_or_odd_data_gives_rows_with_a_reason(seen: pd.DataFrame) -> None:
    scored = clv_scores(seen, champions("bg_nbd", "gamma_gamma"), TIERS, TERMS)
    assert len(scored) == len(seen)
    assert (scored["note"] != "").all()
    assert np.isfinite(scored[["clv_amount", "expected_purchases_365d"]].to_numpy(float)).all()
    assert (scored["clv_amount"] >= 0).all()
    parameters = clv_parameters(seen)
    assert len(parameters) == 11
    assert (parameters["note"] != "").all()
    assert parameters["standard_error"].isna().all()


def test_few_repeat_buyers_are_said_to_be_too_few() -> None:
    seen = customers("corner", "EUR", [1] * 9 + [0] * 90, [5] * 9 + [0] * 90, [90] * 99, [20.0] * 99)
    scored = clv_scores(seen, champions("bg_nbd"), TIERS, TERMS)
    assert scored["note"].str.startswith("not fitted: 9 of 99 customers came back, 10 are needed").all()


def test_what_the_history_is_too_thin_for_is_noted() -> None:
    chosen = champions("bg_nbd", "gamma_gamma")
    assert set(clv_scores(shop(), chosen, TIERS, TERMS)["note"]) == {""}
    short = shop().query("tenure_days < 200")
    assert set(clv_scores(short, chosen, TIERS, TERMS)["note"]) == {
        "200 days of history: a year's seasons are not seen"
    }
    once = customers("corner", "EUR", [0] * 900, [0] * 900, [500] * 900, [20.0] * 900)
    rare = clv_scores(
        pd.concat([once, shop(n=40).assign(customer_id=lambda own: "D" + own["customer_id"])]),
        champions(),
        TIERS,
        TERMS,
    )
    assert rare["note"].str.fullmatch(r"only \d\.\d% of the customers have come back").all()


def test_the_best_twentieth_are_diamonds_and_equals_are_in_one_tier() -> None:
    names, share = tier_of(np.arange(100.0), TIERS)
    assert pd.Series(names).value_counts().to_dict() == {"Bronze": 50, "Silver": 30, "Gold": 15, "Diamond": 5}
    assert names[-1] == "Diamond"
    assert share[-1] == pytest.approx(0.01)
    names, _ = tier_of(np.r_[np.zeros(97), 1.0, 1.0, 2.0], TIERS)
    assert names == ["Bronze"] * 97 + ["Diamond"] * 3
    names, _ = tier_of(np.r_[np.zeros(90), np.ones(10)], TIERS)
    assert names == ["Bronze"] * 90 + ["Gold"] * 10
    assert tier_of(np.array([7.0]), TIERS)[0] == ["Bronze"]


def test_the_tiers_of_the_seed_cover_everybody_once() -> None:
    assert TIERS["tier"].tolist() == ["Diamond", "Gold", "Silver", "Bronze"]
    assert TIERS["customer_share_rate"].is_monotonic_increasing
    assert TIERS["customer_share_rate"].iloc[-1] == 1


def test_parameters_come_with_their_errors_for_every_model() -> None:
    found = clv_parameters(shop(n=1500))
    assert list(found) == list(CLV_PARAMETER_COLUMNS)
    assert found["method"].value_counts().to_dict() == {"bg_nbd": 4, "pareto_nbd": 4, "gamma_gamma": 3}
    bg = found[found["method"] == "bg_nbd"].set_index("parameter")
    assert bg["is_converged"].all()
    off = np.abs(bg["estimate"].to_numpy(float) - BG) / bg["standard_error"].to_numpy(float)
    assert (off < 4).all()  # whole days, at most one purchase on each, are not quite the process
