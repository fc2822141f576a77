"""The champion of each product in each store, how good it was, and how wide its interval has to be."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.forecast.candidates import CANDIDATES, CHUNK_SERIES, fallback_order
from ml.forecast.demand import (
    DEMAND_CLASSES,
    SourceDemand,
    demand_classes,
    demand_forecasts,
    demand_horizon,
    is_active,
)
from ml.forecast.intervals import LEVELS, widths_by_origin
from ml.forecast.naive import mean_of_known
from ml.forecast.panel import backtest_origins, first_periods
from ml.forecast.scoring import (
    beats_baseline,
    choose_methods,
    naive_scale,
    relative_scores,
    root_mean_squared_scaled_error,
    served_forecasts,
    squared_cumulative_error,
)
from ml.forecast.settings import ForecastSettings

DEMAND_BASELINE = "window_average"
DEMAND_PRIOR_WINDOWS = 16.0  # a few weeks of one product in one store say next to nothing of a method
RECENT_WEEKS = 8
DEMAND_CHAMPION_COLUMNS = {
    "source": "text",
    "product_id": "text",
    "channel": "text",
    "store_key": "uuid",
    "demand_class": "text",
    "is_active": "boolean",
    "method": "text",
    "relative_error": "double",
    "is_baseline_served": "boolean",
    "width_80_units": "double",
    "width_90_units": "double",
    "window_count": "int",
    "train_weeks": "int",
    "judged_week_count": "int",
    "inside_80_count": "int",
    "inside_90_count": "int",
    "actual_units": "double",
    "forecast_units": "double",
    "baseline_units": "double",
    "rmsse": "double",
    "baseline_rmsse": "double",
    "champion_error": "double",
    **{f"{name}_error": "double" for name in CANDIDATES},
    "cut_date": "date",
    "origin_date": "date",
    "first_week_date": "date",
    "week_units": "double[]",
    "recent_units": "double",
    "as_of_date": "date",
    "data_fingerprint": "text",
    "note": "text",
}


def demand_champion_rows(series: SourceDemand, settings: ForecastSettings) -> pd.DataFrame:
    """Return DEMAND_CHAMPION_COLUMNS: one row per series that was active at an origin.

    A window counts for the series that were active when it began, whether or not they sold anything after. Window k
    is judged with the method and the width that windows 0 .. k - 1 gave.
    """
    values, weeks = series.units.values, series.week_count()
    step = demand_horizon(series, settings)
    origins = backtest_origins(weeks, step, settings.most_windows, settings.least_known_days // 7)
    active, classes, scale = _known_at(values, origins, settings.active_weeks)
    forecasts = demand_forecasts(series, origins, settings)[..., series.skipped_weeks :]
    forecasts = np.where(active[None, :, :, None], forecasts, np.nan)
    windows = len(origins) - 1
    skipped = series.skipped_weeks
    actuals = np.stack(
        [np.nan_to_num(values[:, origin + skipped : origin + step]) for origin in origins[:-1]]
        or [np.zeros((len(values), settings.horizon_weeks))]
    )[:windows]
    scores = np.full((len(CANDIDATES), windows, len(values)), np.nan)
    for window in range(windows):
        scores[:, window] = squared_cumulative_error(forecasts[:, window], actuals[window], scale[window])
    available = np.asarray(~np.isnan(forecasts).any(axis=3))
    methods = choose_methods(scores, available, classes, DEMAND_PRIOR_WINDOWS, fallback_order())
    baseline = CANDIDATES.index(DEMAND_BASELINE)
    beats = beats_baseline(scores, methods, baseline, classes[-1])
    methods[-1] = np.where(~beats & available[baseline, -1], baseline, methods[-1])
    served = served_forecasts(forecasts, methods)
    errors = (
        np.where(active[:windows, :, None], actuals - served[:windows], np.nan) / scale[:windows, :, None]
    )
    widths = {level: width * scale for level, width in widths_by_origin(errors, classes).items()}
    rated = relative_scores(scores, classes[-1], DEMAND_PRIOR_WINDOWS)
    chosen = np.maximum(methods[-1], 0)
    frame = series.units.keys.assign(
        source=series.source,
        demand_class=np.array(DEMAND_CLASSES)[classes[-1]],
        is_active=active[-1],
        method=np.where(methods[-1] < 0, "none", np.array(CANDIDATES)[chosen]),
        relative_error=np.where(methods[-1] < 0, np.nan, rated[chosen, np.arange(len(values))]),
        is_baseline_served=methods[-1] == baseline,
        width_80_units=widths[0.8][-1],
        width_90_units=widths[0.9][-1],
        window_count=windows,
        train_weeks=weeks - first_periods(values),
        cut_date=series.units.period_date(origins[1] + skipped) if windows > 1 else None,
        origin_date=series.origin_date(),
        first_week_date=series.units.period_date(weeks + skipped),
        week_units=_served_weeks(served[-1], active[-1] & (methods[-1] >= 0)),
        recent_units=mean_of_known(values[:, -RECENT_WEEKS:], axis=1),
        as_of_date=series.as_of_date,
        data_fingerprint=series.fingerprint,
        note=_notes(active[-1], scores, beats),
    )
    judged = _judged_columns(forecasts, served, actuals, scores, methods, scale, widths)
    rows = pd.concat([frame, judged], axis=1)[list(DEMAND_CHAMPION_COLUMNS)]
    return rows[active.any(axis=0)].reset_index(drop=True)


def _known_at(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], active_weeks: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return of each series at each origin, (origins, series): whether it is active, its class, its scale."""
    shape = (len(origins), len(values))
    active, classes, scale = np.empty(shape, dtype=bool), np.empty(shape, dtype=np.int64), np.empty(shape)
    for begin in range(0, len(values), CHUNK_SERIES):
        part = slice(begin, begin + CHUNK_SERIES)
        for number, origin in enumerate(origins):
            active[number, part] = is_active(values[part], origin, active_weeks)
            classes[number, part] = demand_classes(values[part], origin)
            scale[number, part] = naive_scale(values[part], origin, 1)
    return active, classes, scale


