"""Fit each method before the holdout, judge it there, and say which one is served."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.propensity.design import design_frame, labels
from ml.propensity.fitting import (
    BASE_RATE,
    BASELINES,
    BOOSTING,
    LOGISTIC,
    METHODS,
    PropensityModel,
    fit_method,
)
from ml.propensity.folds import PropensityFolds, current_date, folds_for, holdout_date
from ml.propensity.measures import row_losses

HORIZONS = (30, 90)
LEAST_ORDERING = (
    50  # so many of each class to fit on: about two for each feature, which the ridge penalty holds
)
LEAST_ORDERING_JUDGED = 20  # the standard error of an AUC from 20 of a class is 0.06 (Hanley and McNeil 1982)
MOST_TRAINED_ROWS = 50_000
CHANCE_ERRORS = 2.0  # one in forty models of nothing but noise gets past it


@dataclass(frozen=True)
class PropensityOptions:
    """Thresholds of config.yaml, by the names that they have there."""

    propensity_least_history_days: int = 30
    propensity_margin: float = 0.01
    propensity_risk_factor: float = 0.5


@dataclass(frozen=True)
class PropensityStudy:
    """How one horizon of one source was judged; `champion` is served, `reason` tells why nothing could be judged."""

    horizon_days: int
    as_of: date
    folds: PropensityFolds | None
    base_rate: float
    reason: str
    champion: str
    models: dict[str, PropensityModel]
    design: pd.DataFrame
    happened: npt.NDArray[np.float64]
    train_count: int

    def probability(self, method: str) -> npt.NDArray[np.float64]:
        """Return what a method said of the holdout's rows."""
        return self.models[method].probability(self.design)


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows of ml.customer_feature with next_order_days in a fixed order, their dates as `date`."""
    days = pd.to_datetime(frame["as_of_date"]).dt.date
    frame = frame.assign(as_of_date=days)
    return frame.sort_values(["source", "as_of_date", "sample_rank"], ignore_index=True)


def study_horizon(
    frame: pd.DataFrame,
    horizon_days: int,
    options: PropensityOptions,
    methods: t.Sequence[str] = METHODS,
) -> PropensityStudy:
    """Fit `methods` on as-of dates before the holdout and choose the champion among them.

    `frame` is what `prepared` returns, of one source, with at least one row. The holdout is the last as-of date whose
    label window is complete; nothing that was fitted saw a day of that window.
    """
    as_of = current_date(frame)
    judged = holdout_date(frame, horizon_days)
    if judged is None:
        why = f"No as-of date has {horizon_days} days of data behind it."
        return _not_judged(horizon_days, as_of, None, latest_rate(frame, horizon_days)[0], why)
    folds = folds_for(frame, judged, horizon_days, options.propensity_least_history_days)
    base_rate = float(labels(frame[frame["as_of_date"] == judged], horizon_days).mean())
    reason = reason_not_to_fit(frame, folds, horizon_days) or _reason_not_to_judge(
        frame, judged, horizon_days
    )
    if reason:
        return _not_judged(horizon_days, as_of, folds, base_rate, reason)
    train, calibration = fitting_rows(frame, folds, horizon_days)
    models = {method: fit_method(method, train, calibration) for method in methods}
    design, happened = _rows(frame, (judged,), horizon_days)
    study = PropensityStudy(
        horizon_days, as_of, folds, base_rate, "", methods[0], models, design, happened, len(train[1])
    )
    if len(methods) == 1:
        return study
    losses = {method: row_losses(happened, study.probability(method)) for method in methods}
    return replace(study, champion=chosen(losses, options.propensity_margin))


def _not_judged(
    horizon_days: int, as_of: date, folds: PropensityFolds | None, base_rate: float, reason: str
) -> PropensityStudy:
    nobody = pd.DataFrame()
    return PropensityStudy(
        horizon_days, as_of, folds, base_rate, reason, BASE_RATE, {}, nobody, np.zeros(0), 0
    )


def chosen(losses: t.Mapping[str, npt.NDArray[np.float64]], margin: float) -> str:
    """Return the method to serve by its log loss on the holdout, a proper score: sharp and calibrated.

    The logistic regression, unless the trees are better by more than `margin` (a share of its loss). What is left has
    to beat the better baseline by more than CHANCE_ERRORS standard errors of the difference by customer, or that
    baseline is served. `losses` holds, for each of METHODS, a loss for each of the same customers.
    """
    loss = {method: float(of_rows.mean()) for method, of_rows in losses.items()}
    baseline = min(BASELINES, key=lambda method: loss[method])
    trees_win = loss[BOOSTING] < loss[LOGISTIC] * (1 - margin)
    ranked = [BOOSTING, LOGISTIC] if trees_win else [LOGISTIC, BOOSTING]
    for candidate in ranked:
        gain = losses[baseline] - losses[candidate]
        if gain.mean() > CHANCE_ERRORS * gain.std() / np.sqrt(len(gain)):
            return candidate
    return baseline


def latest_rate(frame: pd.DataFrame, horizon_days: int) -> tuple[float, str]:
    """Return the share that ordered in the last complete label window, and how it was come by.

    Where few did, that of all complete windows. Without a complete one: what ordered in the longest window that there
    is, carried on at the same daily rate. NaN if no as-of date but the current one is there.
    """
    judged = holdout_date(frame, horizon_days)
    if judged is not None:
        happened = labels(frame[frame["as_of_date"] == judged], horizon_days)
        if happened.sum() >= LEAST_ORDERING_JUDGED:
            return float(happened.mean()), ""
        whole = labels(frame[frame["as_of_date"] <= judged], horizon_days)
        note = "Few ordered in the last complete window: the base rate is that of all of them."
        return float(whole.mean()), note
    first = min(frame["as_of_date"])
    seen_days = (current_date(frame) - first).days
    if not seen_days:
        return float("nan"), "No later order is known for any as-of date: there is no rate."
    seen = float(labels(frame[frame["as_of_date"] == first], seen_days).mean())
    carried = 1 - (1 - seen) ** (horizon_days / seen_days)
    return carried, f"The base rate was seen over {seen_days} days and carried on to {horizon_days}."


def reason_not_to_fit(frame: pd.DataFrame, folds: PropensityFolds, horizon_days: int) -> str:
    """Return why nothing can be fitted for scores as of a date; empty if it can."""
    if not folds.train:
        return (
            f"No label window of {horizon_days} days ends by {folds.scored} with enough history before it: "
            "nothing to fit on."
        )
    happened = labels(frame[frame["as_of_date"].isin(folds.train)], horizon_days)
    return _too_few(happened, LEAST_ORDERING, horizon_days, "to fit on")


def fitting_rows(
    frame: pd.DataFrame, folds: PropensityFolds, horizon_days: int
) -> tuple[tuple[pd.DataFrame, npt.NDArray[np.float64]], tuple[pd.DataFrame, npt.NDArray[np.float64]] | None]:
    """Return design and labels to fit on, at most MOST_TRAINED_ROWS of random customers, and those to calibrate on."""
    most = MOST_TRAINED_ROWS // len(folds.train)
    train = _rows(frame, folds.train, horizon_days, most)
    if folds.calibration is None:
        return train, None
    return train, _rows(frame, (folds.calibration,), horizon_days, MOST_TRAINED_ROWS)


def _rows(
    frame: pd.DataFrame, days: tuple[date, ...], horizon_days: int, most: int | None = None
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    rows = frame[frame["as_of_date"].isin(days)]
    if most is not None:
        rows = rows[rows["sample_rank"] <= most]
    return design_frame(rows, horizon_days), labels(rows, horizon_days)


def _reason_not_to_judge(frame: pd.DataFrame, judged: date, horizon_days: int) -> str:
    happened = labels(frame[frame["as_of_date"] == judged], horizon_days)
    return _too_few(happened, LEAST_ORDERING_JUDGED, horizon_days, "to judge by")


def _too_few(happened: npt.NDArray[np.float64], least: int, horizon_days: int, what_for: str) -> str:
    ordered = int(happened.sum())
    if min(ordered, len(happened) - ordered) >= least:
        return ""
    return f"{ordered} of {len(happened)} ordered within {horizon_days} days: too few of one kind {what_for}."


def window_of(day: date, horizon_days: int) -> tuple[date, date]:
    """Return the first and the last day of the label window of an as-of date."""
    return day + timedelta(days=1), day + timedelta(days=horizon_days)
