"""The dashboards as people see them: Superset over the prod that `make demo` built, in a headless Chromium.

    make demo && make test-demo

Screenshots are kept in build/dashboards.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest

from ops.bi_contract import read_contract
from ops.dashboards import install, run, server
from ops.dashboards.charts import is_dated
from ops.dashboards.datasets import Table, resolve
from ops.dashboards.pages import filter_id
from ops.dashboards.settings import DATABASE, ROLE, DashboardSettings, load, with_secrets
from ops.dashboards.shops import Shop, read_shops
from ops.dashboards.spec import Page, read_spec
from ops.errors import OpsError
from ops.metrics import read_metrics
from ops.settings import load_settings
from tests.browser import browser_path
from tests.dashboards.browser import PHONE, WIDE, Dashboard, opened
from tests.support import ROOT, query, without

pytestmark = [pytest.mark.browser, pytest.mark.demo, pytest.mark.long(minutes=6)]
SPEC = read_spec(ROOT)
PAGES = {page.slug: page for page in SPEC.pages}
SHOTS = ROOT / "build" / "dashboards"
HEADLINES = ("net_amount", "order_count", "customer_count", "margin_amount")


@dataclass(frozen=True)
class Superset:
    found: DashboardSettings
    shop: Shop
    window: Callable[[dict[str, Any]], Dashboard]


@pytest.fixture(scope="module")
def superset() -> Iterator[Superset]:
    """A running Superset with the dashboards of prod, and a browser that has logged in."""
    if browser_path() is None:
        without("there is no chromium here: apt install chromium")
    settings = load_settings(ROOT)
    if not settings.env_file.exists():
        without("there is no prod here to look at: `make demo` builds one")
    try:
        shop = read_shops(settings, "bi")[0]
        found = with_secrets(load(settings))
        install.install(found, print)
    except OpsError as error:
        without(str(error))
    was_running = server.running(found) is not None
    run.start(settings, "prod", print)
    SHOTS.mkdir(parents=True, exist_ok=True)
    try:
        with opened(found.address, "admin", found.admin_password) as window:
            yield Superset(found, shop, window)
    finally:
        if not was_running:
            server.stop(found)


@pytest.fixture(scope="module")
def wide(superset: Superset) -> Dashboard:
    """One window for all pages, which keeps what it has loaded."""
    return superset.window(WIDE)


@pytest.fixture(scope="module")
def narrow(superset: Superset) -> Dashboard:
    return superset.window({**PHONE, "viewport": {"width": 390, "height": 8000}, "device_scale_factor": 1})


@pytest.fixture(scope="module")
def executive(wide: Dashboard) -> Dashboard:
    return wide.open("executive")


@pytest.fixture(scope="module", params=PAGES)
def page(wide: Dashboard, request: pytest.FixtureRequest) -> Page:
    """Each page in turn, opened once."""
    wide.open(request.param)
    return PAGES[str(request.param)]


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return resolve(SPEC, read_contract(ROOT), read_metrics(ROOT), ROOT)


def truth(
    superset: Superset, name: str, condition: str = "true", period: tuple[date, date] | None = None
) -> float:
    """A measure of some days (those that pages begin with), by the dictionary's own SQL over the star schema."""
    [metric] = [metric for metric in read_metrics(ROOT) if metric.metric == name]
    start, end = period or superset.shop.period
    [(value,)] = query(
        superset.found.settings,
        f"SELECT {metric.expression} FROM {metric.relation} "
        f"WHERE line.source = %s AND {metric.dated_by} >= %s AND {metric.dated_by} < %s AND {condition}",
        superset.shop.source,
        start,
        end,
    )
    assert isinstance(value, int) or value is not None
    return float(str(value))


def in_channel(channel: str) -> str:
    return f"line.order_key IN (SELECT order_key FROM core.fct_order WHERE channel = '{channel}')"


def shown(dashboard: Dashboard, chart: str) -> float:
    """The number that a tile shows, as far as it is written out: 25.9M is 25,900,000."""
    found = re.search(r"([\d,.]+)\s?([kMG]?)\s*[↑↓]?", dashboard.text_of(chart).split("\n", 2)[2])
    assert found, dashboard.text_of(chart)
    return float(found[1].replace(",", "")) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]]


