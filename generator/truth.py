"""The truth behind the files, for tests only: parameters, rates, tastes, offers, lost demand, busy days."""

import io
import json
from dataclasses import asdict

import numpy as np
import pandas as pd

from generator import customers as members
from generator.arrays import DAY_SECONDS, Array, moments
from generator.output import Output
from generator.places import CITIES
from generator.shop import Shop


def write_truth(shop: Shop, output: Output) -> None:
    """Write the truth's files but the list of faults."""
    _json(output, "parameters", _parameters(shop))
    for name, frame in (
        ("customers", _customers(shop)),
        ("tastes", _tastes(shop)),
        ("products", _products(shop)),
        ("promotions", _promotions(shop)),
        ("lost_sales", _lost_sales(shop)),
        ("opening_stock", _opening_stock(shop)),
        ("days", _days(shop)),
    ):
        write_frame(output, name, frame)


def write_frame(output: Output, name: str, frame: pd.DataFrame) -> None:
    """Write truth/NAME.csv."""
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n")
    output.whole("truth", f"truth/{name}.csv", text.getvalue().encode(), len(frame))


def _json(output: Output, name: str, content: object) -> None:
    text = json.dumps(content, indent=2) + "\n"
    output.whole("truth", f"truth/{name}.json", text.encode(), 1)


def _parameters(shop: Shop) -> dict[str, object]:
    options = shop.options
    return {
        "scale": asdict(options.scale),
        "seed": options.seed,
        "start": str(options.start),
        "end": str(options.end),
        "faults": options.faults,
        "bg_nbd": {"r": members.R, "alpha": shop.people.alpha, "a": members.A, "b": members.B},
        "time": "rates are per busy day: truth/days.csv says how many of these a day of the calendar is",
        "gamma_gamma": {"spend_shape": members.SPEND_SHAPE},
        "lines": shop.lines,
    }


def _instants(shop: Shop, busy: Array) -> Array:
    """Return the end of the day on which so much busy time has passed; none for infinity."""
    known = np.isfinite(busy)
    day = shop.seasons.day_at(np.where(known, busy, 0))
    at = moments(shop.seasons.first, (day + 1) * DAY_SECONDS - 1)
    at[~known] = np.datetime64("NaT")
    return at


def _customers(shop: Shop) -> pd.DataFrame:
    people = shop.people
    customer = shop.receipts.customer[(shop.receipts.customer >= 0) & (shop.receipts.lines.number == 1)]
    return pd.DataFrame(
        {
            "customer_id": _ids("C", 6, len(people)),
            "purchase_rate": np.round(people.rate, 8),
            "dropout_probability": np.round(people.dropout, 8),
            "arrived_busy_day": np.round(people.arrived_busy, 6),
            "alive_until_busy_day": np.round(people.alive_until_busy, 6),
            "arrived_on": shop.seasons.first + shop.seasons.day_at(people.arrived_busy),
            "alive_until": _instants(shop, people.alive_until_busy),
            "spend_level": np.round(people.spend, 6),
            "archetype": people.archetype,
            "home_city": [CITIES[place].name for place in people.city[:, 0]],
            "receipts": np.bincount(customer, minlength=len(people)),
            "web_orders": np.bincount(shop.web_customer, minlength=len(people)),
        }
    )


def _tastes(shop: Shop) -> pd.DataFrame:
    people = shop.people
    columns = {
        f"category_{place}": column for place, column in enumerate(people.category_taste.T.astype(float))
    }
    columns |= {f"style_{place}": column for place, column in enumerate(people.style_taste.T.astype(float))}
    rounded = {name: np.round(column, 4) for name, column in columns.items()}
    return pd.DataFrame({"customer_id": _ids("C", 6, len(people)), **rounded})


def _products(shop: Shop) -> pd.DataFrame:
    products = shop.products
    return pd.DataFrame(
        {
            "product_id": _ids("P", 5, len(products)),
            "category": products.category,
            "style": products.style,
            "popularity": np.round(products.popularity, 6),
            "quality": np.round(products.quality, 6),
            "elasticity": np.round(products.elasticity, 6),
            "is_intermittent": products.is_intermittent,
            "companion_id": [f"P{place + 1:05d}" for place in products.companion],
        }
    )


def _promotions(shop: Shop) -> pd.DataFrame:
    start = shop.seasons.first
    rows = [
        (
            offer.code,
            offer.category,
            offer.percent,
            start + offer.first,
            start + offer.after - 1,
            " ".join(f"P{place + 1:05d}" for place in offer.products),
        )
        for offer in shop.promotions
    ]
    return pd.DataFrame(
        rows, columns=["promotion_code", "category", "percent", "first_day", "last_day", "products"]
    )


def _lost_sales(shop: Shop) -> pd.DataFrame:
    """Return the demand that met an empty shelf; part of it was met by another product."""
    stock, count = shop.stock, len(shop.products)
    day, cell = np.nonzero(stock.lost)
    return pd.DataFrame(
        {
            "day": shop.seasons.first + day,
            "warehouse_id": pd.Categorical.from_codes(cell // count, _ids("W", 2, shop.places.warehouses)),
            "product_id": pd.Categorical.from_codes(cell % count, _ids("P", 5, count)),
            "missed_quantity": stock.lost[day, cell],
            "substituted_quantity": stock.substituted[day, cell],
        }
    )


def _opening_stock(shop: Shop) -> pd.DataFrame:
    count = len(shop.products)
    cell = np.arange(len(shop.stock.opening))
    return pd.DataFrame(
        {
            "warehouse_id": pd.Categorical.from_codes(cell // count, _ids("W", 2, shop.places.warehouses)),
            "product_id": pd.Categorical.from_codes(cell % count, _ids("P", 5, count)),
            "quantity": shop.stock.opening,
        }
    )


def _days(shop: Shop) -> pd.DataFrame:
    when = shop.seasons
    return pd.DataFrame(
        {
            "day": when.dates(),
            "factor": np.round(when.factor, 8),
            "festival_uplift": np.round(when.festival, 6),
            "festival": when.festival_name,
        }
    )


def _ids(letter: str, width: int, count: int) -> list[str]:
    return [f"{letter}{place + 1:0{width}d}" for place in range(count)]
