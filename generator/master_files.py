"""The files of the master data: change feeds of customers and products, lists of stores and warehouses."""

import csv
import io
from collections.abc import Sequence

import pandas as pd

from generator.arrays import moments
from generator.catalogue import CATEGORIES, tax_percent
from generator.feeds import OPERATIONS, customer_rows, product_rows
from generator.output import Output, chunks, per_file
from generator.places import CITIES, STORE_CITIES, WAREHOUSES
from generator.shop import Progress, Shop
from generator.store_files import ISO, RUPEES

# What a delete says: whose row it was, and nothing else.
_KEPT = "CASE WHEN operation <> 'delete' THEN {} END"

CUSTOMER_EVENTS = f"""
SELECT
    operation, sequence, {ISO.format("changed_at")} AS updated_at, printf('C%06d', entity) AS customer_id,
    {_KEPT.format("concat(first, ' ', last)")} AS name,
    {
    _KEPT.format(
        "concat(regexp_replace(lower(concat(first, '.', last)), '[^a-z.]', '', 'g'), '.', entity, "
        "CASE WHEN contact = 1 THEN '@example.org' ELSE '@example.com' END)"
    )
} AS email,
    {
    _KEPT.format("printf('+91 0%04d %01d%04d', entity // 10000 + 100 * contact, contact, entity % 10000)")
} AS phone,
    {_KEPT.format("concat(house, ', ', street)")} AS address,
    {_KEPT.format("city")} AS city, {_KEPT.format("state")} AS state,
    {_KEPT.format("printf('%s%03d', postal_prefix, postal)")} AS postal_code,
    {_KEPT.format("consent")} AS marketing_consent
FROM events
"""

PRODUCT_EVENTS = f"""
SELECT
    operation, sequence, {ISO.format("changed_at")} AS updated_at, printf('P%05d', entity) AS product_id,
    {_KEPT.format("name")} AS name, {_KEPT.format("category")} AS category, {_KEPT.format("brand")} AS brand,
    {_KEPT.format(RUPEES.format("price"))} AS list_price, {_KEPT.format(RUPEES.format("cost"))} AS cost,
    {_KEPT.format("tax_percent")} AS tax_percent, {_KEPT.format("grams")} AS weight_g
FROM events
"""

STORE_COLUMNS = ("store_id", "name", "city", "state", "postal_code", "warehouse_id", "opened_on")
WAREHOUSE_COLUMNS = ("warehouse_id", "name", "city", "state", "postal_code")


def write_customers(shop: Shop, output: Output, progress: Progress) -> None:
    """Write customer_feed/DAY.jsonl."""
    progress("customers", 0.0)
    frame = customer_rows(shop.options, shop.people, shop.customer_events)
    states = sorted({place.state for place in CITIES})
    state_of = {number: states.index(place.state) for number, place in enumerate(CITIES)}
    frame["state"] = pd.Categorical.from_codes(frame["city"].map(state_of), categories=states)
    frame["postal_prefix"] = pd.Categorical.from_codes(
        frame["city"], categories=[place.postal_prefix for place in CITIES]
    )
    frame["city"] = pd.Categorical.from_codes(frame["city"], categories=[place.name for place in CITIES])
    _write_events(shop, output, "customer_feed", CUSTOMER_EVENTS, frame)


def write_products(shop: Shop, output: Output, progress: Progress) -> None:
    """Write product_feed/DAY.jsonl."""
    progress("products", 0.0)
    products = shop.products
    frame = product_rows(products, shop.product_events)
    frame["tax_percent"] = tax_percent(products)[frame["entity"]]
    frame["category"] = pd.Categorical.from_codes(
        frame["category"], categories=[kind.name for kind in CATEGORIES[: products.categories]]
    )
    brands = sorted(set(products.brands))
    frame["brand"] = pd.Categorical([products.brands[code] for code in frame["brand"]], categories=brands)
    pairs = zip(frame["entity"], frame["is_renamed"], strict=True)
    frame["name"] = [products.renamed[place] if again else products.name[place] for place, again in pairs]
    _write_events(shop, output, "product_feed", PRODUCT_EVENTS, frame)


def _write_events(shop: Shop, output: Output, table: str, query: str, frame: pd.DataFrame) -> None:
    start = shop.seasons.first
    day = frame["at"].to_numpy() // 86_400
    frame["sequence"] = range(1, len(frame) + 1)
    frame["changed_at"] = moments(start, frame["at"].to_numpy())
    frame["entity"] += 1
    frame["operation"] = pd.Categorical.from_codes(frame["operation"], categories=OPERATIONS)
    for part in chunks(day):
        days, rows = per_file(day[part])
        names = [f"store/{table}/{start + int(number)}.jsonl" for number in days]
        output.jsonl(table, query, {"events": frame.iloc[part]}, names, rows)


def write_places(shop: Shop, output: Output) -> None:
    """Write store/stores.csv and warehouse/warehouses.csv."""
    warehouse = shop.places.warehouse_of_store()
    stores = []
    for place in range(shop.places.stores):
        city = CITIES[STORE_CITIES[place]]
        stores.append(
            (
                f"S{place + 1:02d}",
                f"Retailmesh {city.name}",
                city.name,
                city.state,
                f"{city.postal_prefix}{place + 1:03d}",
                WAREHOUSES[warehouse[place]][0],
                f"{2012 + place}-0{place + 2}-15",
            )
        )
    output.whole("store", "store/store/stores.csv", _csv(STORE_COLUMNS, stores), len(stores))
    warehouses = WAREHOUSES[: shop.places.warehouses]
    output.whole(
        "warehouse",
        "store/warehouse/warehouses.csv",
        _csv(WAREHOUSE_COLUMNS, warehouses),
        len(warehouses),
    )


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue().encode()