def answered(dashboard: Dashboard, label: str) -> float:
    """The number behind a tile that is compared with the period before."""
    for results in dashboard.seen.answers.values():
        row = (results[0]["data"] or [{}])[0]
        if f"{label}__inherit" in row:
            return float(row[label])
    raise AssertionError(f"nobody asked for {label}")


def test_every_chart_of_a_page_shows_something(wide: Dashboard, page: Page) -> None:
    wide.page.screenshot(path=str(SHOTS / f"{page.slug}.png"))
    assert sorted(wide.charts()) == sorted(chart.name for chart in page.charts())
    assert wide.problems() == []
    assert wide.seen.failed == []
    empty = [
        chart
        for chart, results in wide.seen.answers.items()
        for result in results
        if not result["rowcount"] or all(value is None for value in result["data"][0].values())
    ]
    assert empty == []
    assert wide.seen.left == [], "something was fetched from, or sent to, another machine"


def test_charts_begin_with_the_shop_and_the_dates_of_the_page(
    superset: Superset, wide: Dashboard, page: Page, tables: dict[str, Table]
) -> None:
    start, end = superset.shop.period
    has_dates = any(one.kind == "date" for one in page.filters)
    assert wide.seen.asked.keys() == {chart.name for chart in page.charts()}
    for chart in page.charts():
        asked = wide.seen.asked[chart.name]
        assert {"col": "source", "op": "IN", "val": [superset.shop.source]} in asked["filters"], chart.name
        expected = f"{start} : {end}" if has_dates and is_dated(chart, tables[chart.data]) else None
        assert asked.get("time_range") in (expected, expected or "No filter"), chart.name


def test_filters_act_on_the_charts_that_have_their_column_and_on_no_others(
    wide: Dashboard, page: Page, tables: dict[str, Table]
) -> None:
    filters = {one.name: one.column for one in page.filters if one.kind == "value"}
    if not filters:
        return  # this page has none
    chosen = wide.choose(dict.fromkeys(filters))
    wide.page.screenshot(path=str(SHOTS / f"{page.slug}-filtered.png"))
    wanted = {
        chart.name: {
            column: chosen[name] for name, column in filters.items() if column in tables[chart.data].columns
        }
        for chart in page.charts()
    }
    assert wide.seen.asked.keys() == {chart for chart, values in wanted.items() if values}
    for chart, asked in wide.seen.asked.items():
        got = {one["col"]: one["val"] for one in asked["filters"] if one["col"] in filters.values()}
        assert {column: [str(value) for value in got[column]] for column in got} == {
            column: [value] for column, value in wanted[chart].items()
        }, chart
    assert wide.seen.failed == []


@pytest.mark.parametrize("name", HEADLINES)
def test_headline_numbers_are_those_of_the_metric_dictionary(
    superset: Superset, executive: Dashboard, name: str
) -> None:
    [metric] = [metric for metric in read_metrics(ROOT) if metric.metric == name]
    expected = truth(superset, name)
    assert answered(executive, metric.label) == pytest.approx(expected, rel=1e-9)
    assert shown(executive, metric.label) == pytest.approx(expected, rel=0.005)


def test_ratios_are_of_sums(superset: Superset, executive: Dashboard) -> None:
    expected = truth(superset, "net_amount") / truth(superset, "order_count")
    assert answered(executive, "Average order value") == pytest.approx(expected, rel=1e-9)


def test_a_click_on_a_slice_narrows_the_other_charts_to_it(superset: Superset, executive: Dashboard) -> None:
    whole = answered(executive, "Net sales")
    channels = {channel: truth(superset, "net_amount", in_channel(channel)) for channel in ("store", "web")}
    largest = max(channels, key=lambda channel: channels[channel])
    executive.click_first_slice("Net sales by channel")
    executive.page.screenshot(path=str(SHOTS / "executive-clicked.png"))
    for name, label in (("net_amount", "Net sales"), ("customer_count", "Customers")):
        expected = truth(superset, name, in_channel(largest))
        assert answered(executive, label) == pytest.approx(expected, rel=1e-9)
        assert shown(executive, label) == pytest.approx(expected, rel=0.005)
    assert answered(executive, "Net sales") < whole
    assert "Net sales by channel" not in executive.seen.asked, "the chart that was clicked keeps its slices"


