"""The pages as they are written down: what they ask of the views, and who is named when a view changes."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from ops.bi_contract import read_contract
from ops.cli.dashboards import dashboards
from ops.dashboards.check import broken_charts
from ops.dashboards.datasets import in_schema, reads, resolve
from ops.dashboards.shops import Shop
from ops.dashboards.spec import Spec, read_spec
from ops.errors import OpsError
from ops.metrics import read_metrics
from ops.settings import Settings
from tests.support import ROOT, query

Views = dict[str, dict[str, str]]
METRICS = read_metrics(ROOT)
PAGES = [
    "executive",
    "sales",
    "inventory",
    "delivery",
    "customers",
    "sellers",
    "baskets",
    "learning",
    "quality",
]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return read_spec(ROOT)


@pytest.fixture(scope="module")
def views() -> Views:
    return read_contract(ROOT)


def without(views: Mapping[str, Mapping[str, str]], view: str, column: str) -> Views:
    return {
        name: {key: kind for key, kind in columns.items() if (name, key) != (view, column)}
        for name, columns in views.items()
    }


def test_there_are_nine_pages_and_each_can_be_narrowed_to_one_shop(spec: Spec) -> None:
    assert [page.slug for page in spec.pages] == PAGES
    for page in spec.pages:
        assert page.filters[0].kind == "source", page.title


def test_every_chart_finds_its_columns(spec: Spec, views: Views) -> None:
    assert broken_charts(spec, views, METRICS) == {}


@pytest.mark.parametrize(
    ("view", "column", "chart"),
    [
        ("sales_daily", "net_amount", "Executive: Net sales"),
        ("sales_daily", "channel", "Executive: filter Channel"),
        ("sales_daily", "currency", "Executive: Orders"),
        ("merchandise_line", "margin_amount", "Executive: Margin"),
        ("inventory_daily", "is_stock_out", "Inventory: Stock-outs"),
        ("reorder_list", "suggested_order_quantity", "Inventory: Order today"),
        ("customer_propensity", "is_churn_risk", "Customers: Worth a call"),
        ("quality_check", "severity", "Data quality: Values valid"),
    ],
)
def test_a_column_that_goes_names_the_chart_that_would_break(
    spec: Spec, views: Views, view: str, column: str, chart: str
) -> None:
    broken = broken_charts(spec, without(views, view, column), METRICS)
    assert chart in broken
    assert any(column in reason for reason in broken[chart])


def test_a_column_that_no_chart_shows_may_go(spec: Spec, views: Views) -> None:
    assert broken_charts(spec, without(views, "product", "photo_count"), METRICS) == {}


def test_a_view_that_goes_names_all_that_show_it_and_nothing_else(spec: Spec, views: Views) -> None:
    showing = {
        f"{page.title}: {chart.name}"
        for page in spec.pages
        for chart in page.charts()
        if "seller_ranking" in reads(spec.datasets[chart.data])
    }
    left = {name: columns for name, columns in views.items() if name != "seller_ranking"}
    broken = broken_charts(spec, left, METRICS)
    assert showing
    assert {name for name in broken if ": filter " not in name} == showing
    assert {reason for reasons in broken.values() for reason in reasons} == {
        "there is no view bi.seller_ranking"
    }


def test_the_command_fails_and_names_the_chart(views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ops.bi_contract.read_contract", lambda _: without(views, "reorder_list", "lead_time_days")
    )
    result = CliRunner().invoke(dashboards, ["check", "--json"])
    assert result.exit_code == 1
    assert "Inventory: Order today" in result.output
    assert "bi.reorder_list has no lead_time_days" in result.output


def test_measures_and_columns_have_the_words_of_the_dictionary_and_the_models(
    spec: Spec, views: Views
) -> None:
    tables = resolve(spec, views, METRICS, ROOT)
    words = {metric.metric: metric.definition for metric in METRICS}
    assert tables["sales"].measures["net_amount"].text == words["net_amount"]
    assert tables["sales"].measures["average_order_value"].label == "Average order value"
    assert "Business date" in tables["sales"].columns["sales_date"].text
    unnamed = [
        (name, measure.name)
        for name, table in tables.items()
        for measure in table.measures.values()
        if not measure.text
    ]
    assert unnamed == []


@pytest.mark.parametrize(
    ("rows", "net", "order_value"),
    [
        ("('INR', 30.0, 2), ('INR', 12.5, 1)", Decimal("42.5"), Decimal("42.5") / 3),
        ("('INR', 30.0, 2), ('GBP', 12.5, 1)", None, None),
        ("('INR', 30.0, 0)", Decimal("30.0"), None),
    ],
    ids=["one currency", "two currencies", "no orders"],
)
def test_money_is_never_added_over_currencies_and_ratios_are_of_sums(
    spec: Spec, views: Views, database: Settings, rows: str, net: Decimal | None, order_value: Decimal | None
) -> None:
    measures = resolve(spec, views, METRICS, ROOT)["sales"].measures
    found = query(
        database,
        f"SELECT {measures['net_amount'].sql}, {measures['average_order_value'].sql} "
        f"FROM (VALUES {rows}) AS sale (currency, net_amount, order_count)",
    )
    assert found[0][0] == net
    assert found[0][1] == (pytest.approx(order_value) if order_value is not None else None)


def test_queries_move_to_another_environment_whole(spec: Spec) -> None:
    for name, dataset in spec.datasets.items():
        if dataset.sql:
            moved = in_schema(dataset.sql, "bi__dev")
            assert moved.count("bi__dev.") == len(re.findall(r"\bbi\.", dataset.sql)), name
            assert in_schema(dataset.sql, "bi") == dataset.sql


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        (date(2026, 1, 2), date(2026, 6, 30), (date(2026, 4, 1), date(2026, 7, 1))),
        (date(2016, 9, 4), date(2018, 9, 3), (date(2018, 6, 1), date(2018, 9, 1))),
        (date(2025, 12, 1), date(2026, 1, 9), (date(2025, 12, 21), date(2026, 1, 10))),
    ],
    ids=["half a year", "the last month is not over", "six weeks"],
)
def test_pages_begin_with_days_that_can_be_compared_with_as_many_before(
    first: date, last: date, period: tuple[date, date]
) -> None:
    start, end = Shop("store", "INR", first, last).period
    assert (start, end) == period
    assert start - (end - start) >= first.replace(day=1) - (end - start) / 30


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  - {height: 4, charts: [{kind: kpi, name: A, data: sales, width: 9}, {kind: kpi, data: sales}]}", "12 wide"),
        ("  - {height: 4, charts: [{kind: kpi, name: A, data: shop}]}", "there is no dataset 'shop'"),
        ("  - {height: 4, charts: [{kind: kpi, name: A, data: sales, show: [tax]}]}", "sales has no tax"),
        ("  - {height: 4, charts: [{kind: kpi, name: A+, data: sales}, {kind: kpi, name: A-, data: sales}]}", "A-"),
        ("  - {height: 4, charts: [{kind: gauge, name: A, data: sales}]}", "kind"),
        ("  - {height: 4, charts: [{kind: kpi, name: A, data: sales, colour: red}]}", "colour"),
    ],
)  # fmt: skip
def test_a_specification_that_makes_no_sense_says_why(tmp_path: Path, line: str, said: str) -> None:
    folder = tmp_path / "dashboards" / "spec"
    folder.mkdir(parents=True)
    (folder / "datasets.yaml").write_text("labels: {}\ndatasets:\n  sales: {view: sales_daily}\n")
    (folder / "1_page.yaml").write_text(f"title: Page\nslug: page\ntext: What?\nfilters: []\nrows:\n{line}\n")
    with pytest.raises(OpsError, match=said):
        read_spec(tmp_path)
