"""Recommendations for the wholesaler's public data, where it is there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import evaluation_frame
from ml.recommend.evaluate import evaluate_recommendations
from ml.recommend.interaction import Shop
from tests.integration.public_data import merchandise, needs_public_data


def wholesaler() -> Shop:
    """Return the wholesaler's sales of merchandise to known customers, straight from the files."""
    lines = merchandise()
    day = pd.to_datetime(lines["InvoiceDate"])
    sold = (lines["quantity"] > 0) & ~lines["Invoice"].str.startswith("C") & (lines["Customer ID"] != "")
    customer, customer_ids = pd.factorize(lines["Customer ID"][sold], sort=True)
    product, product_ids = pd.factorize(lines["StockCode"][sold].str.strip().str.upper(), sort=True)
    return Shop(
        source="wholesaler",
        as_of=day.max().date(),
        customer_ids=np.asarray(customer_ids, dtype=object),
        product_ids=np.asarray(product_ids, dtype=object),
        is_offered=np.ones(len(product_ids), dtype=bool),
        events=pd.DataFrame(
            {
                "customer": customer.astype(np.int32),
                "product": product.astype(np.int32),
                "day": ((day[sold] - pd.Timestamp("1970-01-01")).dt.days).to_numpy(dtype=np.int32),
                "unit_count": lines["quantity"][sold].to_numpy(dtype=np.float64),
            }
        ),
        ratings=pd.DataFrame({"customer": [], "product": [], "day": [], "score": []}, dtype=np.int32),
    )


@needs_public_data
@pytest.mark.slow
@pytest.mark.thorough
def test_the_wholesalers_next_weeks_are_foretold_as_well_as_was_measured_before() -> None:
    """Recall@20 on the last 28 days: 0.365 for EASE with buy-again, 0.137 on new items, 0.103 for popularity."""
    rows = evaluation_frame(evaluate_recommendations(wholesaler()))
    recall = rows[rows["metric"] == "recall_at_20"].set_index(["part", "method"])["metric_value"]
    assert recall["all", "popularity"] == pytest.approx(0.103, abs=0.001)
    assert recall["all", "ease_and_buy_again"] >= 0.365
    assert recall["discovery", "ease"] >= 0.137
