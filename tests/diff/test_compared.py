"""A change that was planned into an environment of a small shop: the diff shows all of it and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from click.testing import CliRunner

from ops.cli.main import cli
from ops.diff import EnvironmentDiff, as_json, as_markdown, as_text, compare_environment
from ops.diff.types import ColumnChange, ContractChange, KpiChange, MetricChange
from ops.errors import OpsError
from ops.settings import Settings
from ops.sqlmesh import SqlMesh
from tests.support import Project

FEBRUARY = date(2024, 2, 1)
WITHOUT_WEIGHT = "it reads weight, which goes"


def test_models_are_told_by_who_changed_them_and_how_sqlmesh_classed_it(dev: EnvironmentDiff) -> None:
    assert [(item.model, item.change, item.category) for item in dev.models] == [
        ("mart.coming", "added", ""),
        ("mart.going", "removed", ""),
        ("bi.parcel", "directly modified", "breaking"),
        ("core.fct_order_line", "directly modified", "breaking"),
        ("mart.parcel", "directly modified", "non-breaking"),
        ("ml.model_evaluation", "directly modified", "breaking"),
        ("bi.daily", "indirectly modified", "indirect breaking"),
        ("bi.parcel_key", "indirectly modified", "indirect non-breaking"),
        ("mart.counted", "indirectly modified", "indirect breaking"),
        ("mart.daily", "indirectly modified", "indirect breaking"),
    ]
    assert not any(item.is_behind for item in dev.models)
    assert not dev.is_empty


def test_columns_are_those_that_came_and_went(dev: EnvironmentDiff) -> None:
    assert dev.columns == (
        ColumnChange("bi.parcel", "weight", "removed", before="integer"),
        ColumnChange("mart.parcel", "colour", "added", after="text"),
    )
    assert dev.contract == (ContractChange("bi.parcel.weight is gone", is_breaking=True),)


def test_rows_are_found_by_the_grain_where_any_differ(dev: EnvironmentDiff) -> None:
    found = {
        item.model: (item.added, item.removed, item.changed, dict(item.changed_columns)) for item in dev.rows
    }
    assert found == {
        "core.fct_order_line": (0, 0, 1, {"net_amount": 1, "street": 1}),
        "mart.daily": (0, 0, 1, {"net_amount": 1}),
        "ml.model_evaluation": (0, 0, 1, {"metric_value": 1}),
    }
    fact = next(item for item in dev.rows if item.model == "core.fct_order_line")
    assert (fact.before, fact.after) == (4, 4)  # of all days, though one of them is compared
    assert dev.same_rows == ("mart.parcel", "bi.parcel", "mart.counted")
    assert {item.what for item in dev.skipped} == {"bi.daily", "bi.parcel_key"}
    assert all("a view that nobody changed" in item.reason for item in dev.skipped)


def test_samples_show_what_changed_but_no_text_that_bi_does_not_show(dev: EnvironmentDiff) -> None:
    fact = next(item for item in dev.rows if item.model == "core.fct_order_line")
    assert fact.sample.changed == ({"order_line_key": 3, "net_amount": [30, 35]},)
    assert fact.sample.hidden == ("street",)
    plain = json.loads(json.dumps(as_json(dev)))["rows"][0]["sample"]["changed"]
    assert plain == [{"order_line_key": 3, "net_amount": ["30.0", "35.0"]}]
    for form in (as_text(dev), as_markdown(dev), json.dumps(as_json(dev))):
        assert "Elm Street" not in form
        assert "Oak Street" not in form


def test_measures_are_told_by_month_and_in_total_where_they_differ(dev: EnvironmentDiff) -> None:
    assert dev.kpis == (
        KpiChange("net_amount", "Net sales", "money", "shop", "EUR", None, 100, 105),
        KpiChange("net_amount", "Net sales", "money", "shop", "EUR", FEBRUARY, 100, 105),
    )
    assert "Net sales, shop: 100 → 105 EUR (+5, +5.00 %)." in as_text(dev)


def test_learned_models_are_told_where_their_worth_differs(dev: EnvironmentDiff) -> None:
    assert dev.metrics == (MetricChange("ml.guess", "shop", "all", "auc", "logit", "logit", 0.8, 0.7, ""),)


def test_what_others_built_breaks_or_is_built_again_or_is_not_told_of(dev: EnvironmentDiff) -> None:
    assert {(risk.dependent, risk.view): (risk.fate, risk.reason) for risk in dev.risks} == {
        ("view report.late", "bi.parcel"): ("breaks", WITHOUT_WEIGHT),
        ("view report.very_late", "bi.parcel"): (
            "breaks",
            f"it stands on view report.late: {WITHOUT_WEIGHT}",
        ),
        ("materialized view report.weights", "bi.parcel"): ("breaks", WITHOUT_WEIGHT),
        ("function report.heaviest()", "bi.parcel"): ("breaks", WITHOUT_WEIGHT),
        ("view report.leftover", "mart.going"): ("breaks", "the view goes"),
        ("view report.theirs", "bi.parcel"): (
            "breaks",
            "it cannot be given back to its owner without GRANT stranger TO retail_transformer",
        ),
        ("view report.keys", "bi.parcel"): ("is built again", "the view cannot be replaced in place"),
    }
    assert {risk.owner for risk in dev.risks} == {"retail_transformer", "stranger"}


def test_what_is_computed_already_is_not_to_be_backfilled(dev: EnvironmentDiff) -> None:
    assert dev.backfills == ()


def test_what_is_not_computed_is_told_with_an_estimate_and_not_compared(uncomputed: EnvironmentDiff) -> None:
    estimated = {
        item.model: (item.is_whole, item.spans[0][0], item.estimated_rows) for item in uncomputed.backfills
    }
    start = date(2024, 1, 1)
    assert estimated == {
        "core.fct_order_line": (False, start, 4),
        "mart.coming": (True, start, None),
        "mart.counted": (True, start, 4),
        "mart.daily": (True, start, 4),
        "mart.parcel": (True, start, 5),
        "ml.model_evaluation": (True, start, 2),
    }
    assert (uncomputed.rows, uncomputed.kpis, uncomputed.metrics) == ((), (), ())
    assert {item.what for item in uncomputed.skipped} == {
        *(name for name in estimated if name != "mart.coming"),
        "bi.daily",
        "bi.parcel",
        "bi.parcel_key",
        "Net sales, Orders, Customers",
    }


def test_the_same_versions_are_an_empty_diff(shop: Project) -> None:
    found = compare_environment(shop.settings, "same")
    assert found.is_empty
    parts = (found.models, found.backfills, found.columns, found.rows, found.kpis, found.metrics, found.risks)
    assert not any(parts)
    assert found.skipped == ()
    assert "same consists of the same versions as prod" in as_text(found)


def test_what_was_not_made_from_what_is_served_is_said_to_take_it_back(
    shop: Project, dev: EnvironmentDiff
) -> None:
    back = compare_environment(shop.settings, "same", against="dev")
    modified = {item.model for item in dev.models if "modified" in item.change}
    assert {item.model for item in back.models if item.is_behind} == modified
    assert "dev would lose versions that same was not made from" in as_text(back)


@contextmanager
def marked(project: Project, **values: int | None) -> Iterator[None]:
    """Let the state say something else of the environment `same` for a while."""
    connection = project.settings.connect(database=project.settings.state_database)
    columns = ", ".join(values)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM sqlmesh._environments WHERE name = 'same'")
            before = cursor.fetchone()
        for row in (tuple(values.values()), before):
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE sqlmesh._environments SET ({columns}) = ROW({', '.join(['%s'] * len(values))}) "
                    "WHERE name = 'same'",
                    row,
                )
            if row is not before:
                yield
    finally:
        connection.close()


def test_an_environment_that_is_not_there_is_refused_with_those_that_are(shop: Project) -> None:
    with pytest.raises(
        OpsError, match=r"no environment nowhere; `sqlmesh plan nowhere` makes it.*prod, same"
    ):
        compare_environment(shop.settings, "nowhere")
    with pytest.raises(OpsError, match="compared with itself"):
        compare_environment(shop.settings, "PROD")


def test_without_any_environment_nothing_is_made_and_the_first_step_is_told(database: Settings) -> None:
    with pytest.raises(
        OpsError, match=r"no environment dev; `sqlmesh plan dev` makes it. There are none yet"
    ):
        compare_environment(database, "dev")
    assert not SqlMesh(database).has_state()


def test_an_environment_that_is_not_finished_or_expired_is_refused(shop: Project) -> None:
    with (
        marked(shop, finalized_ts=None),
        pytest.raises(OpsError, match=r"last plan of same did not end.*same \(not finished\)"),
    ):
        compare_environment(shop.settings, "same")
    with marked(shop, expiration_ts=1), pytest.raises(OpsError, match=r"same has expired.*same \(expired\)"):
        compare_environment(shop.settings, "same")


def test_the_command_prints_text_json_and_markdown(
    shop: Project, dev: EnvironmentDiff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_PROJECT_DIR", str(shop.root))
    printed = {
        form: CliRunner().invoke(cli, ["diff", "dev", "--samples", "0", *form]).stdout
        for form in ((), ("--json",), ("--markdown",))
    }
    assert printed[()].startswith("What dev changes in prod\n")
    assert "Samples" not in printed[()]
    assert printed[("--markdown",)].startswith("### What dev changes in prod\n")
    found = json.loads(printed[("--json",)])
    assert found["kpis"][0] == as_json(dev)["kpis"][0]  # type: ignore[index]
    assert found["kpis"][0]["change"] == "5"
