"""The rows of ml.sales_forecast, ml.sales_forecast_champion and ml.sales_forecast_evaluation."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.forecast.candidates import BASELINE, CANDIDATES
from ml.forecast.intervals import LEVELS
from ml.forecast.sales_choice import SalesChoice, Served, by_day, by_week, sales_choices

NO_METHOD = "none"
SALES_FORECAST_COLUMNS = {
    "source": "text",
    "currency": "text",
    "category": "text",
    "period_kind": "text",
    "period_start_date": "date",
    "origin_date": "date",
    "is_backtest": "boolean",
    "method": "text",
    "forecast_amount": "decimal(18, 2)",
    "low_80_amount": "decimal(18, 2)",
    "high_80_amount": "decimal(18, 2)",
    "low_90_amount": "decimal(18, 2)",
    "high_90_amount": "decimal(18, 2)",
    "baseline_amount": "decimal(18, 2)",
    "as_of_date": "date",
    "note": "text",
}
SALES_CHAMPION_COLUMNS = {
    "source": "text",
    "currency": "text",
    "category": "text",
    "method": "text",
    "relative_error": "double",
    "baseline_method": "text",
    "baseline_relative_error": "double",
    "is_baseline_served": "boolean",
    "method_errors": "text",
    "window_count": "int",
    "train_days": "int",
    "season_strength": "double",
    "noise_p_value": "double",
    "as_of_date": "date",
    "note": "text",
}


def sales_forecast_rows(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return SALES_FORECAST_COLUMNS: what is served from today's origin, and what would have been in the judged
    windows.

    The first window is left out: nothing was known to choose by. Amounts are whole cents; days add up to weeks and
    categories to the total (category 'all') exactly.
    """
    frames: list[pd.DataFrame] = []
    for choice in sales_choices(candidates):
        for kind, served in (("day", by_day(choice)), ("week", by_week(choice))):
            first = 1 if choice.window_count() else 0
            frames.extend(
                _origin_rows(choice, served, kind, origin)
                for origin in range(first, len(choice.origin_dates))
            )
    if not frames:
        return pd.DataFrame(columns=list(SALES_FORECAST_COLUMNS))
    rows = pd.concat(frames, ignore_index=True)[list(SALES_FORECAST_COLUMNS)]
    order = ["source", "currency", "category", "period_kind", "period_start_date"]
    return rows.sort_values(order, ignore_index=True)


def _origin_rows(choice: SalesChoice, served: Served, kind: str, origin: int) -> pd.DataFrame:
    series, periods = len(choice.categories), len(served.start_dates[origin])
    methods = choice.methods[origin]
    is_backtest = origin < choice.window_count()
    notes = [_series_note(choice, number, origin) for number in range(series)]
    intervals = {}
    for level in LEVELS:
        percent = round(level * 100)
        intervals[f"low_{percent}_amount"] = _money(served.low[level][origin])
        intervals[f"high_{percent}_amount"] = _money(served.high[level][origin])
    return pd.DataFrame(
        {
            "source": choice.source,
            "currency": choice.currency,
            "category": np.repeat(choice.categories, periods),
            "period_kind": kind,
            "period_start_date": served.start_dates[origin] * series,
            "origin_date": choice.origin_dates[origin],
            "is_backtest": is_backtest,
            "method": np.repeat([_method_name(number) for number in methods], periods),
            "forecast_amount": _money(served.cents[origin] / 100),
            **intervals,
            "baseline_amount": _money(served.baseline[origin]),
            "as_of_date": choice.as_of_date,
            "note": np.repeat(notes, periods),
        }
    )


def _money(amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.round(amounts.ravel(), 2)


def _method_name(number: int) -> str:
    return CANDIDATES[number] if number >= 0 else NO_METHOD


def _series_note(choice: SalesChoice, series: int, origin: int) -> str:
    if choice.methods[origin, series] < 0:
        return "Nothing was sold before the origin: zero."
    if choice.window_count() == 0:
        return "Too short for a backtest: no method was compared, and no interval is known."
    if np.isnan(choice.scores[:, :origin, series]).all():
        return "New: no window to compare methods on; the group's best is served, with the group's errors."
    if origin == choice.window_count() and not choice.beats[series]:
        return "The champions were no better than the baseline: the baseline is served."
    return ""


def sales_champion_rows(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return SALES_CHAMPION_COLUMNS: one row per series with the method that is served and each method's error."""
    rows = []
    for choice in sales_choices(candidates):
        shapes = candidates[
            (candidates["source"] == choice.source)
            & (candidates["currency"] == choice.currency)
            & ~candidates["season_strength"].isna()
        ].drop_duplicates("category")
        shapes = shapes.set_index("category")
        last = len(choice.origin_dates) - 1
        for series, category in enumerate(choice.categories):
            method = int(choice.methods[last, series])
            errors = {name: _error(choice.rated[item, series]) for item, name in enumerate(CANDIDATES)}
            rows.append(
                {
                    "source": choice.source,
                    "currency": choice.currency,
                    "category": category,
                    "method": _method_name(method),
                    "relative_error": errors.get(_method_name(method)),
                    "baseline_method": BASELINE,
                    "baseline_relative_error": errors[BASELINE],
                    "is_baseline_served": _method_name(method) == BASELINE,
                    "method_errors": json.dumps(errors, sort_keys=True),
                    "window_count": choice.window_count(),
                    "train_days": choice.train_days[last],
                    "season_strength": _shape_of(shapes, category, "season_strength"),
                    "noise_p_value": _shape_of(shapes, category, "noise_p_value"),
                    "as_of_date": choice.as_of_date,
                    "note": _series_note(choice, series, last),
                }
            )
    return pd.DataFrame(rows, columns=list(SALES_CHAMPION_COLUMNS))


def _error(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _shape_of(shapes: pd.DataFrame, category: str, column: str) -> float | None:
    return _error(float(shapes.at[category, column])) if category in shapes.index else None
