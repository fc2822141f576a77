"""Which rows are spoiled how. No two faults meet in one receipt, order, parcel, rating or entity.

A row is only spoiled where nothing else depends on it (no return, no rating), so that each fault is the only
consequence of itself.
"""

from collections.abc import Callable, Iterator

import numpy as np

from generator import fault_edits as edits
from generator.arrays import DAY_SECONDS, Array
from generator.fault_edits import Edit, Fault, TableFiles
from generator.feeds import INSERT, UPDATE, Events
from generator.fulfilment import documents
from generator.shop import Shop
from generator.store_files import receipt_rows, shipment_rows

Key = Callable[[int], str]  # what a row is known by
ALWAYS = 0.004  # of a feed's events come twice, and as many too late, even without faults
MANY = 50
LATEST = 5  # files, which are days, that a row comes too late at most


class Chooser:
    """Chooses rows at random, at most one of each unit (a receipt, an order, …)."""

    def __init__(self, random: np.random.Generator, tables: TableFiles, unit: Array, allowed: Array) -> None:
        self.random = random
        self.tables = tables
        self._unit = unit
        self._allowed = allowed
        self._is_free = np.ones(int(unit.max(initial=0)) + 1, dtype=bool)  # by unit
        self._movable = tables.can_move()

    def take(self, count: int, mask: Array | None = None, *, movable: bool = False) -> list[int]:
        """Return up to `count` rows among those that the mask allows and whose unit is free."""
        wanted = self._allowed & self._is_free[self._unit]
        for condition in (mask, self._movable if movable else None):
            if condition is not None:
                wanted &= condition
        rows = np.flatnonzero(wanted)
        if len(rows) > MANY * count:  # a sample is enough to choose from
            rows = rows[self.random.integers(0, len(rows), MANY * count)]
        rows = self.random.permutation(rows)
        _, first = np.unique(self._unit[rows], return_index=True)
        rows = np.sort(rows[np.sort(first)][:count])
        self._is_free[self._unit[rows]] = False
        return [int(row) for row in rows]

    def spoil(self, kind: str, rows: list[int], key: Key, choices: list[Edit]) -> Iterator[Fault]:
        """Yield faults that change rows where they stand, by one edit each."""
        for row in rows:
            edit = choices[int(self.random.integers(len(choices)))]
            yield Fault(kind, self.tables.table, row, key(row), edit)

    def send(
        self, kind: str, rows: list[int], key: Key, *, copies: bool, soonest: int = 1
    ) -> Iterator[Fault]:
        """Yield faults that bring rows, or copies of them, in a later file; `soonest` 0: or in the same."""
        for row in rows:
            target = self.tables.later(row, int(self.random.integers(soonest, LATEST + 1)))
            yield Fault(kind, self.tables.table, row, key(row), to_file=target, is_copy=copies)


def _per_kind(rate: float, rows: int, kinds: int) -> int:
    """Return how many rows each kind of fault gets: one at least if there are to be faults."""
    return max(1, round(rate * rows / kinds)) if rate else 0


