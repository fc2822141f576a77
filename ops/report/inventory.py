"""The page about stock: what it is worth, what was sold out, what to reorder, what lies too long."""

from collections.abc import Sequence
from decimal import Decimal

from ops.report import charts
from ops.report.parts import (
    Card,
    Cell,
    Chart,
    Figure,
    Group,
    Page,
    Table,
    amount,
    in_unit,
    money_cell,
    share,
)
from ops.report.reading import Month, Row, Scope, Views, state_is_later

DAYS_SHOWN = 365
ITEMS_SHOWN = 20
DAYS = """
    SELECT source, currency, snapshot_date, sum(stock_value_amount) AS stock_value_amount,
        count(*) FILTER (WHERE stock_value_amount IS NULL) AS unvalued_count,
        count(*) AS item_count, count(*) FILTER (WHERE is_stock_out) AS stock_out_count
    FROM {bi.inventory_daily} WHERE %(as_of)s::date IS NULL OR snapshot_date <= %(as_of)s::date
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
PLACES = """
    SELECT source, currency, location_id, max(location_name) AS location_name, max(snapshot_date) AS snapshot_date,
        count(*) AS item_count, sum(stock_value_amount) AS stock_value_amount,
        sum(stock_out_day_count)::numeric / nullif(sum(snapshot_day_count), 0) AS stock_out_rate,
        avg(turnover_ratio) AS turnover_ratio,
        count(*) FILTER (WHERE is_to_reorder) AS reorder_count,
        count(*) FILTER (WHERE is_overstock) AS overstock_count,
        sum(stock_value_amount) FILTER (WHERE is_overstock) AS overstock_amount,
        count(*) FILTER (WHERE is_dead_stock) AS dead_count,
        sum(stock_value_amount) FILTER (WHERE is_dead_stock) AS dead_amount
    FROM {bi.inventory} GROUP BY 1, 2, 3 ORDER BY 1, 2, sum(stock_value_amount) DESC NULLS LAST, 3
"""
REORDERS = """
    SELECT source, currency, location_id, location_name, product_id, product_name, on_hand_quantity, on_order_quantity,
        days_of_supply, lead_time_days, suggested_order_quantity, suggested_order_amount
    FROM {bi.reorder_list}
    ORDER BY source, currency, days_of_supply - lead_time_days NULLS LAST, suggested_order_amount DESC NULLS LAST,
        location_id, product_id
"""
DEAD = """
    SELECT source, currency, location_id, location_name, product_id, product_name, on_hand_quantity, stock_value_amount,
        last_issue_date
    FROM {bi.inventory} WHERE is_dead_stock
    ORDER BY source, currency, stock_value_amount DESC NULLS LAST, location_id, product_id
"""


def inventory(views: Views, scopes: Sequence[Scope]) -> Page:
    """Read and lay out the page."""
    days, places, reorders, dead = (views.rows(question) for question in (DAYS, PLACES, REORDERS, DEAD))
    groups = []
    for scope in scopes:
        mine = scope.of(places)
        if not mine:
            why = f"{scope.source} tells of no stock: its files have none, or none in {scope.currency}."
            groups.append(Group(scope.source, scope.title, [Card("Stock", why=why)]))
            continue
        cards = [headlines(views, scope, scope.of(days)), stock_outs(scope, scope.of(days))]
        if later := state_is_later(views, scope, max(row["snapshot_date"] for row in mine)):
            cards.append(Card("To reorder, and what lies too long", why=later))
        else:
            cards[1:1] = [now(scope, mine)]
            cards += [
                by_place(scope, mine),
                to_reorder(scope, scope.of(reorders)),
                dead_stock(scope, scope.of(dead)),
            ]
        groups.append(Group(scope.source, scope.title, cards))
    return Page(
        "inventory", "Inventory", "What is sold out, what has to be ordered, and what ties up money?", groups
    )


def headlines(views: Views, scope: Scope, days: list[Row]) -> Card:
    """Value and stock-outs of the last whole month, against the month before and the year before."""
    if scope.month is None:
        return Card("Headlines", why=scope.no_month())
    month = scope.month
    of_months = [measures(days, each) for each in (month, month.before, month.year_before)]
    figures = []
    for name, is_good, when in (
        ("stock_out_rate", False, ""),
        ("stock_value_amount", None, f"at cost, on {month.end}"),
    ):
        metric = views.metric(name)
        values = [row.get(name) for row in of_months]
        if values[0] is None:
            continue
        text = in_unit(values[0], metric.unit, scope.currency)
        compared = scope.compared(values, metric.unit, is_good)
        figures.append(
            Figure(name, metric.label, text, values[0], metric.unit, metric.definition, *compared, note=when)
        )
    if not figures:
        return Card(str(month), why=f"No stock was counted in {month}.")
    return Card(str(month), f"Stock was first counted on {days[0]['snapshot_date']}.", figures)


def measures(days: list[Row], month: Month) -> dict[str, Decimal | None]:
    """A month's share of stock-outs, and the value on its last day."""
    found = [row for row in days if month.start <= row["snapshot_date"] <= month.end]
    counted = sum(row["item_count"] for row in found)
    last = next((row for row in found if row["snapshot_date"] == month.end), None)
    return {
        "stock_out_rate": Decimal(sum(r["stock_out_count"] for r in found)) / counted if counted else None,
        "stock_value_amount": last["stock_value_amount"] if last and not last["unvalued_count"] else None,
    }


