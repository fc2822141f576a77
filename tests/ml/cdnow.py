"""The CDNOW sample that the papers fit, where it is at hand."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ml.clv.histories import Histories, pooled_histories
from tests.integration.public_data import DATA

FILE = DATA / "cdnow" / "CDNOW_sample.txt"
CUT = pd.Timestamp("1997-09-30")
needs_cdnow = pytest.mark.skipif(
    not FILE.is_file(), reason=f"CDNOW is not in {FILE.parent} (RETAIL_DATA_DIR)"
)


@cache
def cdnow_days() -> pd.DataFrame:
    """Return one row per customer and day with a purchase. Nobody may change the frame."""
    names = ["master_id", "customer_id", "order_date", "quantity", "net_amount"]
    raw = pd.read_csv(FILE, sep=r"\s+", header=None, names=names)
    raw["order_date"] = pd.to_datetime(raw["order_date"], format="%Y%m%d")
    days = raw.groupby(["customer_id", "order_date"], as_index=False)["net_amount"].sum()
    return days.assign(is_purchase=True)


def cdnow_weeks() -> tuple[pd.DataFrame, Histories]:
    """Return customers as of the cut after 39 weeks, and their histories in weeks."""
    from ml.clv.histories import customer_histories

    customers = customer_histories(cdnow_days(), CUT.date())
    weeks = customers[["active_days", "tenure_days"]] / 7
    return customers, pooled_histories(customers["repeat_count"], weeks["active_days"], weeks["tenure_days"])


def cdnow_later(customers: pd.DataFrame) -> np.ndarray:
    """Return how often each customer bought in the 39 weeks after the cut."""
    later = cdnow_days().query("order_date > @CUT").groupby("customer_id").size()
    return later.reindex(customers["customer_id"], fill_value=0).to_numpy()


def cdnow_repeat_values() -> tuple[np.ndarray, np.ndarray]:
    """Return number and mean value of the repeat purchases up to the cut, of those who spent something on them."""
    days = cdnow_days().query("order_date <= @CUT")
    repeat = days[days["order_date"] > days.groupby("customer_id")["order_date"].transform("min")]
    seen = repeat.groupby("customer_id")["net_amount"].agg(["size", "mean"]).query("mean > 0")
    return seen["size"].to_numpy(float), seen["mean"].to_numpy()
