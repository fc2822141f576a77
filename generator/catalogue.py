"""Products: what they are called, cost and weigh, who likes them, when they are on the shelf and on offer."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import Array, pick, random_of
from generator.scales import Options
from generator.seasons import Seasons

ADJECTIVES = (
    "Classic",
    "Daily",
    "Royal",
    "Pure",
    "Smart",
    "Fresh",
    "Gold",
    "Mini",
    "Max",
    "Eco",
    "Urban",
    "Soft",
)
SYLLABLES = (
    "Ana",
    "Bha",
    "Cha",
    "Dev",
    "Esha",
    "Gir",
    "Hari",
    "Indu",
    "Jal",
    "Kav",
    "Lok",
    "Mira",
    "Nav",
    "Oja",
)
ENDINGS = ("ra", "ti", "sha", "van", "lok", "ni", "dhi", "mo", "ya", "ka")
INTERMITTENT_SHARE, INTERMITTENT_DAYS = 0.12, 0.08
LAUNCHED_SHARE, DISCONTINUED_SHARE = 0.06, 0.03
CHANGES_PER_YEAR = 1.3
DEARER_STYLE = 0.28  # of the price's logarithm, from one style to the next
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Category:
    """A category: median price in rupees, GST, seasonal swing and its height, elasticity, pieces, grams."""

    name: str
    nouns: tuple[str, ...]
    price: float
    tax_percent: int
    swing: float
    peak_day: int
    elasticity: float
    more_pieces: float
    grams: float


CATEGORIES = (
    Category(
        "Groceries", ("Basmati Rice", "Toor Dal", "Wheat Flour", "Poha"), 180, 5, 0.05, 300, 2.2, 0.9, 1500
    ),
    Category("Beverages", ("Masala Tea", "Filter Coffee", "Mango Drink"), 160, 12, 0.3, 135, 2.4, 0.9, 600),
    Category(
        "Snacks", ("Namkeen Mix", "Banana Chips", "Cookies", "Khakhra"), 90, 12, 0.15, 300, 2.6, 1.1, 250
    ),
    Category(
        "Personal Care", ("Shampoo", "Face Wash", "Hair Oil", "Soap Pack"), 220, 18, 0.05, 330, 2.0, 0.4, 350
    ),
    Category(
        "Kitchenware", ("Pressure Cooker", "Tawa", "Tiffin Box", "Kadhai"), 890, 12, 0.3, 300, 1.8, 0.1, 1800
    ),
    Category(
        "Home Textiles", ("Bedsheet", "Cushion Cover", "Curtain", "Towel"), 650, 5, 0.3, 305, 1.9, 0.3, 900
    ),
    Category("Ethnic Wear", ("Kurta", "Saree", "Dupatta", "Sherwani"), 1300, 5, 0.45, 300, 1.7, 0.1, 450),
    Category("Toys", ("Puzzle", "Toy Car", "Building Blocks", "Doll"), 480, 12, 0.35, 355, 1.8, 0.2, 500),
    Category(
        "Electronics", ("Earphones", "Power Bank", "Bluetooth Speaker"), 1900, 18, 0.35, 300, 2.3, 0.05, 400
    ),
    Category("Stationery", ("Notebook Set", "Gel Pens", "Planner"), 130, 12, 0.4, 165, 1.6, 0.8, 300),
    Category("Footwear", ("Sandals", "Running Shoes", "Juttis"), 1100, 12, 0.2, 300, 1.9, 0.05, 800),
    Category("Monsoon Gear", ("Umbrella", "Raincoat", "Waterproof Bag"), 620, 12, 0.8, 190, 1.5, 0.1, 600),
    Category(
        "Pooja Needs", ("Agarbatti", "Diya Set", "Camphor", "Rangoli Kit"), 110, 5, 0.6, 305, 1.3, 0.9, 200
    ),
    Category("Fitness", ("Yoga Mat", "Dumbbell", "Skipping Rope"), 950, 18, 0.35, 15, 1.8, 0.05, 2500),
    Category("Baby Care", ("Diapers", "Baby Lotion", "Feeding Bottle"), 420, 12, 0.05, 1, 1.4, 0.4, 800),
    Category("Cooling", ("Table Fan", "Water Jug", "Clay Pot"), 1400, 18, 0.75, 130, 1.7, 0.02, 3200),
)


@dataclass
class Products:
    """One entry per product, price and shelf also per day. Amounts are in paise; days count from 0."""

    category: Array
    style: Array
    brand: Array
    brands: list[str]
    name: list[str]
    renamed: list[str]
    popularity: Array
    quality: Array
    elasticity: Array
    is_intermittent: Array
    launched: Array
    discontinued: Array  # NEVER while sold
    grams: Array
    first_price: Array
    cost_share: Array
    companion: Array
    renamed_on: Array
    price: Array  # days × products
    is_active: Array  # days × products
    categories: int
    styles: int

    def __len__(self) -> int:
        return len(self.category)

    @property
    def group(self) -> Array:
        """Return category and style as one number: who shops for the one in the other chooses within it."""
        return self.category * self.styles + self.style


def sizes(products: int) -> tuple[int, int]:
    """Return how many categories and styles there are: each pair has a few products."""
    categories = int(np.clip(products // 12, 3, len(CATEGORIES)))
    return categories, int(np.clip(products // categories // 4, 2, 6))


def catalogue(options: Options, seasons: Seasons) -> Products:
    """Return the products of a shop of this size."""
    random = random_of(options.seed, "catalogue")
    count = options.scale.products
    categories, styles = sizes(count)
    groups = categories * styles
    group = np.concatenate([np.arange(groups), random.integers(0, groups, count - groups)])
    category, style = group // styles, group % styles
    brands, brand = _brands(random, category, style, categories, styles)
    always = np.arange(count) < groups  # one product per group is there every day
    is_intermittent = (random.random(count) < INTERMITTENT_SHARE) & ~always
    launched, discontinued = _shelf_life(random, count, seasons.days, always)
    name = _names(random, category, brand, brands)
    price = _price(random, category, style - (styles - 1) / 2, seasons.days)
    return Products(
        category=category,
        style=style,
        brand=brand,
        brands=brands,
        name=name,
        renamed=[f"{text} (New Pack)" for text in name],
        popularity=np.exp(random.normal(0, 1.3, count)) * np.where(is_intermittent, 0.6, 1.0),
        quality=random.normal(0, 0.4, count),
        elasticity=_of(category, "elasticity") * np.exp(random.normal(0, 0.25, count)),
        is_intermittent=is_intermittent,
        launched=launched,
        discontinued=discontinued,
        grams=np.maximum(20, np.round(_of(category, "grams") * np.exp(random.normal(0, 0.4, count)), -1)),
        first_price=price[0].copy(),
        cost_share=random.uniform(0.5, 0.78, count),
        companion=_companions(random, category, categories, count),
        renamed_on=np.where(random.random(count) < 0.04, random.integers(1, seasons.days, count), NEVER),
        price=price,
        is_active=_active(random, is_intermittent, launched, discontinued, seasons.days),
        categories=categories,
        styles=styles,
    )


def _of(category: Array, attribute: str) -> Array:
    return np.array([getattr(item, attribute) for item in CATEGORIES], dtype=float)[category]


def tax_percent(products: Products) -> Array:
    """Return each product's GST in percent; prices include it."""
    return _of(products.category, "tax_percent").astype(np.int64)


