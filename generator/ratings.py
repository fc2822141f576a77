"""Ratings: by taste, by the product's quality, and by how late the parcel came."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import DAY_SECONDS, Array, random_of
from generator.catalogue import Products
from generator.customers import Customers
from generator.scales import Options

TASTE, LATE, LATE_DAY, NOISE = 0.55, 0.6, 0.18, 0.85
MEAN = 3.65


@dataclass
class Ratings:
    """One entry per rating, in order of time; `line` is the place in the lines that could be rated."""

    line: Array
    score: Array
    at: Array

    def __len__(self) -> int:
        return len(self.line)


def ratings(
    options: Options,
    people: Customers,
    products: Products,
    customer: Array,
    product: Array,
    had_at: Array,
    late_days: Array,
) -> Ratings:
    """Return ratings of lines, given by who has had which product since when and how late it came.

    A customer rates a product once. What would be rated after the last day, or by somebody whose data are
    deleted by then, is not rated.
    """
    random = random_of(options.seed, "ratings")
    at = had_at + random.integers(1_800, 9 * DAY_SECONDS, len(had_at))
    fits = np.flatnonzero((at < options.scale.days * DAY_SECONDS) & (at < people.deleted_at[customer]))
    order = random.permutation(fits)
    _, first = np.unique(customer[order].astype(np.int64) * len(products) + product[order], return_index=True)
    once = np.sort(first)[: options.scale.ratings]
    line = order[once]
    line = line[np.lexsort((line, at[line]))]
    score = _scores(random, people, products, customer[line], product[line], late_days[line])
    return Ratings(line, score, at[line])


def _scores(
    random: np.random.Generator,
    people: Customers,
    products: Products,
    customer: Array,
    product: Array,
    late_days: Array,
) -> Array:
    taste = affinity(people, products, customer, product)
    late = np.where(late_days > 0, LATE + LATE_DAY * np.minimum(late_days, 5), 0)
    liked = MEAN + TASTE * taste + products.quality[product] - late + random.normal(0, NOISE, len(product))
    return np.clip(np.rint(liked), 1, 5).astype(np.int64)


def affinity(people: Customers, products: Products, customer: Array, product: Array) -> Array:
    """Return how much a customer's taste is for a product: 0 for an even taste, more for a liking."""
    style = people.style_taste[customer, products.style[product]] * products.styles
    category = people.category_taste[customer, products.category[product]] * products.categories
    return np.clip(0.6 * np.log(style + 0.05) + 0.4 * np.log(category + 0.05), -2.0, 1.6)
