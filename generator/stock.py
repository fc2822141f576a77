"""Stock: what lies in the warehouses, day by day. What is not there is not sold.

Stores keep no stock of their own: a warehouse fills their shelves every night, so a sale in a store leaves
the warehouse on the same day. A wish that cannot be met is given up, or a product of the same group is taken.
"""

from dataclasses import dataclass

import numpy as np

from generator.arrays import Array, random_of, running_total
from generator.baskets import Lines
from generator.catalogue import Products
from generator.scales import Options

SUBSTITUTED_SHARE = 0.35
LEAD_DAYS = (3, 12)
REVIEW_DAYS = 10  # of demand that an order covers beyond the lead time
SAFETY = 1.5  # standard deviations of the demand within the lead time


@dataclass
class Stock:
    """Days × cells, where a cell is warehouse × products + product."""

    on_hand: Array  # at the end of the day
    on_order: Array
    received: Array
    issued: Array
    lost: Array  # pieces that were wanted and not sold
    substituted: Array
    opening: Array  # before the first day
    reorder_point: Array  # per cell
    order_up_to: Array
    lead_days: Array


@dataclass
class _Policy:
    reorder_point: Array
    order_up_to: Array
    lead_days: Array


def sell_from_stock(
    options: Options, products: Products, warehouse: Array, day: Array, takes: Array, lines: Lines
) -> tuple[Lines, Array, Stock]:
    """Go through the days: sell what is there, order what runs low, receive what was ordered.

    `warehouse` and `day` are per line; lines for which `takes` is false leave the stock alone (their order is
    cancelled before it is packed). Returns the lines as sold, which are sold at all, the stock.
    """
    random = random_of(options.seed, "stock")
    days, count = options.scale.days, len(products)
    cells = options.scale.warehouses * count
    cell = warehouse.astype(np.int64) * count + lines.product
    policy = _policy(random, cell, lines.quantity, days, cells)
    stock = _empty(days, cells, policy)
    on_hand, on_order = stock.opening.copy(), np.zeros(cells, dtype=np.int32)
    arriving = np.zeros((days + LEAD_DAYS[1] + 1, cells), dtype=np.int16)
    sold, product = ~takes, lines.product.copy()
    substitute = _substitutes(random, products)
    gives_up = random.random(len(lines)) >= SUBSTITUTED_SHARE
    bounds = np.searchsorted(day, np.arange(days + 1))
    for today in range(days):
        received = arriving[today]
        on_hand += received
        on_order -= received
        stock.received[today] = received
        part = np.arange(bounds[today], bounds[today + 1])
        part = part[takes[part]]
        before = on_hand.copy()
        short = _take(on_hand, part, cell, lines.quantity, sold)
        np.add.at(stock.lost[today], cell[short], lines.quantity[short])
        again = short[~gives_up[short]]
        other = substitute[product[again]]
        there = products.is_active[today, other]
        again, other = again[there], other[there]
        np.add.at(stock.substituted[today], cell[again], lines.quantity[again])
        cell[again] += other - product[again]
        product[again] = other
        _take(on_hand, again, cell, lines.quantity, sold)
        stock.issued[today] = before - on_hand
        low = np.flatnonzero(on_hand + on_order <= policy.reorder_point)
        ordered = policy.order_up_to[low] - on_hand[low] - on_order[low]
        arriving[today + policy.lead_days[low], low] += ordered.astype(np.int16)
        on_order[low] += ordered
        stock.on_hand[today], stock.on_order[today] = on_hand, on_order
    return Lines(lines.visit, product, lines.quantity), sold, stock


def _take(on_hand: Array, part: Array, cell: Array, quantity: Array, sold: Array) -> Array:
    """Sell these lines as far as the stock goes, first come first served. Returns those that go short."""
    part = part[np.argsort(cell[part], kind="stable")]
    enough = running_total(quantity[part].astype(np.int64), cell[part]) <= on_hand[cell[part]]
    done = part[enough]
    sold[done] = True
    np.subtract.at(on_hand, cell[done], quantity[done])
    return np.sort(part[~enough])


def _policy(random: np.random.Generator, cell: Array, quantity: Array, days: int, cells: int) -> _Policy:
    """Return when each cell orders how much: by its mean demand and the supplier's lead time."""
    mean = np.bincount(cell, quantity, cells) / days
    lead = random.integers(LEAD_DAYS[0], LEAD_DAYS[1] + 1, cells)
    during = mean * (lead + 1)
    point = np.ceil(during + SAFETY * np.sqrt(during)) + 1
    up_to = point + np.maximum(np.ceil(mean * REVIEW_DAYS * random.uniform(0.7, 1.6, cells)), 4)
    return _Policy(point.astype(np.int32), up_to.astype(np.int32), lead)


def _empty(days: int, cells: int, policy: _Policy) -> Stock:
    def table() -> Array:
        return np.zeros((days, cells), dtype=np.int16)

    return Stock(
        table(),
        table(),
        table(),
        table(),
        table(),
        table(),
        policy.order_up_to.copy(),
        policy.reorder_point,
        policy.order_up_to,
        policy.lead_days,
    )


def _substitutes(random: np.random.Generator, products: Products) -> Array:
    """Return for each product the one that is taken in its place: a neighbour in its group."""
    order = np.lexsort((random.random(len(products)), products.group))
    group = products.group[order]
    following = np.roll(order, -1)
    is_last = np.append(group[1:] != group[:-1], True)
    first = np.searchsorted(group, group)
    result = np.empty(len(order), dtype=np.int64)
    result[order] = np.where(is_last, order[first], following)
    return result
