"""How long a page of the dashboards takes until its charts are drawn: the first view, and the same page again.

    retail dashboards start
    .venv/bin/python -m benchmarks.dashboards [--only executive] [--json]

A Chromium of 1440 × 900 opens each page: what is in sight is drawn. Before the first view Superset has no answers; the
browser has logged in and holds no file. The second view is the same page opened again in the same window. Exit code 1
above the targets: 5 s for the first view, 3 s for the second.
"""

import argparse
import json
import sys
import time

from ops.dashboards import run
from ops.dashboards.settings import load
from ops.dashboards.spec import read_spec
from ops.settings import load_settings
from tests.dashboards.browser import opened

TARGETS = (5.0, 3.0)
WINDOW = {"viewport": {"width": 1440, "height": 900}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="the page to measure")
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args()
    settings = load_settings()
    run.start(settings, "prod", lambda _: None)  # which empties the cache
    found = load(settings)
    measured = []
    with opened(found.address, "admin", found.admin_password) as window:
        for page in read_spec(settings.root).pages:
            if chosen.only not in (None, page.slug):
                continue
            seconds = []
            dashboard = window(WINDOW)
            for _ in TARGETS:
                dashboard.page.goto("about:blank")
                began = time.perf_counter()
                dashboard.go(page.slug)
                dashboard.drawn()
                seconds.append(round(time.perf_counter() - began, 2))
            dashboard.page.close()
            measured.append({"page": page.slug, "first_view": seconds[0], "again": seconds[1]})
    if chosen.as_json:
        print(json.dumps(measured, indent=2))
    else:
        print("| page | first view | again |\n|---|--:|--:|")
        for row in measured:
            print(f"| {row['page']} | {row['first_view']:.2f} s | {row['again']:.2f} s |")
    slow = [
        row for row in measured if float(row["first_view"]) > TARGETS[0] or float(row["again"]) > TARGETS[1]
    ]
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
