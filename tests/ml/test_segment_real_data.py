"""Online Retail: the trap that is there, and that we do not fall into it."""

import numpy as np
import pandas as pd
import pytest

from ml.segments.evaluate import raw_kmeans
from ml.segments.run import customer_segments, segment_curve
from tests.integration.public_data import merchandise, needs_public_data
from tests.ml.segment_shops import RULES, SETTINGS, customers

pytestmark = [needs_public_data, pytest.mark.thorough]


@pytest.fixture(scope="module")
def wholesaler() -> pd.DataFrame:
    """The wholesaler's customers, counted from the files."""
    lines = merchandise()
    lines = lines[lines["Customer ID"] != ""].assign(day=lambda all_: pd.to_datetime(all_["InvoiceDate"]))
    sold = lines[lines["quantity"] > 0].groupby("Customer ID")
    last = (lines["day"].max() - sold["day"].max()).dt.days
    net = lines.assign(amount=lines["amount"].astype(float)).groupby("Customer ID")["amount"].sum()
    orders = sold["Invoice"].nunique()
    return customers(last.to_numpy(), orders.to_numpy(), net.loc[orders.index].to_numpy())


def test_raw_scores_fall_into_the_trap_and_ours_do_not(wholesaler: pd.DataFrame) -> None:
    count, apart, smallest = raw_kmeans(wholesaler, SETTINGS)
    assert (count, smallest < 0.005) == (2, True)
    assert apart is not None
    assert apart > 0.9
    curve = segment_curve(wholesaler, SETTINGS)
    chosen = curve[curve["is_chosen"]].iloc[0]
    assert chosen["stability"] >= 0.9
    segments = customer_segments(wholesaler, curve, RULES, SETTINGS)
    shares = segments["segment"].value_counts(normalize=True)
    assert len(shares) == chosen["cluster_count"] >= 3
    assert shares.min() >= 0.02
    assert np.isclose(shares.min(), chosen["smallest_rate"])
    assert (segments.groupby("segment")["rule_distance"].first() < 0.1).all()
