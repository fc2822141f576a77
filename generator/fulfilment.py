"""Web orders after they are placed: paid, packed, shipped, delivered, cancelled or returned, and when."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import DAY_SECONDS, Array, pick, random_of
from generator.places import CARRIER_SHARE, CARRIER_SPEED, Places, transit_days
from generator.scales import Options
from generator.seasons import Seasons

STATUSES = ("placed", "paid", "packed", "shipped", "delivered", "cancelled", "returned")
WEB_PAYMENTS = ("upi", "card", "netbanking", "wallet", "cash_on_delivery")
WEB_PAYMENT_SHARE = np.array([0.42, 0.22, 0.06, 0.08, 0.22])
PAID_AT_ONCE = 0.85  # of those who do not pay cash: the order's first document is 'paid'
CANCELLED, RETURNED = 0.04, 0.06
FREE_SHIPPING_FROM, SHIPPING_FEE = 99_900, 4_900  # paise
NEVER = np.iinfo(np.int64).max
HOUR = 3_600


@dataclass
class WebOrders:
    """One entry per web order. Instants are seconds since the first midnight, NEVER for what does not happen.

    They may lie behind the last day: what has not happened by then is not written.
    """

    visit: Array
    warehouse: Array
    city: Array
    payment: Array
    carrier: Array
    placed_at: Array
    paid_at: Array
    packed_at: Array
    shipped_at: Array
    delivered_at: Array
    cancelled_at: Array
    returned_at: Array
    promised_day: Array

    def __len__(self) -> int:
        return len(self.visit)

    @property
    def is_cancelled(self) -> Array:
        return self.cancelled_at != NEVER

    @property
    def is_cash(self) -> Array:
        return self.payment == WEB_PAYMENTS.index("cash_on_delivery")

    def keep(self, mask: Array) -> "WebOrders":
        """Return the orders for which the mask is true."""
        return WebOrders(**{name: values[mask] for name, values in vars(self).items()})

    def late_days(self) -> Array:
        """Return by how many days each delivery missed its promise; 0 if early or not delivered."""
        late = np.where(self.delivered_at == NEVER, 0, self.delivered_at // DAY_SECONDS - self.promised_day)
        return np.maximum(late, 0)


def web_orders(
    options: Options, seasons: Seasons, places: Places, visit: Array, placed_at: Array, city: Array
) -> WebOrders:
    """Return what becomes of web orders, given by their visits, when they were placed and for which city."""
    random = random_of(options.seed, "web orders")
    count = len(visit)
    payment = pick(random, WEB_PAYMENT_SHARE, count)
    is_cash = payment == WEB_PAYMENTS.index("cash_on_delivery")
    pays_later = random.random(count) >= PAID_AT_ONCE
    paid = placed_at + np.where(pays_later, random.integers(300, 6 * HOUR, count), 0)
    cancelled = random.random(count) < CANCELLED
    cancelled_at = np.where(cancelled, paid + random.integers(600, 8 * HOUR, count), NEVER)
    packed = paid + random.integers(9 * HOUR, 30 * HOUR, count)
    shipped = packed + random.integers(1 * HOUR, 12 * HOUR, count)
    carrier = pick(random, CARRIER_SHARE, count)
    delivered = shipped + _transit(random, seasons, carrier, city, shipped)
    is_returned = ~cancelled & (random.random(count) < RETURNED)
    returned = delivered + random.integers(2 * DAY_SECONDS, 12 * DAY_SECONDS, count)
    return WebOrders(
        visit=visit,
        warehouse=places.warehouse_of_city()[city],
        city=city,
        payment=payment,
        carrier=carrier,
        placed_at=placed_at,
        paid_at=np.where(is_cash, np.where(cancelled, NEVER, delivered), paid),
        packed_at=np.where(cancelled, NEVER, packed),
        shipped_at=np.where(cancelled, NEVER, shipped),
        delivered_at=np.where(cancelled, NEVER, delivered),
        cancelled_at=cancelled_at,
        returned_at=np.where(is_returned, returned, NEVER),
        promised_day=placed_at // DAY_SECONDS + 3 + transit_days()[city],
    )


def _transit(
    random: np.random.Generator, seasons: Seasons, carrier: Array, city: Array, shipped: Array
) -> Array:
    """Draw how long parcels are on their way: by city and carrier, longer when everybody orders."""
    usual = transit_days()[city] * CARRIER_SPEED[carrier]
    busy = seasons.festival[np.minimum(shipped // DAY_SECONDS, seasons.days - 1)] ** 0.7
    days = np.maximum(usual * busy * np.exp(random.normal(0, 0.35, len(city))), 0.6)
    # The van comes between 9 and 20 o'clock, on a later day than the parcel left.
    day = (shipped + days * DAY_SECONDS).astype(np.int64) // DAY_SECONDS
    return day * DAY_SECONDS + random.integers(9 * HOUR, 20 * HOUR, len(city)) + DAY_SECONDS - shipped


@dataclass
class Documents:
    """One entry per document of a web order, in order of time: which order, status, sequence, when."""

    order: Array
    status: Array
    sequence: Array
    at: Array

    def __len__(self) -> int:
        return len(self.at)


def documents(orders: WebOrders, days: int) -> Documents:
    """Return every change of every order that happens by the end of the last day."""
    first_is_paid = (orders.paid_at == orders.placed_at) & ~orders.is_cash
    placed = np.where(first_is_paid, NEVER, orders.placed_at)
    paid = np.where(orders.is_cash, NEVER, orders.paid_at)  # cash comes with the delivery
    times = (
        placed,
        paid,
        orders.packed_at,
        orders.shipped_at,
        orders.delivered_at,
        orders.cancelled_at,
        orders.returned_at,
    )
    at = np.concatenate(times)
    order = np.tile(np.arange(len(orders)), len(times))
    status = np.repeat(np.arange(len(times)), len(orders))
    happens = at < days * DAY_SECONDS
    at, order, status = at[happens], order[happens], status[happens]
    by_order = np.lexsort((at, order))
    at, order, status = at[by_order], order[by_order], status[by_order]
    first = np.searchsorted(order, order)
    sequence = np.arange(len(order)) - first + 1
    by_time = np.lexsort((sequence, order, at))
    return Documents(order[by_time], status[by_time], sequence[by_time], at[by_time])
