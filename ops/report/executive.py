"""The page for who leads the shop: sales of the last whole month, where they come from, and what is to be expected."""

from collections.abc import Sequence
from datetime import timedelta
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
    change,
    growth_cell,
    in_unit,
    money_cell,
)
from ops.report.parts import share as as_share
from ops.report.reading import Month, Row, Scope, Views, state_is_later

MONTHS_SHOWN = 13
WEEKS_SHOWN = 52
CATEGORIES_SHOWN = 12
# The measures at the head of the page, and whether more of them is better.
HEADLINES = {
    "net_amount": True,
    "margin_amount": True,
    "margin_rate": True,
    "order_count": True,
    "average_order_value": True,
    "customer_count": True,
    "new_customer_count": True,
    "return_rate": False,
}
MONTHS = """
    SELECT source, currency, month_start_date, channel, is_complete, net_amount, order_count, customer_count,
        new_customer_count, average_order_value, return_rate, net_month_over_month_growth,
        net_year_over_year_growth, net_year_to_date_amount, net_reporting_amount, reporting_currency
    FROM {bi.sales_monthly}
    WHERE %(as_of)s::date IS NULL OR month_start_date + interval '1 month' <= %(as_of)s::date + interval '1 day'
    ORDER BY source, currency, month_start_date DESC, net_amount DESC NULLS LAST, channel
"""
# The dictionary's margin over the views that show the star schema; there is no view of it by month.
MARGINS = """
    SELECT line.source, line.currency, date_trunc('month', {dated_by})::date AS month_start_date,
        {margin} AS margin_amount, ({margin}) / nullif({net} - {tax}, 0) AS margin_rate
    FROM {relation}
    WHERE date_trunc('month', {dated_by})::date = ANY(%(months)s)
    GROUP BY 1, 2, 3
"""
STAR = {"core.fct_order_line": "{bi.order_line}", "core.dim_product": "{bi.product}"}
CATEGORIES = """
    SELECT source, currency, month_start_date, category, net_amount, net_share_rate, net_month_over_month_growth,
        net_year_over_year_growth
    FROM {bi.category_sales_monthly} WHERE channel = 'all' AND month_start_date = ANY(%(months)s)
    ORDER BY source, currency, net_amount DESC NULLS LAST, category
"""
WEEKS = """
    SELECT source, currency, period_start_date, actual_amount, forecast_amount, low_80_amount, high_80_amount,
        baseline_amount, is_backtest, method, as_of_date, note
    FROM {bi.sales_forecast} WHERE category = 'all' AND period_kind = 'week'
    ORDER BY source, currency, period_start_date
"""


def executive(views: Views, scopes: Sequence[Scope]) -> Page:
    """Read and lay out the page."""
    months = views.rows(MONTHS)
    wanted = {m for scope in scopes if scope.month for m in _compared(scope.month)}
    days = [month.start for month in sorted(wanted, key=lambda month: month.start)]
    margins = views.rows(margins_question(views), months=days)
    categories = views.rows(CATEGORIES, months=days)
    weeks = views.rows(WEEKS)
    groups = [
        Group(
            scope.source,
            scope.title,
            [
                headlines(views, scope, scope.of(months), scope.of(margins)),
                trend(views, scope, scope.of(weeks)),
                by_channel(scope, scope.of(months)),
                by_category(scope, scope.of(categories)),
                by_month(scope, scope.of(months)),
            ],
        )
        for scope in scopes
    ]
    question = (
        "How was the last whole month, against the month before and the year before, and what comes next?"
    )
    return Page(
        "executive", "Executive", question, groups, [overview(scopes, months)] if len(scopes) > 1 else []
    )


def margins_question(views: Views) -> str:
    """Return the query for the margin of months, from the metric dictionary's own words."""
    margin = views.metric("margin_amount")
    relation = margin.relation
    for table, view in STAR.items():
        relation = relation.replace(table, view)
    parts = {
        "dated_by": margin.dated_by,
        "relation": relation,
        "margin": margin.expression,
        "net": views.metric("net_amount").expression,
        "tax": views.metric("tax_amount").expression,
    }
    question = MARGINS
    for name, text in parts.items():
        question = question.replace("{" + name + "}", text)
    return question