def test_drilling_shows_the_rows_behind_a_chart(superset: Superset, executive: Dashboard) -> None:
    heads, cells = executive.drill("Net sales by channel")
    executive.page.screenshot(path=str(SHOTS / "executive-drilled.png"))
    assert {"Shop", "Day", "Channel", "Net sales"} <= set(heads)
    assert cells >= len(heads)
    start, end = superset.shop.period
    [(expected,)] = query(
        superset.found.settings,
        "SELECT count(*) FROM bi.sales_daily WHERE source = %s AND sales_date >= %s AND sales_date < %s",
        superset.shop.source,
        start,
        end,
    )
    found = re.fullmatch(
        r"([\d.]+)(k?) rows", executive.page.locator("[data-test='row-count-label']").inner_text().strip()
    )
    assert found
    assert float(found[1]) * {"": 1, "k": 1000}[found[2]] == pytest.approx(float(str(expected)), rel=0.05)
    executive.page.locator("[data-test='close-drilltodetail-modal']").click()


def test_numbers_are_of_the_values_that_are_chosen(superset: Superset, wide: Dashboard) -> None:
    wide.open("sales")
    chosen = wide.choose({"Channel": "web", "Category": None, "State": None})
    condition = (
        f"{in_channel('web')} AND line.product_key IN (SELECT product_key FROM core.dim_product WHERE category = "
        f"'{chosen['Category']}') AND line.customer_key IN "
        f"(SELECT customer_key FROM core.dim_customer WHERE state = '{chosen['State']}')"
    )
    assert answered(wide, "Net sales") == pytest.approx(truth(superset, "net_amount", condition), rel=1e-9)
    assert answered(wide, "Units") == pytest.approx(truth(superset, "unit_count", condition), rel=1e-9)


def test_numbers_are_of_the_dates_that_are_chosen_until_the_link_of_a_shop_gives_its_own(
    superset: Superset, wide: Dashboard
) -> None:
    _, end = superset.shop.period
    start = (end - timedelta(days=1)).replace(day=1)
    dates = f"'{start} : {end}'"
    name = filter_id("Dates")
    wide.open(
        "executive",
        f"?native_filters=({name}:(id:{name},extraFormData:(time_range:{dates}),filterState:(value:{dates}),"
        "ownState:()))",
    )
    month = truth(superset, "net_amount", period=(start, end))
    assert answered(wide, "Net sales") == pytest.approx(month, rel=1e-9)
    link = wide.page.locator(".dashboard-markdown").get_by_role("link", name=superset.shop.source, exact=True)
    with wide.anew(), wide.page.expect_navigation():
        link.click()
    assert answered(wide, "Net sales") == pytest.approx(truth(superset, "net_amount"), rel=1e-9)
    assert truth(superset, "net_amount") > month


@pytest.mark.parametrize("slug", PAGES)
def test_a_phone_gets_one_chart_below_the_other(narrow: Dashboard, slug: str) -> None:
    narrow.open(slug)
    narrow.page.screenshot(path=str(SHOTS / f"{slug}-phone.png"))
    assert f"/{slug}-phone/" in narrow.page.url
    assert narrow.page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = narrow.boxes()
    charts = PAGES[slug].charts()
    assert len(boxes) == len(charts)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert all(box["height"] > 100 for box in boxes)
    figures = sum(chart.kind == "figure" for chart in charts)
    assert sum(box["width"] > 330 for box in boxes) >= len(boxes) - figures
    assert narrow.cut_off() == []
    assert narrow.problems() == []


def test_importing_again_changes_nothing_and_doubles_nothing(superset: Superset) -> None:
    def everything() -> list[Any]:
        settings = superset.found.settings
        with (
            closing(
                psycopg2.connect(
                    host=settings.host,
                    port=settings.port,
                    dbname=DATABASE,
                    user=ROLE,
                    password=superset.found.password,
                )
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "SELECT 'dashboard', id, uuid::text, slug, position_json FROM dashboards "
                "UNION ALL SELECT 'chart', id, uuid::text, slice_name, viz_type FROM slices "
                "UNION ALL SELECT 'dataset', id, uuid::text, table_name, schema FROM tables "
                "UNION ALL SELECT 'placed', slice_id, dashboard_id::text, '', '' FROM dashboard_slices "
                "ORDER BY 1, 2, 3"
            )
            return cursor.fetchall()

    before = everything()
    run.start(superset.found.settings, "prod", print)
    assert everything() == before
    assert len([row for row in before if row[0] == "dashboard"]) >= 2 * len(PAGES)
