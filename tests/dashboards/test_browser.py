"""The dashboards as people see them: Superset over the prod that `make demo` built, in a headless Chromium.

    make demo && make test-demo

Screenshots are kept in build/dashboards.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest

from ops.dashboards import install, run, server
from ops.dashboards.settings import DATABASE, ROLE, DashboardSettings, load, with_secrets
from ops.dashboards.shops import Shop, read_shops
from ops.dashboards.spec import read_spec
from ops.errors import OpsError
from ops.metrics import read_metrics
from ops.settings import load_settings
from tests.dashboards.browser import PHONE, WIDE, Dashboard, browser_path, opened
from tests.support import ROOT, query, without

pytestmark = [pytest.mark.browser, pytest.mark.demo, pytest.mark.long(minutes=6)]
PAGES = {page.slug: page for page in read_spec(ROOT).pages}
SHOTS = ROOT / "build" / "dashboards"
HEADLINES = ("net_amount", "order_count", "customer_count", "margin_amount")
ONE_CHANNEL = "line.order_key IN (SELECT order_key FROM core.fct_order WHERE channel = 'web')"


@dataclass(frozen=True)
class Superset:
    found: DashboardSettings
    shop: Shop
    window: Callable[[dict[str, Any]], Dashboard]


@pytest.fixture(scope="module")
def superset() -> Iterator[Superset]:
    """A running Superset with the dashboards of prod, and a browser that has logged in."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        without("playwright is not installed: pip install playwright")
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
def executive(superset: Superset) -> Dashboard:
    return superset.window(WIDE).open("executive")


def truth(superset: Superset, name: str, condition: str = "true") -> float:
    """A measure of the days that pages begin with, by the dictionary's own SQL over the star schema."""
    [metric] = [metric for metric in read_metrics(ROOT) if metric.metric == name]
    start, end = superset.shop.period
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


@pytest.mark.parametrize("slug", PAGES)
def test_every_chart_of_a_page_shows_something(superset: Superset, slug: str) -> None:
    dashboard = superset.window(WIDE).open(slug)
    dashboard.page.screenshot(path=str(SHOTS / f"{slug}.png"))
    assert sorted(dashboard.charts()) == sorted(chart.name for chart in PAGES[slug].charts())
    assert dashboard.problems() == []
    assert dashboard.seen.failed == []
    empty = [
        result["query"]
        for results in dashboard.seen.answers.values()
        for result in results
        if not result["rowcount"] or all(value is None for value in result["data"][0].values())
    ]
    assert empty == []
    assert dashboard.seen.left == [], "something was fetched from, or sent to, another machine"
    dashboard.page.close()


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


def test_a_filter_acts_on_the_numbers(superset: Superset) -> None:
    dashboard = superset.window(WIDE).open("executive")
    whole = answered(dashboard, "Net sales")
    dashboard.choose("Channel", "web")
    dashboard.page.screenshot(path=str(SHOTS / "executive-web.png"))
    for name, label in (("net_amount", "Net sales"), ("customer_count", "Customers")):
        expected = truth(superset, name, ONE_CHANNEL)
        assert answered(dashboard, label) == pytest.approx(expected, rel=1e-9)
        assert shown(dashboard, label) == pytest.approx(expected, rel=0.005)
    assert answered(dashboard, "Net sales") < whole
    dashboard.page.close()


@pytest.mark.parametrize("slug", ["executive", "customers"])
def test_a_phone_gets_one_chart_below_the_other(superset: Superset, slug: str) -> None:
    dashboard = superset.window({**PHONE, "viewport": {"width": 390, "height": 8000}}).open(slug)
    dashboard.page.screenshot(path=str(SHOTS / f"{slug}-phone.png"))
    assert f"/{slug}-phone/" in dashboard.page.url
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = dashboard.boxes()
    assert len(boxes) == len(PAGES[slug].charts())
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    figures = sum(chart.kind == "figure" for chart in PAGES[slug].charts())
    assert sum(box["width"] > 330 for box in boxes) == len(boxes) - figures
    assert dashboard.problems() == []
    dashboard.page.close()


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
