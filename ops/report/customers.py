"""The page about customers: who came, who came back, what they are worth, who is slipping away. It names nobody."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ops.report import charts
from ops.report.parts import Card, Cell, Chart, Figure, Group, Page, Table, in_unit, money_cell, share
from ops.report.reading import Month, Row, Scope, Views, state_is_later

MONTHS_SHOWN = 13
COHORTS_SHOWN = 12
FINE_BELOW = 0.1  # where no more come back than this, a digit after the point tells something
KINDS = ("returning", "new", "unknown")
TIERS = ("Diamond", "Gold", "Silver", "Bronze")
MONTHS = """
    SELECT source, currency, month_start_date, customer_type, customer_count, order_count, net_amount
    FROM {bi.new_returning_customer}
    WHERE %(as_of)s::date IS NULL OR month_start_date + interval '1 month' <= %(as_of)s::date + interval '1 day'
    ORDER BY source, currency, month_start_date DESC, customer_type
"""
COHORTS = """
    SELECT source, currency, acquisition_month_start_date, month_number, month_start_date, cohort_customer_count,
        retention_rate
    FROM {bi.cohort} ORDER BY source, currency, acquisition_month_start_date DESC, month_number
"""
STANDING = """
    SELECT source, currency, max(as_of_date) AS as_of_date, count(*) FILTER (WHERE order_count > 0) AS customer_count,
        avg(is_repeat::int) FILTER (WHERE order_count > 0) AS repeat_rate,
        avg(is_churned::int) FILTER (WHERE order_count > 0) AS churned_rate
    FROM {bi.customer_value} GROUP BY 1, 2
"""
SEGMENTS = """
    SELECT source, currency, segment, recommended_action, as_of_date, customer_count, churned_customer_count,
        net_amount, net_share_rate, median_recency_days
    FROM {bi.customer_segment} ORDER BY source, currency, net_amount DESC, segment
"""
TIER_SUMS = """
    SELECT source, currency, clv_tier, max(as_of_date) AS as_of_date, count(*) AS customer_count,
        sum(clv_amount) AS clv_amount, sum(net_amount) AS net_amount,
        count(*) FILTER (WHERE is_churn_risk) AS risk_count,
        sum(clv_amount) FILTER (WHERE is_churn_risk) AS risk_amount,
        count(is_churn_risk) AS judged_count
    FROM {bi.customer_score} WHERE clv_tier IS NOT NULL GROUP BY 1, 2, 3
"""


def customers(views: Views, scopes: Sequence[Scope]) -> Page:
    """Read and lay out the page."""
    months, cohorts, standing = views.rows(MONTHS), views.rows(COHORTS), views.rows(STANDING)
    segments, tiers = views.rows(SEGMENTS), views.rows(TIER_SUMS)
    groups = [
        Group(
            scope.source,
            scope.title,
            [
                headlines(views, scope, scope.of(months)),
                now(views, scope, scope.of(standing), scope.of(tiers)),
                new_and_returning(scope, scope.of(months)),
                retention(scope, scope.of(cohorts)),
                by_segment(views, scope, scope.of(segments)),
                by_tier(views, scope, scope.of(tiers)),
            ],
        )
        for scope in scopes
    ]
    return Page(
        "customer", "Customers", "Who came, who came back, what are they worth, and who is leaving?", groups
    )


def headlines(views: Views, scope: Scope, months: list[Row]) -> Card:
    """Customers of the month, and how much of its sales came from those who had bought before."""
    if scope.month is None:
        return Card("Headlines", why=scope.no_month())
    month = scope.month
    compared = (month, month.before, month.year_before)
    by_month = [measures(months, each.start) if scope.covers(each) else {} for each in compared]
    if by_month[0].get("customer_count") == 0:
        return Card(str(month), why=f"{scope.source} names no customer who bought in {month}.")
    definition = views.metric("customer_count").definition
    meanings = {
        "customer_count": ("Customers", "count", definition, True),
        "new_customer_count": ("New customers", "count", views.metric("new_customer_count").definition, True),
        "returning_rate": (
            "Sales from returning customers", "rate",
            "Share of the net sales to known customers that came from those of earlier months", None,
        ),
    }  # fmt: skip
    figures = []
    for name, (label, unit, meaning, is_good) in meanings.items():
        values = [row.get(name) for row in by_month]
        text = in_unit(values[0], unit, "") or "not known"
        figures.append(
            Figure(name, label, text, values[0], unit, meaning, *scope.compared(values, unit, is_good))
        )
    return Card(str(month), scope.missing(), figures)


def measures(months: list[Row], start: date) -> dict[str, int | Decimal | None]:
    """The month's customers, new ones, and the share of sales from returning ones."""
    kinds = {row["customer_type"]: row for row in months if row["month_start_date"] == start}
    count = {kind: int(row["customer_count"]) for kind, row in kinds.items()}
    net = {kind: Decimal(row["net_amount"]) for kind, row in kinds.items()}
    known = net.get("new", Decimal(0)) + net.get("returning", Decimal(0))
    return {
        "customer_count": count.get("new", 0) + count.get("returning", 0),
        "new_customer_count": count.get("new", 0),
        "returning_rate": net.get("returning", Decimal(0)) / known if known > 0 else None,
    }


