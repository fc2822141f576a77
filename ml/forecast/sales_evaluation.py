"""How good the served sales forecasts were, on windows that nothing was chosen by, beside the naive method."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation import Evaluation, evaluation_frame
from ml.forecast.candidates import BASELINE, CANDIDATES
from ml.forecast.intervals import LEVELS
from ml.forecast.sales_choice import SalesChoice, Served, by_day, by_week, sales_choices
from ml.forecast.scoring import PRIOR_WINDOWS

SALES_MODEL = "ml.sales_forecast"
SERVED_METHOD = "champion_per_series"
MOST_MAPE = 0.15
COVERAGE_TOLERANCE = 0.05
#: Of the total by week; of the categories the last one alone.
TOTAL_METRICS = ("weekly_mape", "wape")


def sales_evaluation_rows(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return EVALUATION_COLUMNS for each source and currency: parts total and category, by day and by week.

    Window k is judged with the methods, totals and intervals that windows 0 .. k - 1 gave.
    """
    rows: list[Evaluation] = []
    for choice in sales_choices(candidates):
        if choice.window_count() < 2:
            rows.extend(_too_short(choice))
            continue
        for part, series in (("total", slice(-1, None)), ("category", slice(0, -1))):
            rows.extend(_error_rows(choice, part, series))
            rows.extend(_coverage_rows(choice, f"{part} day", by_day(choice), series))
            rows.extend(_coverage_rows(choice, f"{part} week", by_week(choice), series))
    return evaluation_frame(rows)


def _error_rows(choice: SalesChoice, part: str, series: slice) -> list[Evaluation]:
    weeks = by_week(choice)
    judged = slice(1, choice.window_count())
    actual = weeks.actuals[judged, series]
    served, naive = weeks.cents[judged, series] / 100, weeks.baseline[judged, series]
    beats = bool(choice.beats[series][0]) if len(choice.beats[series]) else True
    remark = "" if beats else "Not better than the baseline over the judged windows: the baseline is served. "
    measures: list[tuple[str, t.Callable[..., float]]] = [("wape", _wape)]
    if part == "total":
        measures.insert(0, ("weekly_mape", _mape))
    rows = []
    week_part = f"{part} week"
    for metric, measure in measures:
        value, baseline = measure(served, actual), measure(naive, actual)
        note = remark
        if metric == "weekly_mape" and value > MOST_MAPE:
            note += f"Above {MOST_MAPE:.0%}: weekly revenue moves by more than its past tells; naive: {baseline:.1%}. "
        for method, own_value, own_note in (
            (SERVED_METHOD, value, note),
            (BASELINE, baseline, _baseline_note(beats)),
        ):
            rows.append(
                _row(
                    choice,
                    method,
                    _sales_role(method, beats),
                    week_part,
                    metric,
                    own_value,
                    actual.size,
                    baseline,
                    own_note,
                )
            )
    rows.extend(_cumulative_rows(choice, part, series, beats, remark))
    return rows


def _cumulative_rows(
    choice: SalesChoice, part: str, series: slice, beats: bool, remark: str
) -> list[Evaluation]:
    """Compare each method with the baseline on the series and windows where both had a forecast."""
    scores = choice.scores[:, 1:, series]
    chosen = choice.methods[1 : choice.window_count(), series]
    own = np.take_along_axis(scores, np.maximum(chosen, 0)[None], axis=0)[0]
    naive = scores[CANDIDATES.index(BASELINE)]
    methods = [(SERVED_METHOD, np.where(chosen < 0, np.nan, own), remark)]
    methods += [
        (name, scores[number], _baseline_note(beats) if name == BASELINE else "")
        for number, name in enumerate(CANDIDATES)
    ]
    rows = []
    for name, errors, note in methods:
        role = _sales_role(name, beats)
        both = ~np.isnan(errors) & ~np.isnan(naive)
        value = float(errors[both].mean()) if both.any() else float("nan")
        baseline = float(naive[both].mean()) if both.any() else float("nan")
        note = note if both.any() else "The series are too short for it."
        metric, count = "cumulative_scaled_error", int(both.sum())
        rows.append(_row(choice, name, role, f"{part} day", metric, value, count, baseline, note))
    return rows


