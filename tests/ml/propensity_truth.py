"""Made-up customers whose chance of an order follows a law that is known, as rows of ml.customer_feature."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.propensity.reading import NUMBER_COLUMNS

LAST = date(2026, 6, 30)
CUTS = (0, 30, 60, 90, 120, 180, 270)


def true_probability(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The law: the logit falls with the log of the days of silence and rises with that of the orders."""
    score = 1.0 - 1.1 * np.log1p(frame["recency_days"]) + 1.2 * np.log1p(frame["order_count"])
    return np.asarray(1 / (1 + np.exp(-score)), dtype="float64")


def planted_customers(
    customers: int = 1_500,
    seed: int = 3,
    cuts: tuple[int, ...] = CUTS,
    source: str = "shop",
    rate: float | None = None,
    history_days: int = 400,
) -> pd.DataFrame:
    """Return features and next_order_days; with `rate` everybody orders with that chance, whatever they did.

    An order within 30 days comes with true_probability; who does not order then comes back after 61 to 90 days with a
    chance of a tenth.
    """
    random = np.random.default_rng(seed)
    parts = []
    for cut in cuts:
        oldest = max(2, history_days - cut)
        tenure = random.integers(1, oldest, customers)
        tenure[0] = oldest
        frame = pd.DataFrame(np.nan, columns=list(NUMBER_COLUMNS), index=range(customers))
        frame = frame.assign(
            source=source,
            customer_id=[f"c{number:06}" for number in range(customers)],
            as_of_date=LAST - timedelta(days=cut),
            currency="EUR",
            sample_rank=random.permutation(customers) + 1,
            tenure_days=tenure,
            recency_days=np.floor(tenure * random.random(customers)),
            order_count=random.geometric(0.35, customers),
        )
        frame = frame.assign(
            active_rate=1 - frame["recency_days"] / frame["tenure_days"],
            order_day_count=frame["order_count"],
            last_30_days_order_count=0,
            last_90_days_order_count=0,
            last_365_days_order_count=frame["order_count"],
            year_ago_30_days_order_count=0,
            year_ago_90_days_order_count=0,
            unit_count=frame["order_count"],
            net_sale_amount=frame["order_count"] * random.integers(10, 90, customers),
            discount_rate=random.random(customers),
            category_count=1,
            review_count=0,
        )
        chance = true_probability(frame) if rate is None else np.full(customers, rate)
        soon = random.random(customers) < chance
        late = random.random(customers) < 0.1
        days = np.where(soon, random.integers(1, 31, customers), random.integers(61, 91, customers))
        known = (soon | late) & (days <= cut)
        parts.append(frame.assign(next_order_days=np.where(known, days, np.nan)))
    return pd.concat(parts, ignore_index=True)
