"""The table of customers' value, and the table of the parameters behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.clv.gamma_gamma import gamma_gamma_expected_value, gamma_gamma_log_variance
from ml.clv.histories import Array
from ml.clv.shop import GAMMA_GAMMA, PARAMETER_NAMES, fit_shop, history_note, shop_histories
from ml.clv.value import (
    PURCHASE_MODELS,
    annuity_days,
    daily_discount,
    discounted_log_variance,
    discounted_purchases,
    expected_purchases,
    p_alive,
)

OWN_RATE = "own_rate"
OWN_MEAN = "own_mean"
AHEAD_DAYS = (90, 180, 365)
#: Of the interval, on both sides together 10 %.
NORMAL_95 = 1.6448536269514722
SHOP = ["source", "currency"]


@dataclass(frozen=True)
class ClvTerms:
    """What a customer's value is: of how many days from now on, and what a year's waiting costs (0.1: 10 %)."""

    horizon_days: float
    annual_discount_rate: float


def clv_scores(
    customers: pd.DataFrame, champions: pd.DataFrame, tiers: pd.DataFrame, terms: ClvTerms
) -> pd.DataFrame:
    """Return what each customer is expected to buy and to be worth.

    Args:
        customers: one row per source, currency and customer_id who bought: as_of_date, repeat_count, active_days,
            tenure_days, mean_amount.
        champions: source, currency and method: those that a comparison chose. Where there is none, or the champion
            cannot be fitted, the baselines serve: own_rate and own_mean.
        tiers: tier and customer_share_rate, see `tier_of`.
        terms: see there.

    Returns:
        The columns of ml.customer_clv, sorted by source, currency, customer_id.
    """
    parts = []
    for (source, currency), shop in customers.groupby(SHOP, sort=True):
        shop = shop.sort_values("customer_id", ignore_index=True)
        here = (champions["source"] == source) & (champions["currency"] == currency)
        scored = score_shop(shop, set(champions.loc[here, "method"]), terms)
        scored["tier"], scored["clv_rank_rate"] = tier_of(scored["clv_amount"].to_numpy(), tiers)
        known = [
            "source",
            "customer_id",
            "currency",
            "as_of_date",
            "repeat_count",
            "active_days",
            "tenure_days",
        ]
        parts.append(pd.concat([shop[known], scored], axis=1))
    return pd.concat(parts, ignore_index=True)


def score_shop(shop: pd.DataFrame, champions: set[str], terms: ClvTerms) -> pd.DataFrame:
    """Return the expectations for one shop's customers, in their order, by the champions or the baselines."""
    discount = daily_discount(terms.annual_discount_rate)
    purchases, method, purchase_note = _purchases_ahead(shop, champions, terms.horizon_days, discount)
    value, value_variance, value_method, value_note = _value_per_purchase(shop, champions)
    present = purchases["discounted"].to_numpy() * value
    spread = np.exp(NORMAL_95 * np.sqrt(purchases["log_variance"].to_numpy() + value_variance))
    scored = pd.DataFrame({"p_alive_rate": purchases["p_alive"], "value_per_purchase_amount": value.round(4)})
    for days in AHEAD_DAYS:
        expected = purchases[f"ahead_{days}"]
        scored[f"expected_purchases_{days}d"] = expected
        scored[f"expected_value_{days}d_amount"] = (expected * value).round(4)
    scored["clv_amount"] = present.round(4)
    scored["clv_low_amount"] = (present / spread).round(4)
    scored["clv_high_amount"] = (present * spread).round(4)
    thin = history_note(shop, int(shop["tenure_days"].max()) + 1)
    note = "; ".join(part for part in (purchase_note, value_note, thin) if part)
    return scored.assign(purchase_method=method, value_method=value_method, note=note)