def _sales_role(method: str, beats: bool) -> str:
    """Return champion for what is served: the methods chosen, or the baseline where they do not beat it."""
    if method == BASELINE:
        return "baseline" if beats else "champion"
    return "champion" if method == SERVED_METHOD and beats else "challenger"


def _baseline_note(beats: bool) -> str:
    return (
        "" if beats else "The methods chosen were no better over the judged windows: the baseline is served."
    )


def _coverage_rows(choice: SalesChoice, part: str, served: Served, series: slice) -> list[Evaluation]:
    rows = []
    for level in LEVELS:
        low, high = (edge[level][1 : choice.window_count(), series] for edge in (served.low, served.high))
        actual = served.actuals[1:, series]
        known = ~np.isnan(low)
        inside = (actual >= low) & (actual <= high) & known
        value = float(inside.sum() / known.sum()) if known.any() else float("nan")
        note = "Share of the actual values inside the interval; it should be the level. "
        if not known.any():
            note += "Too few errors to tell how wide the interval is. "
        elif abs(value - level) > COVERAGE_TOLERANCE:
            wide = "narrow: sales moved by more than before" if value < level else "wide"
            note += f"The intervals were too {wide}. "
        metric = f"coverage_{round(level * 100)}"
        count = int(known.sum())
        rows.append(_row(choice, SERVED_METHOD, "champion", part, metric, value, count, None, note))
    return rows


def _row(
    choice: SalesChoice,
    method: str,
    role: str,
    part: str,
    metric: str,
    value: float,
    count: int,
    baseline: float | None,
    note: str,
) -> Evaluation:
    if method == BASELINE:
        baseline = None
    first, last = choice.dates[1][0], choice.dates[choice.window_count() - 1][-1]
    return Evaluation(
        model=SALES_MODEL,
        source=choice.source,
        part=f"{choice.currency} {part}",
        method=method,
        role=role,
        metric=metric,
        metric_value=value,
        is_higher_better=metric.startswith("coverage"),
        baseline_method=BASELINE if baseline is not None else "",
        baseline_value=baseline,
        as_of_date=choice.as_of_date,
        cut_date=first,
        holdout_days=(last - first).days + 1,
        train_count=len(choice.categories),
        holdout_count=count,
        data_fingerprint=choice.fingerprint,
        parameters={
            "windows": choice.window_count(),
            "prior_windows": PRIOR_WINDOWS,
            "totals": "top-down by forecast proportions",
        },
        note=note.strip(),
    )


def _too_short(choice: SalesChoice) -> list[Evaluation]:
    """Return a row without a value for each metric of the total: a gate may ask for any of them."""
    return [
        Evaluation(
            model=SALES_MODEL,
            source=choice.source,
            part=f"{choice.currency} total week",
            method=SERVED_METHOD,
            role="champion",
            metric=metric,
            metric_value=None,
            is_higher_better=False,
            baseline_method=BASELINE,
            as_of_date=choice.as_of_date,
            cut_date=None,
            holdout_days=0,
            train_count=len(choice.categories),
            holdout_count=0,
            data_fingerprint=choice.fingerprint,
            parameters={"windows": choice.window_count()},
            note=f"{choice.train_days[-1]} days are too few to judge: it takes two windows after the first 8 weeks.",
        )
        for metric in TOTAL_METRICS
    ]


def _mape(forecast: npt.NDArray[np.float64], actual: npt.NDArray[np.float64]) -> float:
    """Return the mean of |forecast - actual| / actual over the weeks that sold anything; NaN where none did."""
    sold = actual > 0
    return float((np.abs(forecast - actual)[sold] / actual[sold]).mean()) if sold.any() else float("nan")


def _wape(forecast: npt.NDArray[np.float64], actual: npt.NDArray[np.float64]) -> float:
    """Return the sum of |forecast - actual| by the sum of |actual|; NaN where that is zero."""
    total = np.abs(actual).sum()
    return float(np.abs(forecast - actual).sum() / total) if total > 0 else float("nan")
