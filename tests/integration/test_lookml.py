"""The measures of the LookML on Postgres: each gives its mart's number, and nothing where it must not be added up."""

from collections.abc import Sequence

import pytest

from ops.bi_contract import read_contract
from ops.lookml.fields import ROLLED_UP
from ops.lookml.project import write_lookml
from ops.metrics import read_metrics
from tests.integration.conftest import EverySource
from tests.integration.looker import Looker
from tests.support import ROOT

pytestmark = [pytest.mark.long, pytest.mark.slow]

METRICS = read_metrics(ROOT)
SERVED = sorted({(view.removeprefix("bi.")) for metric in METRICS for view in metric.served_in})
CLOSE = 0.0001  # rates are stored with six digits


@pytest.fixture(scope="module")
def looker(tmp_path_factory: pytest.TempPathFactory) -> Looker:
    out = tmp_path_factory.mktemp("lookml")
    write_lookml(ROOT, out)
    return Looker.read(out)


def differing(
    every_source: EverySource, first: str, second: str, keys: Sequence[str], name: str
) -> list[tuple[object, ...]]:
    """The rows in which two queries differ in a measure."""
    return every_source.project.query(
        f"SELECT {', '.join(keys)}, one.{name} AS looker, other.{name} AS mart "
        f"FROM ({first}) AS one FULL JOIN ({second}) AS other USING ({', '.join(keys)}) "
        f"WHERE (one.{name} IS NULL) <> (other.{name} IS NULL) OR ABS(one.{name} - other.{name}) > {CLOSE} LIMIT 3"
    )


@pytest.mark.parametrize("view", SERVED)
def test_by_row_every_measure_is_the_marts_number(
    every_source: EverySource, looker: Looker, view: str
) -> None:
    [key] = [
        name for name, field in looker.fields(view, "dimensions").items() if field.get("primary_key") == "yes"
    ]
    names = [metric.metric for metric in METRICS if f"bi.{view}" in metric.served_in]
    asked = looker.sql(view, [key], names)
    served = (
        looker.sql(view, [key], [])
        .replace(" FROM ", f", {', '.join(names)} FROM ", 1)
        .partition(" GROUP BY ")[0]
    )
    for name in names:
        assert differing(every_source, asked, served, [key], name) == [], name


@pytest.mark.parametrize(
    "name",
    [
        "gross_amount", "discount_amount", "return_amount", "net_amount", "tax_amount", "order_count", "unit_count",
        "return_unit_count", "customer_count", "average_order_value", "units_per_order", "discount_rate", "return_rate",
    ],
)  # fmt: skip
def test_over_order_lines_the_definitions_give_the_months_of_the_mart(
    every_source: EverySource, looker: Looker, name: str
) -> None:
    keys = ["source", "currency", "sales_month"]
    lines = f"SELECT * FROM ({looker.sql('order_line', keys, [name])}) AS lines WHERE {name} <> 0"
    mart = (
        f"SELECT source, currency, month_start_date AS sales_month, {name} FROM bi.sales_monthly "
        f"WHERE channel = 'all' AND {name} <> 0"
    )
    assert every_source.project.query(lines)
    assert differing(every_source, lines, mart, keys, name) == []


def test_over_order_lines_the_margin_is_that_of_the_products(
    every_source: EverySource, looker: Looker
) -> None:
    keys = ["source", "currency", "product_id"]
    asked = looker.sql("order_line", keys, ["margin_amount", "net_amount"])
    lines = f"SELECT * FROM ({asked}) AS lines WHERE net_amount <> 0"
    mart = (
        "SELECT source, currency, product_id, margin_amount FROM bi.product_performance WHERE net_amount <> 0"
    )
    assert differing(every_source, lines, mart, keys, "margin_amount") == []


def test_a_joined_view_cuts_without_counting_anything_twice(
    every_source: EverySource, looker: Looker
) -> None:
    cut = looker.sql(
        "order_line", ["source", "currency", "product.category", "customer.state"], ["net_amount"]
    )
    whole = looker.sql("order_line", ["source", "currency"], ["net_amount"])
    summed = f"SELECT source, currency, SUM(net_amount) AS net_amount FROM ({cut}) AS cut GROUP BY 1, 2"
    assert differing(every_source, summed, whole, ["source", "currency"], "net_amount") == []


def test_what_must_not_be_added_up_is_empty(every_source: EverySource, looker: Looker) -> None:
    def total(view: str, measure: str) -> object:
        [(value,)] = every_source.project.query(looker.sql(view, [], [measure]))
        return value

    assert total("sales_monthly", "net_amount") is None, "all channels beside each"
    assert total("category_sales", "order_count") is None, "orders over categories"
    assert total("inventory_daily", "stock_value_amount") is None, "stock over days"
    assert total("delivery", "average_delivery_days") is None, "a mean of means"
    [(currencies,)] = every_source.project.query("SELECT COUNT(DISTINCT currency) FROM bi.order_line")
    assert (total("order_line", "net_amount") is None) == (currencies > 1), "amounts over currencies"
    assert total("order_line", "order_count")


def test_the_views_with_rows_of_all_channels_are_the_ones_that_are_known(every_source: EverySource) -> None:
    contract = read_contract(ROOT)
    found = set()
    for view in SERVED:
        for column in [name for name, kind in contract[view].items() if kind == "text"]:
            both = f"COUNT(*) FILTER (WHERE {column} = 'all') NOT IN (0, COUNT(*))"
            if every_source.project.query(f"SELECT source FROM bi.{view} GROUP BY source HAVING {both}"):
                found.add((view, column))
    assert found == set(ROLLED_UP.items())


def test_every_explore_with_its_joins_is_understood(every_source: EverySource, looker: Looker) -> None:
    for name, explore in looker.explores.items():
        keys = [
            f"{join['name']}.{_key(looker, join.get('from', join['name']))}"
            for join in explore.get("joins", [])
        ]
        every_source.project.query(looker.sql(name, keys, ["count"]) + " LIMIT 0")


def _key(looker: Looker, view: str) -> str:
    return next(
        name for name, field in looker.fields(view, "dimensions").items() if field.get("primary_key") == "yes"
    )
