"""Fitting to one shop's customers in one currency: what is fitted, what is left out, and why not where nothing is."""

from __future__ import annotations

import pandas as pd

from ml.clv.bg_nbd import BG_NBD_NAMES
from ml.clv.gamma_gamma import GAMMA_GAMMA_NAMES, fit_gamma_gamma
from ml.clv.histories import Histories, pooled_histories
from ml.clv.likelihood import Estimate
from ml.clv.pareto_nbd import PARETO_NBD_NAMES
from ml.clv.value import BG_NBD, PARETO_NBD, fit_purchase_model

GAMMA_GAMMA = "gamma_gamma"
#: Fewer repeat buyers say nothing of how rates and dropouts are spread.
FEWEST_REPEAT_BUYERS = 10
FEW_REPEAT_BUYERS_RATE = 0.05
DAYS_OF_A_YEAR = 365
PARAMETER_NAMES = {BG_NBD: BG_NBD_NAMES, PARETO_NBD: PARETO_NBD_NAMES, GAMMA_GAMMA: GAMMA_GAMMA_NAMES}


def shop_histories(customers: pd.DataFrame) -> Histories:
    """Return the histories of customers with repeat_count, active_days and tenure_days, in days."""
    return pooled_histories(customers["repeat_count"], customers["active_days"], customers["tenure_days"])


def fit_shop(method: str, customers: pd.DataFrame) -> tuple[Estimate | None, str]:
    """Return what a model (bg_nbd, pareto_nbd, gamma_gamma) finds of a shop's customers, and a note.

    Gamma-Gamma takes every day with a purchase, the first too, so that it can say something of everybody; who has
    nothing left after returns is not fitted.

    Args:
        method: a key of PARAMETER_NAMES.
        customers: one row per customer: repeat_count, active_days, tenure_days, mean_amount.

    Returns:
        The estimate, or None where too few came back; and why, or what to keep in mind, or "".
    """
    worth = customers[customers["mean_amount"] > 0] if method == GAMMA_GAMMA else customers
    came_back = int((worth["repeat_count"] > 0).sum())
    if came_back < FEWEST_REPEAT_BUYERS:
        return (
            None,
            f"not fitted: {came_back} of {len(worth)} customers came back, {FEWEST_REPEAT_BUYERS} are needed",
        )
    if method == GAMMA_GAMMA:
        found = fit_gamma_gamma(worth["repeat_count"] + 1, worth["mean_amount"])
    else:
        found = fit_purchase_model(method, shop_histories(worth))
    return found, found.note or ("" if found.is_converged else "the search for the maximum did not end")


def history_note(customers: pd.DataFrame, watched_days: int) -> str:
    """Return what a shop's history is too thin for, or "": few came back, or less than a year was watched."""
    came_back = float((customers["repeat_count"] > 0).mean()) if len(customers) else 1.0
    rare = (
        f"only {came_back:.1%} of the customers have come back" if came_back < FEW_REPEAT_BUYERS_RATE else ""
    )
    short = (
        f"{watched_days} days of history: a year's seasons are not seen"
        if watched_days < DAYS_OF_A_YEAR
        else ""
    )
    return "; ".join(part for part in (rare, short) if part)