def now(scope: Scope, places: list[Row]) -> Card:
    """What is to be done on the last day counted: a state, of which the views keep no earlier one."""
    day = max(row["snapshot_date"] for row in places)

    def total(name: str) -> Decimal:
        return sum((row[name] or Decimal(0) for row in places), Decimal(0))

    items = int(total("item_count"))

    def figure(metric: str, label: str, count: str, note: str) -> Figure:
        number = int(total(count))
        return Figure(metric, label, f"{number:,}", number, "count", note=note)

    figures = [
        figure("reorder_count", "To reorder", "reorder_count", f"of {items:,} products in their places"),
        figure(
            "dead_count",
            "Dead stock",
            "dead_count",
            f"worth {amount(total('dead_amount'), scope.currency)} at cost",
        ),
        figure(
            "overstock_count",
            "Overstocked",
            "overstock_count",
            f"worth {amount(total('overstock_amount'), scope.currency)} at cost",
        ),
    ]
    return Card(f"On {day}", "The views keep no earlier state of these to compare with.", figures)


def stock_outs(scope: Scope, days: list[Row]) -> Card:
    """The share of products that were sold out, by day."""
    shown = days[-DAYS_SHOWN:]
    if len(shown) < 2:
        return Card("Sold out, by day", why="Stock was counted on fewer than two days.")
    label = f"Share of products sold out in their place, {shown[0]['snapshot_date']} to {shown[-1]['snapshot_date']}"
    points = [(row["snapshot_date"], Decimal(row["stock_out_count"]) / row["item_count"]) for row in shown]
    note = "Share of the products that a place keeps of which it had none at the end of the day."
    return Card("Sold out, by day", note, charts=[Chart(label, *charts.share_by_day(label, points))])


def by_place(scope: Scope, places: list[Row]) -> Card:
    """The places, the one with most in stock first."""
    rows = [
        [
            Cell(
                row["location_name"] or row["location_id"], row["location_id"] if row["location_name"] else ""
            ),
            Cell(f"{row['item_count']:,}", value=row["item_count"]),
            money_cell(row["stock_value_amount"], scope.currency),
            Cell(share(row["stock_out_rate"]), value=row["stock_out_rate"]),
            Cell(in_unit(row["turnover_ratio"], "ratio", ""), value=row["turnover_ratio"]),
            Cell(f"{row['reorder_count']:,}", value=row["reorder_count"]),
            Cell(f"{row['dead_count']:,}", value=row["dead_count"]),
        ]
        for row in places
    ]
    columns = ("place", "products", "stock value", "days sold out", "turnover a year", "to reorder", "dead")
    note = "By value at cost. Days sold out: share of all days counted. Turnover: mean over the products."
    return Card("Places", note, tables=[Table(columns, rows)])


def to_reorder(scope: Scope, reorders: list[Row]) -> Card:
    """What to order, the most urgent first."""
    title = "Reorder list"
    if not reorders:
        return Card(title, why="Nothing has to be ordered: all that sells is above its reorder point.")
    rows = [
        [
            _product(row),
            Cell(row["location_name"] or row["location_id"]),
            Cell(in_unit(row["on_hand_quantity"], "quantity", ""), value=row["on_hand_quantity"]),
            Cell(in_unit(row["on_order_quantity"], "quantity", ""), value=row["on_order_quantity"]),
            Cell(_days(row["days_of_supply"]), value=row["days_of_supply"]),
            Cell(_days(row["lead_time_days"]), value=row["lead_time_days"]),
            Cell(
                in_unit(row["suggested_order_quantity"], "quantity", ""),
                value=row["suggested_order_quantity"],
            ),
            money_cell(row["suggested_order_amount"], scope.currency),
        ]
        for row in reorders[:ITEMS_SHOWN]
    ]
    total = sum((row["suggested_order_amount"] or Decimal(0) for row in reorders), Decimal(0))
    columns = (
        "product",
        "place",
        "on hand",
        "on order",
        "days of supply",
        "days to deliver",
        "order",
        "at cost",
    )
    note = (
        f"{len(reorders):,} orders for {amount(total, scope.currency)} in all. Most urgent first: where the supply "
        "ends longest before the goods could come."
    )
    return Card(title, note, tables=[Table(columns, rows, texts=[1], rest=_rest(reorders, "orders"))])


def dead_stock(scope: Scope, dead: list[Row]) -> Card:
    """What none of has left for long, the dearest first."""
    title = "Dead stock"
    if not dead:
        return Card(title, why="There is none: all that is on hand has sold lately.")
    rows = [
        [
            _product(row),
            Cell(row["location_name"] or row["location_id"]),
            Cell(in_unit(row["on_hand_quantity"], "quantity", ""), value=row["on_hand_quantity"]),
            money_cell(row["stock_value_amount"], scope.currency),
            Cell(f"{row['last_issue_date'] or 'never'}"),
        ]
        for row in dead[:ITEMS_SHOWN]
    ]
    columns = ("product", "place", "on hand", "at cost", "last sold")
    note = "On hand, and none has left for long (dead_stock_days in config.yaml). The dearest first."
    return Card(
        title, note, tables=[Table(columns, rows, texts=[1], rest=_rest(dead, "products in their places"))]
    )


def _product(row: Row) -> Cell:
    return Cell(row["product_name"] or row["product_id"], row["product_id"] if row["product_name"] else "")


def _days(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _rest(rows: list[Row], what: str) -> str:
    more = len(rows) - ITEMS_SHOWN
    return f"and {more:,} more {what}" if more > 0 else ""
