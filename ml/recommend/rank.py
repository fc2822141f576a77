"""The k best of each row, the same ones each time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: In the place of an item that may not be listed, and of an item that is missing from a list.
EXCLUDED = -(2.0**100)  # finite: what a Python model reaches is stored as text, and "-inf" is no Python
NO_ITEM = -1
GROUP_SIZE = 64


def top_k(scores: npt.NDArray[np.float32], k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the columns (n × k) of the k largest scores of each row, best first, and those scores.

    Of equal scores the smaller column comes first, also at the cut. Rows with fewer than k scores above EXCLUDED end
    with NO_ITEM.
    """
    row_count, column_count = scores.shape
    items = np.full((row_count, k), NO_ITEM, dtype=np.int64)
    values = np.full((row_count, k), EXCLUDED, dtype=scores.dtype)
    if row_count == 0 or column_count == 0:
        return items, values
    above_excluded = np.nextafter(scores.dtype.type(EXCLUDED), scores.dtype.type(0))
    candidate = scores >= np.maximum(_lower_bound(scores, k), above_excluded)[:, None]
    row, column = np.divmod(np.flatnonzero(candidate), column_count)
    score = scores[row, column]
    order = np.lexsort((column, -score, row))
    row, column, score = row[order], column[order], score[order]
    rank = place_in_group(row)
    listed = rank < k
    items[row[listed], rank[listed]] = column[listed]
    values[row[listed], rank[listed]] = score[listed]
    return items, values


def place_in_group(group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return each row's place (0, 1, …) in its group; the rows of a group stand together."""
    if not len(group):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    return np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))


def _lower_bound(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.float32]:
    """A score that at least k of each row reach: the k-th best of the maxima of groups of columns.

    A pass over groups costs a tenth of a partition of the whole row, and leaves few candidates to be sorted. The
    columns of a group stand at equal distances: of neighbours the maxima take five times as long.
    """
    row_count, column_count = scores.shape
    group_count = column_count // GROUP_SIZE
    if group_count < 2 * k:
        group_count, best = column_count, scores
    else:
        whole = scores[:, : group_count * GROUP_SIZE]
        best = whole.reshape(row_count, GROUP_SIZE, group_count).max(axis=1)
    if group_count <= k:
        return np.full(row_count, EXCLUDED, dtype=scores.dtype)
    place = group_count - k
    return np.asarray(np.partition(best, place, axis=1)[:, place])
