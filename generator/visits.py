"""Visits: who comes when, to which store or to the web shop. Every visit becomes a receipt or an order."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import DAY_SECONDS, Array, pick, random_of
from generator.customers import Customers, purchases
from generator.places import Places
from generator.scales import Options
from generator.seasons import STORE_HOURS, WEB_HOURS, Seasons, clock

MEMBER_SHARE = 0.72  # of the visits; the rest pays in a store without a loyalty card
MEAN_LINES = 2.45  # per visit, before what is out of stock or taken twice
LOSSES = 0.965  # lines that are left of these, returns counted in
AWAY_FROM_HOME = 0.08  # of visits to stores
NO_ONE = -1
WEB = -1


@dataclass
class Visits:
    """One entry per visit, in order of time. Instants are seconds since the first midnight, local time."""

    customer: Array  # NO_ONE without a loyalty card
    store: Array  # WEB for the web shop
    at: Array
    city: Array  # where a web order goes; NO_ONE in stores

    def __len__(self) -> int:
        return len(self.at)

    @property
    def day(self) -> Array:
        return self.at // DAY_SECONDS

    @property
    def is_web(self) -> Array:
        return self.store == WEB


def visits_wanted(options: Options) -> float:
    """Return how many visits give the scale's number of lines."""
    return options.scale.lines / MEAN_LINES / LOSSES


def visits(options: Options, seasons: Seasons, places: Places, people: Customers) -> Visits:
    """Return all visits, of members and of others."""
    random = random_of(options.seed, "visits")
    buyer, busy = purchases(options, seasons, people)
    others = round(visits_wanted(options) * (1 - MEMBER_SHARE))
    customer = np.concatenate([buyer, np.full(others, NO_ONE)]).astype(np.int32)
    day = np.concatenate([seasons.day_at(busy), pick(random, seasons.factor, others)])
    store = _store(random, places, people, customer)
    is_web = store == WEB
    second = np.where(is_web, clock(random, WEB_HOURS, len(day)), clock(random, STORE_HOURS, len(day)))
    at = day * DAY_SECONDS + second
    order = np.lexsort((store, customer, at))
    return Visits(customer[order], store[order], at[order], np.full(len(order), NO_ONE, dtype=np.int16))


def _store(random: np.random.Generator, places: Places, people: Customers, customer: Array) -> Array:
    """Return where each visit goes: members have a home store, some buy on the web."""
    is_member = customer != NO_ONE
    store = pick(random, places.store_share, len(customer))
    at_home = is_member & (random.random(len(customer)) >= AWAY_FROM_HOME)
    store = np.where(at_home, people.store[customer], store)
    on_web = is_member & (random.random(len(customer)) < people.web_share[customer])
    return np.where(on_web, WEB, store).astype(np.int8)


def purchase_bounds(visit: Visits, people: Customers) -> tuple[Array, Array]:
    """Return the instants of each customer's first and last visit."""
    member = visit.customer != NO_ONE
    customer, at = visit.customer[member], visit.at[member]
    first = np.full(len(people), np.iinfo(np.int64).max)
    last = np.zeros(len(people), dtype=np.int64)
    np.minimum.at(first, customer, at)
    np.maximum.at(last, customer, at)
    return first, last
