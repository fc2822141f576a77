"""The report as a file, from rows made by hand: what is compared with what, what empty parts say, what is in it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from markupsafe import escape

from ops.errors import OpsError
from ops.metrics import read_metrics
from ops.quality_page import page
from ops.report import charts, customers, executive, inventory
from ops.report.page import of_sources, render
from ops.report.parts import Change, Page, amount, change, in_unit, share
from ops.report.reading import Month, Scope, Views, Wish, read_scopes
from tests.ops.test_quality import Links, report
from tests.support import ROOT

JUNE = date(2026, 6, 1)
SCOPE = Scope("shop", "INR", date(2025, 5, 1), date(2026, 7, 14))
EVIL = "<script>alert('1')</script>"


class Rows(Views):
    """Views that answer from rows made by hand, by the query's text."""

    def __init__(self, answers: Mapping[str, list[dict[str, Any]]], as_of: date | None = None) -> None:
        self.answers = answers
        self.as_of = as_of
        self.metrics = {metric.metric: metric for metric in read_metrics(ROOT)}

    def rows(self, question: str, **given: Any) -> list[dict[str, Any]]:
        return self.answers.get(question, [])


def row(**given: Any) -> dict[str, Any]:
    return {"source": "shop", "currency": "INR", **given}


def month(start: date, net: int, **given: Any) -> dict[str, Any]:
    """A month of all channels."""
    return row(
        **{
            "month_start_date": start, "channel": "all", "is_complete": True, "net_amount": Decimal(net),
            "order_count": net // 10, "customer_count": 5, "new_customer_count": 2, "average_order_value": Decimal(10),
            "return_rate": Decimal("0.02"), "net_month_over_month_growth": None, "net_year_over_year_growth": None,
            "net_year_to_date_amount": Decimal(net * 6), "net_reporting_amount": Decimal(net) / 80,
            "reporting_currency": "USD", **given,
        }
    )  # fmt: skip


MONTHS = [month(JUNE, 1100), month(date(2026, 5, 1), 1000), month(date(2025, 6, 1), 2200)]
CHANNELS = [month(JUNE, 800, channel="web"), month(JUNE, 300, channel=EVIL)]


def first_page(answers: Mapping[str, Any] | None = None) -> Page:
    given = {executive.MONTHS: CHANNELS + MONTHS, executive.WEEKS: [], executive.CATEGORIES: []}
    return executive.executive(Rows({**given, **(answers or {})}), [SCOPE])


def figures(page: Page) -> dict[str, Any]:
    return {figure.metric: figure for group in page.groups for card in group.cards for figure in card.figures}


def why(page: Page) -> dict[str, str]:
    """What the empty cards say."""
    return {card.title: card.why for group in page.groups for card in group.cards if card.why}


def test_the_month_reported_on_is_the_last_whole_one() -> None:
    assert str(SCOPE.month) == "June 2026"
    assert str(replace(SCOPE, last_date=date(2026, 7, 31)).month) == "July 2026"
    assert replace(SCOPE, first_date=date(2026, 6, 2)).month is None
    assert Month(date(2026, 1, 1)).before == Month(date(2025, 12, 1))
    assert Month(date(2024, 2, 1)).end == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("value", "base", "unit", "is_good", "expected"),
    [
        (110, 100, "money", True, Change("+10.0 % on May", "good")),
        (90, 100, "money", True, Change("−10.0 % on May", "bad")),
        (90, 100, "money", None, Change("−10.0 % on May")),
        (Decimal("0.05"), Decimal("0.02"), "rate", False, Change("+3.0 points on May", "bad")),
        (Decimal("100.9"), 100, "money", True, Change("+0.9 % on May")),
        (Decimal("0.02001"), Decimal("0.02"), "rate", True, Change("as in May")),
        (10, 0, "money", True, Change("May was not above zero")),
        (10, None, "money", True, Change("no May to compare with")),
    ],
)
def test_a_number_is_compared_in_its_unit(
    value: Any, base: Any, unit: str, is_good: Any, expected: Change
) -> None:
    assert change(value, base, unit, "May", is_good) == expected


def test_numbers_are_written_with_their_units() -> None:
    assert amount(Decimal("1234567.89"), "INR") == "INR 1,234,568"
    assert amount(Decimal("12.5"), "BRL") == "BRL 12.50"
    assert amount(Decimal(-40), "GBP") == "GBP -40"
    assert (in_unit(1234, "count", ""), in_unit(Decimal("2.25"), "days", "")) == ("1,234", "2.2 days")
    assert in_unit(None, "money", "INR") == ""
    assert [share(value) for value in (0.1234, 0.99999, 0.00001, 0, 1)] == [
        "12.3 %",
        ">99.99 %",
        "<0.01 %",
        "0 %",
        "100 %",
    ]


