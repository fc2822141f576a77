"""The probability of an order on the CDNOW sample, against the figures that were had with other code."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from ml.propensity.design import design_frame
from ml.propensity.fitting import LOGISTIC, RECENCY, fit_method
from ml.propensity.measures import area_under_curve, calibration_error_of
from ml.propensity.reading import NUMBER_COLUMNS
from tests.integration.public_data import DATA

FILE = DATA / "cdnow" / "CDNOW_sample.txt"
AS_OF = date(1997, 9, 30)  # the end of the first 39 weeks
WEEKS = 39
FOLDS = 5
REPEATS = 5

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not FILE.is_file(), reason=f"CDNOW is not in {FILE.parent} (RETAIL_DATA_DIR)"),
]


@cache
def _customers() -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Features at the end of the first 39 weeks, and who bought in the next 39. Nobody may change them."""
    names = ["master_id", "customer_id", "day", "quantity", "amount"]
    raw = pd.read_csv(FILE, sep=r"\s+", header=None, names=names, dtype={"customer_id": str})
    raw["order_date"] = pd.to_datetime(raw["day"], format="%Y%m%d").dt.date
    days = raw.groupby(["customer_id", "order_date"], as_index=False).agg(
        unit_count=("quantity", "sum"), gross_amount=("amount", "sum")
    )
    known = days[days["order_date"] <= AS_OF]
    ago = known["order_date"].map(lambda day: (AS_OF - day).days)
    gap = -ago.groupby(known["customer_id"]).diff()
    known = known.assign(ago=ago, gap=gap)
    for window in (30, 90, 365):
        recent = ago < window
        known[f"last_{window}_days_order_count"] = recent.astype(int)
        known[f"last_{window}_days_net_sale_amount"] = known["gross_amount"].where(recent, 0)
    by_customer = known.groupby("customer_id")
    features = (
        by_customer[[name for name in known if name.startswith("last_")]]
        .sum()
        .assign(
            recency_days=by_customer["ago"].min(),
            tenure_days=by_customer["ago"].max(),
            order_count=by_customer.size(),
            order_day_count=by_customer.size(),
            unit_count=by_customer["unit_count"].sum(),
            net_sale_amount=by_customer["gross_amount"].sum(),
            mean_gap_days=by_customer["gap"].mean(),
            gap_deviation_days=by_customer["gap"].std(ddof=0),
            longest_gap_days=by_customer["gap"].max(),
            as_of_date=AS_OF,
            currency="USD",
        )
    )
    features["active_rate"] = 1 - features["recency_days"] / features["tenure_days"]
    features = features.reindex(columns=[*features, *set(NUMBER_COLUMNS).difference(features)]).reset_index()
    later = days[(days["order_date"] > AS_OF) & (days["order_date"] <= AS_OF + timedelta(weeks=WEEKS))]
    return features, features["customer_id"].isin(later["customer_id"]).to_numpy(dtype="float64")


def _cross_validated(method: str) -> tuple[float, float]:
    """AUC and calibration error on customers that were not fitted on: by five folds, the mean of five draws of them."""
    features, happened = _customers()
    design = design_frame(features, 30)
    found = []
    for seed in range(REPEATS):
        fold = np.random.default_rng(seed).permutation(len(happened)) % FOLDS
        said = np.zeros(len(happened))
        for number in range(FOLDS):
            fitted, judged = fold != number, fold == number
            model = fit_method(method, (design[fitted], happened[fitted]), None)
            said[judged] = model.probability(design[judged])
        found.append((area_under_curve(happened, said), calibration_error_of(happened, said)))
    auc, error = np.mean(found, axis=0)
    return float(auc), float(error)


def test_cdnow_is_read_whole() -> None:
    features, happened = _customers()
    assert len(features) == 2_357
    assert features["order_day_count"].gt(1).sum() == 946  # repeat buyers, as published
    assert happened.mean() == pytest.approx(0.29, abs=0.01)


def test_the_logistic_regression_has_the_reference_auc_and_calibration() -> None:
    auc, error = _cross_validated(LOGISTIC)
    assert auc == pytest.approx(0.780, abs=0.006)  # the standard error of such an AUC is 0.01
    assert error == pytest.approx(0.015, abs=0.006)


def test_it_beats_bg_nbd_and_recency() -> None:
    _, happened = _customers()
    bg_nbd = area_under_curve(happened, _bg_nbd_probability())
    assert bg_nbd == pytest.approx(0.752, abs=0.006)
    auc, _ = _cross_validated(LOGISTIC)
    assert auc > bg_nbd + 0.01
    assert auc > _cross_validated(RECENCY)[0] + 0.005


def _bg_nbd_probability() -> npt.NDArray[np.float64]:
    """P(alive) x P(at least one purchase while alive) by Fader, Hardie and Lee (2005), equation 3 and section 4."""
    features, _ = _customers()
    x = features["order_day_count"].to_numpy(dtype="float64") - 1
    total = features["tenure_days"].to_numpy(dtype="float64") / 7
    seen = total - features["recency_days"].to_numpy(dtype="float64") / 7

    def loss(logs: npt.NDArray[np.float64]) -> float:
        r, alpha, a, b = np.exp(logs)
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + total)
        gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + seen)
        return -float(np.sum(common + np.logaddexp(alive, np.where(x > 0, gone, -np.inf))))

    fitted = minimize(loss, np.zeros(4), method="L-BFGS-B")
    r, alpha, a, b = np.exp(fitted.x)
    assert fitted.fun == pytest.approx(9582.4, abs=0.1)  # as published
    odds_gone = np.where(
        x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + total) / (alpha + seen)) ** (r + x), 0
    )
    none = ((alpha + total) / (alpha + total + WEEKS)) ** (r + x)
    return np.asarray((1 - none) / (1 + odds_gone), dtype="float64")
