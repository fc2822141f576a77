"""The two lists of each customer: what to buy again, and what to discover."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ml.recommend.ease import EaseModel, fit_ease
from ml.recommend.factors import FactorModel, fit_factors
from ml.recommend.interaction import Interaction, Shop, day_number, interactions
from ml.recommend.rank import EXCLUDED, NO_ITEM, place_in_group, top_k

LIST_LENGTH = 10
EASE_MOST_PRODUCTS = 15_000
CHUNK_CELLS = 10_000_000  # customers × products that are scored at once: 40 MB, some five times at once
CACHED_ROWS = 8  # of scores, that stay in the processor's cache
DIGITS = 6  # of a score: the last bits of single precision say nothing

BUY_AGAIN, DISCOVERY = "buy_again", "discovery"
EASE, IALS, POPULARITY, DECAYED_FREQUENCY = "ease", "ials", "popularity", "time_decayed_frequency"

if t.TYPE_CHECKING:
    ItemModel: t.TypeAlias = EaseModel | FactorModel

RECOMMENDATION_COLUMNS = {
    "source": "text",
    "customer_id": "text",
    "list": "text",
    "rank": "int",
    "product_id": "text",
    "score": "double",
    "method": "text",
    "reason": "text",
    "because_product_id": "text",
    "as_of_date": "date",
}
RECOMMENDATION_DESCRIPTIONS = {
    "source": "The shop.",
    "customer_id": "The customer's natural key in its source.",
    "list": "buy_again: products that the customer bought before; discovery: products that the customer never bought.",
    "rank": "Place in the list, from 1. Not additive.",
    "product_id": "The product that is recommended; core.dim_product has its name.",
    "score": "What the method ranks by; comparable within a method only. ease and ials: expected implicit "
    "score (0 to 1); time_decayed_frequency: days with a purchase, each halved every 90 days; popularity: share of the "
    "customers who bought it in discovery, their number in buy_again. Not additive.",
    "method": "ease, ials, popularity or time_decayed_frequency: the method of this very row.",
    "reason": "Why, in words.",
    "because_product_id": "The product in the customer's history that speaks most for this one; empty where none does.",
    "as_of_date": "The last order_date of the source: nothing later was known.",
}


def chunks(customer_count: int, product_count: int) -> list[tuple[int, int]]:
    """Return starts and stops that cut customers so that each part has at most CHUNK_CELLS scores."""
    size = max(1, CHUNK_CELLS // max(product_count, 1))
    return [(start, min(start + size, customer_count)) for start in range(0, customer_count, size)]


def item_method(product_count: int, ease_most_products: int = EASE_MOST_PRODUCTS) -> str:
    """Return the method of discovery that a shop with so many products is fitted with."""
    return EASE if product_count <= ease_most_products else IALS


def fit_items(score: sparse.csr_matrix, ease_most_products: int = EASE_MOST_PRODUCTS) -> ItemModel:
    """Return EASE, or iALS above ease_most_products, fitted on implicit scores (C × P)."""
    if item_method(score.shape[1], ease_most_products) == EASE:
        return fit_ease(score)
    return fit_factors(score)


def recommendations(
    shop: Shop, buy_again_method: str, discovery_method: str, ease_most_products: int = EASE_MOST_PRODUCTS
) -> t.Iterator[pd.DataFrame]:
    """Yield rows of RECOMMENDATION_COLUMNS for all customers of a shop, as of its last day, in the grain's order.

    `buy_again` ranks what the customer bought by time-decayed frequency, or by popularity where buy_again_method says
    so; who bought nothing has no such list. `discovery` ranks what the customer never bought by the item model's
    score; the places that it leaves (a cold start, no score above zero) and, with discovery_method 'popularity', all
    places go to what most customers bought. Products that are not offered are in neither list.
    """
    known = interactions(shop, day_number(shop.as_of) + 1)
    model = None
    if discovery_method != POPULARITY and known.score.nnz:
        model = fit_items(known.score, ease_most_products)
    method = item_method(len(shop.product_ids), ease_most_products)
    again_scores = buy_again_scores(known, buy_again_method)
    for start, stop in chunks(len(shop.customer_ids), len(shop.product_ids)):
        again = _buy_again(shop, known, again_scores, buy_again_method, start, stop)
        found = _discovery(shop, known, model, method, start, stop)
        customer = np.concatenate([again.pop("customer"), found.pop("customer")])
        if not len(customer):
            continue
        order = np.argsort(customer, kind="stable")  # each list is in order
        rows = {name: np.concatenate([again[name], found[name]])[order] for name in again}
        rows["customer_id"] = shop.customer_ids[customer[order]]
        rows["source"] = np.full(len(order), shop.source, dtype=object)
        rows["as_of_date"] = np.full(len(order), shop.as_of, dtype=object)
        # Column by column: pandas would copy all of them into one block per type, and again for each step.
        yield pd.DataFrame({name: rows[name] for name in RECOMMENDATION_COLUMNS}, copy=False)


def discovery_scores(
    liked: npt.NDArray[np.float32] | None, known: Interaction, customers: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Return scores (n × P) that put what the model likes before what is popular, and EXCLUDE what was bought.

    `liked` are the model's scores (n × P), which are written over. One above zero stays; the others become
    popularity / (largest popularity + 1) - 1, which is below zero, in the order of popularity. What nobody bought is
    EXCLUDED. Scores are rounded to DIGITS before they are compared, so that no order hangs on bits that nobody sees.
    """
    count = known.customer_count
    popular = (count / (count.max(initial=0) + 1.0) - 1.0).astype(np.float32)
    if liked is None:
        scores = np.tile(np.round(popular, DIGITS), (len(customers), 1))
    else:
        scores = liked
        _replace_not_positive(scores, popular)
    scores[:, count == 0] = EXCLUDED
    bought = known.score[customers].tocoo()
    scores[bought.row, bought.col] = EXCLUDED
    return scores


