"""The report of a prod with every source: its numbers against the facts, and the file in a browser without network."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse_one

from ops.metrics import read_metrics
from ops.report.page import write_page
from ops.report.reading import Scope, Views, Wish, read_scopes
from tests.browser import DESKTOP, PHONE, File, chromium, needs_chromium
from tests.integration.conftest import EverySource
from tests.support import ROOT

pytestmark = [pytest.mark.long, pytest.mark.slow]

METRICS = {metric.metric: metric for metric in read_metrics(ROOT)}
A4 = (688, 1000)  # less the margins
LARGEST = 6 * 2**20  # bytes: what mail servers take
# Every number of a page with what it is of, as a browser sees them.
NUMBERS = """
    [...document.querySelectorAll('#executive .figure, #inventory .figure')].map(figure => ({
        page: figure.closest('article').id,
        source: figure.closest('.group').dataset.source,
        metric: figure.dataset.metric,
        value: figure.querySelector('data')?.value ?? null,
        text: figure.querySelector('.value').innerText,
        isShown: figure.getBoundingClientRect().width > 0,
    }))
"""


@pytest.fixture(scope="module")
def scopes(every_source: EverySource) -> list[Scope]:
    with Views(every_source.project.settings, Wish()) as views:
        return read_scopes(views, Wish())


@pytest.fixture(scope="module")
def report(every_source: EverySource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    printed = every_source.project.retail("report", "--out", str(path))
    assert "Page: quality" in printed
    return path


@pytest.fixture(scope="module")
def file(report: Path) -> Iterator[File]:
    with chromium() as browser:
        yield File(browser, report)


def of_facts(every_source: EverySource, name: str, scope: Scope) -> Decimal | None:
    """A measure of the scope's month, by its definition over the facts."""
    assert scope.month is not None
    metric = METRICS[name]
    fact = parse_one(f"SELECT 1 FROM {metric.relation}", dialect="postgres").find(exp.From).this.alias
    currency = f"AND {fact}.currency = '{scope.currency}'" if metric.unit == "money" else ""
    [(value,)] = every_source.project.query(
        f"SELECT {metric.expression} FROM {metric.relation} WHERE {fact}.source = %s {currency} "
        f"AND DATE_TRUNC('MONTH', {metric.dated_by}) = %s",
        scope.source,
        scope.month.start,
    )
    return None if value is None else Decimal(str(value))


def headlines(file: File, size: tuple[int, int]) -> dict[tuple[str, str, str], dict[str, Any]]:
    file.open(size)
    found = file.value(NUMBERS)
    return {(each["page"], each["source"], each["metric"]): each for each in found}


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_browser_shows_the_headline_numbers_that_the_facts_give(
    every_source: EverySource, scopes: list[Scope], file: File, size: tuple[int, int]
) -> None:
    shown = headlines(file, size)
    compared = 0
    for scope in (scope for scope in scopes if scope.month):
        for name in ("net_amount", "margin_amount", "order_count", "customer_count", "new_customer_count"):
            figure = shown["executive", scope.source, name]
            defined = of_facts(every_source, name, scope)
            assert figure["isShown"]
            if defined is None:
                assert figure["text"] == "not known"
            else:
                assert Decimal(figure["value"]) == defined, (scope.source, name)
                assert f"{defined:,.0f}" in figure["text"]
                compared += 1
        assert scope.currency in shown["executive", scope.source, "net_amount"]["text"]
    assert compared >= 5


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_file_opens_without_network_without_an_error_and_without_scrolling_sideways(
    file: File, size: tuple[int, int]
) -> None:
    file.open(size)
    assert file.errors == []
    assert file.asked == [file.path.resolve().as_uri()]
    width = file.value("document.documentElement.scrollWidth")
    assert width <= size[0]
    pages = file.value("[...document.querySelectorAll('article')].map(page => page.id)")
    assert pages == ["executive", "customer", "inventory", "quality"]
    seen = ".chart.narrow" if size == PHONE else ".chart.wide"
    hidden = ".chart.wide" if size == PHONE else ".chart.narrow"
    for selector, is_shown in ((seen, True), (hidden, False)):
        heights = file.value(
            f"[...document.querySelectorAll('{selector} svg')].map(e => e.getBoundingClientRect().height)"
        )
        assert heights
        assert {height > 100 for height in heights} == {is_shown}


@pytest.mark.browser
@needs_chromium
def test_no_text_runs_over_another_on_a_phone(file: File) -> None:
    file.open(PHONE)
    overflowing = file.value(
        "[...document.querySelectorAll('.figure, td, th, p, h2, h3')].filter(e => !e.closest('.scroll') && "
        "e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
    )
    assert overflowing == []


@pytest.mark.browser
@needs_chromium
def test_on_paper_every_page_begins_on_a_new_sheet_and_nothing_is_cut_off(file: File) -> None:
    file.open(A4, media="print")
    breaks = file.value("[...document.querySelectorAll('article')].map(e => getComputedStyle(e).breakBefore)")
    assert breaks == ["auto", "page", "page", "page"]
    assert file.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert file.value("document.documentElement.scrollWidth") <= A4[0]


def test_the_file_is_small_enough_to_mail_and_the_same_again(every_source: EverySource, report: Path) -> None:
    again = write_page(every_source.project.settings, Wish(), print)
    assert again == report.read_text("utf-8")
    assert len(again.encode()) < LARGEST


def test_a_source_and_a_day_can_be_chosen(every_source: EverySource, scopes: list[Scope]) -> None:
    first = scopes[0]
    assert first.month is not None
    wish = Wish(sources=(first.source,), as_of=first.month.before.end)
    text = write_page(every_source.project.settings, wish, print)
    assert str(first.month.before) in text
    assert f"<h3>{first.month}</h3>" not in text
    for other in {scope.source for scope in scopes} - {first.source}:
        assert f'data-source="{other}"' not in text
    assert f"only, which is after {wish.as_of}" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--source", "kiosk"), "no sales of the source kiosk: there are"),
        (("--as-of", "1999-12-31"), "no sales by 1999-12-31"),
        (
            ("--env", "nowhere"),
            "`sqlmesh plan nowhere` builds what is missing. These environments have all or some of it: prod",
        ),
    ],
)
def test_what_cannot_be_reported_is_said(
    every_source: EverySource, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "report.html"
    printed = every_source.project.retail("report", *arguments, "--out", str(out), check=False)
    assert said in printed
    assert "Traceback" not in printed
    assert not out.exists()


def test_no_page_reads_anything_but_bi_as_the_role_of_bi_tools(every_source: EverySource) -> None:
    """Every query of the three pages ran as bi_reader, which may read nothing else; the role is what is shown here."""
    with Views(every_source.project.settings, Wish(as_of=date(2100, 1, 1))) as views:
        [row] = views.rows(
            "SELECT current_user AS role, current_setting('transaction_read_only') AS is_read_only"
        )
    assert row == {"role": "bi_reader", "is_read_only": "on"}