def overview(scopes: Sequence[Scope], months: Sequence[Row]) -> Card:
    """All sources in one table, without a sum: their currencies and months differ."""
    rows = []
    for scope in scopes:
        row = _month_row(scope.of(list(months)), scope.month)
        if row is None or scope.month is None:
            rows.append([Cell(scope.source, scope.no_month()), *[Cell("–")] * 6])
            continue
        rows.append(
            [
                Cell(scope.source),
                Cell(str(scope.month)),
                money_cell(row["net_amount"], scope.currency),
                money_cell(row["net_reporting_amount"], row["reporting_currency"] or ""),
                Cell(f"{row['order_count']:,}", value=row["order_count"]),
                growth_cell(row["net_month_over_month_growth"]),
                growth_cell(row["net_year_over_year_growth"]),
            ]
        )
    columns = (
        "source",
        "month",
        "net sales",
        "in US dollars",
        "orders",
        "on the month before",
        "on the year before",
    )
    note = (
        "Each source's last whole month. Currencies are not added up; US dollars at the month's average rate."
    )
    return Card("All sources", note, tables=[Table(columns, rows, texts=[1])])


def headlines(views: Views, scope: Scope, months: list[Row], margins: list[Row]) -> Card:
    """The measures of the month against the month before and the year before."""
    if scope.month is None:
        return Card("Headlines", why=scope.no_month())
    month = scope.month
    rows = [
        {**(_month_row(months, each) or {}), **_of_month(margins, each)} if scope.covers(each) else {}
        for each in _compared(month)
    ]
    figures = []
    for name, is_good in HEADLINES.items():
        metric = views.metric(name)
        values = [row.get(name) for row in rows]
        if values[0] is None:
            # A rate is not missed where its amount is said to be missing.
            if metric.unit != "rate":
                why = "The source does not tell cost and tax of all that was sold."
                figures.append(
                    Figure(name, metric.label, "not known", None, metric.unit, metric.definition, note=why)
                )
            continue
        text = in_unit(values[0], metric.unit, scope.currency)
        compared = scope.compared(values, metric.unit, is_good)
        figures.append(Figure(name, metric.label, text, values[0], metric.unit, metric.definition, *compared))
    note = " ".join(filter(None, (_year_to_date(scope, month, months), scope.missing())))
    return Card(str(month), note, figures)


def _year_to_date(scope: Scope, month: Month, months: list[Row]) -> str:
    """The year so far in words, against the same months of the year before where these are covered."""
    this, last = (_month_row(months, each) for each in (month, month.year_before))
    if this is None or this["net_year_to_date_amount"] is None:
        return ""
    so_far = this["net_year_to_date_amount"]
    first = max(scope.first_date, month.start.replace(month=1, day=1))
    words = f"Net sales of the year so far, from {first} on: {in_unit(so_far, 'money', scope.currency)}"
    january = Month(month.year_before.start.replace(month=1))
    if last is None or not scope.covers(january):
        return f"{words}."
    compared = change(
        so_far, last["net_year_to_date_amount"], "money", f"the same months of {january.start.year}"
    )
    return f"{words}, {compared.words}."


def trend(views: Views, scope: Scope, weeks: list[Row]) -> Card:
    """Net sales by week, with those of the year before, and the forecast with its interval."""
    title = "Net sales by week, and forecast"
    end = scope.last_date
    past = [
        row
        for row in weeks
        if row["actual_amount"] is not None and row["period_start_date"] + timedelta(days=6) <= end
    ]
    if not past:
        return Card(title, why=f"There is no whole week with sales of {scope.source} yet.")
    later = state_is_later(views, scope, past[-1]["as_of_date"])
    ahead = (
        []
        if later
        else [row for row in weeks if row["actual_amount"] is None and row["forecast_amount"] is not None]
    )
    shown = past[-WEEKS_SHOWN:]
    years = {row["period_start_date"] + timedelta(days=364): row["actual_amount"] for row in past}
    before = [
        (r["period_start_date"], years[r["period_start_date"]])
        for r in shown
        if r["period_start_date"] in years
    ]
    label = f"Net sales by week in {scope.currency} since {shown[0]['period_start_date']}"
    drawn = charts.weeks(
        label,
        scope.currency,
        [(row["period_start_date"], row["actual_amount"]) for row in shown],
        before,
        [
            (r["period_start_date"], r["forecast_amount"], r["low_80_amount"], r["high_80_amount"])
            for r in ahead
        ],
    )
    note = "Weeks begin on Monday." + (" Dashed: the same weeks of the year before." if before else "")
    if ahead:
        table = [_forecast_table(scope, ahead)]
        note += f" Dotted: the forecast ({ahead[0]['method']})"
        if ahead[0]["low_80_amount"] is None:
            note += f", whose bounds are not known. {ahead[0]['note'] or ''}".rstrip()
        else:
            note += "; four weeks in five should fall into what is shaded."
    else:
        table = []
        note += " " + (
            later or f"There is no forecast: {past[-1]['note'] or 'the shop has closed or is too young'}."
        )
    return Card(title, note, charts=[Chart(label, *drawn)] if len(shown) > 1 else [], tables=table)


