"""What each candidate would have said, and says, of the daily revenue of each category and of all together."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation import data_fingerprint
from ml.forecast.calendar import calendar_features, country_holidays
from ml.forecast.candidates import CANDIDATES, candidate_forecasts
from ml.forecast.diagnosis import season_strength
from ml.forecast.panel import Panel, backtest_origins, build_panel
from ml.forecast.scoring import naive_scale
from ml.forecast.settings import ForecastSettings, horizon_days, last_complete_date

ALL_CATEGORIES = "all"
CANDIDATE_COLUMNS = {
    "source": "text",
    "currency": "text",
    "category": "text",
    "origin_date": "date",
    "sales_date": "date",
    "actual_amount": "decimal(18, 4)",
    **{f"{name}_amount": "decimal(18, 4)" for name in CANDIDATES},
    "scale_amount": "decimal(18, 4)",
    "as_of_date": "date",
    "train_days": "int",
    "season_strength": "double",
    "noise_p_value": "double",
    "data_fingerprint": "text",
}


def sales_candidates(
    sales: pd.DataFrame,
    orders: pd.DataFrame,
    sources: pd.DataFrame,
    calendar: pd.DataFrame,
    settings: ForecastSettings,
) -> pd.DataFrame:
    """Return CANDIDATE_COLUMNS: one row per series, origin and day ahead, with each candidate's forecast.

    sales: source, currency, category, sales_date, net_amount, unit_count. orders: source, sales_date, order_count.
    sources: source, as_of_date (the last order_date; refunds of later days are left out) and country_code (whose
    holidays count). calendar: calendar_date and is_holiday_XX. The last origin is today's: its actual_amount is NaN. A
    source that sold nothing has no rows.
    """
    frames = []
    for source in sources.sort_values("source").itertuples(index=False):
        as_of = pd.Timestamp(source.as_of_date).date()
        own = sales[
            (sales["source"] == source.source) & (pd.to_datetime(sales["sales_date"]).dt.date <= as_of)
        ]
        if own.empty:
            continue
        first = pd.to_datetime(own["sales_date"]).dt.date.min()
        last = last_complete_date(orders[orders["source"] == source.source], first, as_of, settings)
        holidays = country_holidays(calendar, str(source.country_code))
        for currency, rows in own.groupby("currency", sort=True):
            made = _currency_candidates(rows, first, last, holidays, settings)
            mark = {"source": source.source, "currency": currency, "as_of_date": as_of}
            frames.append(made.assign(**mark, data_fingerprint=data_fingerprint(rows)))
    if not frames:
        return pd.DataFrame(columns=list(CANDIDATE_COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(CANDIDATE_COLUMNS)]


def _currency_candidates(
    rows: pd.DataFrame, first: date, last: date, holidays: list[date], settings: ForecastSettings
) -> pd.DataFrame:
    series = pd.concat([rows, rows.assign(category=ALL_CATEGORIES)])
    net = build_panel(series, ["category"], "sales_date", "net_amount", first, last)
    units = build_panel(series, ["category"], "sales_date", "unit_count", first, last)
    net, units = _total_last(net), _total_last(units)
    prices = np.divide(
        net.values, units.values, out=np.full(net.values.shape, np.nan), where=np.nan_to_num(units.values) > 0
    )
    horizon = horizon_days(last, settings.horizon_weeks)
    days = net.values.shape[1]
    step = 7 * math.ceil(horizon / 7)
    origins = backtest_origins(days, step, settings.most_windows, settings.least_known_days)
    features = calendar_features(first, days + horizon, 1, holidays)
    forecasts = candidate_forecasts(net.values, origins, horizon, 1, features, prices)
    made = _as_rows(net, forecasts, origins, horizon)
    shapes = [season_strength(values, 7) for values in net.values]
    described = pd.DataFrame(shapes, columns=["season_strength", "noise_p_value"], index=net.keys["category"])
    return made.join(described, on="category")


def _total_last(panel: Panel) -> Panel:
    """Return the panel with the series of all categories at its end."""
    order = np.argsort((panel.keys["category"] == ALL_CATEGORIES).to_numpy(), kind="stable")
    keys = panel.keys.iloc[order].reset_index(drop=True)
    return Panel(keys, panel.values[order], panel.first_date, panel.step_days)


def _as_rows(
    panel: Panel, forecasts: npt.NDArray[np.float64], origins: list[int], horizon: int
) -> pd.DataFrame:
    names, days = panel.keys["category"].to_numpy(), panel.values.shape[1]
    frames = []
    for number, origin in enumerate(origins):
        actuals = np.full((len(names), horizon), np.nan)
        known = np.nan_to_num(panel.values[:, origin : origin + horizon])
        if origin < days:
            actuals[:, : known.shape[1]] = known
        dates = [panel.period_date(origin + ahead) for ahead in range(horizon)]
        columns = {f"{name}_amount": forecasts[item, number].ravel() for item, name in enumerate(CANDIDATES)}
        frames.append(
            pd.DataFrame(
                {
                    "category": np.repeat(names, horizon),
                    "origin_date": panel.period_date(origin),
                    "sales_date": dates * len(names),
                    "actual_amount": actuals.ravel(),
                    **columns,
                    "scale_amount": np.repeat(naive_scale(panel.values, origin, 7), horizon),
                    "train_days": origin,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
