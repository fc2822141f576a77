"""The files of the stores, the web shop and the warehouses: what `retail load store` reads, day by day."""

import numpy as np
import pandas as pd

from generator.arrays import DAY_SECONDS, Array, moments, random_of, running_number
from generator.catalogue import best_sellers
from generator.fulfilment import (
    FREE_SHIPPING_FROM,
    NEVER,
    SHIPPING_FEE,
    STATUSES,
    WEB_PAYMENTS,
    documents,
)
from generator.output import Output, chunks, per_file
from generator.places import CARRIERS, CITIES
from generator.sales import STORE_PAYMENTS
from generator.shop import Progress, Shop

RUPEES = "({} * 0.01::DECIMAL(3, 2))::DECIMAL(14, 2)"
ISO = "strftime({}, '%Y-%m-%dT%H:%M:%S+05:30')"

RECEIPT_LINES = f"""
SELECT
    printf('R%08d', document) AS receipt_id, number AS line_number, printf('S%02d', store) AS store_id,
    sold_at, CASE WHEN customer > 0 THEN printf('C%06d', customer) END AS customer_id,
    printf('P%05d', product) AS product_id, quantity, {RUPEES.format("unit_price")} AS unit_price,
    {RUPEES.format("discount")} AS discount_amount, {RUPEES.format("tax")} AS tax_amount,
    CASE WHEN offer > 0 THEN printf('OFFER%04d', offer) END AS promotion_code, payment AS payment_method,
    CASE WHEN back_document > 0 THEN printf('R%08d', back_document) END AS returned_receipt_id,
    CASE WHEN back_document > 0 THEN back_number END AS returned_line_number
FROM lines
"""

# What a document says of its lines is the same in all documents of an order but those of a return: it is put
# together once for each of the two (`content`).
WEB_DOCUMENTS = f"""
WITH content AS (
    SELECT content, list({{
        'line_number': number, 'product_id': printf('P%05d', product), 'quantity': quantity,
        'unit_price': {RUPEES.format("unit_price")}, 'discount_amount': {RUPEES.format("discount")},
        'tax_amount': {RUPEES.format("tax")},
        'promotion_code': CASE WHEN offer > 0 THEN printf('OFFER%04d', offer) END,
        'returned_quantity': returned
    }} ORDER BY number)::JSON AS lines
    FROM lines GROUP BY content
)
SELECT
    printf('O%08d', d.number) AS order_id, d.sequence, {ISO.format("d.changed_at")} AS updated_at, d.status,
    {ISO.format("d.placed_at")} AS placed_at, printf('C%06d', d.customer) AS customer_id, 'INR' AS currency,
    printf('W%02d', d.warehouse) AS warehouse_id,
    {{'city': d.city, 'state': d.state, 'postal_prefix': d.postal_prefix}} AS ship_to,
    d.promised_date, {RUPEES.format("d.fee")} AS shipping_fee,
    {{
        'method': d.payment, 'status': d.payment_status, 'amount': {RUPEES.format("(d.amount + d.fee)")},
        'paid_at': {ISO.format("d.paid_at")}, 'refunded_amount': {RUPEES.format("d.refund")}
    }} AS payment, content.lines
FROM documents AS d
JOIN content USING (content)
ORDER BY d.place
"""

SHIPMENTS = """
SELECT
    printf('T%08d', number) AS shipment_id, printf('O%08d', number) AS order_id,
    printf('W%02d', warehouse) AS warehouse_id, carrier, city AS destination_city, state AS destination_state,
    postal_prefix AS destination_postal_prefix, handed_over_at, promised_date, delivered_at
FROM shipments
"""

STOCK = """
SELECT
    snapshot_date::DATE AS snapshot_date, printf('W%02d', warehouse) AS location_id,
    printf('P%05d', product) AS product_id, on_hand, on_order,
    received AS received_quantity, issued AS issued_quantity, reorder_point, order_up_to,
    lead_days AS lead_time_days
FROM frame
"""

RATINGS = """
SELECT
    printf('G%08d', number) AS rating_id, printf('C%06d', customer) AS customer_id,
    printf('P%05d', product) AS product_id,
    CASE WHEN is_web THEN printf('O%08d', document) END AS order_id,
    CASE WHEN NOT is_web THEN printf('R%08d', document) END AS receipt_id, score, rated_at
FROM ratings
"""


