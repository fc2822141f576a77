"""Change feeds: every insert, update and delete of customers and products, in the order of the shop's log."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from faker import Faker

from generator.arrays import DAY_SECONDS, Array, pick, random_of
from generator.catalogue import NEVER, Products
from generator.customers import Customers
from generator.scales import Options

POOL = {"first": 300, "last": 300, "street": 200}
INSERT, UPDATE, DELETE = range(3)
OPERATIONS = ("insert", "update", "delete")


@dataclass
class Events:
    """One entry per event, in order of sequence: whose row changed, how and when."""

    entity: Array
    operation: Array
    at: Array

    def __len__(self) -> int:
        return len(self.at)

    @property
    def day(self) -> Array:
        return self.at // DAY_SECONDS


def customer_events(options: Options, people: Customers, first_at: Array) -> Events:
    """Return the events of the customers: they register shortly before their first purchase."""
    random = random_of(options.seed, "customer feed")
    registered = np.maximum(first_at - random.integers(120, 1_800, len(people)), 0)
    everybody = np.arange(len(people))
    return _in_order(
        (everybody, INSERT, registered),
        (everybody, UPDATE, people.moved_at),
        (everybody, UPDATE, people.contact_changed_at),
        (everybody, DELETE, people.deleted_at),
    )


def product_events(options: Options, products: Products) -> Events:
    """Return the events of the products: they happen at midnight, so a day has one price."""
    everything = np.arange(len(products))
    day, product = np.nonzero(products.price[1:] != products.price[:-1])
    changed = {(int(p), int(d) + 1) for d, p in zip(day, product, strict=True)}
    changed |= {(int(p), int(d)) for p, d in enumerate(products.renamed_on) if d != NEVER}
    valid = [(p, d) for p, d in changed if products.launched[p] < d < products.discontinued[p]]
    update = np.array(sorted(valid), dtype=np.int64).reshape(-1, 2)
    gone = np.where(products.discontinued == NEVER, NEVER, products.discontinued * DAY_SECONDS % NEVER)
    return _in_order(
        (everything, INSERT, products.launched.astype(np.int64) * DAY_SECONDS),
        (update[:, 0], UPDATE, update[:, 1] * DAY_SECONDS),
        (everything, DELETE, gone),
    )


def _in_order(*kinds: tuple[Array, int, Array]) -> Events:
    entity = np.concatenate([entities for entities, _, _ in kinds])
    operation = np.concatenate([np.full(len(entities), kind) for entities, kind, _ in kinds])
    at = np.concatenate([instants for _, _, instants in kinds])
    happens = at != NEVER
    entity, operation, at = entity[happens], operation[happens], at[happens]
    order = np.lexsort((operation, entity, at))
    return Events(entity[order], operation[order], at[order])


def names_and_streets(seed: int) -> dict[str, list[str]]:
    """Return pools of first names, last names and streets, from Faker's Indian English."""
    faker = Faker("en_IN")
    faker.seed_instance(seed)
    draw = {"first": faker.first_name, "last": faker.last_name, "street": faker.street_name}
    return {kind: [_plain(draw[kind]()) for _ in range(size)] for kind, size in POOL.items()}


def _plain(text: str) -> str:
    return " ".join(text.replace('"', "").replace(",", " ").split())


def customer_rows(options: Options, people: Customers, events: Events) -> pd.DataFrame:
    """Return what each customer event says, as numbers and categories: text is made of it on writing."""
    random = random_of(options.seed, "people")
    count, pools = len(people), names_and_streets(options.seed)
    who, at = events.entity, events.at
    moved = (at >= people.moved_at[who]).astype(int)
    contact = (at >= people.contact_changed_at[who]).astype(int)

    def of(values: Array) -> Array:
        return np.asarray(values[who])

    def from_pool(kind: str, codes: Array) -> pd.Categorical:
        texts = sorted(set(pools[kind]))
        rank = np.array([texts.index(text) for text in pools[kind]])
        return pd.Categorical.from_codes(rank[codes].tolist(), categories=texts)

    skew = 1 / np.arange(3, POOL["first"] + 3)
    street, house, postal = (random.integers(0, size, (count, 2)) for size in (POOL["street"], 240, 90))
    consent = random.random((count, 2)) < 0.45
    suffix = random.integers(0, 10_000, (count, 2))
    return pd.DataFrame(
        {
            "entity": who,
            "operation": events.operation,
            "at": at,
            "first": from_pool("first", of(pick(random, skew, count))),
            "last": from_pool("last", of(pick(random, skew, count))),
            "street": from_pool("street", street[who, moved]),
            "house": house[who, moved] + 1,
            "city": people.city[who, moved],
            "postal": postal[who, moved] + 1,
            "contact": contact,
            "suffix": suffix[who, contact],
            "consent": consent[who, contact],
        }
    )


def product_rows(products: Products, events: Events) -> pd.DataFrame:
    """Return what each product event says."""
    product, day = events.entity, events.day
    is_renamed = day >= products.renamed_on[product]
    price = products.price[np.minimum(day, len(products.price) - 1), product].astype(np.int64)
    return pd.DataFrame(
        {
            "entity": product,
            "operation": events.operation,
            "at": events.at,
            "is_renamed": is_renamed,
            "category": products.category[product],
            "brand": products.brand[product],
            "price": price,
            "cost": np.rint(price * products.cost_share[product]).astype(np.int64),
            "grams": products.grams[product].astype(np.int64),
        }
    )
