"""A diff in its three forms: whole for programs, short for people, no longer than a comment may be."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal

from ops.diff import EnvironmentDiff, as_json, as_markdown, as_text
from ops.diff.types import (
    Backfill,
    ColumnChange,
    ContractChange,
    KpiChange,
    ModelChange,
    Risk,
    RowChange,
    Sample,
    Skipped,
)

GITHUB_TAKES = 65_536
MARCH = date(2024, 3, 1)


def found(**parts: object) -> EnvironmentDiff:
    models = (ModelChange("core.fct_sale", "directly modified", "breaking", "FULL", False, False),)
    return EnvironmentDiff("dev", "prod", "1", "2", **{"models": models, "seconds": {"rows": 1.0}, **parts})  # type: ignore[arg-type]


def kpi(before: str | None, after: str | None, month: date | None = None) -> KpiChange:
    values = (None if value is None else Decimal(value) for value in (before, after))
    return KpiChange("net_amount", "Net sales", "money", "shop", "EUR", month, *values)


def rows(model: str, **sample: object) -> RowChange:
    return RowChange(model, ("id",), 10, 11, 1, 0, 2, {"amount": 2}, Sample(**sample))  # type: ignore[arg-type]


def test_json_holds_everything_and_money_as_text() -> None:
    diff = found(
        kpis=(kpi("10.10", "20.20", MARCH),),
        rows=(rows("core.fct_sale", changed=({"id": 1, "amount": [Decimal("1.10"), None]},)),),
        backfills=(Backfill("core.fct_sale", ((MARCH, MARCH),), 1, False, None),),
    )
    read = json.loads(json.dumps(as_json(diff)))
    assert read["kpis"][0]["month"] == "2024-03-01"
    assert (read["kpis"][0]["before"], read["kpis"][0]["change"]) == ("10.10", "10.10")
    assert read["rows"][0]["sample"]["changed"] == [{"id": 1, "amount": ["1.10", None]}]
    assert read["backfills"][0]["spans"] == [["2024-03-01", "2024-03-01"]]
    assert read["is_empty"] is False


def test_json_knows_no_number_that_is_none() -> None:
    diff = found(rows=(rows("core.fct_sale", added=({"id": float("nan"), "amount": float("inf")},)),))
    read = json.loads(json.dumps(as_json(diff), allow_nan=False))
    assert read["rows"][0]["sample"]["added"] == [{"id": None, "amount": None}]


def test_the_summary_tells_what_breaks_what_is_left_and_what_the_measures_do() -> None:
    diff = found(
        contract=(
            ContractChange("bi.sale.weight is gone", is_breaking=True),
            ContractChange("bi.x is new", False),
        ),
        risks=(Risk("view report.late", "analyst", "bi.sale", "breaks", "it reads weight, which goes"),),
        backfills=(Backfill("core.fct_sale", ((MARCH, MARCH),), 1, False, 1200),),
        kpis=(kpi("1000.5", "900.5"), kpi("1000.5", "900.5", MARCH)),
        columns=(ColumnChange("bi.sale", "weight", "removed", before="integer"),),
    )
    head = as_text(diff).split("\n\n")[0]
    assert head.splitlines() == [
        "What dev changes in prod",
        "  Models: 1 directly modified. Breaking: core.fct_sale.",
        "  To backfill: core.fct_sale, about 1,200 rows (an estimate).",
        "  Breaks reports: bi.sale.weight is gone.",
        "  Of what others built, would break: view report.late.",
        "  Columns: 1 removed.",
        "  Net sales, shop: 1,000.50 → 900.50 EUR (-100, -10.00 %).",
    ]


def test_a_measure_that_is_new_or_gone_has_no_share() -> None:
    text = as_text(found(kpis=(kpi(None, "5"), kpi("7", None))))
    assert "Net sales, shop: new, 5 EUR." in text
    assert "Net sales, shop: gone, was 7 EUR." in text


def test_measures_that_only_move_between_months_are_said_to() -> None:
    assert "their totals stay" in as_text(found(kpis=(kpi("1", "2", MARCH),)))


def test_a_long_table_is_cut_for_the_terminal_and_says_how_much_is_missing() -> None:
    text = as_text(
        found(columns=tuple(ColumnChange("bi.sale", f"c{n}", "added", after="text") for n in range(40)))
    )
    assert "c24" in text
    assert "c25" not in text
    assert "… and 15 more" in text


def test_a_long_row_is_cut_for_the_terminal_and_whole_in_json() -> None:
    diff = found(rows=(rows("core.fct_sale", added=({"id": 1, "note": "x" * 500},)),))
    assert "x" * 160 not in as_text(diff)
    assert "…" in as_text(diff)
    assert "x" * 500 in json.dumps(as_json(diff))


def test_markdown_is_a_summary_with_details_that_unfold() -> None:
    text = as_markdown(found(skipped=(Skipped("mart.x", "it has no grain"),)))
    head, _, details = text.partition("<details>")
    assert head.startswith("### What dev changes in prod\n\n- Models: 1 directly modified.")
    assert "| `it has no grain` | `mart.x` |" in details
    assert text.count("<details>") == text.count("</details>") == 2


def test_markdown_fits_into_a_comment_however_much_changed() -> None:
    wide = "x" * 2_000
    diff = found(
        columns=tuple(ColumnChange(f"bi.view_{n}", wide, "added", after="text") for n in range(2_000)),
        rows=tuple(rows(f"core.fct_{n}", added=({"id": wide, "amount": wide},) * 5) for n in range(500)),
        models=tuple(ModelChange(f"m.{n}_{wide}", "added", "", "FULL", False, False) for n in range(2_000)),
        risks=tuple(Risk(f"view {n} {wide}", "o", "v", "breaks", wide) for n in range(2_000)),
        contract=tuple(ContractChange(f"{wide} {n} is gone", is_breaking=True) for n in range(2_000)),
    )
    text = as_markdown(diff)
    assert len(text) <= GITHUB_TAKES
    assert text.count("<details>") == text.count("</details>")
    assert "2,000 directly" not in text
    assert "more: `retail diff --json` has all" in text


def test_names_and_values_are_no_markup_no_link_and_no_mention_in_markdown() -> None:
    strange = "a|b`c <img src=x> @someone\nnext"
    text = as_markdown(
        found(
            rows=(rows("core.fct_sale", added=({"id": strange},)),),
            risks=(Risk(f"view {strange}", "o", "v", "breaks", strange),),
        )
    )
    without_code = re.sub(r"`[^`]*`", "", text)
    assert "@" not in without_code
    assert "<img" not in without_code
    for line in text.splitlines():
        if line.startswith("| `"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 5, 6, 8)


def test_an_empty_diff_says_so_in_every_form() -> None:
    empty = EnvironmentDiff("dev", "prod", "1", "2")
    assert "nothing would change" in as_text(empty)
    assert "nothing would change" in as_markdown(empty)
    assert as_json(empty)["is_empty"] is True
