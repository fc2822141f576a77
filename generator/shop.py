"""The whole simulation: everything that happened in the shop, in memory, before a file is written."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generator import (
    baskets,
    catalogue,
    customers,
    feeds,
    fulfilment,
    places,
    ratings,
    sales,
    seasons,
    stock,
    visits,
)
from generator.arrays import Array
from generator.scales import Options

Progress = Callable[[str, float], None]  # what is being done, and how much of it is done (0..1)


@dataclass
class Shop:
    """What happened. `web_lines` belong to `web`: document n is the order at place n - 1."""

    options: Options
    seasons: seasons.Seasons
    places: places.Places
    people: customers.Customers
    products: catalogue.Products
    promotions: list[catalogue.Promotion]
    receipts: sales.Receipts
    web: fulfilment.WebOrders
    web_customer: Array
    web_lines: sales.Sales
    stock: stock.Stock
    ratings: ratings.Ratings
    customer_events: feeds.Events
    product_events: feeds.Events

    @property
    def lines(self) -> int:
        """Return how many transaction lines there are: receipts' lines and web orders' lines."""
        return len(self.receipts.lines) + len(self.web_lines)

    @property
    def rated(self) -> "Rated":
        """Return the lines that can be rated, as `ratings` counts them."""
        return _rateable(self.receipts, self.web, self.web_customer, self.web_lines)


@dataclass
class Rated:
    """Lines that a known customer has: of receipts first, then of web orders."""

    customer: Array
    product: Array
    had_at: Array
    late_days: Array
    document: Array
    is_web: Array


def simulate(options: Options, progress: Progress = lambda step, share: None) -> Shop:
    """Return what happens in a shop with these options."""
    progress("customers and products", 0.0)
    when = seasons.seasons(options)
    where = places.places(options.scale)
    sizes = catalogue.sizes(options.scale.products)
    members = visits.visits_wanted(options) * visits.MEMBER_SHARE
    people = customers.customers(options, when, where, members, *sizes)
    products = catalogue.catalogue(options, when)
    promos = catalogue.promotions(options, when, products)
    off, offer = catalogue.offers_per_day(promos, when.days, len(products))
    progress("visits", 0.1)
    visit = visits.visits(options, when, where, people)
    first_at, last_at = visits.purchase_bounds(visit, people)
    customers.changes(options, when, people, first_at, last_at)
    progress("baskets", 0.25)
    wanted = baskets.baskets(options, when, people, products, visit, off)
    web, warehouse = _web(options, when, where, people, visit)
    progress("stock", 0.6)
    takes = ~web.is_cancelled[np.searchsorted(web.visit, wanted.visit).clip(max=max(len(web) - 1, 0))]
    takes |= ~visit.is_web[wanted.visit]
    lines, sold, shelf = stock.sell_from_stock(
        options, products, warehouse[wanted.visit], visit.day[wanted.visit], takes, wanted
    )
    progress("receipts and ratings", 0.8)
    line = sales.sales(products, off, offer, visit.day[lines.visit[sold]], lines.keep(sold))
    receipts = sales.receipts(options, products, visit, line.keep(~visit.is_web[line.visit]))
    web, web_lines = _numbered(web, line.keep(visit.is_web[line.visit]))
    customer = visit.customer[web.visit]
    rated = _rateable(receipts, web, customer, web_lines)
    shop = Shop(
        options,
        when,
        where,
        people,
        products,
        promos,
        receipts,
        web,
        customer,
        web_lines,
        shelf,
        ratings.ratings(
            options, people, products, rated.customer, rated.product, rated.had_at, rated.late_days
        ),
        feeds.customer_events(options, people, first_at),
        feeds.product_events(options, products),
    )
    progress("receipts and ratings", 1.0)
    return shop


def _web(
    options: Options,
    when: seasons.Seasons,
    where: places.Places,
    people: customers.Customers,
    visit: visits.Visits,
) -> tuple[fulfilment.WebOrders, Array]:
    """Return the web orders, and the warehouse of every visit."""
    place = np.flatnonzero(visit.is_web)
    visit.city[place] = people.city_at(visit.customer[place], visit.at[place])
    web = fulfilment.web_orders(options, when, where, place, visit.at[place], visit.city[place])
    warehouse = where.warehouse_of_store()[visit.store]  # the web's -1 is the last store: put right below
    warehouse[place] = web.warehouse
    return web, warehouse


def _numbered(web: fulfilment.WebOrders, lines: sales.Sales) -> tuple[fulfilment.WebOrders, sales.Sales]:
    """Return the orders of which something was sold, and their lines with the orders' numbers."""
    has_lines = np.isin(web.visit, lines.visit)
    web = web.keep(has_lines)
    lines.document = np.searchsorted(web.visit, lines.visit) + 1
    return web, lines


def _rateable(
    receipts: sales.Receipts, web: fulfilment.WebOrders, customer: Array, web_lines: sales.Sales
) -> Rated:
    store = np.flatnonzero(sales.is_member(receipts) & (receipts.lines.quantity > 0))
    order = web_lines.document - 1
    there = np.flatnonzero(web.delivered_at[order] != fulfilment.NEVER)
    order = order[there]
    return Rated(
        customer=np.concatenate([receipts.customer[store], customer[order]]),
        product=np.concatenate([receipts.lines.product[store], web_lines.product[there]]),
        had_at=np.concatenate([receipts.at[store], web.delivered_at[order]]),
        late_days=np.concatenate([np.zeros(len(store), dtype=np.int64), web.late_days()[order]]),
        document=np.concatenate([receipts.lines.document[store], web_lines.document[there]]),
        is_web=np.concatenate([np.zeros(len(store), dtype=bool), np.ones(len(there), dtype=bool)]),
    )
