"""What docs/adding-a-source.md says brings a new shop to core, and nothing from conformed on changes."""

import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from loaders.contract import load_contracts
from loaders.schema import ensure_tables
from tests.support import ROOT, Project

pytestmark = pytest.mark.marts(which="ml")  # the copy is held against the whole project

PAGE = ROOT / "docs" / "adding-a-source.md"
# A file's path in bold, alone or with words behind it, and then its content as a code block.
FILE = re.compile(r"^\*\*`(?P<path>[^`]+)`\*\*[^\n]*\n\n```\w+\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
SOURCES = "  sources:\n"


def documented_files() -> dict[str, str]:
    """The page's files by their path; that of config.yaml is what is added to it."""
    return {match["path"]: match["text"] for match in FILE.finditer(PAGE.read_text("utf-8"))}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of the models and what they are made of, by path."""
    parts = ("models", "macros", "audits", "seeds", "external_models")
    paths = (path for part in parts for path in (folder / part).rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in paths if "__pycache__" not in path.parts
    }


@pytest.fixture
def shop(project: Project) -> Project:
    """A copy of the whole project to which the page's files were added, step by step as it says."""
    connection = project.settings.connect_loader()
    ensure_tables(connection, load_contracts())  # the project's own sources, without a row
    connection.close()
    for package in ("loaders", "ops"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, project.root / package, ignore=ignored, dirs_exist_ok=True)
    files = documented_files()
    config = project.root / "config.yaml"
    text = config.read_text("utf-8")
    assert text.count(SOURCES) == 1
    config.write_text(text.replace(SOURCES, SOURCES + files.pop("config.yaml")), "utf-8")
    for path, content in files.items():
        target = project.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, "utf-8")
    return project


def test_the_page_names_every_file_that_a_source_needs() -> None:
    paths = set(documented_files())
    assert "loaders/contracts/corner_shop.yaml" in paths
    assert "config.yaml" in paths
    assert {path.split("/")[0] for path in paths} == {"config.yaml", "data", "loaders", "models", "tests"}
    models = [path for path in paths if path.startswith("models/")]
    assert all(path.startswith("models/staging/corner_shop/") for path in models)


@pytest.mark.thorough(minutes=2)
def test_a_new_shop_reaches_core_by_the_pages_steps_and_nothing_from_conformed_on_changes(
    shop: Project,
) -> None:
    assert "corner_shop.yaml" in shop.retail("contracts", "--write")
    shop.retail("load", "corner_shop")
    profile = shop.retail("profile", "corner_shop")
    assert "all of 3 values found" in profile

    shop.sqlmesh("format", "--check", *(path for path in documented_files() if path.endswith(".sql")))
    assert "Successfully Ran `2` Tests" in shop.sqlmesh("test", "tests/models/test_corner_shop.yaml")
    # A plan lints first.
    shop.sqlmesh("plan", "dev", "--auto-apply", "--no-prompts", "--skip-tests")
    promoted = shop.sqlmesh("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests")
    # Days that have not landed are open, so SQLMesh looks for batches; it finds none.
    assert set(re.findall(r"Executing model batches .* (\d+/\d+)", promoted)) <= {"0/0"}

    lines = shop.query(
        """
        SELECT order_date::text, COUNT(*), SUM(net_amount), COUNT(*) FILTER (WHERE is_return), MAX(currency)
        FROM core.fct_order_line WHERE source = 'corner_shop' GROUP BY order_date ORDER BY order_date
        """
    )
    assert lines == [
        ("2026-03-02", 3, Decimal("5.68"), 1, "EUR"),
        ("2026-03-03", 1, Decimal("1.00"), 0, "EUR"),
    ]
    named = "SELECT DISTINCT product_name FROM core.fct_order_line JOIN core.dim_product USING (product_key)"
    assert sorted(shop.query(named)) == [("Apples, 1 kg",), ("Reusable bag",), ("Rye bread",)]
    kinds = "SELECT order_id, order_kind, order_amount FROM core.fct_order ORDER BY order_id"
    assert shop.query(kinds) == [
        ("7001", "sale", Decimal("9.48")),
        ("7002", "return", Decimal("-3.80")),
        ("7004", "sale", Decimal("1.00")),
    ]
    left_out = "SELECT source, table_name, row_number, reason FROM quality.quarantined_row"
    assert shop.query(left_out) == [("corner_shop", "sale", 4, "pieces 'many' is no integer")]
    checked = (
        "SELECT check_name, event_date::text, tested_count FROM quality.check_result WHERE failed_count > 0"
    )
    assert sorted(shop.query(f"{checked} AND table_name = 'sale'")) == [
        ("completeness", "2026-03-02", 4),
        ("invalid_value", "2026-03-02", 4),
    ]
    counted = (
        "SELECT raw_count, quarantined_count, core_count, difference_count FROM quality.layer_comparison"
    )
    assert shop.query(f"{counted} WHERE event_date = '2026-03-02'") == [(4, 1, 3, 0)]

    before, after = snapshot(ROOT), snapshot(shop.root)
    added = {path for path in after if path not in before}
    assert {path: after[path] for path in before} == before
    assert all("corner_shop" in path for path in added)
