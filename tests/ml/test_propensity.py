"""The probability of an order: planted laws, leakage, bad input, and the same rows twice."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from ml.propensity.design import DRIVERS, design_frame, labels
from ml.propensity.fitting import (
    BASE_RATE,
    BOOSTING,
    CANDIDATES,
    LOGISTIC,
    LOGISTIC_C,
    METHODS,
    RECENCY,
    fit_method,
)
from ml.propensity.folds import folds_for
from ml.propensity.measures import area_under_curve
from ml.propensity.results import (
    evaluate_propensity,
    propensity_deciles,
    propensity_drivers,
    score_propensity,
    served_methods,
)
from ml.propensity.shuffling import shuffled_probabilities
from ml.propensity.study import PropensityOptions, chosen, latest_rate, prepared, study_horizon
from tests.ml.propensity_truth import LAST, planted_customers, true_probability

OPTIONS = PropensityOptions()


def _evaluated(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[tuple[str, int], str]]:
    rows = evaluate_propensity(frame, OPTIONS)
    return rows, served_methods(rows[rows["role"] == "champion"])


def _value(rows: pd.DataFrame, part: str, method: str, metric: str) -> float:
    found = rows[(rows["part"] == part) & (rows["method"] == method) & (rows["metric"] == metric)]
    return float(found["metric_value"].iloc[0])


def test_the_planted_law_is_found_and_wins() -> None:
    frame = planted_customers(4_000)
    rows, champions = _evaluated(frame)
    assert champions[("shop", 30)] == LOGISTIC
    scores = score_propensity(frame, champions, OPTIONS)
    soon = scores[scores["horizon_days"] == 30].set_index("customer_id")["probability_rate"]
    now = frame[frame["as_of_date"] == LAST].set_index("customer_id")
    truth = pd.Series(true_probability(now), index=now.index)
    assert np.abs(soon - truth).mean() < 0.02
    holdout = frame[frame["as_of_date"] == LAST - timedelta(days=30)]
    best = area_under_curve(labels(holdout, 30), true_probability(holdout))
    assert _value(rows, "30 days", LOGISTIC, "auc") == pytest.approx(best, abs=0.005)
    assert _value(rows, "30 days", LOGISTIC, "calibration_error") < 0.03
    assert _value(rows, "30 days", LOGISTIC, "log_loss") < _value(rows, "30 days", RECENCY, "log_loss")


def test_the_logistic_regression_is_the_maximum_of_its_penalised_likelihood() -> None:
    frame = prepared(planted_customers(400, cuts=(30,)))
    design, happened = design_frame(frame, 30)[["recency_days", "order_count"]], labels(frame, 30)
    model = fit_method(LOGISTIC, (design, happened), None)
    values = ((design - design.mean()) / design.std(ddof=0)).to_numpy()

    def loss(weights: np.ndarray) -> float:
        score = values @ weights[:2] + weights[2]
        return float(
            np.sum(np.logaddexp(0, score) - happened * score) + weights[:2] @ weights[:2] / (2 * LOGISTIC_C)
        )

    best = minimize(loss, np.zeros(3), method="BFGS").x
    assert np.allclose([*model.weights, model.intercept], best, atol=1e-3)


@pytest.mark.parametrize("method", CANDIDATES)
def test_calibration_takes_back_what_fitting_had_wrong(method: str) -> None:
    frame = prepared(planted_customers(3_000, cuts=(30, 60)))
    rows = {day: frame[frame["as_of_date"] == LAST - timedelta(days=day)] for day in (30, 60)}
    train, other = (
        (design_frame(rows[60], 30), labels(rows[60], 30)),
        (design_frame(rows[30], 30), labels(rows[30], 30)),
    )
    rare = train[1] * (np.arange(len(train[1])) % 3 == 0)  # two of three orders were not seen
    off = fit_method(method, (train[0], rare), None).probability(other[0])
    right = fit_method(method, (train[0], rare), other).probability(other[0])
    assert off.mean() < other[1].mean() * 0.5
    assert right.mean() == pytest.approx(other[1].mean(), abs=0.002)


def test_what_lies_after_the_cut_changes_nothing_that_was_fitted() -> None:
    frame = planted_customers(600)
    study = study_horizon(prepared(frame), 30, OPTIONS)
    assert study.folds is not None
    shuffled = frame.copy()
    random = np.random.default_rng(1)
    later = shuffled["as_of_date"] >= study.folds.scored
    for name in ("order_count", "recency_days", "next_order_days", "net_sale_amount"):
        shuffled.loc[later, name] = random.permutation(shuffled.loc[later, name].to_numpy())
    again = study_horizon(prepared(shuffled), 30, OPTIONS)
    assert not np.array_equal(study.happened, again.happened)
    for method in METHODS:
        assert json.dumps(study.models[method].parameters()) == json.dumps(again.models[method].parameters())
        assert np.array_equal(
            study.models[method].probability(study.design), again.models[method].probability(study.design)
        )


def test_no_label_window_reaches_into_a_later_fold() -> None:
    frame = planted_customers(50)
    for horizon in (30, 90):
        for scored in sorted(frame["as_of_date"].unique()):
            folds = folds_for(frame, scored, horizon, 30)
            window = timedelta(days=horizon)
            for day in folds.train:
                assert day + window <= (folds.calibration or scored)
            assert folds.calibration is None or folds.calibration + window <= scored


def test_a_short_history_is_not_fitted_on() -> None:
    frame = planted_customers(50, history_days=140)
    folds = folds_for(frame, LAST, 30, least_history_days=50)
    assert folds.calibration == LAST - timedelta(days=30)
    assert folds.train == (LAST - timedelta(days=90), LAST - timedelta(days=60))


def test_two_runs_in_any_order_of_rows_are_equal_to_the_last_bit() -> None:
    frame = planted_customers(250)
    rows, champions = _evaluated(frame)
    mixed = frame.sample(frac=1, random_state=5)
    again, same = _evaluated(mixed)
    pd.testing.assert_frame_equal(rows, again, check_exact=True)
    assert champions == same
    champions = {("shop", 30): BOOSTING, ("shop", 90): LOGISTIC}
    linear = {("shop", 30): LOGISTIC}  # shuffling columns of trees takes its time
    for function, methods in (
        (score_propensity, champions),
        (propensity_deciles, champions),
        (propensity_drivers, linear),
    ):
        first, second = function(frame, methods, OPTIONS), function(mixed, methods, OPTIONS)
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_deciles_hold_every_customer_of_the_holdout_and_what_they_did() -> None:
    frame = planted_customers(1_000)
    table = propensity_deciles(frame, {("shop", 30): LOGISTIC}, OPTIONS)
    holdout = frame[frame["as_of_date"] == LAST - timedelta(days=30)]
    assert table["decile"].tolist() == list(range(1, 11))
    assert table["customer_count"].sum() == 1_000
    assert table["ordering_customer_count"].sum() == labels(holdout, 30).sum()
    assert table["captured_rate"].iloc[-1] == pytest.approx(1.0)
    assert (table["lift_ratio"] * table["customer_count"]).sum() / 1_000 == pytest.approx(1.0)
    assert table["lift_ratio"].iloc[0] > 1.5 > 0.5 > table["lift_ratio"].iloc[-1]
    assert (table["most_predicted_rate"].shift(-1) <= table["least_predicted_rate"])[:-1].all()


def test_the_drivers_are_those_of_the_planted_law() -> None:
    table = propensity_drivers(planted_customers(2_000), {("shop", 30): LOGISTIC}, OPTIONS)
    groups = table[table["driver_kind"] == "group"].set_index("driver")["auc_loss"]
    assert set(groups.sort_values()[-2:].index) == {"recency", "frequency"}
    assert abs(groups["discount"]) < 0.003
    features = table[table["driver_kind"] == "feature"].set_index("driver")
    assert features.loc["recency_days", "direction"] < 0 < features.loc["order_count", "direction"]
    assert set(features.index) <= {name for names in DRIVERS.values() for name in names}


@pytest.mark.parametrize("method", [LOGISTIC, BOOSTING])
def test_shuffled_features_are_told_what_the_method_says_of_them(method: str) -> None:
    study = study_horizon(prepared(planted_customers(2_000)), 30, OPTIONS, (method,))
    model, design = study.models[method], study.design
    design.iloc[::7, 0] = np.nan
    orders = [np.random.default_rng(seed).permutation(len(design)) for seed in (1, 2)]
    asked = [[name] for name in model.names] + [list(model.names[:3])]
    for names, told in zip(asked, shuffled_probabilities(model, design, asked, orders), strict=True):
        for order, probability in zip(orders, told, strict=True):
            shuffled = design.assign(**{name: design[name].to_numpy()[order] for name in names})
            assert probability.tolist() == model.probability(shuffled).tolist()


def test_flags_follow_from_the_probability_and_the_base_rate() -> None:
    scores = score_propensity(planted_customers(800), {("shop", 30): LOGISTIC}, OPTIONS)
    soon = scores[scores["horizon_days"] == 30]
    assert (soon["is_likely"].astype(bool) == (soon["probability_rate"] >= soon["base_rate"])).all()
    assert (soon["is_churn_risk"].astype(bool) == (soon["probability_rate"] < soon["base_rate"] / 2)).all()
    assert soon["is_likely"].any()
    assert soon["is_churn_risk"].any()
    assert not scores[scores["horizon_days"] == 90]["is_likely"].notna().any()  # nobody named a champion


@pytest.mark.parametrize(
    ("losses", "served"),
    [
        ({"base_rate": 0.6, "recency": 0.5, "logistic": 0.40, "boosting": 0.397}, "logistic"),
        ({"base_rate": 0.6, "recency": 0.5, "logistic": 0.40, "boosting": 0.395}, "boosting"),
        ({"base_rate": 0.6, "recency": 0.4, "logistic": 0.401, "boosting": 0.399}, "boosting"),
        ({"base_rate": 0.6, "recency": 0.4, "logistic": 0.41, "boosting": 0.42}, "recency"),
        ({"base_rate": 0.3, "recency": 0.4, "logistic": 0.31, "boosting": 0.30}, "base_rate"),
    ],
)
def test_the_challenger_needs_a_margin_and_everybody_has_to_beat_the_baselines(
    losses: dict[str, float], served: str
) -> None:
    assert chosen({method: np.full(100, loss) for method, loss in losses.items()}, 0.01) == served


def test_a_gain_that_chance_explains_is_none() -> None:
    noise = np.random.default_rng(1).normal(0, 1, 400)
    even = {"base_rate": np.zeros(400), "recency": np.ones(400), "boosting": np.ones(400)}
    noise -= noise.mean()
    assert chosen(even | {"logistic": noise - 0.05}, 0.01) == "base_rate"  # one standard error
    assert chosen(even | {"logistic": noise - 0.15}, 0.01) == "logistic"  # three of them


def test_where_nothing_can_be_learned_a_baseline_is_served_and_said() -> None:
    rows, champions = _evaluated(planted_customers(1_500, rate=0.3))
    assert champions[("shop", 30)] in (BASE_RATE, RECENCY)
    champion = rows[(rows["role"] == "champion") & (rows["part"] == "30 days")]
    assert champion["note"].str.contains("baseline is served").all()


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_where_nobody_or_everybody_comes_back_all_have_the_base_rate(rate: float) -> None:
    frame = planted_customers(200, rate=rate)
    frame["next_order_days"] = 5.0 if rate else np.nan
    frame.loc[frame["as_of_date"] == LAST, "next_order_days"] = np.nan
    rows, champions = _evaluated(frame)
    assert set(champions.values()) == {BASE_RATE}
    assert rows["metric_value"].isna().all()
    assert rows["note"].str.contains("too few").all()
    scores = score_propensity(frame, champions, OPTIONS)
    assert len(scores) == 400
    assert (scores["probability_rate"] == rate).all()
    assert scores["note"].ne("").all()
    assert scores["decile"].isna().all()
    assert propensity_deciles(frame, champions, OPTIONS).empty
    assert propensity_drivers(frame, champions, OPTIONS).empty


def test_a_source_shorter_than_the_window_has_a_rate_that_was_carried_on() -> None:
    frame = planted_customers(300, cuts=(0, 30), rate=0.36, history_days=45)
    rate, note = latest_rate(prepared(frame), 90)
    seen = labels(frame[frame["as_of_date"] < LAST], 30).mean()
    assert rate == pytest.approx(1 - (1 - seen) ** 3)
    assert "carried on" in note
    rows, champions = _evaluated(frame)
    assert set(champions.values()) == {BASE_RATE}
    scores = score_propensity(frame, champions, OPTIONS)
    assert np.allclose(scores[scores["horizon_days"] == 90]["probability_rate"].astype(float), rate)
    assert rows["note"].ne("").all()


def test_the_rate_of_a_window_in_which_few_ordered_is_that_of_all_windows() -> None:
    frame = planted_customers(100, cuts=(0, 30, 60), rate=0.3)
    at = {days: frame["as_of_date"] == LAST - timedelta(days=days) for days in (30, 60)}
    assert latest_rate(prepared(frame), 30) == (labels(frame[at[30]], 30).mean(), "")
    frame.loc[at[30], "next_order_days"] = np.nan
    rate, note = latest_rate(prepared(frame), 30)
    assert rate == labels(frame[at[60]], 30).sum() / 200 > 0
    assert "all of them" in note


def test_one_customer_of_one_day_has_a_row_without_a_rate() -> None:
    frame = planted_customers(1, cuts=(0,))
    rows, champions = _evaluated(frame)
    assert len(rows) > 0
    scores = score_propensity(frame, champions, OPTIONS)
    assert scores["probability_rate"].isna().all()
    assert all(
        value is None for name in ("probability_rate", "decile", "is_likely") for value in scores[name]
    )
    assert scores["note"].str.contains("there is no rate").all()


def test_sources_are_scored_each_by_itself() -> None:
    one, other = planted_customers(400, seed=1), planted_customers(400, seed=2, source="other")
    both = score_propensity(
        pd.concat([other, one]), {("shop", 30): LOGISTIC, ("other", 30): LOGISTIC}, OPTIONS
    )
    alone = score_propensity(one, {("shop", 30): LOGISTIC}, OPTIONS)
    pd.testing.assert_frame_equal(both[both["source"] == "shop"].reset_index(drop=True), alone)


def test_amounts_are_told_relative_to_their_currency() -> None:
    frame = planted_customers(60, cuts=(0,))
    dear = frame.assign(currency="INR", net_sale_amount=frame["net_sale_amount"] * 90)
    design = design_frame(pd.concat([frame, dear], ignore_index=True), 30)
    assert np.allclose(design["net_sale_amount"][:60], design["net_sale_amount"][60:])


def test_customers_without_amounts_gaps_or_promises_are_scored() -> None:
    frame = planted_customers(300)
    frame["net_sale_amount"] = 0.0
    frame["currency"] = "EUR"
    frame.loc[::7, "net_sale_amount"] = -5.0
    scores = score_propensity(frame, {("shop", 30): LOGISTIC, ("shop", 90): BOOSTING}, OPTIONS)
    assert scores["probability_rate"].between(0, 1).all()


def test_the_champions_of_other_parts_are_passed_over() -> None:
    rows = pd.DataFrame({"source": ["a", "a"], "part": ["90 days", "all"], "method": ["logistic", "x"]})
    assert served_methods(rows) == {("a", 90): "logistic"}


def test_the_evaluation_tells_dates_and_parameters() -> None:
    rows, _ = _evaluated(planted_customers(600))
    row = rows[(rows["part"] == "30 days") & (rows["method"] == LOGISTIC)].iloc[0]
    told = json.loads(row["parameters"])
    assert row["cut_date"] == LAST - timedelta(days=29)
    assert told["judged_as_of"] == str(LAST - timedelta(days=30))
    assert told["calibrated_as_of"] == str(LAST - timedelta(days=60))
    assert max(told["trained_as_of"]) == str(LAST - timedelta(days=90))
    assert {"recency_days", "order_count"} <= set(told["weights"])
    assert isinstance(row["as_of_date"], date)
    assert row["holdout_count"] == 600
