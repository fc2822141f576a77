"""A week that comes out of order, with gaps, copies, corrections and late parents ends as one clean build does.

Of the marts only those that are stored by day are there: the others are computed whole whenever what they read
changes, and so can keep nothing. The two other shops are the small invented ones.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.postgres.throwaway import ThrowawayServer
from ops.project_copy import Marts
from tests.integration.shops import OLIST, Line, write_csv, write_invoices, write_shops
from tests.integration.star import contents
from tests.support import Project, copy_project

MARTS: Marts = "incremental"
pytestmark = [pytest.mark.long(minutes=4), pytest.mark.marts(which=MARTS)]

GENERATE = ("generate", "--scale", "tiny", "--seed", "23", "--days", "14", "--faults", "0.05")
WEEK = [f"2026-06-{day}" for day in range(24, 31)]  # the generator's last
PRODUCTS, CUSTOMERS = "product_feed", "customer_feed"
CATALOGUE = f"store/{PRODUCTS}/2026-06-17.jsonl"  # the first one
FIRST_INVOICES = "2025-07-01"
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
    yield copy_project(settings, tmp_path / "clean", marts=MARTS)
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
    with ThreadPoolExecutor() as pool:
        build = pool.submit(refreshed, clean)
        deliver_out_of_order(project, Delivery(whole, project.root / "data"))
        build.result()

    ended, expected = contents(project), contents(clean)
    assert {name for name in expected if ended.get(name) != expected[name]} == set()
    assert ended.keys() == expected.keys()
    assert expected["core.fct_order_line"][0] > 400


def deliver_out_of_order(project: Project, files: Delivery) -> None:
    """Bring all files to the project in three deliveries, and refresh it after each."""
    # What came before the week, and of the week its end, without the news of products and customers. One of two shops
    # is missing on a day and half a file on the other. A product costs too much. Of the other shops an order and an
    # invoice are missing that later rows belong to.
    files.bring(lambda path: not day_of(path) and path.stem != f"{FIRST_INVOICES}_transactions")
    write_csv(files.data / "olist" / ORDERS, [row for row in OLIST[ORDERS] if row[0] != "o2"])
    files.bring_spoiled(
        CATALOGUE, lambda lines: [lines[0], lines[1].replace('"cost":', '"cost":1'), *lines[2:]]
    )
    files.bring(
        lambda path: (
            day_of(path) in WEEK[4:6]
            and path.parts[1] not in (PRODUCTS, CUSTOMERS)
            and path.parts[1:] != ("pos", "S02", f"{WEEK[4]}.csv")
        )
    )
    files.bring_spoiled(f"store/web/{WEEK[5]}.jsonl", lambda lines: lines[len(lines) // 2 :])
    refreshed(project)
    assert project.query("SELECT max(order_date)::text FROM core.fct_order") == [(WEEK[5],)]
    wait_for_products, wait_for_customers = held(project, "product_id"), held(project, "customer_id")

    # The beginning of the week, and the news of products, but not of customers; a file with a line twice and one too
    # few; a file under a second name.
    files.bring(lambda path: day_of(path) in WEEK[:2] and path.parts[1] != CUSTOMERS)
    files.bring(lambda path: bool(day_of(path)) and path.parts[1] == PRODUCTS)
    files.bring_spoiled(f"store/pos/S02/{WEEK[0]}.csv", lambda lines: [lines[0], *lines[2:], lines[2]])
    pos = files.data / "store" / "pos" / "S01"
    shutil.copy(pos / f"{WEEK[4]}.csv", pos / f"{WEEK[4]}_again.csv")
    shown = refreshed(project)
    assert "core.fct_order_line, store:" in shown
    assert "Computing again" in shown  # web orders that changed in the week were placed before it
    assert held(project, "product_id") < wait_for_products
    assert held(project, "customer_id") > wait_for_customers

    # All that is missing, its last day too, and each file as it ought to be: what waited for customers heals.
    wait_for_customers = held(project, "customer_id")
    files.bring(lambda path: True)
    assert "Computing again" in refreshed(project)
    assert held(project, "customer_id") < wait_for_customers


def held(project: Project, column: str) -> int:
    """Return how many rows wait because of a column, which names a product or customer that is unknown."""
    [(count,)] = project.query(
        "SELECT count(*) FROM quality.quarantined_row "
        "WHERE rule_name = 'orphan_reference' AND healed_at IS NULL AND reason LIKE %s",
        f"%{column} %",
    )
    return int(str(count))
