"""From what the candidates say to what is served: the champions, totals that add up, and intervals."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.forecast.candidates import BASELINE, CANDIDATES, fallback_order
from ml.forecast.intervals import LEVELS, widths_by_origin
from ml.forecast.reconcile import share_out, to_cents
from ml.forecast.sales import ALL_CATEGORIES
from ml.forecast.scoring import (
    PRIOR_WINDOWS,
    beats_baseline,
    choose_methods,
    cumulative_error,
    relative_scores,
    served_forecasts,
)


@dataclass(frozen=True)
class SalesChoice:
    """What is served for one source and currency; the series of all categories comes last.

    categories: (series,). origin_dates: (origins,), the first day that was not known. dates: (origins, horizon).
    actuals: (windows, series, horizon). methods: (origins, series), numbers of CANDIDATES, -1 for none. cents:
    (origins, series, horizon), the forecasts served, in cents. baseline: the naive method's forecasts, the same
    shape. scores: (methods, windows, series). rated: (methods, series), relative scores by all windows. beats:
    (series,), whether the methods chosen were better than the baseline. scale: (origins, series).
    """

    source: str
    currency: str
    as_of_date: date
    fingerprint: str
    categories: npt.NDArray[np.object_]
    origin_dates: list[date]
    train_days: list[int]
    dates: list[list[date]]
    actuals: npt.NDArray[np.float64]
    methods: npt.NDArray[np.int64]
    cents: npt.NDArray[np.int64]
    baseline: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    rated: npt.NDArray[np.float64]
    beats: npt.NDArray[np.bool_]
    scale: npt.NDArray[np.float64]

    def window_count(self) -> int:
        """Return how many origins have actuals."""
        return len(self.actuals)

    def week_days(self) -> int:
        """Return the days ahead before the first Monday."""
        return (7 - self.origin_dates[0].weekday()) % 7


@dataclass(frozen=True)
class Served:
    """Forecasts by day or by week, in cents: (origins, series, periods). start_dates: (origins, periods).

    low and high: {level: (origins, series, periods)}, NaN where no interval is known. actuals: (windows, series,
    periods).
    """

    start_dates: list[list[date]]
    cents: npt.NDArray[np.int64]
    actuals: npt.NDArray[np.float64]
    baseline: npt.NDArray[np.float64]
    low: dict[float, npt.NDArray[np.float64]]
    high: dict[float, npt.NDArray[np.float64]]


def sales_choices(candidates: pd.DataFrame) -> list[SalesChoice]:
    """Choose for each source and currency of sales_candidates' rows."""
    return [
        _choose(str(source), str(currency), rows)
        for (source, currency), rows in candidates.groupby(["source", "currency"], sort=True)
    ]


def _choose(source: str, currency: str, rows: pd.DataFrame) -> SalesChoice:
    is_total = rows["category"] == ALL_CATEGORIES
    rows = rows.assign(is_total=is_total).sort_values(["origin_date", "is_total", "category", "sales_date"])
    origins = rows["origin_date"].nunique()
    names = rows.loc[rows["origin_date"] == rows["origin_date"].iloc[0], "category"].unique()
    shape = (origins, len(names), -1)
    forecasts = np.stack([_grid(rows, f"{name}_amount", shape) for name in CANDIDATES])
    actuals = _grid(rows, "actual_amount", shape)[:-1]
    scale = _grid(rows, "scale_amount", shape)[:, :, 0]
    first_series = rows.drop_duplicates("origin_date")
    groups = (names == ALL_CATEGORIES).astype(np.int64)
    windows = origins - 1
    scores = np.full((len(CANDIDATES), windows, len(names)), np.nan)
    for window in range(windows):
        scores[:, window] = cumulative_error(forecasts[:, window], actuals[window], scale[window])
    available = np.asarray(~np.isnan(forecasts).any(axis=3))
    methods = choose_methods(
        scores, available, np.tile(groups, (origins, 1)), PRIOR_WINDOWS, fallback_order()
    )
    naive = CANDIDATES.index(BASELINE)
    beats = beats_baseline(scores, methods, naive, groups)
    methods[-1] = np.where(~beats & available[naive, -1], naive, methods[-1])
    dates = pd.to_datetime(rows["sales_date"]).dt.date.to_numpy().reshape(origins, len(names), -1)
    return SalesChoice(
        source=source,
        currency=currency,
        as_of_date=pd.Timestamp(rows["as_of_date"].iloc[0]).date(),
        fingerprint=str(rows["data_fingerprint"].iloc[0]),
        categories=names,
        origin_dates=[pd.Timestamp(day).date() for day in first_series["origin_date"]],
        train_days=[int(count) for count in first_series["train_days"]],
        dates=[list(dates[origin, 0]) for origin in range(origins)],
        actuals=actuals,
        methods=methods,
        cents=_add_up(served_forecasts(forecasts, methods)),
        baseline=np.nan_to_num(forecasts[naive]),
        scores=scores,
        rated=relative_scores(scores, groups, PRIOR_WINDOWS),
        beats=beats,
        scale=scale,
    )


def _grid(rows: pd.DataFrame, column: str, shape: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    return np.asarray(rows[column].to_numpy(dtype=np.float64).reshape(shape))


def _add_up(served: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return cents: the categories drawn to the total's own forecast, and the total as the sum of what they were
    rounded to.
    """
    cents = np.empty(served.shape, dtype=np.int64)
    for origin in range(len(served)):
        cents[origin, :-1] = to_cents(share_out(served[origin, :-1], served[origin, -1]))
        cents[origin, -1] = cents[origin, :-1].sum(axis=0)
    return cents


def by_day(choice: SalesChoice) -> Served:
    """Return what is served by day."""
    return _with_intervals(choice, choice.dates, choice.cents, choice.actuals, choice.baseline)


def by_week(choice: SalesChoice) -> Served:
    """Return the sums of the days from Monday to Sunday; days before the first Monday are left out."""
    skipped = choice.week_days()
    starts = [days[skipped::7] for days in choice.dates]
    return _with_intervals(
        choice,
        starts,
        _week_sums(choice.cents, skipped),
        _week_sums(choice.actuals, skipped),
        _week_sums(choice.baseline, skipped),
    )


def _week_sums(values: npt.NDArray[t.Any], skipped: int) -> npt.NDArray[t.Any]:
    whole = values[..., skipped:]
    return np.asarray(whole.reshape(*whole.shape[:-1], whole.shape[-1] // 7, 7).sum(axis=-1))


def _with_intervals(
    choice: SalesChoice,
    starts: list[list[date]],
    cents: npt.NDArray[np.int64],
    actuals: npt.NDArray[np.float64],
    baseline: npt.NDArray[np.float64],
) -> Served:
    forecasts = cents / 100
    windows = choice.window_count()
    errors = (actuals - forecasts[:windows]) / choice.scale[:windows, :, None]
    # A series that had no forecast yet says nothing of errors to come.
    errors = np.where((choice.methods[:windows] < 0)[:, :, None], np.nan, errors)
    groups = np.zeros(choice.methods.shape, dtype=np.int64)
    widths = widths_by_origin(errors, groups)
    low, high = {}, {}
    for level in LEVELS:
        half = (widths[level] * choice.scale)[:, :, None]
        low[level] = np.maximum(forecasts - half, 0.0)
        high[level] = forecasts + half
    return Served(starts, cents, actuals, baseline, low, high)
