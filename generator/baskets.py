"""Baskets: what goes into each visit's basket, and how price, offer, taste and season move it."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import Array, pick, random_of, running_number
from generator.catalogue import Products, category_season, more_pieces
from generator.customers import Customers
from generator.scales import Options
from generator.seasons import Seasons
from generator.visits import MEAN_LINES, NO_ONE, Visits

MOST_LINES, MOST_PIECES = 18, 12
FAVOURITES, FAVOURITE_SHARE = 5, 0.28  # products a customer comes back to, and how often
COMPANION_SHARE = 0.12
CATEGORY_RESPONSE = 0.6  # how far a category's appeal moves its share of the demand
SHOWN_OFFER = 1.25  # an offer is seen, whatever its price
CHUNK = 400_000  # lines whose tastes are looked at at once: a bound on memory


@dataclass
class Lines:
    """One entry per line, in order of visits and of lines within them."""

    visit: Array
    product: Array
    quantity: Array

    def __len__(self) -> int:
        return len(self.visit)

    def keep(self, mask: Array) -> "Lines":
        """Return the lines for which the mask is true."""
        return Lines(self.visit[mask], self.product[mask], self.quantity[mask])


class Shelves:
    """Draws products within a group, day by day, by popularity, price, offer and whether they are there."""

    def __init__(self, products: Products, percent_off: Array) -> None:
        self._products = products
        self._off = percent_off
        group = products.group
        self._order = np.argsort(group, kind="stable")
        self._sorted_group = group[self._order]
        groups = np.arange(products.categories * products.styles)
        self._first = np.searchsorted(self._sorted_group, groups, side="left")
        self._last = np.searchsorted(self._sorted_group, groups, side="right") - 1

    def appeal(self, day: int) -> Array:
        """Return how much each product is wanted on a day."""
        products, off = self._products, self._off[day]
        paid = products.price[day] / products.first_price * (1 - off / 100.0)
        wanted = products.popularity * paid**-products.elasticity * np.where(off > 0, SHOWN_OFFER, 1.0)
        return np.asarray(wanted * products.is_active[day])

    def pull(self, days: int) -> Array:
        """Return days × categories: how low prices and offers draw people to a category, 1 on average."""
        category, count = self._products.category, self._products.categories
        total = np.stack([np.bincount(category, self.appeal(day), count) for day in range(days)])
        return ((total / total.mean(axis=0)) ** CATEGORY_RESPONSE).astype(np.float32)

    def draw(self, random: np.random.Generator, day: int, group: Array) -> Array:
        """Draw one product from each of the groups."""
        total = np.cumsum(self.appeal(day)[self._order])
        before = np.concatenate([[0.0], total])[self._first][group]
        inside = total[self._last][group] - before
        places = np.searchsorted(total, before + random.random(len(group)) * inside, side="right")
        return self._order[np.clip(places, self._first[group], self._last[group])]


def baskets(
    options: Options, seasons: Seasons, people: Customers, products: Products, visit: Visits, off: Array
) -> Lines:
    """Return what people want to buy, whether it is in stock or not."""
    random = random_of(options.seed, "baskets")
    owner = np.repeat(np.arange(len(visit), dtype=np.int32), _sizes(random, people, visit))
    shelves = Shelves(products, off)
    wanted = category_season(seasons, products.categories) * shelves.pull(seasons.days)
    group = _groups(random, wanted, people, products.styles, visit, owner)
    product = np.empty(len(owner), dtype=np.int32)
    bounds = np.searchsorted(visit.day[owner], np.arange(seasons.days + 1))
    for day in range(seasons.days):
        part = slice(bounds[day], bounds[day + 1])
        product[part] = shelves.draw(random, day, group[part])
    day_of = visit.day[owner]
    _prefer_favourites(random, people, products, shelves, visit.customer[owner], day_of, product)
    _add_companions(random, products, owner, day_of, product)
    quantity = _quantities(random, people, products, off, visit.customer[owner], day_of, product)
    lines = Lines(owner, product, quantity)
    return lines.keep(_first_of_each(owner, product, len(products)))


def _sizes(random: np.random.Generator, people: Customers, visit: Visits) -> Array:
    """Draw how many lines each visit has: gamma around the customer's own mean, as in gamma-gamma."""
    spend = np.where(visit.customer == NO_ONE, 1.0, people.spend[visit.customer])
    mean = (MEAN_LINES - 1) * spend * random.gamma(3.0, 1 / 3, len(visit))
    return np.minimum(1 + random.poisson(mean), MOST_LINES)


