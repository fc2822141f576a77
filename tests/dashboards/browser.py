"""A dashboard in the browser: opened, waited for, read, clicked."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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
BUSY = """Array.from(document.querySelectorAll('.dashboard-component-chart-holder')).filter(tile =>
    !tile.closest('.dashboard-markdown') && tile.getBoundingClientRect().top < window.innerHeight
    && (!tile.querySelector('.slice_container')
        || tile.querySelector('.loading, [aria-label="Loading"], [data-test="loading-indicator"]'))).length"""
DRAWN = f"() => document.querySelector('.slice_container') && {BUSY} === 0"


@dataclass
class Seen:
    """What a page said while it was open."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # chart -> results of its queries
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # requests that reached another machine


class Dashboard:
    """An open page."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address, self.seen = page, address, Seen()
        self._unread: list[Any] = []
        page.on("response", self._answered)
        page.on("requestfinished", self._finished)

    def open(self, slug: str) -> "Dashboard":
        """Open a dashboard and wait until every chart is drawn."""
        self.go(slug)
        self.settle()
        return self

    def go(self, slug: str) -> None:
        """Ask for a dashboard."""
        self.page.goto(f"{self.address}/superset/dashboard/{slug}/")

    def drawn(self) -> None:
        """Wait until every chart in sight is drawn for the first time."""
        self.page.wait_for_function(DRAWN, timeout=PATIENCE * 1000)

    def settle(self) -> None:
        """Wait until every chart in sight is drawn, and stays so. Raises AssertionError when that never comes."""
        self.drawn()
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 4:
            self.page.wait_for_timeout(250)
            quiet = 0 if self.page.evaluate(BUSY) else quiet + 1
            assert time.monotonic() < deadline, "charts are still loading"
        self._read()

    def charts(self) -> list[str]:
        """The titles of the charts, in their order."""
        return [self._title(holder) for holder in self._holders()]

    def text_of(self, name: str) -> str:
        """What a chart says, its title first."""
        [found] = [holder for holder in self._holders() if self._title(holder) == name]
        return str(found.inner_text())

    def boxes(self) -> list[dict[str, float]]:
        """Where the charts stand on the screen."""
        return [box for holder in self._holders() if (box := holder.bounding_box())]

    def problems(self) -> list[str]:
        """Charts that show an error, or that there is nothing to show."""
        found = self.page.query_selector_all(
            ".ant-alert-error, .ant-alert-warning, .ant-empty, [data-test='error']"
        )
        return [text for one in found if one.is_visible() and (text := one.inner_text().strip())]

    def choose(self, label: str, value: str) -> None:
        """Choose a value in a filter and apply it."""
        self.page.locator(f"[data-test='{filter_id(label)}'] .ant-select-selector").click()
        self.page.locator(f"input#{filter_id(label)}").fill(value)
        self.page.locator(f".ant-select-item-option[title='{value}']").first.click()
        self.page.keyboard.press("Escape")
        self._read()
        self.seen.answers.clear()
        self.page.locator("[data-test='filter-bar__apply-button']").click()
        self.page.wait_for_timeout(500)
        self.settle()

    def _holders(self) -> list[Any]:
        found = self.page.query_selector_all(".dashboard-component-chart-holder")
        return [holder for holder in found if holder.query_selector(".slice_container")]

    def _title(self, holder: Any) -> str:
        found = holder.query_selector("[data-test='editable-title']")
        return str(found.inner_text()).strip() if found else ""

    def _answered(self, response: Any) -> None:
        if "/api/v1/" in response.url and response.status >= 400:
            self.seen.failed.append(f"{response.status} {response.url[:200]}")
        if "/api/v1/chart/data" in response.url and response.status == 200:
            self._unread.append(response)  # read later: within a handler Playwright would wait for itself

    def _read(self) -> None:
        while self._unread:
            response = self._unread.pop(0)
            sent = response.request.post_data_json or {}
            name = str((sent.get("form_data") or {}).get("slice_id") or response.url)
            self.seen.answers[name] = response.json()["result"]

    def _finished(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.seen.left.append(request.url)


@contextmanager
def opened(address: str, user: str, password: str) -> Iterator[Callable[[dict[str, Any]], Dashboard]]:
    """Start the browser and log in; yields a function that opens a window of a kind."""
    with chromium() as browser:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/login/")
        page.locator("input[type=password]").wait_for(timeout=PATIENCE * 1000)
        page.locator("input[type=text], input#username").first.fill(user)
        page.locator("input[type=password]").fill(password)
        page.locator("input[type=password]").press("Enter")
        page.wait_for_url("**/superset/welcome/**", timeout=PATIENCE * 1000)
        state = context.storage_state()
        context.close()

        def window(kind: dict[str, Any]) -> Dashboard:
            fresh = browser.new_context(storage_state=state, **kind)
            return Dashboard(fresh.new_page(), address)

        yield window
