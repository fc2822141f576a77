"""The report as one HTML file: no script, no font, no picture from elsewhere, so that a mail program shows it too."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from ops import quality
from ops.html import template
from ops.quality_page import parts_of
from ops.report.customers import customers
from ops.report.executive import executive
from ops.report.inventory import inventory
from ops.report.parts import Page
from ops.report.reading import Scope, Views, Wish, read_scopes
from ops.settings import Settings

LISTS = (
    "records",
    "checks",
    "completeness",
    "reasons",
    "layers",
    "freshness",
    "anomalies",
    "days",
    "failed_days",
)


def write_page(settings: Settings, wish: Wish, say: Callable[[str], None]) -> str:
    """Read what the wish names and return the file's text.

    Raises OpsError for a source or an environment that is unknown, for views that are not built, without a server.
    """
    with Views(settings, wish) as views:
        scopes = read_scopes(views, wish)
        pages = []
        for make in (executive, customers, inventory):
            say(f"Page: {make.__name__}")
            pages.append(make(views, scopes))
    say("Page: quality")
    found = of_sources(quality.report(settings, environment=wish.environment), wish.sources)
    return render(pages, scopes, found, wish)


def render(pages: Sequence[Page], scopes: Sequence[Scope], found: quality.Report, wish: Wish) -> str:
    """Return the HTML of pages that were read. Nothing in it tells when it was made: the same data is the same file."""
    return template("report.html").render(
        {
            **parts_of(without_examples(found)),
            "title": "Retail report",
            "subtitle": f"{_covered(scopes)}. Amounts are never added over currencies.",
            "environment": wish.environment,
            "as_of": wish.as_of,
            "pages": pages,
        }
    )


def of_sources(found: quality.Report, sources: Sequence[str]) -> quality.Report:
    """Return the evidence about some sources; about all where none is named."""
    if not sources:
        return found
    kept = replace(found)
    for name in LISTS:
        setattr(kept, name, [row for row in getattr(found, name) if row["source"] in sources])
    return kept


def without_examples(found: quality.Report) -> quality.Report:
    """Return the evidence without the words about single rows: they quote ids and values, and the report is mailed."""
    return replace(found, reasons=[{**row, "example": ""} for row in found.reasons])


def _covered(scopes: Sequence[Scope]) -> str:
    spans: dict[str, tuple[date, date]] = {}
    for scope in scopes:
        first, last = spans.get(scope.source, (scope.first_date, scope.last_date))
        spans[scope.source] = min(first, scope.first_date), max(last, scope.last_date)
    return "; ".join(f"{source}: {first} to {last}" for source, (first, last) in spans.items())
