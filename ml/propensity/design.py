"""Rows of ml.customer_feature as the numbers that a model takes: logs of counts, days and relative amounts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Columns that are logged as they are: log(1 + value).
LOGGED_COLUMNS = (
    "recency_days",
    "tenure_days",
    "order_count",
    "order_day_count",
    "last_30_days_order_count",
    "last_90_days_order_count",
    "last_365_days_order_count",
    "unit_count",
    "category_count",
    "mean_gap_days",
    "gap_deviation_days",
    "longest_gap_days",
    "review_count",
)
#: Amounts: logged after division by the median order of the same source, currency and as-of date.
AMOUNT_COLUMNS = (
    "net_sale_amount",
    "last_30_days_net_sale_amount",
    "last_90_days_net_sale_amount",
    "last_365_days_net_sale_amount",
    "average_order_amount",
)
PLAIN_COLUMNS = (
    "active_rate",
    "discount_rate",
    "return_rate",
    "web_order_rate",
    "store_order_rate",
    "late_rate",
    "mean_delay_days",
    "mean_review_score",
)
#: What a person would call the cause -> the features that tell it; correlated ones are shuffled together.
DRIVERS = {
    "recency": ("recency_days", "active_rate", "overdue_ratio"),
    "tenure": ("tenure_days",),
    "frequency": (
        "order_count",
        "order_day_count",
        "last_30_days_order_count",
        "last_90_days_order_count",
        "last_365_days_order_count",
    ),
    "rhythm": ("mean_gap_days", "gap_deviation_days", "longest_gap_days"),
    "value": AMOUNT_COLUMNS,
    "breadth": ("unit_count", "category_count"),
    "discount": ("discount_rate",),
    "returns": ("return_rate",),
    "channel": ("web_order_rate", "store_order_rate"),
    "delivery": ("late_rate", "mean_delay_days"),
    "reviews": ("review_count", "mean_review_score"),
    "season": ("year_ago_order_count",),
}
DELAY_LIMIT_DAYS = 30  # a parcel that is lost for a year tells no more than one that is a month late
RETURN_LIMIT = 1.0  # more may come back than the data saw sold


def design_frame(features: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    """Return one float column per feature, named after the column it comes from; NaN where a customer has none.

    `features` holds rows of ml.customer_feature of one source. What is relative (amounts, the usual gap) is relative
    to the rows of the same as-of date, so that nothing of another date comes in.
    """
    columns = {name: np.log1p(_numbers(features, name).clip(lower=0)) for name in LOGGED_COLUMNS}
    columns["year_ago_order_count"] = np.log1p(
        _numbers(features, f"year_ago_{horizon_days}_days_order_count").clip(lower=0)
    )
    columns["overdue_ratio"] = _overdue(features)
    for name in AMOUNT_COLUMNS:
        columns[name] = np.log1p((_amounts(features, name) / _median_order(features)).clip(lower=0))
    for name in PLAIN_COLUMNS:
        columns[name] = _numbers(features, name)
    columns["mean_delay_days"] = columns["mean_delay_days"].clip(-DELAY_LIMIT_DAYS, DELAY_LIMIT_DAYS)
    columns["return_rate"] = columns["return_rate"].clip(0, RETURN_LIMIT)
    order = [name for names in DRIVERS.values() for name in names]
    return pd.DataFrame(columns)[order].replace([np.inf, -np.inf], np.nan)


def _numbers(features: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(features[name]).astype("float64")


def _amounts(features: pd.DataFrame, name: str) -> pd.Series:
    if name == "average_order_amount":
        return _numbers(features, "net_sale_amount") / _numbers(features, "order_count").where(
            lambda n: n > 0
        )
    return _numbers(features, name)


def _median_order(features: pd.DataFrame) -> pd.Series:
    """The median of the customers' mean orders; 1 where that is not positive, as where all is free."""
    mean_order = _amounts(features, "average_order_amount")
    median = mean_order.groupby([features["as_of_date"], features["currency"]]).transform("median")
    return median.where(median > 0, 1.0)


def _overdue(features: pd.DataFrame) -> pd.Series:
    """The log of the days of silence by the usual gap of mart.customer: the own gaps and one of everybody's."""
    gap_count = (_numbers(features, "order_day_count") - 1).clip(lower=0)
    mean_gap = _numbers(features, "mean_gap_days")
    everybody = mean_gap.groupby(features["as_of_date"]).transform("mean")
    usual = (mean_gap.fillna(0) * gap_count + everybody) / (gap_count + 1)
    return np.log((_numbers(features, "recency_days") + 1) / (usual + 1))


def labels(frame: pd.DataFrame, horizon_days: int) -> npt.NDArray[np.float64]:
    """Return 1 for who ordered within the horizon, else 0; for as-of dates with a complete window only."""
    days = pd.to_numeric(frame["next_order_days"]).to_numpy(dtype="float64")
    return np.asarray(days <= horizon_days, dtype="float64")