def _forecast_table(scope: Scope, ahead: list[Row]) -> Table:
    rows = [
        [
            Cell(f"{row['period_start_date']}"),
            money_cell(row["forecast_amount"], scope.currency),
            *[
                money_cell(row[name], scope.currency) if row[name] is not None else Cell("–")
                for name in ("low_80_amount", "high_80_amount", "baseline_amount")
            ],
        ]
        for row in ahead
    ]
    return Table(("week from", "forecast", "low (80 %)", "high (80 %)", "naive forecast"), rows)


def by_channel(scope: Scope, months: list[Row]) -> Card:
    """The month's sales by channel, the largest first."""
    if scope.month is None:
        return Card("By channel", why=scope.no_month())
    found = [r for r in months if r["month_start_date"] == scope.month.start and r["channel"] != "all"]
    if not found:
        return Card("By channel", why=f"Nothing was sold in {scope.month}.")
    if len(found) == 1:
        return Card("By channel", why=f"All of it was sold over one channel: {found[0]['channel']}.")
    total = sum((row["net_amount"] for row in found), Decimal(0))
    rows = [
        [
            Cell(row["channel"]),
            money_cell(row["net_amount"], scope.currency),
            _part(row["net_amount"] / total if total else None),
            Cell(f"{row['order_count']:,}", value=row["order_count"]),
            money_cell(row["average_order_value"], scope.currency),
            growth_cell(row["net_month_over_month_growth"]),
            growth_cell(row["net_year_over_year_growth"]),
        ]
        for row in found
    ]
    columns = (
        "channel",
        "net sales",
        "share",
        "orders",
        "order value",
        "on the month before",
        "on the year before",
    )
    return Card("By channel", f"{scope.month}, by net sales.", tables=[Table(columns, rows)])


def by_category(scope: Scope, categories: list[Row]) -> Card:
    """The month's sales by category, the largest first."""
    if scope.month is None:
        return Card("By category", why=scope.no_month())
    found = [row for row in categories if row["month_start_date"] == scope.month.start]
    if not found:
        return Card("By category", why=f"No merchandise of a category was sold in {scope.month}.")
    if len(found) == 1:
        only = found[0]["category"]
        return Card("By category", why=f"{scope.source} tells no categories: all of it is '{only}'.")
    rows = [
        [
            Cell(row["category"]),
            money_cell(row["net_amount"], scope.currency),
            _part(row["net_share_rate"]),
            growth_cell(row["net_month_over_month_growth"]),
            growth_cell(row["net_year_over_year_growth"]),
        ]
        for row in found[:CATEGORIES_SHOWN]
    ]
    columns = ("category", "net sales", "share", "on the month before", "on the year before")
    rest = f"and {len(found) - len(rows)} more categories" if len(found) > len(rows) else ""
    return Card("By category", f"{scope.month}, by net sales.", tables=[Table(columns, rows, rest=rest)])


def by_month(scope: Scope, months: list[Row]) -> Card:
    """The last thirteen months, the newest first."""
    found = [row for row in months if row["channel"] == "all"][:MONTHS_SHOWN]
    if not found:
        return Card("By month", why=scope.no_month())
    rows = [
        [
            Cell(str(Month(row["month_start_date"])), "" if row["is_complete"] else "not covered wholly"),
            money_cell(row["net_amount"], scope.currency),
            growth_cell(row["net_month_over_month_growth"]),
            growth_cell(row["net_year_over_year_growth"]),
            Cell(f"{row['order_count']:,}", value=row["order_count"]),
            money_cell(row["average_order_value"], scope.currency),
            Cell(f"{row['customer_count']:,}", value=row["customer_count"]),
            Cell(as_share(row["return_rate"]), value=row["return_rate"]),
        ]
        for row in found
    ]
    columns = (
        "month", "net sales", "on the month before", "on the year before", "orders", "order value", "customers",
        "returns",
    )  # fmt: skip
    note = "Newest first. A dash: no whole month to compare with. Customers do not add up over months."
    return Card("By month", note, tables=[Table(columns, rows)])


def _compared(month: Month) -> tuple[Month, Month, Month]:
    return month, month.before, month.year_before


def _month_row(months: list[Row], month: Month | None) -> Row | None:
    """The row of all channels together."""
    return next(
        (
            row
            for row in months
            if month and row["month_start_date"] == month.start and row["channel"] == "all"
        ),
        None,
    )


def _of_month(rows: list[Row], month: Month) -> Row:
    return next((row for row in rows if row["month_start_date"] == month.start), {})


def _part(rate: Decimal | None) -> Cell:
    return Cell(as_share(rate), value=rate, bar=min(max(float(rate), 0.0), 1.0) if rate is not None else None)
