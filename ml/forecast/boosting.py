"""One gradient-boosted model for all series of a source: it learns from all of them what a single one is too short to
show.
"""

from __future__ import annotations

import typing as t

import numpy as np
import numpy.typing as npt

from ml.forecast.bins import bin_edges, binned, distinct_rows
from ml.forecast.naive import YEAR_DAYS, mean_of_known
from ml.threads import use_one_thread

SEED = 7
MOST_ROWS = 40_000
MOST_ORIGINS = 40
LEAST_ROWS = 200
TOP_RATIO = 20.0  # of a period to the series' level: beyond it is a spike that says nothing of others


def boosted(
    values: npt.NDArray[np.float64],
    origins: t.Sequence[int],
    horizon: int,
    step_days: int,
    calendar: npt.NDArray[np.float64],
    prices: npt.NDArray[np.float64] | None,
    is_count: bool,
) -> npt.NDArray[np.float64]:
    """Forecast periods relative to the series' level by histogram gradient boosting, one fit per origin.

    A row is a series, an earlier origin and a period ahead of it; its features are the periods before that origin and
    what the calendar says of the period ahead (calendar_features, (periods + horizon, 6)). prices: (series, periods),
    the price of each period or NaN. is_count: a Poisson loss, weighted by the level; else squares, weighted by how
    steady a series is. Fixed seed, one thread: the same rows give the same trees. NaN where a series sold nothing in
    the last 8 weeks, or where there is too little to learn. Source: Friedman, Annals of Statistics 29 (2001); Ke et
    al., LightGBM, NeurIPS (2017).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    forecasts = np.full((len(origins), len(values), horizon), np.nan)
    use_one_thread()
    for number, origin in enumerate(origins):
        alive = np.flatnonzero(_levels(values, origin, step_days) > 0)
        learned = _training_rows(values, origin, horizon, step_days, calendar, prices, is_count)
        if learned is None or not len(alive):
            continue
        features, ratios, weights = learned
        said = np.flatnonzero(~np.isnan(features).all(axis=0))  # a feature that says nothing cannot be split
        edges = [bin_edges(features[:, place], weights) for place in said]
        model = HistGradientBoostingRegressor(
            loss="poisson" if is_count else "squared_error",
            max_iter=120,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=40,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=SEED,
        )
        model.fit(_binned_features(features, said, edges), ratios, sample_weight=weights)
        rows, level = _feature_rows(
            values[alive], origin, horizon, step_days, calendar, None if prices is None else prices[alive]
        )
        told = _binned_features(rows.reshape(-1, rows.shape[2]), said, edges)
        firsts, places = distinct_rows(told)  # series that sell little look the same: two rows of three
        ahead = model.predict(told[firsts])[places].reshape(-1, horizon)
        forecasts[number, alive] = ahead * level[:, None]
    return forecasts


def _binned_features(
    rows: npt.NDArray[np.float64], said: npt.NDArray[np.int64], edges: t.Sequence[npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    return np.column_stack([binned(rows[:, place], cut) for place, cut in zip(said, edges, strict=True)])


def _training_rows(
    values: npt.NDArray[np.float64],
    origin: int,
    horizon: int,
    step_days: int,
    calendar: npt.NDArray[np.float64],
    prices: npt.NDArray[np.float64] | None,
    is_count: bool,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Return features, ratios to the level and weights of earlier origins whose horizon lies before the origin."""
    recent, stride = 56 // step_days, max(1, 7 // step_days)
    earlier = list(range(origin - horizon, recent - 1, -stride))[:MOST_ORIGINS]
    if not earlier:
        return None
    begun = np.flatnonzero(
        ~np.isnan(values[:, origin - 1])
    )  # not those that begin later: they are not known yet
    thin = max(1, -(-len(begun) * horizon * len(earlier) // MOST_ROWS))
    parts = []
    for position, past in enumerate(earlier):
        chosen = begun[position % thin :: thin]  # other series at each origin
        rows, level = _feature_rows(
            values[chosen], past, horizon, step_days, calendar, None if prices is None else prices[chosen]
        )
        ratios = values[chosen, past : past + horizon] / np.where(level > 0, level, 1)[:, None]
        use = (level > 0)[:, None] & ~np.isnan(ratios)
        ratios = np.clip(ratios, 0.0, TOP_RATIO)
        weight = level if is_count else _steadiness(values[chosen, past - recent : past], level)
        parts.append((rows[use], ratios[use], np.repeat(weight[:, None], horizon, axis=1)[use]))
    features, targets, weights = (np.concatenate([part[item] for part in parts]) for item in range(3))
    if len(targets) < LEAST_ROWS or targets.sum() <= 0:
        return None
    return features, targets, weights


def _steadiness(recent: npt.NDArray[np.float64], level: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return 1 by the variance of the ratios, so that a few restless series do not decide what all are told."""
    ratios = recent / np.where(level > 0, level, 1.0)[:, None]
    return 1.0 / (0.05 + np.nan_to_num(mean_of_known((ratios - 1.0) ** 2, axis=1)))


def _levels(values: npt.NDArray[np.float64], origin: int, step_days: int) -> npt.NDArray[np.float64]:
    """Return each series' mean of the last 8 weeks before the origin; 0 where nothing is known."""
    return np.nan_to_num(mean_of_known(values[:, :origin][:, -56 // step_days :], axis=1))


def _feature_rows(
    values: npt.NDArray[np.float64],
    origin: int,
    horizon: int,
    step_days: int,
    calendar: npt.NDArray[np.float64],
    prices: npt.NDArray[np.float64] | None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (series, horizon, features) and each series' level."""
    count = len(values)
    before = values[:, :origin]
    level = _levels(values, origin, step_days)
    safe = np.where(level > 0, level, 1.0)
    windows = [mean_of_known(before[:, -max(1, days // step_days) :], axis=1) / safe for days in (7, 28, 182)]
    zeros = mean_of_known((before[:, -56 // step_days :] == 0).astype(np.float64), axis=1)
    price = np.full(count, np.nan)
    if prices is not None:
        known = prices[:, :origin]
        now, usual = (mean_of_known(known[:, -days // step_days :], axis=1) for days in (28, 182))
        price = np.divide(now, usual, out=price, where=(usual > 0) & ~np.isnan(now))
    own = np.column_stack([*windows, zeros, np.log1p(np.maximum(level, 0)), price])
    features = [np.repeat(own[:, None, :], horizon, axis=1)]
    ahead = np.concatenate([calendar[origin : origin + horizon], np.arange(horizon)[:, None]], axis=1)
    features.append(np.repeat(ahead[None], count, axis=0))
    season = 7 // step_days
    phases = np.full((count, horizon), np.nan)
    cycles = min(8, origin // season)
    if season > 1 and cycles:
        profile = mean_of_known(before[:, origin - cycles * season :].reshape(count, cycles, season), axis=1)
        phases = np.tile(profile / safe[:, None], -(-horizon // season))[:, :horizon]
    year = YEAR_DAYS // step_days
    last = np.full((count, horizon), np.nan)
    if origin >= year and horizon <= year:
        last = values[:, origin - year : origin - year + horizon] / safe[:, None]
    features.append(np.stack([phases, last], axis=2))
    return np.concatenate(features, axis=2), level
