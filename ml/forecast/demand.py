"""Weekly units of each product in each store: the series, and what each candidate says of them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation import data_fingerprint
from ml.forecast.calendar import calendar_features, country_holidays
from ml.forecast.candidates import candidate_forecasts
from ml.forecast.naive import mean_of_known
from ml.forecast.panel import Panel, build_panels, first_periods
from ml.forecast.settings import ForecastSettings, last_complete_date

SERIES_KEYS = ("product_id", "channel", "store_key")
DEMAND_CLASSES = ("new", "smooth", "erratic", "intermittent", "lumpy")
NEW_WEEKS = 8
LONG_INTERVAL = 1.32
LARGE_VARIATION = 0.49


@dataclass(frozen=True)
class SourceDemand:
    """The series of one source by whole weeks. units: the panel; prices: (series, weeks), NaN in weeks without a sale.

    skipped_weeks: 1 where the origin's week has begun and is known in part: it is forecast and not served.
    """

    source: str
    as_of_date: date
    units: Panel
    prices: npt.NDArray[np.float64]
    holidays: list[date]
    skipped_weeks: int
    fingerprint: str

    def week_count(self) -> int:
        """Return how many whole weeks are known."""
        return int(self.units.values.shape[1])

    def origin_date(self) -> date:
        """Return the Monday after the last known week."""
        return self.units.period_date(self.week_count())


def source_demands(
    demand: pd.DataFrame,
    orders: pd.DataFrame,
    sources: pd.DataFrame,
    calendar: pd.DataFrame,
    settings: ForecastSettings,
) -> list[SourceDemand]:
    """Return the series of each source, sorted.

    demand: source, product_id, channel, store_key, week_start_date (a Monday), currency, unit_count, net_amount.
    orders, sources and calendar as in sales_candidates. A source without one whole week of sales is left out.
    """
    made = []
    weeks = pd.to_datetime(demand["week_start_date"])
    for source in sources.sort_values("source").itertuples(index=False):
        as_of = pd.Timestamp(source.as_of_date).date()
        rows = demand[(demand["source"] == source.source) & (weeks <= pd.Timestamp(as_of))]
        if rows.empty:
            continue
        first = weeks[rows.index].min().date()
        last = last_complete_date(orders[orders["source"] == source.source], first, as_of, settings)
        units, prices = _units_and_prices(rows, first, last)
        if not units.values.size:
            continue
        made.append(
            SourceDemand(
                source=str(source.source),
                as_of_date=as_of,
                units=units,
                prices=prices,
                holidays=country_holidays(calendar, str(source.country_code)),
                skipped_weeks=int(last.weekday() != 6),
                fingerprint=data_fingerprint(rows),
            )
        )
    return made


def _units_and_prices(rows: pd.DataFrame, first: date, last: date) -> tuple[Panel, npt.NDArray[np.float64]]:
    """Return the units, and (series, weeks) the net amount by the units, in the currency that most rows have.

    Amounts of different currencies make no price together. Of equally frequent currencies the first by name. NaN where
    nothing was sold in it.
    """
    counts = rows["currency"].value_counts()
    is_priced = rows["currency"] == min(counts[counts == counts.max()].index)
    # Rows of other currencies stay, as zeros: the series are those of the units.
    sold_in = {f"priced_{name}": rows[name].where(is_priced, 0.0) for name in ("net_amount", "unit_count")}
    panels = build_panels(
        rows.assign(**sold_in), SERIES_KEYS, "week_start_date", ["unit_count", *sold_in], first, last, 7
    )
    amounts, units = (np.nan_to_num(panel.values) for panel in panels[1:])
    sold = (units > 0) & (amounts > 0)
    prices = np.divide(amounts, units, out=np.full(units.shape, np.nan), where=sold)
    return panels[0], np.asarray(prices)


def demand_forecasts(
    series: SourceDemand, origins: t.Sequence[int], settings: ForecastSettings
) -> npt.NDArray[np.float64]:
    """Return (methods, origins, series, weeks ahead) of candidate_forecasts, the skipped week included."""
    horizon = demand_horizon(series, settings)
    features = calendar_features(series.units.first_date, series.week_count() + horizon, 7, series.holidays)
    return candidate_forecasts(
        series.units.values, origins, horizon, 7, features, series.prices, is_count=True
    )


def demand_horizon(series: SourceDemand, settings: ForecastSettings) -> int:
    """Return the weeks ahead that are forecast, the skipped one included."""
    return settings.horizon_weeks + series.skipped_weeks


def is_active(values: npt.NDArray[np.float64], origin: int, active_weeks: int) -> npt.NDArray[np.bool_]:
    """Return whether each series sold anything in the weeks before the origin."""
    recent = values[:, max(0, origin - active_weeks) : origin]
    return np.asarray((np.nan_to_num(recent) > 0).any(axis=1))


def demand_classes(values: npt.NDArray[np.float64], origin: int) -> npt.NDArray[np.int64]:
    """Return each series' number among DEMAND_CLASSES by what was sold before the origin.

    new: known for under 8 weeks. The others by the mean interval between sales (1.32 weeks) and the squared
    coefficient of variation of their sizes (0.49): Syntetos, Boylan & Croston, J. Operational Research Society 56
    (2005).
    """
    known = values[:, :origin]
    sold = np.nan_to_num(known) > 0
    length = np.maximum(origin - first_periods(known), 0)
    count = sold.sum(axis=1)
    interval = length / np.maximum(count, 1)
    sizes = np.where(sold, known, np.nan)
    mean = mean_of_known(sizes, axis=1)
    variance = mean_of_known((sizes - mean[:, None]) ** 2, axis=1)
    variation = np.divide(variance, mean**2, out=np.zeros(len(values)), where=count > 0)
    classes = 1 + (variation >= LARGE_VARIATION) + 2 * (interval >= LONG_INTERVAL)
    return np.where(length < NEW_WEEKS, 0, classes).astype(np.int64)
