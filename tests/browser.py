"""Debian's chromium for tests, headless and driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = (1280, 900), (390, 844)


def browser_path() -> str | None:
    """Return an installed browser, if there is one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


needs_chromium = pytest.mark.skipif(
    browser_path() is None, reason="there is no Chromium here: apt-get install chromium"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and end it."""
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class File:
    """A file in a browser without network: `errors` is what it complains of, `asked` what it fetches."""

    browser: Browser
    path: Path
    page: Page | None = None
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, size: tuple[int, int], media: str = "screen") -> None:
        """Open it at a width, on a screen or as it is printed, and wait until it is there."""
        self.close()
        self.errors, self.asked = [], []
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, is_mobile=size == PHONE, offline=True
        )
        self.page = context.new_page()
        self.page.emulate_media(media=media)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(self.path.resolve().as_uri())

    def value(self, expression: str) -> Any:
        """Return what JavaScript says in the page."""
        assert self.page is not None
        return self.page.evaluate(expression)

    def close(self) -> None:
        if self.page is not None:
            self.page.context.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)