def more_pieces(products: Products) -> Array:
    """Return how many pieces beyond the first are usually taken of each product."""
    return _of(products.category, "more_pieces")


def category_season(seasons: Seasons, categories: int) -> Array:
    """Return days × categories: how much each category is wanted on a day, 1 on average."""
    kinds = CATEGORIES[:categories]
    swing = np.array([kind.swing for kind in kinds])
    peak = np.array([kind.peak_day for kind in kinds])
    wave = np.cos(2 * np.pi * (seasons.day_of_year[:, None] - peak) / 365.25)
    return np.exp(swing * wave).astype(np.float32)


def _brands(
    random: np.random.Generator, category: Array, style: Array, categories: int, styles: int
) -> tuple[list[str], Array]:
    """Return brand names and each product's brand: a brand belongs to one category and one style."""
    per_group = 2
    words = [first + last for first in SYLLABLES for last in ENDINGS]
    order = random.permutation(len(words))
    total = categories * styles * per_group
    brands = [
        words[order[place % len(words)]] + (" Co" if place >= len(words) else "") for place in range(total)
    ]
    return brands, (category * styles + style) * per_group + random.integers(0, per_group, len(category))


def _names(random: np.random.Generator, category: Array, brand: Array, brands: list[str]) -> list[str]:
    noun, adjective = (
        random.integers(0, 12, len(category)),
        random.integers(0, len(ADJECTIVES), len(category)),
    )
    names = []
    for kind, of, first, second in zip(category, brand, adjective, noun, strict=True):
        nouns = CATEGORIES[kind].nouns
        names.append(f"{brands[of]} {ADJECTIVES[first]} {nouns[second % len(nouns)]}")
    return names


