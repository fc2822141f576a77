"""Intervals by split conformal prediction: as wide as the errors of earlier windows were."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LEVELS = (0.8, 0.9)  # ascending
MOST_WIDENING = 2.0


def conformal_quantile(errors: npt.NDArray[np.float64], level: float) -> float:
    """Return the ceil((n + 1) level)-th smallest absolute error, which the next one exceeds with a chance of 1 -
    level.

    NaN are left out; NaN comes back where n is too small for the level (below 4 for 0.8, below 9 for 0.9). Source:
    Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005); Lei et al., J. American Statistical
    Association 113 (2018).
    """
    known = np.sort(np.abs(errors[~np.isnan(errors)]))
    rank = int(np.ceil((len(known) + 1) * level - 1e-9))
    return float(known[rank - 1]) if 0 < rank <= len(known) else float("nan")


def interval_widths(
    errors: npt.NDArray[np.float64], groups: npt.NDArray[np.int64], level: float
) -> npt.NDArray[np.float64]:
    """Return each series' half width in units of its scale.

    errors: (series, n) scaled errors of earlier windows, NaN where unknown. A series with too few of its own takes
    those of its group, or of all series; NaN where these are too few as well.
    """
    count = errors.shape[1]
    ordered = np.sort(np.abs(errors), axis=1)  # NaN come last
    known = (~np.isnan(errors)).sum(axis=1)
    rank = np.ceil((known + 1) * level - 1e-9).astype(np.int64)
    enough = (rank <= known) & (known > 0)
    widths = np.full(len(errors), np.nan)
    if count:
        places = np.clip(rank - 1, 0, count - 1)
        widths = np.where(enough, np.take_along_axis(ordered, places[:, None], axis=1)[:, 0], np.nan)
    for group in np.unique(groups[~enough]):
        inside = groups == group
        widths[inside & ~enough] = conformal_quantile(errors[inside].ravel(), level)
    unknown = np.isnan(widths)
    widths[unknown] = conformal_quantile(errors.ravel(), level) if unknown.any() else 0.0
    return widths


def widths_by_origin(
    errors: npt.NDArray[np.float64], groups: npt.NDArray[np.int64]
) -> dict[float, npt.NDArray[np.float64]]:
    """Return for each of LEVELS (origins, series): the half width at each origin by the windows before it, NaN at the
    first.

    errors: (windows, series, n), scaled; there is one origin more than windows; groups: (origins, series). Errors of
    one window go together, so that widths by few windows are too narrow: they are widened by what the errors of later
    windows were to the widths before them, at the same level, where that is more than 1, at most twice. A higher
    level is never narrower than a lower one.
    """
    windows, count = errors.shape[:2]
    widths = {level: np.full((windows + 1, count), np.nan) for level in LEVELS}
    exceeded = {level: np.empty((count, 0)) for level in LEVELS}
    for origin in range(1, windows + 1):
        before = errors[:origin].transpose(1, 0, 2).reshape(count, -1)
        factor, narrower = np.ones(count), np.zeros(count)
        for level in LEVELS:
            own = interval_widths(before, groups[origin], level)
            needed = interval_widths(exceeded[level], groups[origin], level)
            factor = np.where(np.isnan(needed), factor, np.clip(needed, 1.0, MOST_WIDENING))
            widths[level][origin] = np.maximum(own * factor, narrower)
            narrower = np.nan_to_num(widths[level][origin])
            if origin < windows:
                ratio = np.abs(errors[origin]) / np.where(own > 0, own, np.nan)[:, None]
                exceeded[level] = np.concatenate([exceeded[level], ratio], axis=1)
    return widths
