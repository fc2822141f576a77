"""The rows of ml.product_demand_forecast and ml.product_demand_forecast_evaluation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.evaluation import EVALUATION_COLUMNS, Evaluation, evaluation_frame
from ml.forecast.candidates import CANDIDATES
from ml.forecast.demand_choice import DEMAND_BASELINE, DEMAND_CHAMPION_COLUMNS, DEMAND_PRIOR_WINDOWS
from ml.forecast.intervals import LEVELS
from ml.forecast.settings import ForecastSettings

DEMAND_MODEL = "ml.product_demand_forecast"
DEMAND_SERVED = "champion_per_series"
LEVEL_TOLERANCE = 0.05
#: The one metric that each method has.
COMPARED_METRIC = "cumulative_scaled_error"
DEMAND_FORECAST_COLUMNS = {
    "source": "text",
    "product_id": "text",
    "channel": "text",
    "store_key": "uuid",
    "week_start_date": "date",
    "method": "text",
    "forecast_units": "double",
    "low_80_units": "double",
    "high_80_units": "double",
    "low_90_units": "double",
    "high_90_units": "double",
    "recent_units": "double",
    "demand_class": "text",
    "origin_date": "date",
    "as_of_date": "date",
    "note": "text",
}
#: What the forecast and its evaluation read of ml.product_demand_champion.
DEMAND_SERVED_COLUMNS = (
    *("source", "product_id", "channel", "store_key", "method", "width_80_units", "width_90_units"),
    *("first_week_date", "week_units", "recent_units", "demand_class", "origin_date", "as_of_date", "note"),
)
DEMAND_JUDGED_COLUMNS = tuple(name for name in DEMAND_CHAMPION_COLUMNS if name != "week_units")


def demand_forecast_rows(champions: pd.DataFrame) -> pd.DataFrame:
    """Return DEMAND_FORECAST_COLUMNS: the champion's forecast of each week ahead for each active series.

    champions: rows of demand_champion_rows. Units are not rounded: half a piece a week is two in a month.
    """
    served = champions[champions["week_units"].notna()]
    weeks = served["week_units"].map(len).to_numpy(dtype=np.int64)
    rows = served.loc[served.index.repeat(weeks)].reset_index(drop=True)
    ahead = rows.groupby(np.repeat(np.arange(len(served)), weeks)).cumcount()
    first = pd.to_datetime(rows["first_week_date"])
    rows["week_start_date"] = (first + pd.to_timedelta(7 * ahead, unit="D")).dt.date
    rows["forecast_units"] = np.concatenate([np.zeros(0), *served["week_units"]])
    for level in LEVELS:
        percent = round(level * 100)
        half = rows[f"width_{percent}_units"].to_numpy(dtype=np.float64)
        rows[f"low_{percent}_units"] = np.maximum(rows["forecast_units"] - half, 0.0)
        rows[f"high_{percent}_units"] = rows["forecast_units"] + half
    return rows[list(DEMAND_FORECAST_COLUMNS)]


def demand_evaluation_rows(champions: pd.DataFrame, settings: ForecastSettings) -> pd.DataFrame:
    """Return EVALUATION_COLUMNS of demand_champion_rows: for each source, all series together and each demand class."""
    rows: list[Evaluation] = []
    for _, own in champions.groupby("source", sort=True):
        rows.extend(_part_rows(own, "all", settings))
        # A series is new today because it sold in the last window: what it sold there says nothing of new ones to come.
        for name, part in own[own["demand_class"] != "new"].groupby("demand_class", sort=True):
            rows.extend(_part_rows(part, str(name), settings))
    return evaluation_frame(rows) if rows else pd.DataFrame(columns=list(EVALUATION_COLUMNS))


def _part_rows(own: pd.DataFrame, part: str, settings: ForecastSettings) -> list[Evaluation]:
    judged = own[own["champion_error"].notna()]
    if judged.empty:
        note = "No series has two windows to be judged by."
        return [_demand_row(own, own, part, DEMAND_SERVED, COMPARED_METRIC, None, None, settings, note)]
    rows = []
    for name in (DEMAND_SERVED, *CANDIDATES):
        column = "champion_error" if name == DEMAND_SERVED else f"{name}_error"
        both = judged[judged[column].notna() & judged[f"{DEMAND_BASELINE}_error"].notna()]
        value, baseline = both[column].mean() ** 0.5, both[f"{DEMAND_BASELINE}_error"].mean() ** 0.5
        note = "" if len(both) else "The series are too short for it."
        if name == DEMAND_SERVED and value >= baseline:
            note = "Not better than the baseline over the judged windows."
        if name == DEMAND_BASELINE and _is_baseline_served(own):
            note = "The baseline is served for each series: nothing was better."
        rows.append(_demand_row(own, both, part, name, COMPARED_METRIC, value, baseline, settings, note))
    total = judged["actual_units"].sum()
    for metric, value, baseline in (
        ("bias", _bias(judged["forecast_units"].sum(), total), _bias(judged["baseline_units"].sum(), total)),
        ("rmsse", judged["rmsse"].mean(), judged["baseline_rmsse"].mean()),
    ):
        rows.append(_demand_row(own, judged, part, DEMAND_SERVED, metric, value, baseline, settings, ""))
    rows.extend(_interval_rows(own, judged, part, settings))
    return rows


def _demand_role(own: pd.DataFrame, method: str, metric: str) -> str:
    """Return champion for what is served, which is the baseline where each series falls back to it."""
    falls_back = metric == COMPARED_METRIC and _is_baseline_served(own)
    if method == DEMAND_BASELINE:
        return "champion" if falls_back else "baseline"
    return "champion" if method == DEMAND_SERVED and not falls_back else "challenger"


def _is_baseline_served(own: pd.DataFrame) -> bool:
    served = own[own["method"] != "none"]
    is_judged = bool(own["champion_error"].notna().any())
    return is_judged and len(served) > 0 and bool(served["is_baseline_served"].all())


def _bias(forecast: float, actual: float) -> float | None:
    """Return by how much all forecasts together missed all units, as a share of these."""
    return abs(forecast - actual) / actual if actual > 0 else None


def _interval_rows(
    own: pd.DataFrame, judged: pd.DataFrame, part: str, settings: ForecastSettings
) -> list[Evaluation]:
    rows = []
    weeks = judged["judged_week_count"].sum()
    for level in LEVELS:
        percent = round(level * 100)
        value = judged[f"inside_{percent}_count"].sum() / weeks if weeks else None
        note = "Share of the weeks inside the interval; it should be the level."
        if value is not None and value - level > LEVEL_TOLERANCE:
            note += " Whole pieces are inside a little more often."
        if value is not None and level - value > LEVEL_TOLERANCE:
            note += " The intervals were too narrow: demand moved by more than before."
        rows.append(
            _demand_row(own, judged, part, DEMAND_SERVED, f"coverage_{percent}", value, None, settings, note)
        )
    return rows


def _demand_row(
    own: pd.DataFrame,
    judged: pd.DataFrame,
    part: str,
    method: str,
    metric: str,
    value: float | None,
    baseline: float | None,
    settings: ForecastSettings,
    note: str,
) -> Evaluation:
    first = own.iloc[0]
    if method == DEMAND_BASELINE:
        baseline = None
    cut = None if pd.isna(first["cut_date"]) else pd.Timestamp(first["cut_date"]).date()
    return Evaluation(
        model=DEMAND_MODEL,
        source=str(first["source"]),
        part=part,
        method=method,
        role=_demand_role(own, method, metric),
        metric=metric,
        metric_value=value,
        is_higher_better=metric.startswith("coverage"),
        baseline_method="" if baseline is None else DEMAND_BASELINE,
        baseline_value=baseline,
        as_of_date=pd.Timestamp(first["as_of_date"]).date(),
        cut_date=cut,
        holdout_days=0 if cut is None else (pd.Timestamp(first["origin_date"]).date() - cut).days,
        train_count=len(own),
        holdout_count=len(judged),
        data_fingerprint=str(first["data_fingerprint"]),
        parameters={
            "windows": int(first["window_count"]),
            "horizon_weeks": settings.horizon_weeks,
            "active_weeks": settings.active_weeks,
            "prior_windows": DEMAND_PRIOR_WINDOWS,
        },
        note=note,
    )
