"""How each part is compared, without a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.diff.backfill import DAY, merged, subtract
from ops.diff.dependents import fate_of
from ops.diff.evaluations import compared as evaluations_compared
from ops.diff.kpis import KPIS, kpi_changes
from ops.diff.kpis import compared as kpis_compared
from ops.diff.models import category_between
from ops.diff.relations import Relations
from ops.diff.samples import shown_columns
from ops.diff.schema import compared, is_replaced_in_place
from ops.diff.types import ColumnChange, Skipped
from ops.evaluation import Judged
from ops.metrics import Metric, read_metrics
from tests.support import ROOT

COLUMNS = {"id": "integer", "name": "text", "amount": "numeric(18,4)"}


def test_the_days_that_one_has_and_the_other_has_not_are_what_is_left_to_compute() -> None:
    assert subtract([(0, 10 * DAY)], [(2 * DAY, 3 * DAY), (3 * DAY, 5 * DAY)]) == [
        (0, 2 * DAY),
        (5 * DAY, 10 * DAY),
    ]
    assert subtract([(0, DAY)], [(0, 2 * DAY)]) == []
    assert subtract([(DAY, 2 * DAY), (3 * DAY, 4 * DAY)], []) == [(DAY, 2 * DAY), (3 * DAY, 4 * DAY)]


def test_days_that_touch_or_overlap_are_one_span() -> None:
    assert merged([(5, 9), (0, 3), (3, 5), (20, 30), (22, 25)]) == [(0, 9), (20, 30)]


def test_columns_come_go_move_and_change_their_type() -> None:
    after = {"amount": "numeric(18,4)", "id": "bigint", "colour": "text"}
    assert compared("bi.sale", COLUMNS, after) == [
        ColumnChange("bi.sale", "name", "removed", before="text"),
        ColumnChange("bi.sale", "colour", "added", after="text"),
        ColumnChange("bi.sale", "id", "type changed", "integer", "bigint"),
        ColumnChange("bi.sale", "amount", "moved", "numeric(18,4)", "numeric(18,4)"),
        ColumnChange("bi.sale", "id", "moved", "integer", "bigint"),
    ]


@pytest.mark.parametrize(
    ("after", "in_place"),
    [
        (COLUMNS, True),
        ({**COLUMNS, "colour": "text"}, True),
        ({"colour": "text", **COLUMNS}, False),
        ({**COLUMNS, "name": "integer"}, False),
        ({"id": "integer"}, False),
    ],
)
def test_a_view_is_replaced_in_place_with_the_same_columns_or_more_at_the_end(
    after: dict[str, str], in_place: bool
) -> None:
    assert is_replaced_in_place(COLUMNS, after) is in_place


def test_what_reads_a_column_that_goes_breaks_and_one_that_changes_its_type_may() -> None:
    changes = compared("bi.sale", COLUMNS, {"id": "bigint", "amount": "numeric(18,4)"})
    assert fate_of({"name", "id"}, changes) == ("breaks", "it reads name, which goes")
    assert fate_of({"id"}, changes) == ("may break", "it reads id (from integer to bigint)")
    assert fate_of({"amount"}, changes)[0] == "is built again"
    assert fate_of({"amount"}, None) == ("breaks", "the view goes")


def metric() -> Metric:
    return next(item for item in read_metrics(ROOT) if item.metric == "net_amount")


def test_the_measures_that_are_compared_are_in_the_dictionary_with_what_they_are_computed_over() -> None:
    defined = {item.metric: item.relation for item in read_metrics(ROOT)}
    assert all(defined[name] for name in KPIS)


def test_a_measure_is_told_of_only_where_it_differs_also_where_one_side_has_none() -> None:
    march, april = date(2024, 3, 1), date(2024, 4, 1)
    before = {("shop", "EUR", march): Decimal("1.10"), ("shop", "EUR", None): Decimal("1.10")}
    after = {
        ("shop", "EUR", march): Decimal("1.1000"),
        ("shop", "EUR", april): Decimal(2),
        ("shop", "EUR", None): Decimal("3.1"),
    }
    found = kpis_compared(metric(), before, after)
    assert [(item.month, item.before, item.after, item.change) for item in found] == [
        (None, Decimal("1.10"), Decimal("3.1"), Decimal("2.0")),
        (april, None, Decimal(2), None),
    ]


def test_a_project_without_sales_or_without_a_dictionary_is_told_that_measures_are_not_compared(
    tmp_path: Path,
) -> None:
    nothing, no_cursor = Relations({}, {}), cast(Cursor, None)
    assert kpi_changes(no_cursor, tmp_path, nothing, (), print) == (
        [],
        [Skipped("revenue, orders and customers", "there is no seeds/metric.csv, which defines them")],
    )
    assert kpi_changes(no_cursor, ROOT, nothing, (), print) == (
        [],
        [Skipped("Net sales, Orders, Customers", "not both have core.fct_order_line")],
    )


def judged(champion: str, value: float | None, metric: str = "auc") -> Judged:
    return Judged("ml.guess", "shop", "all", metric, champion, value, "coin", 0.5, "", None, True, [])


def test_a_learned_model_is_told_of_where_its_champion_or_value_is_another() -> None:
    before = [judged("logit", 0.8), judged("logit", 0.3, "recall"), judged("logit", 1.0, "lift")]
    after = [judged("trees", 0.8), judged("logit", 0.4, "recall"), judged("logit", 1.0, "lift")]
    found = evaluations_compared(before, after)
    assert [(item.metric, item.champion_before, item.champion_after, item.after) for item in found] == [
        ("auc", "logit", "trees", 0.8),
        ("recall", "logit", "logit", 0.4),
    ]


def test_several_champions_of_one_metric_are_compared_one_by_one() -> None:
    found = evaluations_compared([judged("a", 1.0), judged("b", 2.0)], [judged("a", 1.0), judged("b", 3.0)])
    assert [(item.champion_after, item.before, item.after) for item in found] == [("b", 2.0, 3.0)]


def test_a_sample_shows_texts_that_bi_shows_and_the_grain_and_numbers_of_the_star() -> None:
    columns = {
        "key": "text",
        "city": "text",
        "street": "text",
        "tags": "integer[]",
        "is_new": "boolean",
        "amount": "numeric(18,4)",
        "day": "date",
    }
    shown = shown_columns("core", columns, ("key",), {"city"})
    assert shown == ["key", "city", "is_new", "amount", "day"]
    assert shown_columns("stg", columns, ("key",), {"city"}) == ["key", "city"]


@dataclass(frozen=True)
class Version:
    """A version of a model as the state keeps it, with those before it."""

    fingerprint: str
    change_category: int | None
    previous: tuple[Version, ...] = field(default=())

    @property
    def all_versions(self) -> tuple[Version, ...]:
        return (*self.previous, self)


BREAKING, NON_BREAKING, METADATA = 1, 2, 6


def test_a_change_in_steps_is_as_severe_as_its_most_severe_step() -> None:
    prod = Version("a", BREAKING)
    first = Version("b", BREAKING)
    last = Version("c", METADATA, (prod, first))
    assert category_between(last, prod) == "breaking"  # type: ignore[arg-type]
    assert category_between(Version("d", METADATA, (prod,)), prod) == "metadata"  # type: ignore[arg-type]


def test_what_is_undone_on_the_way_counts_as_what_is_done() -> None:
    common = Version("a", BREAKING)
    prod = Version("b", NON_BREAKING, (common,))
    assert category_between(Version("c", METADATA, (common,)), prod) == "non-breaking"  # type: ignore[arg-type]
    assert category_between(common, prod) == "non-breaking"  # type: ignore[arg-type]
