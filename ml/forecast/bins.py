"""Weighted quantiles that features are cut at before trees are fitted, all of a feature's from one sort."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST_BINS = 255  # what a histogram of scikit-learn's trees holds


def bin_edges(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the ascending edges that cut values into at most MOST_BINS bins of about the same weight.

    The edges are those of scikit-learn's histogram trees, weighted quantiles ("averaged inverted CDF", Hyndman and Fan
    1996, definition 2), for which they sort the rows anew 254 times, in most of the time of a fit. NaN is in no bin;
    of up to MOST_BINS different values the edges lie midway. Weights are above zero.
    """
    known = ~np.isnan(values)
    order = np.argsort(values[known])
    values, weights = values[known][order], weights[known][order]
    different = values[np.diff(values, prepend=np.nan) != 0]
    if len(different) <= MOST_BINS:
        return np.asarray((different[1:] + different[:-1]) / 2)
    # Once more, as they do: it may turn round what is equal, and with it the last bit of a sum.
    reached = np.cumsum(weights[np.argsort(values)])
    wanted = np.linspace(0, 100, MOST_BINS + 1)[1:-1] / 100 * reached[-1]
    place = np.minimum(np.searchsorted(reached, wanted), len(values) - 1)
    above = np.minimum(place + 1, len(values) - 1)
    is_within = reached[place] - wanted > np.finfo(np.float64).eps
    return np.unique(np.where(is_within, values[place], (values[place] + values[above]) / 2))


def binned(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the number of each value's bin, NaN where it is NaN; an edge belongs to the bin below it."""
    return np.where(np.isnan(values), np.nan, np.searchsorted(edges, values, side="left"))


def distinct_rows(bins: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers of rows that differ, one of each kind, and for each row the place of its kind among these.

    bins: (rows, features) as binned returns them.
    """
    count, features = bins.shape
    packed = np.zeros((count, -(-features // 8) * 8), dtype=np.uint8)
    packed[:, :features] = np.nan_to_num(bins, nan=MOST_BINS)  # beyond the last bin
    words = packed.view(np.uint64).T  # eight bins in one number are quick to sort and to compare
    order = np.lexsort(words)
    is_first = np.ones(count, dtype=bool)
    is_first[1:] = (np.diff(words[:, order]) != 0).any(axis=0)
    places = np.empty(count, dtype=np.int64)
    places[order] = np.cumsum(is_first) - 1
    return order[is_first], places
