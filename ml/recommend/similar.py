"""Which products the same customers buy."""

from __future__ import annotations

import typing as t

import numpy as np
import pandas as pd
from scipy import sparse

from ml.recommend.ease import write_gram
from ml.recommend.interaction import Shop, day_number, interactions
from ml.recommend.rank import EXCLUDED, NO_ITEM, top_k

SIMILAR_COUNT = 10
#: Added to the geometric mean of the buyers: two products that one customer bought are not alike for that.
SHRINKAGE = 10.0
LEAST_CUSTOMERS = 2  # what one customer bought says nothing, and would tell of that customer
SIMILAR_BLOCK = 128
SIMILAR_DIGITS = 6

SIMILAR_COLUMNS = {
    "source": "text",
    "product_id": "text",
    "rank": "int",
    "similar_product_id": "text",
    "score": "double",
    "customer_count": "bigint",
    "method": "text",
    "as_of_date": "date",
}
SIMILAR_DESCRIPTIONS = {
    "source": "The shop.",
    "product_id": "The product.",
    "rank": "Place in its list, from 1. Not additive.",
    "similar_product_id": "The similar product.",
    "score": "Cosine of the two products' customers, shrunk where they are few; 0 to 1. Not additive.",
    "customer_count": "Customers who bought both. Not additive: a customer buys many products.",
    "method": "How the score was computed.",
    "as_of_date": "The last order_date of the source: nothing later was known.",
}


def shrunk_cosine(
    history: sparse.csr_matrix, buyers: sparse.csr_matrix, start: int, stop: int
) -> tuple[np.ndarray[t.Any, t.Any], np.ndarray[t.Any, t.Any]]:
    """Return the similarity of products start to stop with all (n × P), and the customers of both (n × P).

    `history` (C × P) has 1 where a customer bought a product, `buyers` (P × C) is its transpose, in rows too.
    similarity_ij = c_ij / (sqrt(c_i c_j) + SHRINKAGE), where c counts customers: the cosine of two columns of the
    history, shrunk as in Bell and Koren 2007, section 3.1. A product is not similar to itself: 0.
    """
    count = np.diff(buyers.indptr).astype(np.float32)
    both = np.empty((stop - start, history.shape[1]), dtype=np.float32)
    write_gram(history, buyers, start, both)
    both[np.arange(stop - start), np.arange(start, stop)] = 0
    return both / (np.sqrt(np.outer(count[start:stop], count)) + np.float32(SHRINKAGE)), both


def similar_products(shop: Shop) -> t.Iterator[pd.DataFrame]:
    """Yield rows of SIMILAR_COLUMNS: the ten products most similar to each product that was ever sold.

    What is not offered is not listed, but has a list of its own: that is what to show in its place. A product that
    shares fewer than two customers with each other one has no rows.
    """
    history = interactions(shop, day_number(shop.as_of) + 1).binary()
    buyers = history.T.tocsr()
    for start in range(0, len(shop.product_ids), SIMILAR_BLOCK):
        stop = min(start + SIMILAR_BLOCK, len(shop.product_ids))
        score, both = shrunk_cosine(history, buyers, start, stop)
        np.round(score, SIMILAR_DIGITS, out=score)
        score[:, ~shop.is_offered] = EXCLUDED
        score[both < LEAST_CUSTOMERS] = EXCLUDED
        item, value = top_k(score, SIMILAR_COUNT)
        row, place = np.nonzero(item != NO_ITEM)
        if not len(row):
            continue
        found = item[row, place]
        yield pd.DataFrame(
            {
                "source": shop.source,
                "product_id": shop.product_ids[row + start],
                "rank": place + 1,
                "similar_product_id": shop.product_ids[found],
                "score": np.round(value[row, place].astype(np.float64), SIMILAR_DIGITS),
                "customer_count": both[row, found].astype(np.int64),
                "method": "shrunk_cosine",
                "as_of_date": shop.as_of,
            }
        )[list(SIMILAR_COLUMNS)]
