"""Small tools on arrays that several parts of the simulation share."""

import zlib
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
DAY_SECONDS = 86_400


def random_of(seed: int, part: str) -> np.random.Generator:
    """Return the random numbers of one part: a change in one part leaves the others' numbers alone."""
    return np.random.default_rng([seed, zlib.crc32(part.encode())])


def pick(random: np.random.Generator, weights: Array, size: int) -> Array:
    """Draw `size` places with probabilities in proportion to `weights`."""
    cumulated = np.cumsum(weights, dtype=np.float64)
    places = np.searchsorted(cumulated, random.random(size) * cumulated[-1], side="right")
    return np.minimum(places, len(weights) - 1)


def running_number(groups: Array) -> Array:
    """Return 0, 1, 2, … within each run of equal values of a sorted array."""
    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    is_first = np.empty(len(groups), dtype=bool)
    is_first[0] = True
    np.not_equal(groups[1:], groups[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    lengths = np.diff(np.append(starts, len(groups)))
    return np.arange(len(groups)) - np.repeat(starts, lengths)


def running_total(values: Array, groups: Array) -> Array:
    """Return the sum of the values so far within each run of equal values of a sorted array."""
    total = np.cumsum(values)
    place = running_number(groups)
    first = np.arange(len(groups)) - place
    return total - (total[first] - values[first])


def moments(start: np.datetime64, seconds: Array) -> Array:
    """Return seconds since the first day's midnight as local timestamps."""
    return start.astype("datetime64[s]") + np.asarray(seconds).astype("timedelta64[s]")
