"""Customers: when they come, how often they buy, when they stop (BG/NBD), what they like, where they live.

A customer's first purchase is the arrival. After it they buy at a rate that is gamma distributed over the
customers; after each further purchase they stop for good with a probability that is beta distributed. Both
run in busy time (`Seasons.elapsed`), in which a day that is as busy as the mean counts as one day.
"""

from dataclasses import dataclass

import numpy as np

from generator.arrays import Array, pick, random_of
from generator.places import Places, city_share
from generator.scales import Options
from generator.seasons import Seasons

R, A, B = 1.1, 0.7, 6.0  # BG/NBD's parameters; alpha follows from how much is to be sold
FIRST_WEEKS_SHARE = 0.25  # of the customers join when the loyalty programme opens
FIRST_WEEKS = 0.08  # of the time
SPEND_SHAPE = 4.0  # gamma-gamma: the spread of customers' mean spend
DEARER_STYLE = 0.7  # how those who spend much lean to dear styles
ARCHETYPES = 8
DAYS_PER_MOVE, DAYS_PER_CONTACT_CHANGE = 365 / 0.09, 365 / 0.07
DELETED_SHARE = 0.03  # of those who stopped
NEVER = np.iinfo(np.int64).max


@dataclass
class Customers:
    """One entry per customer. Instants are seconds since the first midnight, NEVER where there is none."""

    alpha: float
    rate: Array
    dropout: Array
    arrived_busy: Array
    spend: Array
    archetype: Array
    category_taste: Array  # customers × categories, rows add up to 1
    style_taste: Array  # customers × styles
    web_share: Array
    store: Array
    city: Array  # before and after a move: customers × 2
    alive_until_busy: Array  # infinite while alive
    moved_at: Array
    contact_changed_at: Array
    deleted_at: Array

    def __len__(self) -> int:
        return len(self.rate)

    def city_at(self, customer: Array, instant: Array) -> Array:
        """Return the city where customers live at an instant."""
        return self.city[customer, (instant >= self.moved_at[customer]).astype(int)]


def customers(
    options: Options, seasons: Seasons, places: Places, orders: float, categories: int, styles: int
) -> Customers:
    """Return customers who together place about so many orders."""
    random = random_of(options.seed, "customers")
    count, horizon = options.scale.customers, float(seasons.days)
    arrived = _arrivals(random, count, horizon)
    unit_rate = random.gamma(R, 1.0, count)
    dropout = np.clip(random.beta(A, B, count), 1e-4, 1.0)
    alpha = _alpha(unit_rate, dropout, horizon - arrived, max(orders - count, 0.2 * count))
    archetype = pick(random, np.linspace(1.6, 0.6, ARCHETYPES), count)
    city = pick(random, city_share(), count)
    moved_to = pick(random, city_share(), count)
    spend = np.clip((SPEND_SHAPE - 1) / random.gamma(SPEND_SHAPE, 1.0, count), 0.25, 4.0)
    stays = np.stack(
        [city, np.where(random.random(count) < 0.6, city, moved_to)], axis=1
    )  # most stay in town
    return Customers(
        alpha=alpha,
        rate=unit_rate / alpha,
        dropout=dropout,
        arrived_busy=arrived,
        spend=spend,
        archetype=archetype,
        category_taste=_tastes(random, archetype, categories, 0.35, 14.0),
        style_taste=_costly(_tastes(random, archetype, styles, 0.45, 5.0), spend),
        web_share=random.beta(0.6, 2.1, count),
        store=places.home_store()[city],
        city=stays,
        alive_until_busy=np.full(count, np.inf),
        moved_at=np.full(count, NEVER),
        contact_changed_at=np.full(count, NEVER),
        deleted_at=np.full(count, NEVER),
    )


