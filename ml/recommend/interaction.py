"""Who bought what, how often and when, as sparse matrices of customers × products."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

#: Weights of the implicit score. A part that is not known (a product without a rating) is left out and the others
#: are scaled up to a sum of 1.
IMPLICIT_WEIGHTS = {"rating": 0.4, "purchase": 0.3, "recency": 0.2, "quantity": 0.1}
#: A purchase counts half after so many days.
HALF_LIFE_DAYS = 90.0
LOWEST_RATING, HIGHEST_RATING = 1.0, 5.0

#: What a row's cell, day and value are packed into, where they fit.
LARGEST_NUMBER = 2**63 - 1

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shop:
    """One source: its C customers and the P products that it has sold, in ascending order of their ids.

    `events` has one row per line sold: `customer` and `product` (positions in the ids), `day` (days since 1970-01-01),
    `unit_count`. `ratings` has `customer`, `product`, `day` and `score` (1 to 5). Rows may be in any order.
    """

    source: str
    as_of: date
    customer_ids: npt.NDArray[np.object_]
    product_ids: npt.NDArray[np.object_]
    is_offered: npt.NDArray[np.bool_]
    events: pd.DataFrame
    ratings: pd.DataFrame


@dataclass(frozen=True)
class Interaction:
    """What was known before a day, as C × P matrices in CSR form whose rows hold the products in ascending order.

    `score` is the implicit score (0..1), `frequency` the time-decayed frequency; `day_count` (days with a purchase)
    and `last_day` belong to the stored cells of both, in their order.
    """

    score: sparse.csr_matrix
    frequency: sparse.csr_matrix
    day_count: npt.NDArray[np.int32]
    last_day: npt.NDArray[np.int32]
    customer_count: npt.NDArray[np.int64]

    def binary(self) -> sparse.csr_matrix:
        """Return the matrix with 1 for each product that the customer bought."""
        ones = np.ones(len(self.score.data), dtype=np.float32)
        return sparse.csr_matrix((ones, self.score.indices, self.score.indptr), shape=self.score.shape)


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def interactions(shop: Shop, before_day: int) -> Interaction:
    """Return what was known of a shop before a day; nothing from that day on is looked at.

    The implicit score of a customer and a product is 0.4 rating + 0.3 purchase + 0.2 recency + 0.1 quantity, each from
    0 to 1: the last rating from 1 to 5; ln(1 + days with a purchase) and ln(1 + pieces), each by the shop's largest;
    0.5^(days since the last purchase / HALF_LIFE_DAYS). Without a rating the others are divided by their weights, 0.6.
    The time-decayed frequency adds 0.5^(age / HALF_LIFE_DAYS) for each day with a purchase, so that a customer's
    habits of last month outweigh those of last year.
    """
    shape = (len(shop.customer_ids), len(shop.product_ids))
    visits = _visits(shop, before_day)
    cell = visits["cell"].to_numpy()
    starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]]) if len(cell) else np.zeros(0, dtype=np.int64)
    cells = cell[starts]
    day = visits["day"].to_numpy()
    day_count = np.diff(np.r_[starts, len(cell)])
    last_day = day[starts + day_count - 1]
    decayed = _sum_by_cell(0.5 ** ((before_day - day) / HALF_LIFE_DAYS), starts)
    units = _sum_by_cell(visits["unit_count"].to_numpy(dtype=np.float64), starts)
    score = implicit_score(
        day_count.astype(np.float64), before_day - last_day, units, _last_rating(shop, before_day, cells)
    )
    rows = np.divmod(cells, shape[1])[0] if len(cells) else cells
    columns = (cells - rows * shape[1]).astype(np.int32)
    indptr = np.searchsorted(rows, np.arange(shape[0] + 1)).astype(np.int32)
    return Interaction(
        score=sparse.csr_matrix((score.astype(np.float32), columns, indptr), shape=shape),
        frequency=sparse.csr_matrix((decayed.astype(np.float32), columns, indptr), shape=shape),
        day_count=day_count.astype(np.int32),
        last_day=last_day.astype(np.int32),
        customer_count=np.bincount(columns, minlength=shape[1]).astype(np.int64),
    )


def implicit_score(
    day_count: FloatArray, age_days: FloatArray, unit_count: FloatArray, rating: FloatArray
) -> FloatArray:
    """Return the implicit score (0..1) of n pairs of a customer and a product; a rating that is not known is NaN."""
    has_rating = ~np.isnan(rating)
    known = (
        IMPLICIT_WEIGHTS["purchase"] * _share_of_largest(day_count)
        + IMPLICIT_WEIGHTS["recency"] * 0.5 ** (age_days / HALF_LIFE_DAYS)
        + IMPLICIT_WEIGHTS["quantity"] * _share_of_largest(unit_count)
    )
    rated = (np.where(has_rating, rating, LOWEST_RATING) - LOWEST_RATING) / (HIGHEST_RATING - LOWEST_RATING)
    total = known + IMPLICIT_WEIGHTS["rating"] * rated
    return np.where(has_rating, total, known / (1.0 - IMPLICIT_WEIGHTS["rating"]))


def _share_of_largest(count: FloatArray) -> FloatArray:
    """ln(1 + count) by the largest of them: the first purchases count more than the twentieth."""
    logs = np.log1p(np.maximum(count, 0.0))
    largest = logs.max(initial=0.0)
    return logs / largest if largest > 0 else logs


def _visits(shop: Shop, before_day: int) -> pd.DataFrame:
    """One row per customer, product and day before the day, in that order: `cell`, `day`, `unit_count`."""
    # The units too: sums depend on their order in the last bit.
    cell, day, units = _in_order(shop, shop.events, "unit_count", before_day)
    starts = _starts(cell, day)
    return pd.DataFrame({"cell": cell[starts], "day": day[starts], "unit_count": _sum_by_cell(units, starts)})


def _sum_by_cell(values: FloatArray, starts: IntArray) -> FloatArray:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


def _last_rating(shop: Shop, before_day: int, cells: IntArray) -> FloatArray:
    """The last rating of each cell before the day, NaN where there is none; of one day the lower one."""
    cell, day, score = _in_order(shop, shop.ratings, "score", before_day)
    starts = _starts(cell, day)
    rated, lowest = cell[starts], score[starts]
    is_last = np.append(rated[1:] != rated[:-1], True)[: len(rated)]
    rated, lowest = rated[is_last], lowest[is_last]
    place = np.searchsorted(cells, rated)
    rating = np.full(len(cells), np.nan)
    found = place < len(cells)
    found[found] = cells[place[found]] == rated[found]
    rating[place[found]] = lowest[found]
    return rating


def _in_order(
    shop: Shop, rows: pd.DataFrame, name: str, before_day: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Cell (customer × P + product), day and the named value of the rows before a day, in the order of all three.

    Where the three fit into one whole number, that is sorted: in a twentieth of the time of three keys.
    """
    is_before = rows["day"].to_numpy() < before_day
    customer, product = rows["customer"].to_numpy()[is_before], rows["product"].to_numpy()[is_before]
    cell = customer.astype(np.int64) * len(shop.product_ids) + product
    day = rows["day"].to_numpy(dtype=np.int64)[is_before]
    value = rows[name].to_numpy(dtype=np.float64)[is_before]
    if not len(cell):
        return cell, day, value
    first, values = int(day.min()), np.unique(value)
    day_count = int(day.max()) - first + 1
    if (int(cell.max()) + 1) * day_count * len(values) > LARGEST_NUMBER:
        order = np.lexsort((value, day, cell))
        return cell[order], day[order], value[order]
    number = (cell * day_count + (day - first)) * len(values) + np.searchsorted(values, value)
    number.sort()
    number, rank = np.divmod(number, len(values))
    cell, day = np.divmod(number, day_count)
    return cell, day + first, values[rank]


def _starts(cell: IntArray, day: IntArray) -> IntArray:
    """Where another cell or another day begins."""
    is_first = np.append(True, (cell[1:] != cell[:-1]) | (day[1:] != day[:-1]))[: len(cell)]
    return np.flatnonzero(is_first)
