"""The contract of the views for BI tools: what it holds, and what a change of it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ops import bi_contract
from ops.bi_contract import FILE, changes, read_contract, served_views, write_contract
from ops.cli.bi import bi as command
from ops.errors import OpsError
from tests.support import ROOT

SALES = {"source": "text", "sales_date": "date", "net_amount": "numeric(18,4)"}


def test_the_views_of_the_models_are_as_the_file_says() -> None:
    served = served_views(ROOT)
    assert changes(read_contract(ROOT), served) == [], (
        "if this is meant: `retail bi --write`, and tell the readers"
    )
    assert served["sales_daily"]["net_amount"] == "numeric(18,4)"
    assert served["order_header"]["ordered_at"] == "timestamptz"
    assert served["calendar"]["calendar_year"] == "integer"


@pytest.mark.parametrize(
    ("served", "change"),
    [
        (SALES, []),
        ({**SALES, "tax_amount": "numeric(18,4)"}, ["bi.sales.tax_amount is new"]),
        ({**SALES, "net_amount": "text"}, ["bi.sales.net_amount was numeric(18,4) and is text"]),
        ({"source": "text", "sales_date": "date"}, ["bi.sales.net_amount is gone"]),
        (dict(reversed(SALES.items())), ["bi.sales has its columns in another order"]),
    ],
)
def test_a_changed_column_is_named(served: dict[str, str], change: list[str]) -> None:
    assert changes({"sales": SALES}, {"sales": served}) == change


def test_what_breaks_reports_comes_before_what_is_new() -> None:
    assert changes({"sales": SALES}, {"buyers": SALES}) == ["bi.sales is gone", "bi.buyers is new"]


def test_what_is_written_is_read_again_and_written_once(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    assert read_contract(tmp_path) == {}
    assert write_contract(tmp_path, {"sales": SALES, "buyers": {"source": "text"}})
    assert read_contract(tmp_path) == {"buyers": {"source": "text"}, "sales": SALES}
    assert not write_contract(tmp_path, {"sales": SALES, "buyers": {"source": "text"}})


def test_a_file_that_is_no_contract_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / FILE).write_text("- sales\n")
    with pytest.raises(OpsError, match="has to map each view to its columns"):
        read_contract(tmp_path)


def test_the_command_shows_checks_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_PROJECT_DIR", str(tmp_path))
    monkeypatch.setattr(bi_contract, "served_views", lambda root: {"sales": SALES})
    (tmp_path / "docs").mkdir()
    run = CliRunner().invoke
    assert "bi.sales is new" in str(run(command, ["--check"]).exception)
    assert run(command, ["--write"]).output == f"Written: {FILE}\n  bi.sales is new\n"
    assert run(command, ["--check"]).output == f"1 views are as {FILE} says.\n"
    assert json.loads(run(command, ["bi.sales", "--json"]).output) == {"sales": SALES}
    assert "net_amount" in run(command, ["sales"]).output
    assert "There is no view 'buyers'" in str(run(command, ["buyers"]).exception)
