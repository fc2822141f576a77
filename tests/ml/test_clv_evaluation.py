"""Judging by a holdout: nothing of it is seen, figures are what a plain count gives, the better method serves."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.clv.evaluation import evaluate_clv, hold_out
from ml.evaluation import EVALUATION_GRAIN, evaluation_frame
from tests.ml.cdnow import cdnow_days, needs_cdnow
from tests.ml.clv_reference import BG, purchase_days, simulate_bg_nbd

AS_OF = date(2026, 6, 30)
METHODS = ["bg_nbd", "gamma_gamma", "own_mean", "own_rate", "pareto_nbd"]


def shop_days(n: int = 500, seed: int = 1) -> pd.DataFrame:
    """Days with purchases of customers who buy and stop as BG/NBD says, over 300 days."""
    random = np.random.default_rng(seed)
    rate, dropout = random.gamma(BG[0], 1 / BG[1], n), random.beta(BG[2], BG[3], n)
    rows = []
    for customer in range(n):
        day, level = random.uniform(0, 200), 30 / random.gamma(4, 1 / 3)
        came_back = False
        while day < 300:
            rows.append((f"C{customer:04d}", int(day), random.gamma(4) * level))
            if came_back and random.random() < dropout[customer]:
                break
            came_back = True
            day += random.exponential() / rate[customer]
    days = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount"])
    days = days.groupby(["customer_id", "day"], as_index=False)["net_amount"].sum()
    start = pd.Timestamp(AS_OF) - timedelta(days=299)
    days["order_date"] = [(start + timedelta(days=int(day))).date() for day in days.pop("day")]
    return days.assign(is_purchase=1, source="corner", currency="EUR", as_of_date=AS_OF)


def metrics(days: pd.DataFrame, holdout_days: int = 90) -> pd.DataFrame:
    return evaluation_frame(evaluate_clv(days, holdout_days)).set_index(["method", "metric"])


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    return shop_days()


@needs_cdnow
def test_cdnow_is_foreseen_as_well_as_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """39 weeks of 78, as in the papers; the customer's own past rate has an RMSE of 2.212."""
    seen = cdnow_days().assign(source="cdnow", currency="USD", as_of_date=date(1998, 6, 30))
    monkeypatch.setattr("ml.clv.evaluation.LARGEST_HOLDOUT_SHARE", 0.5)
    found = metrics(seen, 273)
    assert found.loc[("bg_nbd", "purchase_rmse"), "metric_value"] == pytest.approx(1.608, abs=5e-4)
    assert found.loc[("bg_nbd", "purchase_rmse"), "baseline_value"] == pytest.approx(2.212, abs=5e-4)
    assert found.loc[("bg_nbd", "purchase_correlation"), "metric_value"] == pytest.approx(0.626, abs=5e-4)
    assert found.loc[("bg_nbd", "purchase_total_error_rate"), "metric_value"] == pytest.approx(
        0.121, abs=5e-4
    )
    assert found.loc[("bg_nbd", "purchase_rmse"), "role"] == "champion"


def test_figures_are_what_a_plain_count_gives(days: pd.DataFrame) -> None:
    found = metrics(days)
    cut = AS_OF - timedelta(days=89)
    assert (found["cut_date"] == cut).all()
    before, later = days[days["order_date"] < cut], days[days["order_date"] >= cut]
    off, spend_off = [], []
    for customer, own in before.groupby("customer_id"):
        after = later[later["customer_id"] == customer]
        tenure = (cut - timedelta(days=1) - own["order_date"].min()).days
        rate = (len(own) - 1) / max(tenure, 1)
        off.append(rate * 90 - len(after))
        spend_off.append(rate * 90 * own["net_amount"].mean() - after["net_amount"].sum())
    assert found.loc[("own_rate", "purchase_mae"), "metric_value"] == pytest.approx(np.abs(off).mean())
    assert found.loc[("own_rate", "purchase_rmse"), "metric_value"] == pytest.approx(
        np.square(off).mean() ** 0.5
    )
    assert found.loc[("own_rate", "spend_mae"), "metric_value"] == pytest.approx(np.abs(spend_off).mean())
    assert found.loc[("bg_nbd", "spend_mae"), "baseline_value"] == pytest.approx(np.abs(spend_off).mean())
    assert (found.loc["own_rate", "holdout_count"] == len(off)).all()


def test_the_models_beat_the_baseline_where_customers_behave_as_they_say(days: pd.DataFrame) -> None:
    found = metrics(days)
    assert found.loc[("bg_nbd", "purchase_rmse"), "is_better_than_baseline"]
    assert found.loc[("bg_nbd", "spend_rmse"), "is_better_than_baseline"]
    assert set(found.loc["own_rate", "role"]) == {"baseline"}
    serves = found[found["role"] == "champion"].reset_index()["method"].unique().tolist()
    assert len(serves) == 2
    assert serves[0] in ("bg_nbd", "pareto_nbd")
    assert serves[1] in ("gamma_gamma", "own_mean")