def _replace_not_positive(scores: npt.NDArray[np.float32], by: npt.NDArray[np.float32]) -> None:
    """Put others (P) in the place of scores (n × P) that are not above zero, and round: by sums, as a choice takes
    five times as long.
    """
    for start in range(0, len(scores), CACHED_ROWS):
        part = scores[start : start + CACHED_ROWS]
        is_positive = part > 0
        part *= is_positive
        part += ~is_positive * by
        np.round(part, DIGITS, out=part)


def buy_again_scores(known: Interaction, method: str) -> npt.NDArray[np.float64]:
    """Return the score of each stored cell of what customers bought, by time-decayed frequency or by popularity."""
    if method == POPULARITY:
        return np.asarray(known.customer_count[known.frequency.indices], dtype=np.float64)
    return np.asarray(np.round(known.frequency.data.astype(np.float64), DIGITS))


def _buy_again(
    shop: Shop, known: Interaction, scores: npt.NDArray[np.float64], method: str, start: int, stop: int
) -> dict[str, npt.NDArray[t.Any]]:
    """The rows of one list, by column."""
    first, last = known.frequency.indptr[start], known.frequency.indptr[stop]
    product = known.frequency.indices[first:last]
    customer = np.repeat(np.arange(start, stop), np.diff(known.frequency.indptr[start : stop + 1]))
    score = scores[first:last]
    cell = np.flatnonzero(shop.is_offered[product])
    cell = cell[np.lexsort((product[cell], -score[cell], customer[cell]))]
    place = place_in_group(customer[cell])
    cell, place = cell[place < LIST_LENGTH], place[place < LIST_LENGTH]
    days = known.day_count[first:last][cell]
    ages = day_number(shop.as_of) - known.last_day[first:last][cell]
    last_days = {age: (shop.as_of - timedelta(days=int(age))).isoformat() for age in np.unique(ages)}
    reasons = [
        f"bought on {count} {'day' if count == 1 else 'days'}, last on {last_days[age]}"
        for count, age in zip(days.tolist(), ages.tolist(), strict=True)
    ]
    return {
        "customer": customer[cell],
        "list": np.full(len(cell), BUY_AGAIN, dtype=object),
        "rank": place + 1,
        "product_id": shop.product_ids[product[cell]],
        "score": score[cell],
        "method": np.full(len(cell), method, dtype=object),
        "reason": np.array(reasons, dtype=object),
        "because_product_id": np.full(len(cell), None, dtype=object),
    }


def _discovery(
    shop: Shop, known: Interaction, model: ItemModel | None, method: str, start: int, stop: int
) -> dict[str, npt.NDArray[t.Any]]:
    """The rows of the other list, by column."""
    customers = np.arange(start, stop)
    liked = None if model is None else model.scores(known.score, customers)
    scores = discovery_scores(liked, known, customers)
    scores[:, ~shop.is_offered] = EXCLUDED
    item, score = top_k(scores, LIST_LENGTH)
    because = strongest_reason(model, known.score, start, item)
    row, place = np.nonzero(item != NO_ITEM)
    item, score, because = item[row, place], score[row, place].astype(np.float64), because[row, place]
    is_popular = score <= 0
    buyers = known.customer_count[item]
    because_ids = np.full(len(item), None, dtype=object)
    has_reason = ~is_popular & (because != NO_ITEM)
    because_ids[has_reason] = shop.product_ids[because[has_reason]]
    reasons = [
        f"popular: {count} {'customer' if count == 1 else 'customers'} bought it"
        if popular
        else (f"goes with {bought}" if bought else "fits the purchases as a whole")
        for popular, count, bought in zip(is_popular.tolist(), buyers.tolist(), because_ids, strict=True)
    ]
    methods = np.full(len(item), method, dtype=object)
    methods[is_popular] = POPULARITY
    return {
        "customer": row + start,
        "list": np.full(len(item), DISCOVERY, dtype=object),
        "rank": place + 1,
        "product_id": shop.product_ids[item],
        "score": np.round(np.where(is_popular, buyers / max(len(shop.customer_ids), 1), score), DIGITS),
        "method": methods,
        "reason": np.array(reasons, dtype=object),
        "because_product_id": because_ids,
    }


def strongest_reason(
    model: ItemModel | None, history: sparse.csr_matrix, start: int, item: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return, for each listed item (n × k), the product in the customer's history that adds most to its score.

    NO_ITEM where there is no model, no history or no item, or where nothing in the history speaks for the item.
    Of equal products the smaller one.
    """
    because = np.full(item.shape, NO_ITEM, dtype=np.int64)
    stop = start + len(item)
    indptr = history.indptr[start : stop + 1]
    if model is None or indptr[0] == indptr[-1]:
        return because
    bought = history.indices[indptr[0] : indptr[-1]]
    customer = np.repeat(np.arange(len(item)), np.diff(indptr))
    pull = model.pull(bought, item[customer]) * history.data[indptr[0] : indptr[-1], None]
    filled = np.flatnonzero(np.diff(indptr))
    largest = np.maximum.reduceat(pull, indptr[:-1][filled] - indptr[0], axis=0)
    best = np.zeros(item.shape, dtype=pull.dtype)
    best[filled] = largest
    for place in range(item.shape[1]):
        hit = np.flatnonzero((pull[:, place] == best[customer, place]) & (pull[:, place] > 0))
        owner, first = np.unique(customer[hit], return_index=True)
        because[owner, place] = bought[hit[first]]
    because[item == NO_ITEM] = NO_ITEM
    return because