def test_headlines_are_compared_with_the_month_and_the_year_before() -> None:
    net = figures(first_page())["net_amount"]
    assert (net.text, net.value) == ("INR 1,100", Decimal(1100))
    assert net.before == Change("+10.0 % on May 2026", "good")
    assert net.year == Change("−50.0 % on June 2025", "bad")


def test_a_month_that_is_not_covered_is_not_compared_with() -> None:
    young = replace(SCOPE, first_date=date(2026, 5, 20))
    page = executive.executive(Rows({executive.MONTHS: MONTHS}), [young])
    net = figures(page)["net_amount"]
    assert net.before == Change("no May 2026 to compare with")
    [card] = [card for card in page.groups[0].cards if card.figures]
    assert "not all of May 2026 and June 2025" in card.note


def test_a_margin_that_is_not_known_says_why_and_its_rate_is_left_out() -> None:
    found = figures(first_page())
    assert found["margin_amount"].text == "not known"
    assert "cost and tax" in found["margin_amount"].note
    assert "margin_rate" not in found


def test_the_margin_asks_the_views_with_the_words_of_the_dictionary() -> None:
    question = executive.margins_question(Rows({}))
    assert "{bi.order_line} AS line JOIN {bi.product} AS version" in question
    assert "core." not in question
    assert "line.net_amount - line.tax_amount - line.quantity * version.cost_amount" in question


def week(start: date, **given: Any) -> dict[str, Any]:
    names = ("actual", "forecast", "low_80", "high_80", "baseline")
    amounts = dict.fromkeys(f"{name}_amount" for name in names)
    told = {"is_backtest": False, "method": "mean", "as_of_date": date(2026, 7, 14), "note": ""}
    return row(period_start_date=start, **{**amounts, **told, **given})


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (
            {"low_80_amount": Decimal(80), "high_80_amount": Decimal(120)},
            "four weeks in five should fall into",
        ),
        ({"note": "Too short to tell."}, "whose bounds are not known. Too short to tell."),
    ],
)
def test_a_forecast_without_bounds_says_that_they_are_not_known(bounds: dict[str, Any], said: str) -> None:
    past = [week(date(2026, 6, day), actual_amount=Decimal(100)) for day in (22, 29)]
    ahead = week(date(2026, 7, 20), forecast_amount=Decimal(100), **bounds)
    page = first_page({executive.WEEKS: [*past, ahead]})
    [card] = [card for card in page.groups[0].cards if card.charts]
    assert said in card.note
    assert ("mark-area" in card.charts[0].wide) == ("low_80_amount" in bounds)
    assert (card.tables[0].rows[0][2].text == "–") == ("low_80_amount" not in bounds)


def test_sources_stand_beside_each_other_and_are_never_added_up() -> None:
    other = replace(SCOPE, source="loja", currency="BRL")
    months = [*MONTHS, {**month(JUNE, 500), "source": "loja", "currency": "BRL"}]
    page = executive.executive(Rows({executive.MONTHS: months}), [SCOPE, other])
    [table] = page.cards[0].tables
    assert [(cells[0].text, cells[2].text) for cells in table.rows] == [
        ("shop", "INR 1,100"),
        ("loja", "BRL 500"),
    ]
    assert not first_page().cards


def test_empty_parts_say_why() -> None:
    young = replace(SCOPE, first_date=date(2026, 7, 2))
    rows = Rows({})
    assert (
        "no whole month yet: the data covers 2026-07-02 to 2026-07-14"
        in why(executive.executive(rows, [young]))["Headlines"]
    )
    assert set(why(executive.executive(rows, [SCOPE]))) == {
        "Net sales by week, and forecast",
        "By channel",
        "By category",
        "By month",
    }
    assert "names no customers" in why(customers.customers(rows, [SCOPE]))["All customers"]
    assert "tells of no stock" in why(inventory.inventory(rows, [SCOPE]))["Stock"]


def test_a_state_of_a_later_day_is_not_shown_as_of_an_earlier_one() -> None:
    standing = row(
        as_of_date=date(2026, 7, 14), customer_count=9, repeat_rate=Decimal("0.5"), churned_rate=None
    )
    shown = customers.customers(Rows({customers.STANDING: [standing]}), [SCOPE])
    assert figures(shown)["known_customers"].value == 9
    earlier = customers.customers(Rows({customers.STANDING: [standing]}, as_of=date(2026, 6, 30)), [SCOPE])
    assert "as of 2026-07-14 only, which is after 2026-06-30" in why(earlier)["All customers"]


