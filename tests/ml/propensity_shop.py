"""A small random shop as the tables that ml.customer_feature reads, and its features counted customer by customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]
LAST_DAY = date(2026, 6, 30)
CUTS = (0, 30, 60, 90, 120, 180, 270)
CATEGORIES = ("tea", "tins", None)
WINDOWS = (30, 90, 365)


def random_shop(seed: int = 1, customers: int = 25, orders: int = 220, days: int = 700) -> Tables:
    """Return orders, lines, deliveries, reviews and returns of two sources, on days of their own."""
    random = np.random.default_rng(seed)
    placed, lines, reviews = [], [], []
    products = [
        {"product_key": str(UUID(int=10_000 + number)), "category": CATEGORIES[number % len(CATEGORIES)]}
        for number in range(9)
    ]
    for number in range(orders):
        day = LAST_DAY - timedelta(days=int(random.integers(0, days)))
        source = str(random.choice(["shop", "other"]))
        customer = f"c{random.integers(0, customers)}" if random.random() > 0.05 else None
        promised = day + timedelta(days=4) if random.random() < 0.6 else None
        delivered = day + timedelta(days=int(random.integers(1, 9))) if random.random() < 0.7 else None
        gross = int(random.integers(10, 90))
        order = {
            "order_key": str(UUID(int=number + 1)),
            "source": source,
            "order_id": f"o{number:04}",
            "order_date": day,
            "ordered_at": pd.Timestamp(day, tz="UTC"),
            "customer_id": customer,
            "channel": str(random.choice(["web", "store", "marketplace"])),
            "order_kind": "sale",
            "is_cancelled": bool(random.random() < 0.05),
            "promised_date": promised,
            "delivered_date": delivered,
            "delay_days": (delivered - promised).days if promised and delivered else None,
            "unit_count": int(random.integers(1, 6)),
            "gross_amount": gross,
            "discount_amount": int(random.integers(0, gross // 4 + 1)),
            "currency": "EUR" if random.random() < 0.9 else "GBP",
        }
        order["net_sale_amount"] = order["gross_amount"] - order["discount_amount"]
        placed.append(order)
        for _ in range(2):
            product = products[int(random.integers(0, len(products)))]
            lines.append(_line(order, product["product_key"], 5, None))
        if random.random() < 0.2:
            back = day + timedelta(days=int(random.integers(0, 60)))
            lines.append(_line(order, products[0]["product_key"], -int(random.integers(1, 9)), back))
        if random.random() < 0.4:
            reviews.append(
                {
                    "order_key": order["order_key"],
                    "source": source,
                    "customer_id": customer if random.random() < 0.5 else None,
                    "answered_date": day + timedelta(days=int(random.integers(0, 40))),
                    "score": int(random.integers(1, 6)),
                }
            )
    orders_frame = pd.DataFrame(placed)
    ends = pd.DataFrame(
        [
            orders_frame.iloc[0].to_dict()
            | {"order_key": str(UUID(int=9_000 + i)), "order_id": f"last{i}", "source": source}
            | {"order_date": LAST_DAY, "customer_id": None, "delivered_date": None, "promised_date": None}
            for i, source in enumerate(["shop", "other"])
        ]
    )
    return {
        "order": pd.concat([orders_frame, ends], ignore_index=True),
        "line": pd.DataFrame(lines),
        "product": pd.DataFrame(products),
        "review": pd.DataFrame(reviews),
    }


def _line(order: dict[str, Any], product_key: str, amount: int, return_date: date | None) -> dict[str, Any]:
    return {
        **{key: order[key] for key in ("order_key", "source", "customer_id", "order_date", "currency")},
        "product_key": product_key,
        "line_kind": "product",
        "is_return": return_date is not None,
        "is_cancelled": order["is_cancelled"],
        "return_date": return_date,
        "net_amount": amount,
    }


def with_another_future(tables: Tables, cut: date, seed: int = 7) -> Tables:
    """Return the shop as it could have gone on after the end of `cut`: everything later is somebody else's doing."""
    random = np.random.default_rng(seed)
    changed = {name: table.copy() for name, table in tables.items()}
    order, line, review = changed["order"], changed["line"], changed["review"]
    later = (order["order_date"] > cut) & order["customer_id"].notna()
    order.loc[later, "customer_id"] = [f"c{n}" for n in random.integers(0, 40, later.sum())]
    order.loc[later, "net_sale_amount"] = 999
    brought = order["delivered_date"].map(lambda day: day is not None and day > cut)
    order.loc[brought, "delivered_date"] += timedelta(days=200)
    order.loc[brought, "delay_days"] = 200
    owner = order.set_index("order_key")["customer_id"]
    line.loc[line["order_date"] > cut, "customer_id"] = line["order_key"].map(owner)
    line.loc[line["order_date"] > cut, "product_key"] = tables["product"]["product_key"].iloc[1]
    back = line["return_date"].map(lambda day: day is not None and day > cut)
    line.loc[back, "net_amount"] = -77
    told = review["answered_date"] > cut
    review.loc[told, "score"] = 1
    review.loc[told, "customer_id"] = "c1"
    return changed


