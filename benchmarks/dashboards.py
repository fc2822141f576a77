"""How long a page of the dashboards takes until its charts are drawn: the first view, and the same page again.

    retail dashboards start
    .venv/bin/python -m benchmarks.dashboards [--only executive] [--sittings 3] [--json]

In each sitting a Chromium of 1440 × 900 that holds nothing logs in and opens page after page, then all of them again;
what is in sight is drawn. Superset begins each sitting without answers. The median of the sittings counts. Exit code 1
above the targets: 5 s for a first view, 3 s for the second.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence

from ops.dashboards import run
from ops.dashboards.settings import ADMIN, load
from ops.dashboards.spec import read_spec
from ops.settings import Settings, load_settings
from tests.browser import chromium
from tests.dashboards.browser import Dashboard, log_in

TARGETS = (5.0, 3.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="the page to measure")
    parser.add_argument("--sittings", type=int, default=3)
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args()
    settings = load_settings()
    pages = [page.slug for page in read_spec(settings.root).pages if chosen.only in (None, page.slug)]
    sittings = [sitting(settings, pages) for _ in range(chosen.sittings)]
    medians = {
        page: [statistics.median(views) for views in zip(*(one[page] for one in sittings), strict=True)]
        for page in pages
    }
    if chosen.as_json:
        rows = [
            {"page": page, "first_view": first, "again": again} for page, (first, again) in medians.items()
        ]
        print(json.dumps({"medians": rows, "sittings": sittings}, indent=2))
    else:
        print("| page | first view | again |\n|---|--:|--:|")
        for page, (first, again) in medians.items():
            print(f"| {page} | {first:.1f} s | {again:.1f} s |")
    is_slow = any(
        view > target for views in medians.values() for view, target in zip(views, TARGETS, strict=True)
    )
    sys.exit(1 if is_slow else 0)


def sitting(settings: Settings, pages: Sequence[str]) -> dict[str, list[float]]:
    """Open all pages, and all again; return each page's seconds of both views."""
    run.start(settings, "prod", lambda _: None)  # which empties the cache
    found = load(settings)
    seconds: dict[str, list[float]] = {page: [] for page in pages}
    with chromium() as browser:
        window = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        log_in(window, found.address, ADMIN, found.admin_password)
        dashboard = Dashboard(window, found.address)
        for _ in TARGETS:
            for page in pages:
                window.goto("about:blank")
                began = time.perf_counter()
                dashboard.go(page)
                dashboard.drawn()
                seconds[page].append(round(time.perf_counter() - began, 2))
    return seconds


if __name__ == "__main__":
    main()