def now(views: Views, scope: Scope, standing: list[Row], tiers: list[Row]) -> Card:
    """How the customers stand on the last day: a state, of which the views keep no earlier one."""
    title = "All customers"
    if not standing or not standing[0]["customer_count"]:
        return Card(title, why=f"{scope.source} names no customers.")
    row = standing[0]
    if later := state_is_later(views, scope, row["as_of_date"]):
        return Card(title, why=later)
    figures = [
        Figure(
            "known_customers",
            "Customers so far",
            f"{row['customer_count']:,}",
            row["customer_count"],
            "count",
        ),
        Figure("repeat_rate", "Bought more than once", share(row["repeat_rate"]), row["repeat_rate"], "rate"),
        Figure(
            "churned_rate",
            "Lost",
            share(row["churned_rate"]) or "not known",
            row["churned_rate"],
            "rate",
            note="silent for longer than their rhythm explains"
            if row["churned_rate"] is not None
            else "nobody ever came back",
        ),
        _likely_to_leave(scope, tiers),
    ]
    note = f"As of {row['as_of_date']}; the views keep no earlier state to compare with."
    return Card(title, note, figures)


def _likely_to_leave(scope: Scope, tiers: list[Row]) -> Figure:
    """How many customers are much less likely than others to order again, and what they are worth."""
    name, label = "churn_risk_count", "Likely to leave"
    if not any(tier["judged_count"] for tier in tiers):
        return Figure(
            name, label, "not known", None, "count", note="nothing tells who, better than the average does"
        )
    count = sum(tier["risk_count"] for tier in tiers)
    worth = sum((tier["risk_amount"] or Decimal(0) for tier in tiers), Decimal(0))
    note = f"their value to come: {in_unit(worth, 'money', scope.currency)}"
    return Figure(name, label, f"{count:,}", count, "count", note=note)


def new_and_returning(scope: Scope, months: list[Row]) -> Card:
    """Net sales by month from new, returning and unknown customers."""
    title = "New and returning"
    starts = sorted(
        {row["month_start_date"] for row in months if row["month_start_date"] <= scope.last_date},
        reverse=True,
    )[:MONTHS_SHOWN]
    kinds = {(row["month_start_date"], row["customer_type"]): row for row in months}
    if not any(row["customer_count"] for row in months):
        return Card(title, why=f"{scope.source} names no customers.")
    table = []
    for start in starts:
        found = [kinds.get((start, kind)) for kind in KINDS]
        table.append(
            [
                Cell(str(Month(start)), "" if scope.covers(Month(start)) else "not covered wholly"),
                *[
                    Cell(f"{row['customer_count']:,}", value=row["customer_count"]) if row else Cell("")
                    for row in found[:2]
                ],
                *[money_cell(row["net_amount"], scope.currency) if row else Cell("") for row in found],
            ]
        )
    points = [
        (start, kind, kinds[start, kind]["net_amount"])
        for start in reversed(starts)
        for kind in KINDS
        if (start, kind) in kinds
    ]
    label = f"Net sales in {scope.currency} by month and kind of customer"
    drawn = [Chart(label, *charts.stacked_months(label, scope.currency, points))] if len(starts) > 1 else []
    columns = ("month", "returning", "new", "sales: returning", "sales: new", "sales: unknown")
    note = (
        "New: in the month of the first order that the data knows. Unknown: sales without a named customer. "
        "Customers do not add up over months."
    )
    return Card(title, note, charts=drawn, tables=[Table(columns, table)])