def _purchases_ahead(
    shop: pd.DataFrame, champions: set[str], horizon: float, discount: float
) -> tuple[pd.DataFrame, str, str]:
    """Return p_alive, ahead_DAYS, discounted and log_variance of each customer; the method; a note."""
    champion = next((one for one in PURCHASE_MODELS if one in champions), OWN_RATE)
    found, note = fit_shop(champion, shop) if champion != OWN_RATE else (None, "")
    if found is None:
        rate = own_rate(shop)
        frame = pd.DataFrame({f"ahead_{days}": rate * days for days in AHEAD_DAYS})
        present = rate * annuity_days(horizon, discount)
        return frame.assign(discounted=present, p_alive=np.nan, log_variance=np.nan), OWN_RATE, note
    seen = shop_histories(shop)
    expected = expected_purchases(champion, found.value, seen, np.array(AHEAD_DAYS, float))
    frame = pd.DataFrame({f"ahead_{days}": expected[:, place] for place, days in enumerate(AHEAD_DAYS)})
    frame["discounted"] = discounted_purchases(champion, found.value, seen, horizon, discount)
    frame["log_variance"] = discounted_log_variance(champion, found, seen, horizon, discount)
    frame["p_alive"] = p_alive(champion, found.value, seen)
    return frame.iloc[seen.place].reset_index(drop=True), champion, note


def own_rate(shop: pd.DataFrame) -> Array:
    """Return each customer's own past purchases per day, repeat_count by tenure_days; 0 on the first day."""
    tenure = shop["tenure_days"].to_numpy(float)
    return np.asarray(shop["repeat_count"].to_numpy(float) / np.maximum(tenure, 1.0))


def own_mean(shop: pd.DataFrame) -> Array:
    """Return each customer's own past mean net value of a purchase, 0 where more was brought back than bought."""
    return np.asarray(np.maximum(shop["mean_amount"].to_numpy(float), 0.0))


def _value_per_purchase(shop: pd.DataFrame, champions: set[str]) -> tuple[Array, Array, str, str]:
    """Return each customer's value of a further purchase, the variance of its logarithm, the method, a note."""
    found, note = fit_shop(GAMMA_GAMMA, shop) if GAMMA_GAMMA in champions else (None, "")
    if found is None:
        return own_mean(shop), np.full(len(shop), np.nan), OWN_MEAN, note
    x, z = shop["repeat_count"].to_numpy(float) + 1, shop["mean_amount"].to_numpy(float)
    return (
        gamma_gamma_expected_value(found.value, x, z),
        gamma_gamma_log_variance(found, x, z),
        GAMMA_GAMMA,
        note,
    )


def tier_of(clv: Array, tiers: pd.DataFrame) -> tuple[list[str], Array]:
    """Return each customer's tier, and the share of customers whose value is at least as high.

    Args:
        clv: shape (n,), discounted values of one shop's customers.
        tiers: tier and customer_share_rate, the largest share of customers that are in this tier or a better one;
            the last is 1. Equal values are in one tier, the lower one, so that no tier holds more than its share.
    """
    ordered = tiers.sort_values("customer_share_rate")
    share = 1 - np.searchsorted(np.sort(clv), clv, side="left") / len(clv)
    place = np.searchsorted(ordered["customer_share_rate"].to_numpy(float), share - 1e-12, side="left")
    return ordered["tier"].to_numpy()[np.minimum(place, len(ordered) - 1)].tolist(), share


def clv_parameters(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters of each model for each source and currency, one row per parameter, in days.

    Args:
        customers: as in `clv_scores`.
    """
    rows = []
    for (source, currency), shop in customers.groupby(SHOP, sort=True):
        for method, names in PARAMETER_NAMES.items():
            found, note = fit_shop(method, shop)
            errors = found.standard_errors() if found else np.full(len(names), np.nan)
            for place, name in enumerate(names):
                rows.append(
                    {
                        "source": source,
                        "currency": currency,
                        "method": method,
                        "parameter": name,
                        "as_of_date": shop["as_of_date"].iloc[0],
                        "estimate": float(found.value[place]) if found else None,
                        "standard_error": _known_number(errors[place]),
                        "log_likelihood": found.log_likelihood if found else None,
                        "customer_count": found.n if found else 0,
                        "is_converged": found.is_converged if found else False,
                        "note": note,
                    }
                )
    return pd.DataFrame(rows)


def _known_number(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
