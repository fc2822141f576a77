"""What the purchase models know of customers: x, t_x and T, and how many customers share them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """Different purchase histories, in the order of x, t_x, T; arrays of shape (k,).

    x: repeat purchases, t_x: time to the last of them (0 where x is 0), T: time watched, count: customers with this
    history. `place` has shape (n,): the history of each customer, so that `values[place]` is one value per customer.
    """

    x: Array
    t_x: Array
    T: Array
    count: Array
    place: Places


def pooled_histories(x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> Histories:  # noqa: N803
    """Return the different histories of customers with their counts.

    Args:
        x, t_x, T: shape (n,), one value per customer, n >= 1: repeat purchases, times to the last and watched.

    Raises:
        ValueError: no customer; not finite; x is no count; not 0 <= t_x <= T; x is 0 and t_x is not or the reverse.
    """
    frame = pd.DataFrame(
        {"x": np.asarray(x, float), "t_x": np.asarray(t_x, float), "T": np.asarray(T, float)}
    )
    if frame.empty:
        raise ValueError("there is no customer")
    if not np.isfinite(frame.to_numpy()).all():
        raise ValueError("x, t_x and T must be finite")
    if (frame["x"] < 0).any() or (frame["x"] % 1 != 0).any():
        raise ValueError("x must count purchases: 0, 1, 2, …")
    if (frame["t_x"] < 0).any() or (frame["t_x"] > frame["T"]).any():
        raise ValueError("t_x must lie between 0 and T")
    if ((frame["x"] == 0) != (frame["t_x"] == 0)).any():
        raise ValueError("t_x must be 0 for those who did not come back, and for nobody else")
    grouped = frame.groupby(["x", "t_x", "T"], sort=True)
    count = grouped.size()
    different = count.index.to_frame(index=False)
    return Histories(
        x=different["x"].to_numpy(),
        t_x=different["t_x"].to_numpy(),
        T=different["T"].to_numpy(),
        count=count.to_numpy(float),
        place=grouped.ngroup().to_numpy(np.int64),
    )


def customer_histories(days: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return one row per customer who bought up to a day, in the order of customer_id.

    Args:
        days: one row per customer and day: customer_id, order_date, is_purchase (something was bought, not just
            brought back), net_amount (bought less brought back on that day). Rows after `as_of` are not looked at.
        as_of: the last day that is known.

    Returns:
        customer_id, repeat_count (x), active_days (t_x), tenure_days (T), net_amount (of all days up to as_of) and
        mean_amount (net_amount per day with a purchase; may be 0 or negative after returns).
    """
    known = days[pd.to_datetime(days["order_date"]) < pd.Timestamp(as_of) + timedelta(days=1)]
    bought = known[known["is_purchase"].astype(bool)]
    seen = pd.to_datetime(bought["order_date"]).groupby(bought["customer_id"]).agg(["nunique", "min", "max"])
    net = known.groupby("customer_id")["net_amount"].sum().reindex(seen.index)
    return pd.DataFrame(
        {
            "customer_id": seen.index,
            "repeat_count": seen["nunique"].to_numpy() - 1,
            "active_days": (seen["max"] - seen["min"]).dt.days.to_numpy(),
            "tenure_days": (pd.Timestamp(as_of) - seen["min"]).dt.days.to_numpy(),
            "net_amount": net.to_numpy(float),
            "mean_amount": net.to_numpy(float) / seen["nunique"].to_numpy(),
        }
    )