def plan_receipts(shop: Shop, tables: TableFiles, rate: float, random: np.random.Generator) -> list[Fault]:
    """Plan the faults of the receipts' lines."""
    if not rate:
        return []
    receipts, row = shop.receipts, receipt_rows(shop)
    line = receipts.lines.keep(row)
    origin = receipts.origin[row]

    def key(row: int) -> str:
        return f"R{line.document[row]:08d}/{line.number[row]}"

    is_sale = line.quantity > 0
    used = np.zeros(int(line.document.max()) + 1, dtype=bool)
    used[receipts.lines.document[receipts.origin[receipts.origin >= 0]]] = True
    rated = shop.rated
    rated_line = shop.ratings.line
    used[rated.document[rated_line[~rated.is_web[rated_line]]]] = True
    alone = np.bincount(line.document)[line.document] == 1
    chooser = Chooser(random, tables, line.document, ~used[line.document])
    each = _per_kind(rate, len(line), 10)
    has_customer = receipts.customer[row] >= 0
    unknown = (b"P9%05d" % number for number in random.integers(0, 100_000, 4))
    pieces = (b"0", b"%d" % random.integers(10_001, 60_000), b"%d" % random.integers(10_001, 60_000))
    spoiled: list[tuple[str, Array, list[Edit]]] = [
        ("orphan_order", origin >= 0, [edits.set_field(12, b"R9%08d" % random.integers(0, 10_000_000))]),
        (
            "orphan_customer",
            is_sale & alone & has_customer,
            [edits.set_field(4, b"C9%06d" % random.integers(0, 1_000_000))],
        ),
        ("negative_price", is_sale, [edits.negative(7)]),
        ("future_date", is_sale & alone, [edits.in_future(3)]),
        ("orphan_product", is_sale, [edits.set_field(5, product) for product in unknown]),
        ("quantity_out_of_range", is_sale, [edits.set_field(6, number) for number in pieces]),
        ("missing_required", is_sale, [edits.set_field(place, b"") for place in (5, 6, 7)]),
        ("malformed", is_sale, [edits.too_few_fields, edits.too_many_fields]),
    ]
    faults: list[Fault] = []
    for kind, mask, choices in spoiled:
        faults += chooser.spoil(kind, chooser.take(each, mask), key, choices)
    faults += chooser.send("duplicate", chooser.take(each, is_sale), key, copies=True, soonest=0)
    faults += chooser.send("late_row", chooser.take(each, is_sale, movable=True), key, copies=False)
    return faults


def plan_web_orders(shop: Shop, tables: TableFiles, rate: float, random: np.random.Generator) -> list[Fault]:
    """Plan the faults of the web orders' documents."""
    if not rate:
        return []
    document = documents(shop.web, shop.seasons.days)

    def key(row: int) -> str:
        return f"O{document.order[row] + 1:08d}/{document.sequence[row]}"

    last = np.zeros(len(shop.web), dtype=np.int64)
    np.maximum.at(last, document.order, document.sequence)
    is_last = document.sequence == last[document.order]
    rated = shop.rated
    used = np.zeros(len(shop.web), dtype=bool)
    rated_line = shop.ratings.line
    used[rated.document[rated_line[rated.is_web[rated_line]]] - 1] = True
    chooser = Chooser(random, tables, document.order, ~used[document.order])
    each = _per_kind(rate, len(document), 5)
    faults: list[Fault] = []
    orders = document.order[chooser.take(each, document.sequence == 1)]
    rows = [int(row) for row in np.flatnonzero(np.isin(document.order, orders))]  # all documents of an order
    faults += chooser.spoil("no_customer", rows, key, [edits.set_key("customer_id", None)])
    faults += chooser.spoil("malformed", chooser.take(each, ~is_last), key, [edits.torn])
    missing = [edits.set_key("status", None), edits.set_key("updated_at", None)]
    faults += chooser.spoil("missing_required", chooser.take(each, ~is_last), key, missing)
    faults += chooser.send("duplicate", chooser.take(each), key, copies=True, soonest=0)
    faults += chooser.send("late_row", chooser.take(each, movable=True), key, copies=False)
    return faults


def plan_shipments(shop: Shop, tables: TableFiles, rate: float, random: np.random.Generator) -> list[Fault]:
    """Plan the faults of the shipments."""
    if not rate:
        return []
    order, _, is_there = shipment_rows(shop)

    def key(row: int) -> str:
        return f"T{order[row] + 1:08d}"

    comes_again = np.bincount(order, minlength=len(shop.web))[order] == 2
    chooser = Chooser(random, tables, order, np.ones(len(order), dtype=bool))
    each = _per_kind(rate, len(order), 5)
    faults: list[Fault] = []
    orphans = order[chooser.take(each, ~is_there)]
    rows = [int(row) for row in np.flatnonzero(np.isin(order, orphans))]  # handed over and delivered
    nobody = [edits.set_field(1, b"O9%08d" % random.integers(0, 10_000_000))]
    faults += chooser.spoil("orphan_order", rows, key, nobody)
    torn = chooser.take(each, ~is_there & comes_again)
    faults += chooser.spoil("malformed", torn, key, [edits.too_few_fields, edits.too_many_fields])
    empty = chooser.take(each, ~is_there & comes_again)
    faults += chooser.spoil("missing_required", empty, key, [edits.set_field(2, b"")])
    faults += chooser.send("duplicate", chooser.take(each), key, copies=True, soonest=0)
    faults += chooser.send("late_row", chooser.take(each, movable=True), key, copies=False)
    return faults


