"""A week that comes out of order, with gaps, copies, corrections and late parents ends as one clean build does."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.postgres.throwaway import ThrowawayServer
from tests.integration.shops import OLIST, Line, write_csv, write_invoices, write_shops
from tests.integration.star import contents
from tests.support import Project, copy_project

pytestmark = pytest.mark.manual
WITH_MARTS = True

GENERATE = ("generate", "--scale", "tiny", "--seed", "23", "--days", "21", "--faults", "0.05")
WEEK = [f"2026-06-{day}" for day in range(24, 31)]  # the generator's last
FEEDS = ("product_feed", "customer_feed")
ORDERS = "olist_orders_dataset.csv"
NEXT_INVOICE: list[Line] = [("700010", "10002", "tin tray", "4", "1.125", "502.0", "France")]


@dataclass(frozen=True)
class Delivery:
    """Files on their way from `whole`, where everything is right, to `data`, from where they are loaded."""

    whole: Path
    data: Path

    def bring(self, wanted: Callable[[Path], bool]) -> None:
        """Copy the files that are wanted as they are."""
        for file in sorted(self.whole.rglob("*.*")):
            path = file.relative_to(self.whole)
            if file.is_file() and wanted(path):
                (self.data / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, self.data / path)

    def bring_spoiled(self, path: str, spoil: Callable[[list[str]], list[str]]) -> None:
        """Copy a text file with other lines than it ought to have."""
        lines = (self.whole / path).read_text("utf-8").splitlines(keepends=True)
        (self.data / path).parent.mkdir(parents=True, exist_ok=True)
        (self.data / path).write_text("".join(spoil(lines)), "utf-8")


def day_of(path: Path) -> str:
    return path.stem if path.stem in WEEK else ""


@pytest.fixture
def clean(postgres: ThrowawayServer, tmp_path: Path) -> Iterator[Project]:
    """A second project on databases of its own."""
    settings = postgres.new_database(tmp_path / "clean")
    yield copy_project(settings, tmp_path / "clean")
    postgres.drop_database(settings)


def refreshed(project: Project) -> str:
    project.retail("load", "--all")
    return project.retail("refresh", timeout=1800)


def test_deliveries_in_any_order_end_as_a_clean_build(project: Project, clean: Project) -> None:
    whole = clean.root / "data"
    clean.retail(*GENERATE, "--out", str(whole))
    shutil.rmtree(whole / "truth")
    write_shops(whole)
    write_invoices(whole, "2025-07-04", NEXT_INVOICE)
    files = Delivery(whole, project.root / "data")

    # What came before the week. Of the other shops an order and an invoice are missing that later rows belong to.
    files.bring(lambda path: not day_of(path) and path.stem != "2025-07-01")
    write_csv(files.data / "olist" / ORDERS, [row for row in OLIST[ORDERS] if row[0] != "o2"])
    refreshed(project)
    assert project.query("SELECT max(order_date)::text FROM core.fct_order") == [("2026-06-23",)]

    # The end of the week first, without the news of products and customers, and one of two shops on a day.
    files.bring(
        lambda path: (
            day_of(path) in WEEK[4:6]
            and path.parts[1] not in FEEDS
            and path.parts[1:] != ("pos", "S02", f"{WEEK[4]}.csv")
        )
    )
    files.bring_spoiled(f"store/web/{WEEK[5]}.jsonl", lambda lines: lines[: len(lines) // 2])
    shown = refreshed(project)
    assert "core.fct_order_line, store:" in shown
    assert "Computing again" in shown  # web orders that changed in the week were placed before it

    # Its beginning, still without news; a file with a line twice and one too few; a file under a second name.
    files.bring(lambda path: day_of(path) in WEEK[:2] and path.parts[1] not in FEEDS)
    files.bring_spoiled(f"store/pos/S02/{WEEK[0]}.csv", lambda lines: [*lines[:-1], lines[1]])
    copied = files.data / "store" / "pos" / "S01" / f"{WEEK[4]}_again.csv"
    shutil.copy(files.data / "store" / "pos" / "S01" / f"{WEEK[4]}.csv", copied)
    refreshed(project)
    waiting = held(project)

    # The news of the whole week: what waited for them is computed again.
    files.bring(lambda path: bool(day_of(path)) and path.parts[1] in FEEDS)
    copied.unlink()
    refreshed(project)
    assert held(project) < waiting

    # All that is missing, and each file as it ought to be.
    files.bring(lambda path: True)
    refreshed(project)
    assert "Nothing to do" in project.retail("refresh")

    refreshed(clean)
    ended, expected = contents(project), contents(clean)
    assert {name for name in expected if ended.get(name) != expected[name]} == set()
    assert ended.keys() == expected.keys()
    assert expected["core.fct_order_line"][0] > 500


def held(project: Project) -> int:
    """Return how many rows wait for a product or customer."""
    [(count,)] = project.query(
        "SELECT count(*) FROM quality.quarantined_row "
        "WHERE rule_name = 'orphan_reference' AND healed_at IS NULL AND reason ~ '(product|customer)_id'"
    )
    return int(str(count))
