"""How well purchases and spending were foreseen in a time that the fit did not see."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml.clv.gamma_gamma import gamma_gamma_expected_value
from ml.clv.histories import Array, customer_histories
from ml.clv.likelihood import Estimate
from ml.clv.scores import OWN_MEAN, OWN_RATE, SHOP, own_mean, own_rate
from ml.clv.shop import GAMMA_GAMMA, fit_shop, history_note, shop_histories
from ml.clv.value import BG_NBD, PARETO_NBD, PURCHASE_MODELS, expected_purchases
from ml.evaluation import Evaluation, data_fingerprint

CLV_MODEL = "ml.customer_clv"
PURCHASE_RMSE = "purchase_rmse"
VALUE_RMSE = "value_rmse"
PURCHASE_METRICS = (PURCHASE_RMSE, "purchase_mae", "purchase_correlation", "purchase_total_error_rate")
SPEND_METRICS = ("spend_rmse", "spend_mae", "spend_correlation", "spend_total_error_rate")
VALUE_METRICS = (VALUE_RMSE, "value_mae", "value_correlation", "value_total_error_rate")
#: Pareto/NBD serves instead of BG/NBD where its error is lower by this share: less is chance, and would flip daily.
CHALLENGER_MARGIN = 0.01
#: The holdout is at most this share of the time watched, and no shorter than a week.
LARGEST_HOLDOUT_SHARE = 1 / 3
SHORTEST_HOLDOUT_DAYS = 7


@dataclass(frozen=True)
class ClvHoldout:
    """One shop, cut in two: customers known before cut_date, and their purchases and net spending from it on."""

    source: str
    currency: str
    as_of_date: date
    cut_date: date
    days: int
    customers: pd.DataFrame
    purchases: Array
    spending: Array
    fingerprint: str
    note: str


def evaluate_clv(days: pd.DataFrame, holdout_days: int) -> list[Evaluation]:
    """Return how well each method foresees each shop's customers; part is the currency.

    Purchases are judged for every customer known at the cut, spending too, the value of a purchase for those who
    bought in the holdout. The champion of purchases has the lowest RMSE, and so has that of values; where no model
    beats the customers' own past, that is the champion and serves.

    Args:
        days: one row per source, currency, customer_id and order_date: is_purchase, net_amount, as_of_date.
        holdout_days: at most; never more than a third of the time watched.
    """
    found = []
    for _, shop in days.groupby(SHOP, sort=True):
        held_out = hold_out(shop, holdout_days)
        fits = {one: fit_shop(one, held_out.customers) for one in (*PURCHASE_MODELS, GAMMA_GAMMA)}
        found += _judged_purchases(held_out, fits) + _judged_values(held_out, fits)
    return found


def hold_out(shop: pd.DataFrame, holdout_days: int) -> ClvHoldout:
    """Cut one shop's days in two, see `evaluate_clv`; a history that is too short has nobody before the cut."""
    shop = shop.assign(order_date=pd.to_datetime(shop["order_date"]))
    as_of = pd.Timestamp(shop["as_of_date"].iloc[0])
    shop = shop[shop["order_date"] <= as_of].sort_values(
        ["customer_id", "order_date"]
    )  # sums depend on the order
    watched = (as_of - shop["order_date"].min()).days + 1
    length = min(holdout_days, int(watched * LARGEST_HOLDOUT_SHARE))
    length = length if length >= SHORTEST_HOLDOUT_DAYS else 0
    cut = as_of - timedelta(days=length - 1)
    known = customer_histories(shop if length else shop.iloc[:0], (cut - timedelta(days=1)).date())
    later = shop[shop["order_date"] >= cut].groupby("customer_id")[["is_purchase", "net_amount"]].sum()
    later = later.reindex(known["customer_id"], fill_value=0)
    too_short = f"{watched} days of history are too few to hold a week out"
    read = ["customer_id", "order_date", "is_purchase", "net_amount"]
    return ClvHoldout(
        source=str(shop["source"].iloc[0]),
        currency=str(shop["currency"].iloc[0]),
        as_of_date=as_of.date(),
        cut_date=cut.date(),
        days=length,
        customers=known,
        purchases=later["is_purchase"].to_numpy(float),
        spending=later["net_amount"].to_numpy(float),
        fingerprint=data_fingerprint(shop[read]),
        note=history_note(known, watched) if length else too_short,
    )


Fits = dict[str, tuple[Estimate | None, str]]