def test_sales_from_returning_customers_leave_out_unknown_ones() -> None:
    def of(kind: str, count: int, net: int) -> dict[str, Any]:
        return row(
            month_start_date=JUNE,
            customer_type=kind,
            customer_count=count,
            order_count=1,
            net_amount=Decimal(net),
        )

    found = customers.measures([of("new", 3, 25), of("returning", 1, 75), of("unknown", 0, 900)], JUNE)
    assert found == {"customer_count": 4, "new_customer_count": 3, "returning_rate": Decimal("0.75")}
    assert customers.measures([], JUNE)["returning_rate"] is None


def test_stock_counts_the_days_of_the_month_and_is_worth_what_it_was_on_the_last() -> None:
    def day(number: int, out: int, value: int) -> dict[str, Any]:
        return row(
            snapshot_date=date(2026, 6, number), stock_value_amount=Decimal(value), unvalued_count=0, item_count=10,
            stock_out_count=out,
        )  # fmt: skip

    found = inventory.measures([day(1, 2, 50), day(30, 0, 70)], Month(JUNE))
    assert found == {"stock_out_rate": Decimal("0.1"), "stock_value_amount": Decimal(70)}
    assert inventory.measures([day(1, 2, 50)], Month(JUNE))["stock_value_amount"] is None


def test_a_source_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    class OneShop(Rows):
        def rows(self, question: str, **given: Any) -> list[dict[str, Any]]:
            return [row(first_date=SCOPE.first_date, last_date=SCOPE.last_date)]

    with pytest.raises(OpsError, match="no sales of the source kiosk: there are shop"):
        read_scopes(OneShop({}), Wish(sources=("kiosk",)))
    with pytest.raises(OpsError, match="prod has no sales by 2020-01-01"):
        read_scopes(OneShop({}), Wish(as_of=date(2020, 1, 1)))
    assert read_scopes(OneShop({}), Wish(as_of=date(2026, 6, 30)))[0].last_date == date(2026, 6, 30)


def html(wish: Wish | None = None) -> str:
    return render([first_page()], [SCOPE], report(), wish or Wish())


def test_the_page_is_whole_fetches_nothing_runs_nothing_and_escapes_the_data() -> None:
    text = html()
    links = Links()
    links.feed(text)
    assert [link for link in links.fetched if not link.startswith("a href=#")] == []
    assert links.open == []
    assert "<script" not in text
    assert "&lt;script&gt;alert" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/)", text)


def test_the_same_data_is_the_same_page() -> None:
    assert html() == html()
    assert "2026-03-02 08:30" not in html(), "the page would tell when it was made"


def test_the_page_says_which_environment_it_shows() -> None:
    assert "environment dev" in html(Wish(environment="dev"))
    assert "environment" not in re.sub(r"<style>.*?</style>", "", html(), flags=re.DOTALL)


def test_the_first_screen_says_when_the_numbers_may_not_be_trusted() -> None:
    assert '<a href="#quality"><span class="pill bad">1 check failed that blocks</span></a>' in html()
    fine = report(checks=[], layers=[], days=[])
    assert "failed that block" not in render([first_page()], [SCOPE], fine, Wish())


def test_the_quality_page_is_about_the_sources_that_are_wished_for() -> None:
    assert of_sources(report(), ()).checks
    assert of_sources(report(), ("other",)).records == []
    assert of_sources(report(), ("shop",)).checks == report().checks


def test_a_chart_is_drawn_at_two_widths_tells_its_values_and_what_it_is() -> None:
    days = [(date(2026, 6, 1), Decimal("0.5")), (date(2026, 6, 8), Decimal("0.25"))]
    wide, narrow = charts.weeks("Sales & more", "INR", days, [], [])
    assert wide != narrow
    assert 'aria-label="Sales &amp; more"' in wide
    assert "<title>2026-06-01: INR 0.50</title>" in wide
    assert "var(--accent)" in wide
    assert not re.search(r'\bid="|url\(', wide), "two charts of a page would share it"


def test_a_forecast_is_drawn_with_its_bounds_from_where_the_past_ends() -> None:
    past = [(date(2026, 6, 1), Decimal(100)), (date(2026, 6, 8), Decimal(120))]
    plain, _ = charts.weeks("Sales", "INR", past, [], [])
    ahead, _ = charts.weeks(
        "Sales", "INR", past, [], [(date(2026, 6, 15), Decimal(130), Decimal(90), Decimal(170))]
    )
    assert "mark-area" in ahead
    assert "mark-area" not in plain


def test_what_is_mailed_quotes_no_row_that_was_left_out() -> None:
    found = report()
    words = found.reasons[0]["example"]
    assert words
    assert str(escape(words)) in page(found)
    assert found.reasons[0]["rule_name"] in html()
    assert str(escape(words)) not in html()
