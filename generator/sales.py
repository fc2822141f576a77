"""Sales as they are written: lines with prices, offers and tax, numbered receipts, goods brought back."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import DAY_SECONDS, Array, pick, random_of, running_number
from generator.baskets import Lines
from generator.catalogue import Products, tax_percent
from generator.scales import Options
from generator.visits import NO_ONE, Visits

STORE_PAYMENTS = ("cash", "upi", "card", "wallet")
STORE_PAYMENT_SHARE = np.array([0.27, 0.45, 0.22, 0.06])
RETURN_SHARE = 0.03  # of receipts with something that is brought back later


@dataclass
class Sales:
    """One entry per line. Amounts are in paise; `document` counts receipts and web orders, each from 1."""

    visit: Array
    document: Array
    number: Array
    product: Array
    quantity: Array
    unit_price: Array
    discount: Array
    tax: Array
    offer: Array

    def __len__(self) -> int:
        return len(self.visit)

    def keep(self, mask: Array) -> "Sales":
        """Return the lines for which the mask (or the places) are given."""
        return Sales(**{name: values[mask] for name, values in vars(self).items()})

    @property
    def amount(self) -> Array:
        """Return what is paid for each line, in paise."""
        return self.quantity * self.unit_price - self.discount


@dataclass
class Receipts:
    """The stores' lines, returns too, in order of receipts. `origin` is the line brought back, or -1."""

    lines: Sales
    store: Array
    customer: Array
    at: Array
    payment: Array
    origin: Array


def sales(products: Products, off: Array, offer: Array, day: Array, lines: Lines) -> Sales:
    """Return the lines with their prices as of the day; they have no numbers yet."""
    price = products.price[day, lines.product].astype(np.int64)
    quantity = lines.quantity.astype(np.int64)
    discount = price * quantity * off[day, lines.product] // 100
    tax = _tax(products, lines.product, price * quantity - discount)
    nothing = np.zeros(len(lines), dtype=np.int64)
    return Sales(
        lines.visit,
        nothing,
        running_number(lines.visit) + 1,
        lines.product,
        quantity,
        price,
        discount,
        tax,
        np.where(discount > 0, offer[day, lines.product], 0),
    )


def _tax(products: Products, product: Array, amount: Array) -> Array:
    """Return the part of an amount that is GST, to the nearest paisa, halves away from zero."""
    percent = tax_percent(products)[product]
    size = (2 * np.abs(amount) * percent + (100 + percent)) // (2 * (100 + percent))
    return np.sign(amount) * size


def receipts(options: Options, products: Products, visit: Visits, sold: Sales) -> Receipts:
    """Return the lines of all receipts: what the stores sold, and what came back to them."""
    random = random_of(options.seed, "receipts")
    payment = pick(random, STORE_PAYMENT_SHARE, len(visit))
    back, back_at = _returned(random, options, visit, sold)
    lines = _with_returns(products, random, sold, back)
    origin = np.concatenate([np.full(len(sold), -1), back])
    at = np.concatenate([visit.at[sold.visit], back_at])
    order = np.lexsort((origin, lines.visit, visit.store[lines.visit], at))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    lines, at, origin = lines.keep(order), at[order], origin[order]
    origin = np.where(origin >= 0, place[origin], -1)
    starts = np.ones(len(lines), dtype=bool)
    starts[1:] = (lines.visit[1:] != lines.visit[:-1]) | (at[1:] != at[:-1])
    lines.document = np.cumsum(starts)
    lines.number = running_number(lines.document) + 1
    return Receipts(
        lines, visit.store[lines.visit], visit.customer[lines.visit], at, payment[lines.visit], origin
    )


def _returned(
    random: np.random.Generator, options: Options, visit: Visits, sold: Sales
) -> tuple[Array, Array]:
    """Return which lines come back, and when: all of a receipt's at the same time, in opening hours."""
    comes = random.random(len(visit)) < RETURN_SHARE
    later = random.integers(1, 16, len(visit)) * DAY_SECONDS
    at = (visit.at // DAY_SECONDS) * DAY_SECONDS + later + random.integers(39_600, 72_000, len(visit))
    comes &= at < options.scale.days * DAY_SECONDS
    back = np.flatnonzero(comes[sold.visit] & (random.random(len(sold)) < 0.6))
    return back, at[sold.visit[back]]


def _with_returns(products: Products, random: np.random.Generator, sold: Sales, back: Array) -> Sales:
    """Append lines of negative quantity: all pieces of the line or some, at the price that was paid."""
    again = sold.keep(back)
    pieces = 1 + (random.random(len(back)) * again.quantity).astype(np.int64)
    again.discount = -(again.discount * pieces // again.quantity)
    again.quantity = -pieces
    again.tax = _tax(products, again.product, again.amount)
    return Sales(
        **{name: np.concatenate([values, getattr(again, name)]) for name, values in vars(sold).items()}
    )


def is_member(receipt: Receipts) -> Array:
    """Return a mask: lines with a loyalty card."""
    return receipt.customer != NO_ONE