def receipt_rows(shop: Shop) -> Array:
    """Return the receipts' lines in their files' order: by day, then by store."""
    receipts = shop.receipts
    return np.lexsort((receipts.store, receipts.at // DAY_SECONDS))


def write_receipts(shop: Shop, output: Output, progress: Progress) -> None:
    """Write pos/STORE/DAY.csv."""
    receipts, start = shop.receipts, shop.seasons.first
    rows_in_order = receipt_rows(shop)
    day = receipts.at // DAY_SECONDS
    for part in chunks(day[rows_in_order]):
        progress("receipts", part.start / len(day))
        order = rows_in_order[part]
        line, origin = receipts.lines.keep(order), receipts.origin[order]
        frame = pd.DataFrame(
            {
                "document": line.document,
                "number": line.number,
                "store": receipts.store[order] + 1,
                "sold_at": moments(start, receipts.at[order]),
                "customer": receipts.customer[order] + 1,
                "product": line.product + 1,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "discount": line.discount,
                "tax": line.tax,
                "offer": line.offer,
                "payment": pd.Categorical.from_codes(receipts.payment[order], categories=STORE_PAYMENTS),
                "back_document": np.where(origin >= 0, receipts.lines.document[origin], 0),
                "back_number": receipts.lines.number[origin],
            }
        )
        keys, rows = per_file(day[order] * 100 + receipts.store[order] + 1)
        names = [f"store/pos/S{key % 100:02d}/{start + int(key // 100)}.csv" for key in keys]
        output.csv("pos_line", RECEIPT_LINES, {"lines": frame}, names, rows)


def write_web_orders(shop: Shop, output: Output, progress: Progress) -> None:
    """Write web/DAY.jsonl: each change on the day that it happened."""
    lines, start = shop.web_lines, shop.seasons.first
    changes = documents(shop.web, shop.seasons.days)
    first = np.searchsorted(lines.document, np.arange(1, len(shop.web) + 2))
    returned = _returned_pieces(shop)
    money = _order_money(shop, returned)
    day = changes.at // DAY_SECONDS
    for part in chunks(day, 150_000):
        progress("web orders", part.start / len(day))
        order, status = changes.order[part], changes.status[part]
        frame = _document_frame(shop, order, status, changes.at[part], money)
        frame["sequence"] = changes.sequence[part]
        is_back = status == STATUSES.index("returned")
        content, frame["content"] = np.unique(order * 2 + is_back, return_inverse=True)
        nested = _content_frame(shop, content // 2, content % 2 == 1, first, returned)
        days, rows = per_file(day[part])
        names = [f"store/web/{start + int(number)}.jsonl" for number in days]
        output.jsonl("web_order", WEB_DOCUMENTS, {"documents": frame, "lines": nested}, names, rows)


def _content_frame(shop: Shop, order: Array, is_back: Array, first: Array, returned: Array) -> pd.DataFrame:
    """Return the lines of each content; line `first[n]` is the first of order n."""
    lines = shop.web_lines
    count = first[order + 1] - first[order]
    content = np.repeat(np.arange(len(order)), count)
    line = first[order][content] + running_number(content)
    return pd.DataFrame(
        {
            "content": content,
            "number": lines.number[line],
            "product": lines.product[line] + 1,
            "quantity": lines.quantity[line],
            "unit_price": lines.unit_price[line],
            "discount": lines.discount[line],
            "tax": lines.tax[line],
            "offer": lines.offer[line],
            "returned": np.where(is_back[content], returned[line], 0),
        }
    )


def _returned_pieces(shop: Shop) -> Array:
    """Return per web line how many pieces come back if the order is returned: all of one line or more."""
    random = random_of(shop.options.seed, "web returns")
    lines = shop.web_lines
    back = (lines.number == 1) | (random.random(len(lines)) < 0.4)
    return np.where(back & (shop.web.returned_at[lines.document - 1] != NEVER), lines.quantity, 0)


def _order_money(shop: Shop, returned: Array) -> dict[str, Array]:
    """Return per order what its goods cost, its shipping fee and what a return gives back, in paise."""
    lines, count = shop.web_lines, len(shop.web)
    amount = np.bincount(lines.document - 1, lines.amount, count).astype(np.int64)
    refund = np.bincount(lines.document - 1, lines.amount * (returned > 0), count).astype(np.int64)
    return {
        "amount": amount,
        "fee": np.where(amount >= FREE_SHIPPING_FROM, 0, SHIPPING_FEE),
        "refund": refund,
    }


def _document_frame(
    shop: Shop, order: Array, status: Array, at: Array, money: dict[str, Array]
) -> pd.DataFrame:
    web, start = shop.web, shop.seasons.first
    is_cancelled, is_returned = status == STATUSES.index("cancelled"), status == STATUSES.index("returned")
    paid = web.paid_at[order]
    is_paid = paid <= at
    total = money["amount"][order] + money["fee"][order]
    payment_status = np.select([is_paid & (is_cancelled | is_returned), is_paid, is_cancelled], [2, 1, 3], 0)
    return pd.DataFrame(
        {
            "place": np.arange(len(order)),
            "number": order + 1,
            "changed_at": moments(start, at),
            "status": pd.Categorical.from_codes(status, categories=STATUSES),
            "placed_at": moments(start, web.placed_at[order]),
            "customer": shop.web_customer[order] + 1,
            "warehouse": web.warehouse[order] + 1,
            **_destination(web.city[order]),
            "promised_date": _dates(shop, web.promised_day[order]),
            "payment": pd.Categorical.from_codes(web.payment[order], categories=WEB_PAYMENTS),
            "payment_status": pd.Categorical.from_codes(
                payment_status, categories=["pending", "captured", "refunded", "void"]
            ),
            "paid_at": _moments_or_none(start, np.where(is_paid, paid, NEVER)),
            "amount": money["amount"][order],
            "fee": money["fee"][order],
            "refund": np.where(
                is_returned, money["refund"][order], np.where(is_cancelled & is_paid, total, 0)
            ),
        }
    )


def shipment_rows(shop: Shop) -> tuple[Array, Array, Array]:
    """Return the rows of all shipments in their files' order: which order, when, is it there?"""
    web, end = shop.web, shop.seasons.days * DAY_SECONDS
    handed, arrived = np.flatnonzero(web.shipped_at < end), np.flatnonzero(web.delivered_at < end)
    order = np.concatenate([handed, arrived])
    at = np.concatenate([web.shipped_at[handed], web.delivered_at[arrived]])
    is_there = np.repeat([False, True], [len(handed), len(arrived)])
    sort = np.lexsort((order, at))
    return order[sort], at[sort], is_there[sort]


def write_shipments(shop: Shop, output: Output, progress: Progress) -> None:
    """Write shipment/DAY.csv: a parcel when it is handed over, and again when it is delivered."""
    progress("shipments", 0.0)
    web, start = shop.web, shop.seasons.first
    order, at, is_there = shipment_rows(shop)
    day = at // DAY_SECONDS
    for part in chunks(day):
        of = order[part]
        frame = pd.DataFrame(
            {
                "number": of + 1,
                "warehouse": web.warehouse[of] + 1,
                "carrier": pd.Categorical.from_codes(web.carrier[of], categories=CARRIERS),
                **_destination(web.city[of]),
                "handed_over_at": moments(start, web.shipped_at[of]),
                "promised_date": _dates(shop, web.promised_day[of]),
                "delivered_at": _moments_or_none(
                    start, np.where(is_there[part], web.delivered_at[of], NEVER)
                ),
            }
        )
        days, rows = per_file(day[part])
        names = [f"store/shipment/{start + int(number)}.csv" for number in days]
        output.csv("shipment", SHIPMENTS, {"shipments": frame}, names, rows)


def write_stock(shop: Shop, output: Output, progress: Progress) -> None:
    """Write stock/DAY.parquet: the best sellers in every warehouse, at the end of the day."""
    stock, count = shop.stock, len(shop.products)
    chosen = best_sellers(shop.products, shop.options.scale.snapshot_products)
    warehouse = np.repeat(np.arange(shop.places.warehouses), len(chosen))
    cell = warehouse * count + np.tile(chosen, shop.places.warehouses)
    for day, date in enumerate(shop.seasons.dates()):
        progress("stock", day / shop.seasons.days)
        frame = pd.DataFrame(
            {
                "snapshot_date": np.full(len(cell), date).astype("datetime64[s]"),
                "warehouse": warehouse + 1,
                "product": cell % count + 1,
                "on_hand": stock.on_hand[day, cell].astype(np.int32),
                "on_order": stock.on_order[day, cell].astype(np.int32),
                "received": stock.received[day, cell].astype(np.int32),
                "issued": stock.issued[day, cell].astype(np.int32),
                "reorder_point": stock.reorder_point[cell],
                "order_up_to": stock.order_up_to[cell],
                "lead_days": stock.lead_days[cell].astype(np.int32),
            }
        )
        frame = frame[shop.products.launched[cell % count] <= day]
        output.parquet("stock", STOCK, frame, f"store/stock/{date}.parquet")


def write_ratings(shop: Shop, output: Output, progress: Progress) -> None:
    """Write rating/DAY.csv."""
    progress("ratings", 0.0)
    ratings, rated, start = shop.ratings, shop.rated, shop.seasons.first
    day = ratings.at // DAY_SECONDS
    for part in chunks(day):
        line = ratings.line[part]
        frame = pd.DataFrame(
            {
                "number": np.arange(part.start, part.stop) + 1,
                "customer": rated.customer[line] + 1,
                "product": rated.product[line] + 1,
                "document": rated.document[line],
                "is_web": rated.is_web[line],
                "score": ratings.score[part],
                "rated_at": moments(start, ratings.at[part]),
            }
        )
        days, rows = per_file(day[part])
        names = [f"store/rating/{start + int(number)}.csv" for number in days]
        output.csv("rating", RATINGS, {"ratings": frame}, names, rows)


def _destination(city: Array) -> dict[str, pd.Categorical]:
    states = sorted({place.state for place in CITIES})
    state = np.array([states.index(place.state) for place in CITIES])
    return {
        "city": pd.Categorical.from_codes(city, categories=[place.name for place in CITIES]),
        "state": pd.Categorical.from_codes(state[city], categories=states),
        "postal_prefix": pd.Categorical.from_codes(
            city, categories=[place.postal_prefix for place in CITIES]
        ),
    }


def _dates(shop: Shop, day: Array) -> pd.Categorical:
    """Return days as ISO dates; promises may lie behind the last day."""
    known = [str(shop.seasons.first + number) for number in range(int(day.max(initial=0)) + 1)]
    return pd.Categorical.from_codes(day, categories=known)


def _moments_or_none(start: np.datetime64, seconds: Array) -> Array:
    happens = seconds != NEVER
    at = moments(start, np.where(happens, seconds, 0))
    at[~happens] = np.datetime64("NaT")
    return at
