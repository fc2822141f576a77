"""What a series is like, to explain why a method suits it; nothing is chosen by it."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt


def season_strength(values: npt.NDArray[np.float64], season: int) -> tuple[float, float]:
    """Return the strength of the season (0 none .. 1 nothing else) and the p-value of what STL leaves being noise.

    Strength: 1 - Var(remainder) / Var(season + remainder), not below 0: Wang, Smith & Hyndman, Data Mining and
    Knowledge Discovery 13 (2006). p-value: Ljung & Box, Biometrika 65 (1978), of the remainder up to two seasons: a
    small one says that days tell of the next days beyond trend and season. NaN where fewer than 4 seasons are known
    or the series is constant.
    """
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.tsa.seasonal import STL

    known = values[~np.isnan(values)]
    if len(known) < 4 * season or np.ptp(known) == 0:
        return float("nan"), float("nan")
    parts = STL(known, period=season, robust=False).fit()
    spread = np.var(parts.seasonal + parts.resid)
    strength = max(0.0, 1.0 - float(np.var(parts.resid) / spread)) if spread > 0 else float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a remainder that is zero
        chance = float(acorr_ljungbox(parts.resid, lags=[2 * season])["lb_pvalue"].iloc[0])
    return strength, chance