def _judged_purchases(held: ClvHoldout, fits: Fits) -> list[Evaluation]:
    """Judge the models of purchases, and the spending that they give with the value of a purchase."""
    forecasts: dict[str, Array] = {OWN_RATE: own_rate(held.customers) * held.days}
    for method in PURCHASE_MODELS:
        estimate = fits[method][0]
        if estimate and held.days:
            seen = shop_histories(held.customers)
            ahead = expected_purchases(method, estimate.value, seen, np.array([float(held.days)]))
            forecasts[method] = ahead[seen.place, 0]
    modelled, mean = _clv_values(held.customers, fits[GAMMA_GAMMA][0]), own_mean(held.customers)
    spending = {one: ahead * (mean if one == OWN_RATE else modelled) for one, ahead in forecasts.items()}
    bought = {one: _clv_errors(ahead, held.purchases, PURCHASE_METRICS) for one, ahead in forecasts.items()}
    spent = {one: _clv_errors(ahead, held.spending, SPEND_METRICS) for one, ahead in spending.items()}
    champion = _clv_champion({one: errors[PURCHASE_RMSE] for one, errors in bought.items()})
    found = []
    for method in (*PURCHASE_MODELS, OWN_RATE):
        errors, note = {**bought.get(method, {}), **spent.get(method, {})}, fits.get(method, (None, ""))[1]
        found += _clv_rows(
            held, method, OWN_RATE, champion, PURCHASE_METRICS + SPEND_METRICS, errors,
            {**bought[OWN_RATE], **spent[OWN_RATE]}, fits, note, len(held.customers),
        )  # fmt: skip
    return found


def _judged_values(held: ClvHoldout, fits: Fits) -> list[Evaluation]:
    """Judge the value of a purchase, over those who bought in the holdout."""
    bought = held.purchases > 0
    actual = held.spending[bought] / held.purchases[bought]
    forecasts = {OWN_MEAN: own_mean(held.customers)}
    estimate, note = fits[GAMMA_GAMMA]
    if estimate:
        forecasts[GAMMA_GAMMA] = _clv_values(held.customers, estimate)
    errors = {one: _clv_errors(ahead[bought], actual, VALUE_METRICS) for one, ahead in forecasts.items()}
    champion = _clv_champion({one: error[VALUE_RMSE] for one, error in errors.items()})
    found = []
    for method in (GAMMA_GAMMA, OWN_MEAN):
        found += _clv_rows(
            held, method, OWN_MEAN, champion, VALUE_METRICS, errors.get(method, {}), errors[OWN_MEAN],
            fits, note if method == GAMMA_GAMMA else "", int(bought.sum()),
        )  # fmt: skip
    return found


def _clv_values(customers: pd.DataFrame, estimate: Estimate | None) -> Array:
    """Return the value of a purchase of each customer: by Gamma-Gamma where it could be fitted."""
    if estimate is None:
        return own_mean(customers)
    x = customers["repeat_count"].to_numpy(float) + 1
    return gamma_gamma_expected_value(estimate.value, x, customers["mean_amount"].to_numpy(float))


def _clv_errors(forecast: Array, actual: Array, metrics: tuple[str, ...]) -> dict[str, float]:
    """Return RMSE, MAE, correlation and the relative error of the total, under the names given in this order."""
    if not len(actual):
        return dict.fromkeys(metrics, np.nan)
    off = forecast - actual
    varies = len(actual) > 1 and np.ptp(forecast) > 0 and np.ptp(actual) > 0
    total = abs(off.sum() / actual.sum()) if actual.sum() > 0 else np.nan
    correlation = _clv_correlation(forecast, actual) if varies else np.nan
    return dict(zip(metrics, (np.sqrt((off**2).mean()), np.abs(off).mean(), correlation, total), strict=True))


def _clv_correlation(one: Array, other: Array) -> float:
    """Return Pearson's correlation; without BLAS, whose sums depend on the number of threads."""
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))


def _clv_champion(rmse: dict[str, float]) -> str:
    """Return the method that serves, given the baseline first: a model only if it beats that."""
    baseline = next(iter(rmse))
    better = {one: error for one, error in rmse.items() if error < rmse[baseline]}
    if BG_NBD in better and better.get(PARETO_NBD, np.inf) > (1 - CHALLENGER_MARGIN) * better[BG_NBD]:
        return BG_NBD
    return min(better, key=lambda one: better[one]) if better else baseline


def _clv_rows(
    held: ClvHoldout, method: str, baseline: str, champion: str, metrics: tuple[str, ...],
    errors: dict[str, float], baseline_errors: dict[str, float], fits: Fits, note: str, count: int,
) -> list[Evaluation]:  # fmt: skip
    """Return one method's rows, a metric each."""
    is_baseline = method == baseline
    estimate = fits.get(method, (None, ""))[0]
    role = "champion" if method == champion else "baseline" if is_baseline else "challenger"
    loses = (
        "does not beat the baseline, which is served"
        if champion == baseline and errors and not is_baseline
        else ""
    )
    shared: dict[str, t.Any] = {
        "model": CLV_MODEL,
        "source": held.source,
        "part": held.currency,
        "method": method,
        "role": role,
        "as_of_date": held.as_of_date,
        "cut_date": held.cut_date if held.days else None,
        "holdout_days": held.days,
        "train_count": len(held.customers),
        "holdout_count": count,
        "data_fingerprint": held.fingerprint,
        "baseline_method": "" if is_baseline else baseline,
        "parameters": dict(zip(estimate.names, map(float, estimate.value), strict=True)) if estimate else {},
        "note": "; ".join(filter(None, [note, loses, held.note])),
    }
    return [
        Evaluation(
            metric=metric,
            metric_value=errors.get(metric),
            is_higher_better=metric.endswith("_correlation"),
            baseline_value=None if is_baseline else baseline_errors.get(metric),
            **shared,
        )
        for metric in metrics
    ]