def _arrivals(random: np.random.Generator, count: int, horizon: float) -> Array:
    """Draw arrivals in busy time: a wave when the programme opens, then ever more by the day."""
    early = random.random(count) < FIRST_WEEKS_SHARE
    u = random.random(count)
    growing = (np.sqrt(1 + 3 * u) - 1) * horizon  # density in proportion to 1 + t / horizon
    arrived = np.where(early, u * FIRST_WEEKS * horizon, growing)
    return np.sort(np.minimum(arrived, horizon * (1 - 1e-9)))


def _alpha(unit_rate: Array, dropout: Array, watched: Array, repeats: float) -> float:
    """Find alpha so that the expected number of further purchases is as asked.

    A customer with rate λ and dropout p, watched for T, makes (1 - exp(-λpT)) / p of them on average.
    """
    low, high = np.log(1e-3), np.log(1e6)
    for _ in range(60):
        middle = (low + high) / 2
        expected = ((1 - np.exp(-unit_rate / np.exp(middle) * dropout * watched)) / dropout).sum()
        low, high = (middle, high) if expected > repeats else (low, middle)
    return float(np.exp(middle))


def _tastes(random: np.random.Generator, archetype: Array, kinds: int, spread: float, weight: float) -> Array:
    """Draw each customer's shares over kinds around those of the archetype: larger weight, closer to it."""
    typical = random.gamma(spread, 1.0, (ARCHETYPES, kinds)) + 0.02
    typical /= typical.sum(axis=1, keepdims=True)
    own = random.gamma(typical[archetype] * weight, 1.0) + 1e-6
    return (own / own.sum(axis=1, keepdims=True)).astype(np.float32)


def _costly(style_taste: Array, spend: Array) -> Array:
    """Move tastes towards the later, dearer styles for those who spend much."""
    styles = style_taste.shape[1]
    leaning = style_taste * spend[:, None] ** (DEARER_STYLE * (np.arange(styles) - (styles - 1) / 2))
    return np.asarray((leaning / leaning.sum(axis=1, keepdims=True)).astype(np.float32))


def purchases(options: Options, seasons: Seasons, people: Customers) -> tuple[Array, Array]:
    """Return the customer and the busy time of every purchase, and note in `people` until when each is alive.

    All customers take their next step at once: rounds go on until nobody is left who buys again.
    """
    random = random_of(options.seed, "purchases")
    horizon = float(seasons.days)
    buyer = np.arange(len(people))
    now = people.arrived_busy.copy()
    buyers, times = [buyer], [now]
    while len(buyer):
        now = now + random.exponential(1.0, len(buyer)) / people.rate[buyer]
        within = now < horizon
        buyer, now = buyer[within], now[within]
        buyers.append(buyer)
        times.append(now)
        stops = random.random(len(buyer)) < people.dropout[buyer]
        people.alive_until_busy[buyer[stops]] = now[stops]
        buyer, now = buyer[~stops], now[~stops]
    return np.concatenate(buyers), np.concatenate(times)


def changes(options: Options, seasons: Seasons, people: Customers, first_at: Array, last_at: Array) -> None:
    """Draw when customers move, change their e-mail and phone, and have their data deleted.

    `first_at` and `last_at` are the instants of their first and last purchase.
    """
    random = random_of(options.seed, "customer changes")
    end = seasons.days * 86_400
    for column, days in (
        (people.moved_at, DAYS_PER_MOVE),
        (people.contact_changed_at, DAYS_PER_CONTACT_CHANGE),
    ):
        at = first_at + 3_600 + (random.exponential(days, len(people)) * 86_400).astype(np.int64)
        column[:] = np.where(at < end, at, NEVER)
    stopped = np.isfinite(people.alive_until_busy) & (random.random(len(people)) < DELETED_SHARE)
    at = last_at + (random.uniform(20, 90, len(people)) * 86_400).astype(np.int64)
    people.deleted_at[:] = np.where(stopped & (at < end), at, NEVER)
    gone = people.deleted_at
    for column in (people.moved_at, people.contact_changed_at):
        column[column >= gone] = NEVER
