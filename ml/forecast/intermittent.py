"""Methods for demand with many periods of zero. All forecast a rate: the same for every period ahead."""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt

from ml.forecast.panel import first_periods
from ml.forecast.smoothing import ses_states

CROSTON_WEIGHT = 0.1
SBA_FACTOR = 1 - CROSTON_WEIGHT / 2
TSB_WEIGHT = 0.1
AGGREGATE_WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3)


def croston_sba(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int
) -> npt.NDArray[np.float64]:
    """Croston's method with the correction of its bias: smoothed size by smoothed interval, times 1 - alpha / 2.

    Croston, Operational Research Quarterly 23 (1972); Syntetos & Boylan, Int. J. Forecasting 21 (2005), equation (6).
    Zero where nothing was ever sold; NaN before the first sale.
    """
    count = len(values)
    size, interval, since = np.zeros(count), np.ones(count), np.zeros(count)
    begun = np.zeros(count, dtype=bool)
    rates = np.full((len(origins), count), np.nan)
    wanted = {origin: number for number, origin in enumerate(origins)}
    for period in range(max(origins, default=-1) + 1):
        if period in wanted:
            rates[wanted[period]] = np.where(begun, SBA_FACTOR * size / interval, np.nan)
        if period == values.shape[1]:
            break
        now = values[:, period]
        since += ~np.isnan(now)
        sold = np.nan_to_num(now) != 0
        weight = np.where(begun, CROSTON_WEIGHT, 1.0)
        size = np.where(sold, size + weight * (now - size), size)
        interval = np.where(sold, interval + weight * (since - interval), interval)
        since = np.where(sold, 0.0, since)
        begun |= sold
    return _rate_ahead(rates, horizon)


def tsb(values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int) -> npt.NDArray[np.float64]:
    """Smoothed size times smoothed probability of a sale, the latter moved in every period: it forgets what has died
    out.

    Teunter, Syntetos & Babai, European J. Operational Research 214 (2011), equation (4), both weights 0.1.
    """
    count = len(values)
    size, chance = np.zeros(count), np.zeros(count)
    begun = np.zeros(count, dtype=bool)
    rates = np.full((len(origins), count), np.nan)
    wanted = {origin: number for number, origin in enumerate(origins)}
    for period in range(max(origins, default=-1) + 1):
        if period in wanted:
            rates[wanted[period]] = np.where(begun, size * chance, np.nan)
        if period == values.shape[1]:
            break
        now = values[:, period]
        sold = np.nan_to_num(now) != 0
        weight = np.where(begun, TSB_WEIGHT, 1.0)
        size = np.where(sold, size + weight * (now - size), size)
        chance += np.where(np.isnan(now), 0.0, weight * (sold - chance))
        begun |= sold
    return _rate_ahead(rates, horizon)


def adida_imapa(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], horizon: int, most_periods: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Smooth sums over as many periods as lie between two sales (ADIDA), or over 1, 2, ... up to that many (IMAPA:
    their mean).

    The sums end at the origin; what is left over at the beginning is dropped. Not more than most_periods are summed.
    Nikolopoulos et al., J. Operational Research Society 62 (2011); Petropoulos & Kourentzes, ibid. 66 (2015). Returns
    both, (origins, series, horizon).
    """
    levels = np.zeros((len(origins), len(values)), dtype=np.int64)
    for number, origin in enumerate(origins):
        levels[number] = _mean_interval(values[:, :origin], most_periods)
    adida, total = np.full(levels.shape, np.nan), np.zeros(levels.shape)
    for level in range(1, int(levels.max(initial=0)) + 1):
        # The sums of origins that lie a multiple of the level apart are the same, but that the later one has more.
        for rest in sorted({origin % level for origin in origins}):
            numbers = [number for number, origin in enumerate(origins) if origin % level == rest]
            chosen = np.flatnonzero((levels[numbers] >= level).any(axis=0))
            rates = _aggregate_rates(values[chosen][:, rest:], [origins[number] for number in numbers], level)
            for number, rate in zip(numbers, rates, strict=True):
                own = levels[number, chosen]
                total[number, chosen] += np.where(own >= level, rate, 0.0)
                adida[number, chosen] = np.where(own == level, rate, adida[number, chosen])
    imapa = np.where(levels > 0, total / np.maximum(levels, 1), np.nan)
    return _rate_ahead(adida, horizon), _rate_ahead(imapa, horizon)


def _aggregate_rates(
    values: npt.NDArray[np.float64], origins: t.Sequence[int], level: int
) -> npt.NDArray[np.float64]:
    """Return (origins, series): the smoothed sums over level periods, per period."""
    counts = [origin // level for origin in origins]
    most = max(counts)
    sums = values[:, : most * level].reshape(len(values), most, level).sum(axis=2)
    return ses_states(sums, counts, AGGREGATE_WEIGHTS)[0] / level


def _mean_interval(known: npt.NDArray[np.float64], most_periods: int) -> npt.NDArray[np.int64]:
    """Return the rounded mean number of periods from sale to sale; 0 where nothing was sold yet.

    Not more than fit twice into what is known, so that there is a sum to smooth.
    """
    if known.shape[1] == 0:
        return np.zeros(len(known), dtype=np.int64)
    sold = np.nan_to_num(known) != 0
    count = sold.sum(axis=1)
    starts = first_periods(known)
    last = known.shape[1] - sold[:, ::-1].argmax(axis=1)
    mean = np.divide(last - starts, count, out=np.zeros(len(known)), where=count > 0)
    longest = np.maximum(1, np.minimum(most_periods, (known.shape[1] - starts) // 2))
    return np.where(count > 0, np.clip(np.round(mean), 1, longest), 0).astype(np.int64)


def _rate_ahead(rates: npt.NDArray[np.float64], horizon: int) -> npt.NDArray[np.float64]:
    return np.repeat(rates[:, :, None], horizon, axis=2)
