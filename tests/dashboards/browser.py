"""A dashboard in the browser: opened, waited for, read, clicked."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import TimeoutError as NotInTime

from ops.dashboards.pages import filter_id
from tests.browser import chromium

PATIENCE = 240  # seconds for a page, on a machine that does other things too
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
WIDE = {"viewport": {"width": 1440, "height": 2600}}  # tall: what is out of sight is not drawn
# Tiles in sight that are not drawn yet; one that is out of sight is not drawn before it is scrolled to.
WAITING = """Array.from(document.querySelectorAll('.dashboard-component-chart-holder')).filter(tile =>
    !tile.closest('.dashboard-markdown') && tile.getBoundingClientRect().top < window.innerHeight
    && (!tile.querySelector('.slice_container')
        || tile.querySelector('.loading, [aria-label="Loading"], [data-test="loading-indicator"]')))"""
BUSY = f"{WAITING}.length"
WAITED_FOR = f"{WAITING}.map(tile => tile.innerText)"
DRAWN = f"() => document.querySelector('.slice_container') && {BUSY} === 0"

NAMES = """Array.from(document.querySelectorAll('[data-test-chart-id]')).map(
    chart => [chart.dataset.testChartId, chart.dataset.testChartName])"""


@dataclass
class Seen:
    """What a page said while it was open."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # chart -> results of its queries
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)  # chart -> its first query
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # requests that reached another machine