def _served_weeks(served: npt.NDArray[np.float64], is_served: npt.NDArray[np.bool_]) -> pd.Series:
    """Return each series' units (series, weeks ahead) as a list; None where nothing is served."""
    units = pd.Series(np.nan_to_num(served).tolist(), dtype=object)
    return units.where(is_served, None)


def _notes(
    active: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], beats: npt.NDArray[np.bool_]
) -> npt.NDArray[np.object_]:
    notes = np.full(len(active), "", dtype=object)
    notes[~beats] = "The champions of its class were no better than the baseline: the baseline is served."
    notes[np.isnan(scores).all(axis=(0, 1))] = (
        "New or short: the best method of its class, with the errors of its class."
    )
    if scores.shape[1] == 0:
        notes[:] = "Too short for a backtest: no method was compared, and no interval is known."
    notes[~active] = "Sold nothing lately: not forecast."
    return notes


def _judged_columns(
    forecasts: npt.NDArray[np.float64],
    served: npt.NDArray[np.float64],
    actuals: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    methods: npt.NDArray[np.int64],
    scale: npt.NDArray[np.float64],
    widths: dict[float, npt.NDArray[np.float64]],
) -> pd.DataFrame:
    """Return what the windows from the second on tell of each series; NaN or 0 where none was judged."""
    windows = len(actuals)
    judged = slice(1, windows)
    baseline = CANDIDATES.index(DEMAND_BASELINE)
    naive, own, actual = forecasts[baseline, judged], served[judged], actuals[judged]
    both = (methods[judged] >= 0) & ~np.isnan(naive).any(axis=2)
    columns: dict[str, npt.NDArray[t.Any]] = {}
    known = both & ~np.isnan(widths[LEVELS[-1]][judged])
    columns["judged_week_count"] = known.sum(axis=0) * actuals.shape[2]
    for level in LEVELS:
        half = widths[level][judged][:, :, None]
        inside = np.abs(actual - own) <= half
        columns[f"inside_{round(level * 100)}_count"] = (inside & known[:, :, None]).sum(axis=(0, 2))
    sums = actual.sum(axis=2)
    columns["actual_units"] = np.where(both, sums, 0.0).sum(axis=0)
    columns["forecast_units"] = np.where(both, own.sum(axis=2), 0.0).sum(axis=0)
    columns["baseline_units"] = np.where(both, naive.sum(axis=2), 0.0).sum(axis=0)
    size = scale[judged]
    columns["rmsse"] = _mean_where(root_mean_squared_scaled_error(own, actual, size), both)
    columns["baseline_rmsse"] = _mean_where(root_mean_squared_scaled_error(naive, actual, size), both)
    chosen = np.maximum(methods[judged], 0)
    later = scores[:, judged]
    columns["champion_error"] = _mean_where(np.take_along_axis(later, chosen[None], axis=0)[0], both)
    for number, name in enumerate(CANDIDATES):
        columns[f"{name}_error"] = _mean_where(later[number], both)
    return pd.DataFrame(columns)


def _mean_where(values: npt.NDArray[np.float64], chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the means over the chosen windows; NaN where there is none, or where one of them has no value."""
    count = chosen.sum(axis=0)
    total = np.where(chosen, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))
