"""Small shops for the tests of recommendations, drawn from a seed or written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from ml.recommend.interaction import Shop, day_number

AS_OF = date(2026, 3, 31)
LAST_DAY = day_number(AS_OF)
Line = tuple[str, str, int]  # customer, product, days before AS_OF


def shop_of_lines(
    lines: Sequence[Line],
    ratings: Sequence[tuple[str, str, int, float]] = (),
    customers: Sequence[str] = (),
    products: Sequence[str] = (),
    withheld: Sequence[str] = (),
) -> Shop:
    """Return a shop with one piece per line; customers and products beyond those of the lines can be named."""
    customer_ids = sorted({line[0] for line in lines} | set(customers))
    product_ids = sorted({line[1] for line in lines} | set(products))
    return Shop(
        source="shop",
        as_of=AS_OF,
        customer_ids=np.array(customer_ids, dtype=object),
        product_ids=np.array(product_ids, dtype=object),
        is_offered=np.array([product not in withheld for product in product_ids], dtype=bool),
        events=pd.DataFrame(
            {
                "customer": np.array([customer_ids.index(line[0]) for line in lines], dtype=np.int32),
                "product": np.array([product_ids.index(line[1]) for line in lines], dtype=np.int32),
                "day": np.array([LAST_DAY - line[2] for line in lines], dtype=np.int32),
                "unit_count": np.ones(len(lines)),
            }
        ),
        ratings=pd.DataFrame(
            {
                "customer": np.array([customer_ids.index(row[0]) for row in ratings], dtype=np.int32),
                "product": np.array([product_ids.index(row[1]) for row in ratings], dtype=np.int32),
                "day": np.array([LAST_DAY - row[2] for row in ratings], dtype=np.int32),
                "score": np.array([row[3] for row in ratings], dtype=np.float64),
            }
        ),
    )


def drawn_shop(customer_count: int = 120, product_count: int = 40, line_count: int = 3_000) -> Shop:
    """Return a shop whose customers each keep to one of four shelves, so that there is something to learn."""
    random = np.random.default_rng(7)
    customer = random.integers(0, customer_count, line_count)
    shelf = np.where(random.random(line_count) < 0.85, customer % 4, random.integers(0, 4, line_count))
    place = (product_count // 4 * random.power(0.6, line_count)).astype(int)
    rated = random.random(line_count) < 0.2
    days = random.integers(0, 150, line_count)
    lines = [
        (f"C{c:03d}", f"P{s * (product_count // 4) + p:03d}", int(day))
        for c, s, p, day in zip(customer, shelf, place, days, strict=True)
    ]
    ratings = [
        (*line[:2], line[2], float(1 + (line_number * 7) % 5))
        for line_number, line in enumerate(lines)
        if rated[line_number]
    ]
    return shop_of_lines(lines, ratings)