def retention(scope: Scope, cohorts: list[Row]) -> Card:
    """Of the customers won in a month, the share who bought again so many months later."""
    title = "Do they come back?"
    whole = [row for row in cohorts if scope.covers(Month(row["month_start_date"]))]
    starts = sorted({row["acquisition_month_start_date"] for row in whole}, reverse=True)[:COHORTS_SHOWN]
    rates = {
        (row["acquisition_month_start_date"], row["month_number"]): row
        for row in whole
        if row["month_number"]
    }
    if not any(start == key[0] for start in starts for key in rates):
        return Card(
            title,
            why=f"No customer of {scope.source} has been known for a whole month after that of the first order.",
        )
    last = min(max(number for start, number in rates if start in starts), COHORTS_SHOWN)
    top = max(float(row["retention_rate"]) for row in rates.values()) or 1.0
    sizes = {row["acquisition_month_start_date"]: row["cohort_customer_count"] for row in whole}
    rows = [
        [
            Cell(f"{start:%b %Y}"),
            Cell(f"{sizes[start]:,}", value=sizes[start]),
            *[_retained(rates.get((start, number)), top) for number in range(1, last + 1)],
        ]
        for start in starts
    ]
    columns = ("first order", "customers", *(f"{number}" for number in range(1, last + 1)))
    note = "Share of a month's new customers who bought again so many months after it. Only whole months."
    return Card(title, note, tables=[Table(columns, rows, is_grid=True)])


def by_segment(views: Views, scope: Scope, segments: list[Row]) -> Card:
    """The segments by recency, frequency and value, the one that brought most first."""
    title = "Segments, and what to do"
    if not segments:
        return Card(title, why=f"{scope.source} names no customers to put into segments.")
    if later := state_is_later(views, scope, segments[0]["as_of_date"]):
        return Card(title, why=later)
    rows = [
        [
            Cell(row["segment"], row["recommended_action"] or ""),
            Cell(f"{row['customer_count']:,}", value=row["customer_count"]),
            Cell(f"{row['churned_customer_count']:,}", value=row["churned_customer_count"]),
            Cell(in_unit(row["median_recency_days"], "quantity", ""), value=row["median_recency_days"]),
            money_cell(row["net_amount"], scope.currency),
            Cell(
                share(row["net_share_rate"]),
                value=row["net_share_rate"],
                bar=float(row["net_share_rate"] or 0),
            ),
        ]
        for row in segments
    ]
    columns = ("segment", "customers", "of them lost", "days since last order", "net sales", "share")
    return Card(title, f"All sales so far, as of {segments[0]['as_of_date']}.", tables=[Table(columns, rows)])


def by_tier(views: Views, scope: Scope, tiers: list[Row]) -> Card:
    """What the customers are expected to bring, by tier."""
    title = "Value to come"
    if not tiers:
        return Card(
            title,
            why=f"Too little is known of the customers of {scope.source} to estimate what they will bring.",
        )
    if later := state_is_later(views, scope, tiers[0]["as_of_date"]):
        return Card(title, why=later)
    order = sorted(
        tiers,
        key=lambda row: (TIERS.index(row["clv_tier"]) if row["clv_tier"] in TIERS else 9, row["clv_tier"]),
    )
    total = sum((row["clv_amount"] or Decimal(0) for row in order), Decimal(0))
    rows = [
        [
            Cell(row["clv_tier"]),
            Cell(f"{row['customer_count']:,}", value=row["customer_count"]),
            money_cell(row["net_amount"], scope.currency),
            money_cell(row["clv_amount"], scope.currency),
            Cell(share(row["clv_amount"] / total), bar=float(row["clv_amount"] / total))
            if total
            else Cell(""),
            Cell(f"{row['risk_count']:,}" if row["judged_count"] else "–", value=row["risk_count"]),
        ]
        for row in order
    ]
    columns = ("tier", "customers", "net sales so far", "expected value", "share", "likely to leave")
    note = (
        "What customers are expected to bring within clv_horizon_days (config.yaml), discounted. How good that is: "
        f"`retail evaluate`, bi.model_quality. As of {tiers[0]['as_of_date']}."
    )
    return Card(title, note, tables=[Table(columns, rows)])


def _retained(row: Row | None, top: float) -> Cell:
    if row is None:
        return Cell("")
    rate = float(row["retention_rate"])
    text = f"{rate:.0%}" if top >= FINE_BELOW else f"{rate:.1%}"
    return Cell(text.replace("%", " %"), value=row["retention_rate"], shade=round(rate / top, 3))
