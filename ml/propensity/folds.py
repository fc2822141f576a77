"""Which as-of dates a model is fitted, calibrated and judged on: it has seen nothing of what it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd


@dataclass(frozen=True)
class PropensityFolds:
    """As-of dates for the scores of one date: `train` and `calibration` have label windows that end by then.

    `calibration` is None where there is no window of its own for it; `train` is empty where nothing can be fitted.
    """

    scored: date
    train: tuple[date, ...]
    calibration: date | None


def folds_for(
    frame: pd.DataFrame, scored: date, horizon_days: int, least_history_days: int
) -> PropensityFolds:
    """Return the folds for scores as of a date: calibrate on the last window that was complete, fit on those before.

    `frame` has as_of_date and tenure_days, rows of one source. A date with too short a history behind it teaches
    little: its longest tenure is what the source's data tells of it.
    """
    window = timedelta(days=horizon_days)
    history = frame.groupby("as_of_date")["tenure_days"].max()
    known = sorted(
        day for day, days in history.items() if days >= least_history_days and day + window <= scored
    )
    if not known:
        return PropensityFolds(scored, (), None)
    train = tuple(day for day in known if day + window <= known[-1])
    if not train:
        return PropensityFolds(scored, (known[-1],), None)
    return PropensityFolds(scored, train, known[-1])


def current_date(frame: pd.DataFrame) -> date:
    """Return the as-of date that scores are made for: the last one."""
    latest: date = max(frame["as_of_date"])
    return latest


def holdout_date(frame: pd.DataFrame, horizon_days: int) -> date | None:
    """Return the last as-of date whose label window is complete; None where there is none."""
    latest = current_date(frame) - timedelta(days=horizon_days)
    return max((day for day in frame["as_of_date"].unique() if day <= latest), default=None)
