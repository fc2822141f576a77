"""The LookML that is generated: it parses, knows every view and measure, joins only many to one."""

import re
from pathlib import Path

import lkml
import pytest

from ops.bi_contract import read_contract
from ops.errors import OpsError
from ops.lookml.fields import View, measures
from ops.lookml.project import write_lookml
from ops.lookml.writing import HEAD, block
from ops.metrics import Metric, read_metrics
from tests.integration.looker import REFERENCE, Looker
from tests.support import ROOT

CONTRACT = read_contract(ROOT)
METRICS = read_metrics(ROOT)
SALES = View(
    "sales", {"source": "text", "category": "text", "currency": "text"}, {}, "", ["source", "category"]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's LookML, and a file of a view that is gone beside one of somebody else."""
    out = tmp_path_factory.mktemp("lookml")
    (out / "views").mkdir()
    (out / "views" / "gone.view.lkml").write_text(HEAD + "view: gone {\n}\n")
    (out / "views" / "mine.view.lkml").write_text("view: mine {\n}\n")
    write_lookml(ROOT, out)
    return out


@pytest.fixture(scope="module")
def looker(folder: Path) -> Looker:
    return Looker.read(folder)


def metric(name: str, **changed: object) -> Metric:
    given = {
        "label": "L", "definition": "d", "relation": "core.fct AS line", "expression": "SUM(line.x)",
        "dated_by": "line.order_date", "unit": "count", "additive_over": ("time",), "served_in": ("bi.sales",),
        "owner": "team",
    }  # fmt: skip
    return Metric(metric=name, **{**given, **changed})  # type: ignore[arg-type]


def sql_of(view: View, *served: Metric) -> dict[str, object]:
    return {
        str(field["name"]): field.get("sql")
        for field in measures(view, {each.metric: each for each in served})
    }


def test_every_file_parses_and_says_the_same_when_it_is_written_again(folder: Path) -> None:
    for path in folder.rglob("*.lkml"):
        parsed = lkml.load(path.read_text("utf-8"))
        assert lkml.load(lkml.dump(parsed)) == parsed, path


def test_views_that_are_gone_are_deleted_and_others_files_stay(folder: Path) -> None:
    assert {path.name.split(".")[0] for path in (folder / "views").iterdir()} == {*CONTRACT, "mine"}


def test_every_view_has_each_of_its_columns_as_a_dimension(looker: Looker) -> None:
    for view, columns in CONTRACT.items():
        shown = [
            *looker.fields(view, "dimensions").values(),
            *looker.fields(view, "dimension_groups").values(),
        ]
        assert set(columns) <= {str(field["sql"]).removeprefix("${TABLE}.") for field in shown}, view


def test_every_view_has_one_primary_key(looker: Looker) -> None:
    for view in CONTRACT:
        keys = [
            field for field in looker.fields(view, "dimensions").values() if field.get("primary_key") == "yes"
        ]
        assert len(keys) == 1, view


def test_every_measure_of_the_dictionary_stands_in_every_view_that_serves_it(looker: Looker) -> None:
    for each in METRICS:
        for view in each.served_in:
            assert each.metric in looker.fields(view.removeprefix("bi."), "measures"), (each.metric, view)


def test_every_field_refers_to_columns_and_fields_that_exist(looker: Looker) -> None:
    for view, columns in CONTRACT.items():
        for kind in ("dimensions", "dimension_groups", "measures"):
            for name, field in looker.fields(view, kind).items():
                for column in re.findall(r"\$\{TABLE\}\.(\w+)", field.get("sql", "")):
                    assert column in columns, (view, name, column)
                looker.resolved(field.get("sql", ""), view)  # a KeyError names what there is not


def test_no_name_is_given_twice_in_a_view(looker: Looker) -> None:
    for view in CONTRACT:
        names = [*looker.fields(view, "dimensions"), *looker.fields(view, "measures")]
        for group, field in looker.fields(view, "dimension_groups").items():
            names += [f"{group}_{frame}" for frame in field["timeframes"]]
        assert len(names) == len(set(names)), view


def test_explores_join_many_to_one_on_the_key_of_the_other_view(looker: Looker) -> None:
    assert set(looker.explores) == set(CONTRACT)
    for explore in looker.explores.values():
        for join in explore.get("joins", []):
            assert join["relationship"] == "many_to_one"
            target = join.get("from", join["name"])
            keys = [
                n for n, f in looker.fields(target, "dimensions").items() if f.get("primary_key") == "yes"
            ]
            _, (_, key) = REFERENCE.findall(join["sql_on"])
            assert key in keys or (target, key) == ("calendar", "calendar_date")
    assert {join["name"] for join in looker.explores["order_line"]["joins"]} == {
        "order_header", "customer", "product", "seller", "store", "calendar",
    }  # fmt: skip


def test_amounts_are_empty_over_currencies_and_counts_over_what_they_do_not_add_up_over() -> None:
    view = View(
        "sales", {**SALES.columns, "net_amount": "numeric", "order_count": "bigint"}, {}, "", SALES.grain
    )
    sql = sql_of(
        view, metric("net_amount", unit="money", additive_over=("time", "category")), metric("order_count")
    )
    assert sql["net_amount"] == (
        "CASE WHEN MIN(${TABLE}.currency) = MAX(${TABLE}.currency) THEN SUM(${TABLE}.net_amount) END"
    )
    assert sql["order_count"] == (
        "CASE WHEN COUNT(DISTINCT ${TABLE}.category) = 1 THEN SUM(${TABLE}.order_count) END"
    )


def test_a_rate_is_made_of_its_sums_and_what_cannot_be_is_shown_for_one_row_only() -> None:
    columns = dict.fromkeys(("order_count", "unit_count", "per_order", "score", "per_day"), "bigint")
    rate = {"relation": "", "additive_over": ()}
    sql = sql_of(
        View("sales", {**SALES.columns, **columns}, {}, "", ["source"]),
        metric("order_count"),
        metric("unit_count"),
        metric("per_order", expression="unit_count::NUMERIC / NULLIF(order_count, 0)", **rate),
        metric("per_day", expression="unit_count / demand_day_count", **rate),
        metric("score", additive_over=()),
    )
    assert sql["per_order"] == "CAST(${unit_count} AS DECIMAL) / NULLIF(${order_count}, 0)"
    assert sql["per_day"] == "CASE WHEN COUNT(*) = 1 THEN MAX(${TABLE}.per_day) END"
    assert sql["score"] == "CASE WHEN COUNT(*) = 1 THEN MAX(${TABLE}.score) END"


def test_a_measure_or_a_grain_that_is_not_known_is_an_error() -> None:
    with pytest.raises(OpsError, match=r"bi\.sales serves net_amount; it has no such column"):
        sql_of(SALES, metric("net_amount"))
    with pytest.raises(OpsError, match=r"does not say what mood"):
        sql_of(View("sales", {"net_amount": "numeric"}, {}, "", ["mood"]), metric("net_amount"))


def test_texts_are_quoted() -> None:
    text = block("view", "v", {"label": 'a "b" \\ c', "hidden": True, "sql": "x"})
    assert lkml.load(text)["views"] == [{"name": "v", "label": r"a \"b\" \\ c", "hidden": "yes", "sql": "x"}]
