"""What is clustered: log-scaled, winsorised, standardised features, and where a customer stands among the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Outliers must not pull the fit: log values beyond these percentiles are set to them (winsorised).
WINSOR_PERCENTILES = (1.0, 99.0)
#: A customer so many standard deviations (of the winsorised log values) from the mean is told as an outlier.
OUTLIER_DEVIATIONS = 4.0
#: Recency, frequency and value, which names and positions are told by, whatever else is clustered on.
RFM_COLUMNS = ("recency_days", "order_count", "net_amount")
POSITION_COLUMNS = ("recency_rank_rate", "frequency_rank_rate", "value_rank_rate")


@dataclass(frozen=True)
class ScaledFeatures:
    """Customers as points.

    points: (customers, features), standardised: mean 0 and standard deviation 1 per column.
    names: the features of the columns. left_out: features that could not tell customers apart.
    is_outlier: (customers,), whether any feature lies beyond OUTLIER_DEVIATIONS before winsorising.
    """

    points: npt.NDArray[np.float64]
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    is_outlier: npt.NDArray[np.bool_]


def scaled_features(customers: pd.DataFrame, names: tuple[str, ...], least_rate: float) -> ScaledFeatures:
    """Return the features of customers as points for k-means.

    Each is log(1 + x), with what is below 0 taken as 0 (a customer who brought back more than was bought is worth
    nothing, whatever the number), and a missing value as the median; then winsorised and standardised. A feature in
    which fewer than `least_rate` of the customers differ from its most common value is left out: it could only
    make clusters that are too small. Raises KeyError for a feature that is no column.
    """
    columns, used, left_out = [], [], []
    is_outlier = np.zeros(len(customers), dtype=bool)
    for name in names:
        raw = customers[name].to_numpy(dtype=float)
        if np.isnan(raw).any():
            raw = np.where(np.isnan(raw), np.nanmedian(raw) if not np.isnan(raw).all() else 0.0, raw)
        logs = np.log1p(np.maximum(raw, 0.0))
        low, high = np.percentile(logs, WINSOR_PERCENTILES) if len(logs) else (0.0, 0.0)
        kept = np.clip(logs, low, high)
        spread = float(kept.std()) if len(kept) else 0.0
        if _differing_rate(logs) < least_rate or spread <= 1e-12:
            left_out.append(name)
            continue
        used.append(name)
        columns.append((kept - kept.mean()) / spread)
        is_outlier |= np.abs(logs - kept.mean()) / spread > OUTLIER_DEVIATIONS
    points = np.column_stack(columns) if columns else np.zeros((len(customers), 0))
    return ScaledFeatures(points, tuple(used), tuple(left_out), is_outlier)


def _differing_rate(values: npt.NDArray[np.float64]) -> float:
    """Share of values that are not the most common one."""
    if len(values) == 0:
        return 0.0
    _, counts = np.unique(values, return_counts=True)
    return 1.0 - float(counts.max()) / len(values)


def positions(customers: pd.DataFrame) -> pd.DataFrame:
    """Return where each customer stands among the others, 0 (worst) to 1 (best), by recency, frequency and value.

    The share of customers who are worse, equals counted half. Two absolute rules: who bought once is not frequent
    at all (0), however rare a second order is, and who is worth nothing (net_amount <= 0) stands at 0.
    Columns: POSITION_COLUMNS, with the index of `customers`.
    """
    count = max(len(customers), 1)
    recency, orders, net = (customers[name] for name in RFM_COLUMNS)
    ranks = [1 - (recency.rank() - 0.5) / count, (orders.rank() - 0.5) / count, (net.rank() - 0.5) / count]
    ranks[1] = ranks[1].where(orders > 1, 0.0)
    ranks[2] = ranks[2].where(net > 0, 0.0)
    return pd.DataFrame(dict(zip(POSITION_COLUMNS, ranks, strict=True)), index=customers.index, dtype=float)