class Dashboard:
    """An open page."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address, self.seen = page, address, Seen()
        self._unread: list[Any] = []
        self._under_way: set[Any] = set()
        page.on("request", self._asked)
        page.on("response", self._answered)
        page.on("requestfinished", self._finished)
        page.on("requestfailed", self._lost)

    def open(self, slug: str, query: str = "") -> "Dashboard":
        """Open a dashboard, forget the one before, and wait until every chart is drawn."""
        self.page.goto("about:blank")
        self._unread.clear()
        self.seen = Seen()
        self.go(slug, query)
        self.settle()
        return self

    def go(self, slug: str, query: str = "") -> None:
        """Ask for a dashboard."""
        self.page.goto(f"{self.address}/superset/dashboard/{slug}/{query}")

    def drawn(self) -> None:
        """Wait until every chart in sight is drawn for the first time. Raises AssertionError, with what there is."""
        try:
            self.page.wait_for_function(DRAWN, timeout=PATIENCE * 1000)
        except NotInTime as error:
            tiles = [" ".join(text.split()) for text in self.page.evaluate(WAITED_FOR)]
            picture = Path(tempfile.gettempdir()) / "never-drawn.png"
            self.page.screenshot(path=str(picture))
            raise AssertionError(
                f"{self.page.url} is not drawn after {PATIENCE} s (see {picture}). "
                f"Waited for: {tiles or 'the first chart'}. Requests that failed: {self.seen.failed or 'none'}."
            ) from error

    def settle(self) -> None:
        """Wait until every chart in sight is drawn and nothing is asked for any more. Raises AssertionError when that
        never comes."""
        self.drawn()
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 3:
            self.page.wait_for_timeout(150)
            quiet = 0 if self._under_way or self.page.evaluate(BUSY) else quiet + 1
            assert time.monotonic() < deadline, "charts are still loading"
        self._read()

    def charts(self) -> list[str]:
        """The titles of the charts, in their order."""
        return [self._title(holder) for holder in self._holders()]

    def text_of(self, name: str) -> str:
        """What a chart says, its title first."""
        return str(self.holder(name).inner_text())

    def boxes(self) -> list[dict[str, float]]:
        """Where the charts stand on the screen."""
        return [box for holder in self._holders() if (box := holder.bounding_box())]

    def cut_off(self) -> list[str]:
        """Titles and numbers that do not fit their tile."""
        return list(
            self.page.evaluate(
                """Array.from(document.querySelectorAll('.header-line, .superset-legacy-chart-big-number *'))
                .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow === 'hidden')
                .map(e => e.innerText)"""
            )
        )

    def problems(self) -> list[str]:
        """Charts that show an error, or that there is nothing to show."""
        found = self.page.query_selector_all(
            ".ant-alert-error, .ant-alert-warning, .ant-empty, [data-test='error']"
        )
        return [text for one in found if one.is_visible() and (text := one.inner_text().strip())]

    def choose(self, labels: dict[str, str | None]) -> dict[str, str]:
        """Choose a value in each of some filters (None: its first) and apply them; returns what was chosen."""
        chosen = {}
        for label, value in labels.items():
            box = self.page.locator(f"[data-test='{filter_id(label)}'] .ant-select-selector")
            if not box.is_visible():  # there was no room for it in the bar
                self.page.get_by_text("More filters").click()
            box.click()
            if value is not None:
                self.page.locator(f"input#{filter_id(label)}").fill(value)
            options = f".ant-select-dropdown:has(#{filter_id(label)}_list) .ant-select-item-option"
            wanted = options + (f"[title='{value}']" if value is not None else "")
            option = self.page.locator(wanted).first
            chosen[label] = str(option.get_attribute("title"))
            option.click()
            self.page.keyboard.press("Escape")
        with self.anew():
            self.page.locator("[data-test='filter-bar__apply-button']").click()
        return chosen

    def click_first_slice(self, name: str) -> None:
        """Click the first slice of a donut, which begins at noon: the largest one."""
        canvas = self.holder(name).query_selector("canvas")
        box = canvas.bounding_box()
        radius = (
            min(box["width"], box["height"]) / 2 * 0.51
        )  # between ops/dashboards/charts.py's inner and outer
        across, down = box["x"] + box["width"] / 2 + 10, box["y"] + box["height"] / 2 - radius
        self.page.mouse.move(across, down)
        with self.anew():
            self.page.mouse.click(across, down)

    def drill(self, name: str) -> tuple[list[str], int]:
        """Open the rows behind a chart by its menu; returns their headings and how many are in sight."""
        self.holder(name).query_selector("[aria-label='More Options']").click()
        self.page.get_by_text("Drill to detail", exact=True).first.click()
        table = self.page.locator(".ant-modal .ant-table, .ant-modal [role='table']").first
        rows = table.locator(".virtual-table-cell, .ant-table-tbody .ant-table-cell")
        rows.first.wait_for(timeout=PATIENCE * 1000)
        heads = [text.strip() for text in table.locator("th").all_inner_texts()]
        return [head for head in heads if head], rows.count()

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Do something that makes charts ask again, and wait for their answers: `seen` holds just these."""
        self._read()
        self.seen.answers.clear()
        self.seen.asked.clear()
        yield
        self.page.wait_for_timeout(500)
        self.settle()

    def holder(self, name: str) -> Any:
        [found] = [holder for holder in self._holders() if self._title(holder) == name]
        return found

    def _holders(self) -> list[Any]:
        found = self.page.query_selector_all(".dashboard-component-chart-holder")
        return [holder for holder in found if holder.query_selector(".slice_container")]

    def _title(self, holder: Any) -> str:
        found = holder.query_selector("[data-test='editable-title']")
        return str(found.inner_text()).strip() if found else ""

    def _asked(self, request: Any) -> None:
        if "/api/v1/" in request.url:
            self._under_way.add(request)

    def _answered(self, response: Any) -> None:
        if "/api/v1/" in response.url and response.status >= 400:
            self.seen.failed.append(f"{response.status} {response.url[:200]}")

    def _lost(self, request: Any) -> None:
        self._under_way.discard(request)
        # What goes elsewhere is refused by the page's own policy; what is under way when a page is left is aborted.
        if request.url.startswith(self.address) and request.failure != "net::ERR_ABORTED":
            self.seen.failed.append(f"{request.failure} {request.url[:200]}")

    def _read(self) -> None:
        names = dict(self.page.evaluate(NAMES))
        while self._unread:
            request = self._unread.pop(0)
            sent = request.post_data_json or {}
            number = str((sent.get("form_data") or {}).get("slice_id"))
            response = request.response()
            # The others are filters that ask for their values.
            if (name := names.get(number)) and response.status == 200:
                self.seen.answers[name] = response.json()["result"]
                self.seen.asked[name] = sent["queries"][0]

    def _finished(self, request: Any) -> None:
        self._under_way.discard(request)
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.seen.left.append(request.url)
        if "/api/v1/chart/data" in request.url:
            self._unread.append(request)  # read later: within a handler Playwright would wait for itself


def log_in(page: Any, address: str, user: str, password: str) -> None:
    """Log in, up to the page that Superset greets with."""
    page.goto(f"{address}/login/")
    page.locator("input[type=password]").wait_for(timeout=PATIENCE * 1000)
    page.locator("input[type=text], input#username").first.fill(user)
    page.locator("input[type=password]").fill(password)
    page.locator("input[type=password]").press("Enter")
    page.wait_for_url("**/superset/welcome/**", timeout=PATIENCE * 1000)


@contextmanager
def opened(address: str, user: str, password: str) -> Iterator[Callable[[dict[str, Any]], Dashboard]]:
    """Start the browser and log in; yields a function that opens a window of a kind."""
    with chromium() as browser:
        context = browser.new_context()
        log_in(context.new_page(), address, user, password)
        state = context.storage_state()
        context.close()

        def window(kind: dict[str, Any]) -> Dashboard:
            fresh = browser.new_context(storage_state=state, **kind)
            return Dashboard(fresh.new_page(), address)

        yield window