def reference_features(tables: Tables, source: str, as_of: date) -> pd.DataFrame:
    """Return the features of each customer of a source as of the end of a day, one customer and one list at a time."""
    orders = [
        row
        for row in tables["order"].to_dict("records")
        if row["source"] == source and row["customer_id"] and not row["is_cancelled"]
    ]
    lines = [row for row in tables["line"].to_dict("records") if row["source"] == source]
    owner = {row["order_key"]: row["customer_id"] for row in tables["order"].to_dict("records")}
    category = {row["product_key"]: row["category"] for row in tables["product"].to_dict("records")}
    rows = []
    for customer in sorted({row["customer_id"] for row in orders}):
        mine = sorted(
            (row for row in orders if row["customer_id"] == customer and row["order_date"] <= as_of),
            key=lambda row: (row["order_date"], row["ordered_at"], row["order_id"]),
        )
        if not mine:
            continue
        bought = [x for x in lines if x["customer_id"] == customer and not x["is_cancelled"]]
        said = [
            review["score"]
            for review in tables["review"].to_dict("records")
            if review["source"] == source
            and (review["customer_id"] or owner[review["order_key"]]) == customer
            and review["answered_date"] is not None
            and review["answered_date"] <= as_of
        ]
        rows.append(
            {"source": source, "customer_id": customer, "as_of_date": as_of}
            | _of_orders(mine, as_of)
            | _of_lines(bought, as_of, mine[0]["currency"], category)
            | _of_deliveries(mine, as_of)
            | {"review_count": len(said), "mean_review_score": _mean(said)}
        )
    return pd.DataFrame(rows)


def _of_orders(mine: list[dict[str, Any]], as_of: date) -> dict[str, Any]:
    days = sorted({row["order_date"] for row in mine})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    home = [row for row in mine if row["currency"] == mine[0]["currency"]]
    count: Callable[[int, int], int] = lambda newest, oldest: sum(  # noqa: E731
        newest <= (as_of - row["order_date"]).days < oldest for row in mine
    )
    tenure = (as_of - days[0]).days
    told: dict[str, Any] = {
        "currency": mine[0]["currency"],
        "recency_days": (as_of - days[-1]).days,
        "tenure_days": tenure,
        "active_rate": (days[-1] - days[0]).days / tenure if tenure else 0,
        "order_count": len(mine),
        "order_day_count": len(days),
        "year_ago_30_days_order_count": count(335, 365),
        "year_ago_90_days_order_count": count(275, 365),
        "unit_count": sum(row["unit_count"] for row in mine),
        "mean_gap_days": _mean(gaps),
        "gap_deviation_days": float(np.std(gaps)) if gaps else None,
        "longest_gap_days": max(gaps, default=None),
    }
    for window in WINDOWS:
        recent = [row for row in home if (as_of - row["order_date"]).days < window]
        told[f"last_{window}_days_order_count"] = count(0, window)
        told[f"last_{window}_days_net_sale_amount"] = sum(row["net_sale_amount"] for row in recent)
    for name in ("gross_amount", "discount_amount", "net_sale_amount"):
        told[name] = sum(row[name] for row in home)
    for channel in ("web", "store", "marketplace"):
        told[f"{channel}_order_rate"] = _mean([row["channel"] == channel for row in mine])
    return told


def _of_lines(
    bought: list[dict[str, Any]], as_of: date, currency: str, category: dict[str, str | None]
) -> dict[str, Any]:
    categories = {
        category[row["product_key"]] for row in bought if not row["is_return"] and row["order_date"] <= as_of
    }
    back = [
        -row["net_amount"]
        for row in bought
        if row["is_return"] and row["return_date"] <= as_of and row["currency"] == currency
    ]
    return {"category_count": len(categories - {None}), "return_amount": sum(back)}


def _of_deliveries(mine: list[dict[str, Any]], as_of: date) -> dict[str, Any]:
    brought, delays, late = 0, [], []
    for row in mine:
        day, promised = row["delivered_date"], row["promised_date"]
        known = day is not None and day <= as_of
        brought += known
        if promised is None:
            continue
        if known:
            delays.append((day - promised).days)
        if known and day <= promised:
            late.append(False)
        elif as_of > promised:
            late.append(True)
    return {
        "delivered_order_count": brought,
        "mean_delay_days": _mean(delays),
        "late_rate": _mean(late),
    }


def _mean(values: list[Any]) -> float | None:
    return float(np.mean(values)) if values else None
