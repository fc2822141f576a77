"""Generated customers for the tests of the learned segments."""

from datetime import date

import numpy as np
import pandas as pd

from ml.segments.choice import CountLimits
from ml.segments.run import SegmentSettings
from tests.support import ROOT

AS_OF = date(2026, 6, 30)
SETTINGS = SegmentSettings(
    ("recency_days", "order_count", "net_amount"),
    CountLimits(least_count=3, most_count=8, least_rate=0.02, least_stability=0.9),
)
RULES = pd.read_csv(ROOT / "seeds" / "learned_segment.csv")
GRID = pd.read_csv(ROOT / "seeds" / "rfm_segment.csv")
#: Kinds of customers: days since the last order, orders, revenue, that their own scatter around.
KINDS = ((5, 20, 9000), (8, 2, 90), (200, 2, 80), (150, 15, 7000))


def customers(
    recency: object, orders: object, net: object, source: str = "shop", currency: str = "EUR"
) -> pd.DataFrame:
    """Return customers with these features, as mart.customer tells them."""
    frame = pd.DataFrame({"recency_days": recency, "order_count": orders, "net_amount": net}, dtype=float)
    ids = [f"c{number:06d}" for number in range(len(frame))]
    return frame.assign(source=source, currency=currency, customer_id=ids, as_of_date=AS_OF)


def kinds(count: int = 400, spread: float = 0.2, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Return customers of KINDS in equal parts, and the kind of each."""
    random = np.random.default_rng(seed)
    kind = np.arange(count) % len(KINDS)
    values = np.exp(np.log(np.array(KINDS, dtype=float)[kind]) + random.normal(0, spread, (count, 3)))
    return customers(np.round(values[:, 0]), np.maximum(np.round(values[:, 1]), 1), values[:, 2]), kind


def many(count: int, seed: int = 2) -> pd.DataFrame:
    """Return customers without clear kinds: rates of buying that run from seldom to often."""
    random = np.random.default_rng(seed)
    rate = random.gamma(0.8, 2, count)
    orders = 1 + random.poisson(rate)
    recency = np.floor(random.exponential(200 / (1 + rate)))
    return customers(recency, orders, orders * random.lognormal(4, 1, count))


def with_wholesalers() -> pd.DataFrame:
    """Return 2,000 small customers and 11 whose orders and revenue are a thousand times theirs."""
    shop = many(2011)
    orders, net = shop["order_count"].copy(), shop["net_amount"].copy()
    orders.iloc[-11:] = 1000 + 10 * np.arange(11)
    net.iloc[-11:] = 500_000 + 1000 * np.arange(11)
    return shop.assign(order_count=orders, net_amount=net)