def _groups(
    random: np.random.Generator,
    wanted: Array,
    people: Customers,
    styles: int,
    visit: Visits,
    owner: Array,
) -> Array:
    """Draw category and style of each line: by the customer's taste, and by what is wanted that day."""
    anyone_category = people.category_taste.mean(axis=0, keepdims=True)
    anyone_style = people.style_taste.mean(axis=0, keepdims=True)
    category_taste = np.vstack([people.category_taste, anyone_category])  # NO_ONE is the last
    style_taste = np.vstack([people.style_taste, anyone_style])
    group = np.empty(len(owner), dtype=np.int32)
    for start in range(0, len(owner), CHUNK):
        part = owner[start : start + CHUNK]
        customer = visit.customer[part]
        category = _draw_rows(random, category_taste[customer] * wanted[visit.day[part]])
        style = _draw_rows(random, style_taste[customer])
        group[start : start + CHUNK] = category * styles + style
    return group


def _draw_rows(random: np.random.Generator, weights: Array) -> Array:
    """Draw a column for each row with probabilities in proportion to the row's weights."""
    total = np.cumsum(weights, axis=1)
    draw = random.random(len(weights), dtype=np.float32) * total[:, -1]
    places = (total <= draw[:, None]).sum(axis=1)
    return np.minimum(places, weights.shape[1] - 1)


def _prefer_favourites(
    random: np.random.Generator,
    people: Customers,
    products: Products,
    shelves: Shelves,
    customer: Array,
    day: Array,
    product: Array,
) -> None:
    """Put a customer's favourite in place of some lines, where it is sold that day."""
    size = len(people) * FAVOURITES
    category = _draw_rows(random, np.repeat(people.category_taste, FAVOURITES, axis=0))
    style = _draw_rows(random, np.repeat(people.style_taste, FAVOURITES, axis=0))
    first_day = shelves.draw(random, 0, category * products.styles + style)
    favourite = first_day.reshape(size // FAVOURITES, FAVOURITES)
    chosen = np.flatnonzero((customer != NO_ONE) & (random.random(len(product)) < FAVOURITE_SHARE))
    rank = pick(random, 1 / np.arange(1, FAVOURITES + 1), len(chosen))
    wanted = favourite[customer[chosen], rank]
    there = products.is_active[day[chosen], wanted]
    product[chosen[there]] = wanted[there]


def _add_companions(
    random: np.random.Generator, products: Products, owner: Array, day: Array, product: Array
) -> None:
    """Let some lines be what goes with the line before."""
    chosen = np.flatnonzero((running_number(owner) > 0) & (random.random(len(owner)) < COMPANION_SHARE))
    wanted = products.companion[product[chosen - 1]]
    there = products.is_active[day[chosen], wanted]
    product[chosen[there]] = wanted[there]


def _quantities(
    random: np.random.Generator,
    people: Customers,
    products: Products,
    off: Array,
    customer: Array,
    day: Array,
    product: Array,
) -> Array:
    """Draw pieces: more of cheap things, on offers, and by those who spend much."""
    spend = np.where(customer == NO_ONE, 1.0, people.spend[customer])
    price = products.price[day, product] / products.first_price[product] * (1 - off[day, product] / 100.0)
    mean = more_pieces(products)[product] * price ** -(products.elasticity[product] / 2) * np.sqrt(spend)
    return np.minimum(1 + random.poisson(mean), MOST_PIECES).astype(np.int32)


def _first_of_each(owner: Array, product: Array, products: int) -> Array:
    """Return a mask: the first line of each product within a visit."""
    key = owner.astype(np.int64) * products + product
    _, first = np.unique(key, return_index=True)
    mask = np.zeros(len(key), dtype=bool)
    mask[first] = True
    return mask
