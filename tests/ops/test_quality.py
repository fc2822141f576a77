"""The evidence of quality as a page and at the command line, from rows made by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ops import dotenv
from ops.quality import Report, with_share
from ops.quality_page import charts, page
from ops.settings import Settings
from ops.wording import percent
from tests.ops.test_cli import retail

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
DAY = date(2026, 3, 1)


def check(name: str, failed: int, *, passed: bool, severity: str) -> dict[str, Any]:
    return {
        "source": "shop",
        "check_name": name,
        "table_name": "sale",
        "severity": severity,
        "action": "quarantine",
        "meaning": "What <b>it</b> means",
        "tested_count": 100,
        "failed_count": failed,
        "threshold_rate": Decimal("0.01"),
        "day_count": 2,
        "failed_day_count": 0 if passed else 1,
        "worst_rate": Decimal(failed) / 50,
        "worst_date": DAY,
        "is_passed": passed,
    }


def report(**changed: Any) -> Report:
    """A small shop's evidence: a check that blocks, one that warns, one that found nothing."""
    counts = {"read_count": 100, "rejected_count": 1, "quarantined_count": 2, "repeated_count": 3}
    layers = {"raw_count": 99, "quarantined_count": 2, "repeated_count": 3, "core_count": 94}
    layers |= {"superseded_count": 0, "day_count": 2}
    held: dict[str, Any] = {
        "fate": "quarantined",
        "source": "shop",
        "table_name": "sale",
        "rule_name": "invalid_value",
        "open_count": 2,
        "healed_count": 0,
        "first_since_at": NOW,
        "last_healed_at": None,
        "example": "price '<script>alert(1)</script>' is no numeric",
    }
    given: dict[str, Any] = {
        "generated_at": NOW,
        "since": None,
        "records": [with_share({"source": "shop", **counts})],
        "checks": [
            check("invalid_value", 2, passed=False, severity="block"),
            check("duplicate_row", 3, passed=False, severity="warn"),
            check("negative_price", 0, passed=True, severity="block"),
        ],
        "completeness": [],
        "reasons": [held],
        "layers": [{"source": "shop", "entity": "order_line", "differing_day_count": 0, **layers}],
        "freshness": [],
        "anomalies": [],
        "days": [
            {"source": "shop", "entity": "order_line", "event_date": DAY, "raw_count": 99, "core_count": 94}
        ],
        "failed_days": [{"source": "shop", "event_date": DAY}],
    }
    return Report(**{**given, **changed})


class Links(HTMLParser):
    """Collects what a page would fetch, and which elements it opens and closes."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_share_of_valid_records_counts_what_is_rejected_held_back_or_repeated_out() -> None:
    assert report().total["valid_count"] == 94
    assert report().total["valid_rate"] == Decimal("0.94")
    assert report(records=[]).total["valid_rate"] is None


def test_failures_are_named_by_their_gravity_and_differing_layers_block() -> None:
    assert report().failures("block") == ["shop: invalid_value of sale"]
    assert report().failures("warn") == ["shop: invalid_value of sale", "shop: duplicate_row of sale"]
    differing = [{**report().layers[0], "differing_day_count": 1}]
    assert report(checks=[], layers=differing).failures("block") == ["shop: layers differ in order_line"]


def test_the_page_is_whole_fetches_nothing_and_escapes_the_data() -> None:
    text = page(report())
    links = Links()
    links.feed(text)
    assert (links.fetched, links.open) == ([], [])
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "url(" not in text
    assert "94 %" in text
    assert "shop: invalid_value of sale" in text


def test_the_page_of_nothing_is_a_page() -> None:
    names = ("records", "checks", "reasons", "layers", "days", "failed_days")
    empty: dict[str, Any] = {name: [] for name in names}
    assert "Data quality" in page(report(**empty))


def test_a_chart_has_a_bar_per_day_and_marks_the_days_that_failed() -> None:
    (chart,) = charts(report())
    assert [(bar["day"], bar["count"], bar["kind"]) for bar in chart["bars"]] == [(DAY, 99, "bad")]


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100 %"), (0.99999, ">99.99 %"), (0.9895, "98.95 %"), (0.00001, "<0.01 %"), (0, "0 %"), (None, "")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_without_the_models_the_command_says_what_builds_them(database: Settings) -> None:
    dotenv.update(database.env_file, database.variables())
    done = retail(Path(database.root), "quality")
    assert done.returncode == 1
    assert "quality.check_result" in done.stderr
    assert "retail refresh" in done.stderr