def _shelf_life(random: np.random.Generator, count: int, days: int, always: Array) -> tuple[Array, Array]:
    kind = np.where(always, 1.0, random.random(count))
    launched = np.where(kind < LAUNCHED_SHARE, random.integers(1, max(2, days * 3 // 4), count), 0)
    ends = (kind >= LAUNCHED_SHARE) & (kind < LAUNCHED_SHARE + DISCONTINUED_SHARE)
    return launched, np.where(ends, random.integers(days // 3, days, count), NEVER)


def _price(random: np.random.Generator, category: Array, premium: Array, days: int) -> Array:
    """Return list prices, days × products: whole rupees, in paise, with a few changes over time."""
    count = len(category)
    start = np.log(_of(category, "price")) + DEARER_STYLE * premium + random.normal(0, 0.45, count)
    steps = np.zeros((days, count), dtype=np.float32)
    changes = random.poisson(CHANGES_PER_YEAR * days / 365, count)
    product = np.repeat(np.arange(count), changes)
    day = random.integers(1, days, len(product))
    np.add.at(steps, (day, product), random.normal(0.03, 0.07, len(product)))
    rupees = np.exp(start + np.cumsum(steps, axis=0))
    nice = np.where(rupees >= 200, np.floor(rupees / 10) * 10 + 9, np.maximum(np.round(rupees), 10))
    return (nice * 100).astype(np.int32)


def _companions(random: np.random.Generator, category: Array, categories: int, count: int) -> Array:
    """Return the product that often goes into the basket with each, from another category."""
    other = random.integers(0, count, count)
    same = category[other] == category
    return np.where(same, (other + count // 2) % count, other)


def _active(
    random: np.random.Generator, is_intermittent: Array, launched: Array, discontinued: Array, days: int
) -> Array:
    """Return days × products: can it be bought? Intermittent ones come and go."""
    day = np.arange(days)[:, None]
    active = (day >= launched) & (day < discontinued)
    columns = np.flatnonzero(is_intermittent)
    active[:, columns] &= random.random((days, len(columns))) < INTERMITTENT_DAYS
    return active


def best_sellers(products: Products, number: int) -> Array:
    """Return the products that sell best by design, in the order of their numbers."""
    first = np.argsort(-products.popularity, kind="stable")[:number]
    return np.sort(first)


@dataclass(frozen=True)
class Promotion:
    """An offer: percent off some products of a category from one day up to another, exclusive."""

    code: str
    category: int
    percent: int
    first: int
    after: int
    products: Array


def promotions(options: Options, seasons: Seasons, products: Products) -> list[Promotion]:
    """Return the calendar of offers: a few at any time, large ones before festivals."""
    random = random_of(options.seed, "promotions")
    days = seasons.days
    starts = [(int(day), False) for day in np.sort(random.integers(0, days, max(3, days // 5)))]
    festive = np.flatnonzero((seasons.festival > 1.15) & (np.arange(days) % 3 == 0))
    starts += [(int(day), True) for day in festive]
    offers = []
    for number, (first, is_festive) in enumerate(sorted(starts), 1):
        category = int(random.integers(0, products.categories))
        length = int(random.integers(3, 6 if is_festive else 11))
        percent = int(pick(random, np.array([3, 3, 2, 1, 1]), 1)[0]) * 5 + (15 if is_festive else 10)
        chosen = (products.category == category) & (random.random(len(products)) < 0.5)
        offers.append(
            Promotion(
                f"OFFER{number:04d}",
                category,
                percent,
                first,
                min(first + length, days),
                np.flatnonzero(chosen),
            )
        )
    return offers


def offers_per_day(promos: list[Promotion], days: int, products: int) -> tuple[Array, Array]:
    """Return percent off and the offer's number (from 1, 0: none), days × products; the best holds."""
    percent = np.zeros((days, products), dtype=np.uint8)
    number = np.zeros((days, products), dtype=np.int16)
    for place, offer in enumerate(promos, 1):
        block = np.ix_(np.arange(offer.first, offer.after), offer.products)
        better = percent[block] < offer.percent
        percent[block] = np.where(better, offer.percent, percent[block])
        number[block] = np.where(better, place, number[block])
    return percent, number
