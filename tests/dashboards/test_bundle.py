"""The compiled bundle: the same bytes each time, whole in itself, and apart for each environment."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ops.bi_contract import read_contract
from ops.dashboards.bundle import Target, compile_bundle, write_bundle
from ops.dashboards.datasets import resolve
from ops.dashboards.shops import Shop
from ops.dashboards.spec import read_spec
from ops.metrics import read_metrics
from tests.support import ROOT

Bundle = dict[str, dict[str, Any]]
SHOPS = [
    Shop("store", "INR", date(2026, 1, 2), date(2026, 6, 30)),
    Shop("olist", "BRL", date(2016, 9, 4), date(2018, 9, 3)),
]


def compiled(environment: str = "prod") -> Bundle:
    spec = read_spec(ROOT)
    tables = resolve(spec, read_contract(ROOT), read_metrics(ROOT), ROOT)
    return compile_bundle(spec, tables, SHOPS, Target(environment, "postgresql://bi_reader@host/retail"))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compiled()


def parts(bundle: Bundle, kind: str) -> list[dict[str, Any]]:
    return [content for name, content in bundle.items() if name.startswith(f"{kind}/")]


def test_the_same_input_gives_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(bundle, tmp_path / "one")
    write_bundle(compiled(), tmp_path / "two")
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.yaml")}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two
    assert len(one) == len(bundle)


def test_what_an_earlier_bundle_left_in_the_folder_goes_and_nothing_else(
    bundle: Bundle, tmp_path: Path
) -> None:
    own = tmp_path / "charts" / "mine.yaml"
    own.parent.mkdir()
    own.write_text("a folder that is no bundle's yet")
    write_bundle(bundle, tmp_path)
    assert own.exists()
    stale = tmp_path / "charts" / "executive" / "Gone.yaml"
    stale.write_text("slice_name: Gone")
    notes = tmp_path / "notes.txt"
    notes.write_text("stays")
    write_bundle(bundle, tmp_path)
    assert not stale.exists()
    assert notes.exists()


def test_everything_that_is_referred_to_is_there(bundle: Bundle) -> None:
    datasets = {dataset["uuid"]: dataset for dataset in parts(bundle, "datasets")}
    charts = {chart["uuid"]: chart for chart in parts(bundle, "charts")}
    for dataset in datasets.values():
        assert dataset["database_uuid"] == parts(bundle, "databases")[0]["uuid"]
    for chart in charts.values():
        metrics = {metric["metric_name"] for metric in datasets[chart["dataset_uuid"]]["metrics"]}
        params = chart["params"]
        shown = [params.get("metric"), params.get("timeseries_limit_metric"), *params.get("metrics", [])]
        shown += [params.get(name) for name in ("x", "y", "size")]
        assert {name for name in shown if name} <= metrics, chart["slice_name"]
    for dashboard in parts(bundle, "dashboards"):
        tiles = [tile for name, tile in dashboard["position"].items() if name.startswith("CHART-")]
        numbers = {tile["meta"]["chartId"] for tile in tiles}
        assert {tile["meta"]["uuid"] for tile in tiles} <= charts.keys()
        assert len(numbers) == len(tiles)
        for one in dashboard["metadata"]["native_filter_configuration"]:
            assert set(one["scope"]["excluded"]) <= numbers
            assert {target["datasetUuid"] for target in one["targets"] if target} <= datasets.keys()


def test_every_chart_stands_on_its_page_and_on_the_page_for_phones(bundle: Bundle) -> None:
    dashboards = {dashboard["slug"]: dashboard for dashboard in parts(bundle, "dashboards")}
    for slug, dashboard in dashboards.items():
        if slug.endswith("-phone"):
            continue
        wide, narrow = (
            {
                tile["meta"]["uuid"]: tile["meta"]
                for name, tile in one["position"].items()
                if name.startswith("CHART-")
            }
            for one in (dashboard, dashboards[f"{slug}-phone"])
        )
        assert wide.keys() == narrow.keys()
        assert {meta["width"] for meta in narrow.values()} <= {6, 12}
    placed = {
        tile["meta"]["uuid"]
        for dashboard in dashboards.values()
        for name, tile in dashboard["position"].items()
        if name.startswith("CHART-")
    }
    assert placed == {chart["uuid"] for chart in parts(bundle, "charts")}


def test_a_page_begins_with_one_shop_and_its_last_months(bundle: Bundle) -> None:
    shop, dates, *others = bundle["dashboards/executive.yaml"]["metadata"]["native_filter_configuration"]
    assert shop["defaultDataMask"]["filterState"]["value"] == ["store"]
    assert shop["controlValues"]["multiSelect"] is False
    assert dates["defaultDataMask"]["extraFormData"] == {"time_range": "2026-04-01 : 2026-07-01"}
    assert [one["cascadeParentIds"] for one in others] == [[shop["id"]]] * len(others)
    head = bundle["dashboards/executive.yaml"]["position"]["MARKDOWN-0-0"]["meta"]["code"]
    assert "olist" in head
    assert "2018-06-01%20%3A%202018-09-01" in head


def test_a_filter_is_kept_from_charts_that_it_cannot_act_on(bundle: Bundle) -> None:
    page = bundle["dashboards/executive.yaml"]
    by_name = {
        tile["meta"]["sliceName"]: tile["meta"]["chartId"]
        for name, tile in page["position"].items()
        if name.startswith("CHART-")
    }
    filters = {
        one["name"]: one["scope"]["excluded"] for one in page["metadata"]["native_filter_configuration"]
    }
    forecast = by_name["Net sales by week, and the weeks to come"]
    assert filters["Shop"] == []
    assert forecast in filters["Dates"]
    assert forecast in filters["State"]
    assert by_name["Net sales"] not in filters["State"]


def test_environments_stand_beside_one_another(bundle: Bundle) -> None:
    dev = compiled("dev")
    for kind in ("datasets", "charts", "dashboards"):
        ours, theirs = ({part["uuid"] for part in parts(one, kind)} for one in (bundle, dev))
        assert not ours & theirs
        assert len(ours) == len(theirs)
    assert parts(bundle, "databases") == parts(dev, "databases")
    assert {dataset["schema"] for dataset in parts(dev, "datasets")} == {"bi__dev"}
    assert dev["dashboards/executive-dev.yaml"]["dashboard_title"] == "Executive (dev)"
    for dataset in parts(dev, "datasets"):
        assert " bi." not in (dataset["sql"] or "")