def test_nothing_from_the_cut_on_changes_what_was_fitted(days: pd.DataFrame) -> None:
    cut = AS_OF - timedelta(days=89)
    later = days["order_date"] >= cut
    changed = days.copy()
    random = np.random.default_rng(0)
    changed.loc[later, "net_amount"] = random.permutation(days.loc[later, "net_amount"]) * 50 - 900
    changed.loc[later, "customer_id"] = random.permutation(days.loc[later, "customer_id"])
    changed = changed.drop(changed.index[later & (random.random(len(days)) < 0.5)])
    known, other = hold_out(days, 90), hold_out(changed, 90)
    pd.testing.assert_frame_equal(known.customers, other.customers, check_exact=True)
    assert not np.array_equal(known.purchases, other.purchases)
    assert known.fingerprint != other.fingerprint
    first, second = metrics(days), metrics(changed)
    assert first["parameters"].tolist() == second["parameters"].tolist()
    assert (first["train_count"] == second["train_count"]).all()


def test_two_evaluations_are_the_same_whatever_the_order_of_rows(days: pd.DataFrame) -> None:
    again = evaluation_frame(evaluate_clv(days.sample(frac=1, random_state=1), 90))
    pd.testing.assert_frame_equal(evaluation_frame(evaluate_clv(days, 90)), again, check_exact=True)


def test_the_baseline_serves_and_says_so_where_the_models_are_worse() -> None:
    """Customers who keep a rhythm of their own to the day are foreseen best by it."""
    rows = [
        (f"C{customer:03d}", AS_OF - timedelta(days=int(day)), 10.0 * (1 + customer % 7), 1)
        for customer in range(60)
        for day in range(0, 240, 5 + customer % 20)
    ]
    days = pd.DataFrame(rows, columns=["customer_id", "order_date", "net_amount", "is_purchase"])
    found = metrics(days.assign(source="corner", currency="EUR", as_of_date=AS_OF), 60)
    assert set(found.loc["own_rate", "role"]) == {"champion"}
    assert set(found.loc["own_mean", "role"]) == {"champion"}
    assert not found.loc[("bg_nbd", "purchase_rmse"), "is_better_than_baseline"]
    for model in ("bg_nbd", "pareto_nbd", "gamma_gamma"):
        assert set(found.loc[model, "role"]) == {"challenger"}
        assert found.loc[model, "note"].str.contains("does not beat the baseline, which is served").all()


def test_the_holdout_is_never_more_than_a_third_of_the_time_watched(days: pd.DataFrame) -> None:
    watched = (pd.Timestamp(AS_OF) - pd.to_datetime(days["order_date"]).min()).days + 1
    assert hold_out(days, 500).days == watched // 3
    assert hold_out(days, 30).days == 30


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (lambda days: days.iloc[:1], "days of history are too few"),
        (lambda days: days[days["order_date"] > AS_OF - timedelta(days=10)], "days of history are too few"),
        (lambda days: days.drop_duplicates("customer_id"), "not fitted: 0 of"),
        (lambda days: days.assign(net_amount=-5.0), "not fitted: 0 of 0 customers came back"),
        (lambda days: days.assign(is_purchase=0), "not fitted: 0 of 0 customers came back"),
    ],
    ids=["one customer", "a week", "nobody came back", "all brought back", "returns only"],
)
def test_little_data_gives_rows_with_a_reason(days, keep, reason: str) -> None:  # type: ignore[no-untyped-def]
    kept = keep(days)
    if len(kept) == 1:  # somebody who bought on the last day
        kept = kept.assign(order_date=AS_OF)
    found = evaluation_frame(evaluate_clv(kept, 90))
    assert sorted(found["method"].unique()) == METHODS
    assert not found.duplicated(list(EVALUATION_GRAIN)).any()
    assert found["note"].str.contains(reason).any()
    champion = set(found.loc[found["role"] == "champion", "method"])
    assert champion & {"own_rate", "bg_nbd", "pareto_nbd"}
    if "too few" in reason:
        assert champion == {"own_rate", "own_mean"}
        assert found["metric_value"].isna().all()


def test_rare_repeat_buyers_and_short_histories_are_noted() -> None:
    seen = simulate_bg_nbd(np.array([0.02, 200.0, 0.5, 2.0]), np.full(3000, 320.0), 0, seed=5)
    found = evaluation_frame(
        evaluate_clv(purchase_days(seen).assign(source="corner", currency="EUR", as_of_date=AS_OF), 60)
    )
    assert found["note"].str.contains(r"only \d\.\d% of the customers have come back").all()
    assert found["note"].str.contains("321 days of history: a year's seasons are not seen").all()