def plan_ratings(shop: Shop, tables: TableFiles, rate: float, random: np.random.Generator) -> list[Fault]:
    """Plan the faults of the ratings."""
    if not rate:
        return []
    rows = np.arange(len(shop.ratings))

    def key(row: int) -> str:
        return f"G{row + 1:08d}"

    is_web = shop.rated.is_web[shop.ratings.line]
    chooser = Chooser(random, tables, rows, np.ones(len(rows), dtype=bool))
    each = _per_kind(rate, len(rows), 8)
    number = random.integers(0, 100_000, 4)
    spoiled: list[tuple[str, Array | None, list[Edit]]] = [
        ("orphan_customer", None, [edits.set_field(1, b"C9%06d" % number[0])]),
        ("orphan_product", None, [edits.set_field(2, b"P9%05d" % number[1])]),
        ("orphan_order", is_web, [edits.set_field(3, b"O9%08d" % number[2])]),
        ("orphan_order", ~is_web, [edits.set_field(4, b"R9%08d" % number[3])]),
        ("missing_required", None, [edits.set_field(5, b"")]),
        ("future_date", None, [edits.in_future(6)]),
        ("malformed", None, [edits.too_few_fields, edits.too_many_fields]),
    ]
    faults: list[Fault] = []
    for kind, mask, choices in spoiled:
        faults += chooser.spoil(kind, chooser.take(each, mask), key, choices)
    faults += chooser.send("duplicate", chooser.take(each), key, copies=True, soonest=0)
    faults += chooser.send("late_row", chooser.take(each, movable=True), key, copies=False)
    return faults


def plan_product_feed(
    shop: Shop, tables: TableFiles, rate: float, random: np.random.Generator
) -> list[Fault]:
    """Plan what is out of order in the product feed."""
    return _plan_feed(shop.product_events, tables, rate, random, ("P", 5))


def plan_customer_feed(
    shop: Shop, tables: TableFiles, rate: float, random: np.random.Generator
) -> list[Fault]:
    """Plan what is out of order in the customer feed."""
    return _plan_feed(shop.customer_events, tables, rate, random, ("C", 6))


def _plan_feed(
    events: Events, tables: TableFiles, rate: float, random: np.random.Generator, name: tuple[str, int]
) -> list[Fault]:
    letter, width = name

    def key(row: int) -> str:
        return f"{letter}{events.entity[row] + 1:0{width}d}/{row + 1}"

    chooser = Chooser(random, tables, events.entity, np.ones(len(events), dtype=bool))
    each = max(1, round(ALWAYS * len(events))) + _per_kind(rate, len(events), 3)
    faults = list(_overtaken(events, chooser, tables, key, each))
    faults += chooser.send("repeated_event", chooser.take(each), key, copies=True, soonest=0)
    if rate:  # a row whose sales come before it: they have no parent for some days
        newcomers = (events.operation == INSERT) & (events.day > 0)
        parents = chooser.take(_per_kind(rate, len(events), 3), newcomers, movable=True)
        faults += chooser.send("late_parent", parents, key, copies=False, soonest=2)
    return faults


def _overtaken(events: Events, chooser: Chooser, tables: TableFiles, key: Key, count: int) -> Iterator[Fault]:
    """Yield updates that come behind a later event of the same entity, or at least behind those of others."""
    order = np.lexsort((np.arange(len(events)), events.entity))
    follower = np.full(len(events), -1)
    same = events.entity[order[1:]] == events.entity[order[:-1]]
    follower[order[:-1][same]] = order[1:][same]
    is_update = events.operation == UPDATE
    soon = (follower >= 0) & (events.at[follower] - events.at < 40 * DAY_SECONDS)
    rows = chooser.take(count, is_update & soon, movable=True)
    file = tables.file_of(follower[rows])
    for row, target in zip(rows, file, strict=True):
        yield Fault("out_of_order_event", tables.table, row, key(row), to_file=int(target))
    rest = chooser.take(count - len(rows), is_update, movable=True)
    yield from chooser.send("out_of_order_event", rest, key, copies=False)
