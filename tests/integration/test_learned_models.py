"""The learned models on every source: each is filled and judged, and computed again they are the same to the bit."""

from __future__ import annotations

import pytest

from tests.integration.conftest import EverySource
from tests.integration.public_data import needs_public_data
from tests.support import Project

pytestmark = [pytest.mark.long(minutes=3), pytest.mark.slow, needs_public_data]

SOURCES = {"olist", "online_retail", "store"}
#: Of a source each of whose rows somebody is served.
SERVED = (
    "bi.customer_clv",
    "bi.customer_learned_segment",
    "bi.customer_propensity",
    "bi.product_recommendation",
    "bi.sales_forecast",
    "bi.product_demand_forecast",
)
LEARNED = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'ml' ORDER BY 1"
#: Views of what was recorded, which each run adds to.
RECORDS = {"model_run", "model_evaluation_history", "score_drift"}


@pytest.fixture(scope="module")
def learned(every_source: EverySource) -> Project:
    return every_source.project


def content(project: Project) -> dict[str, tuple[object, ...]]:
    """The rows of each learned model, as their number and a sum over their hashes."""
    tables = [str(name) for (name,) in project.query(LEARNED) if name not in RECORDS]
    found = {}
    for table in tables:
        query = (
            f"SELECT COUNT(*), SUM(HASHTEXTEXTENDED(learned::TEXT, 0)::NUMERIC) FROM ml.{table} AS learned"
        )
        [found[table]] = project.query(query)
    return found


def test_every_source_has_scores_of_each_kind(learned: Project) -> None:
    for view in SERVED:
        rows = learned.query(f"SELECT DISTINCT source FROM {view}")
        assert {source for (source,) in rows} == SOURCES, view


def test_every_learned_model_is_judged_for_every_source(learned: Project) -> None:
    judged = learned.query("SELECT model, COUNT(DISTINCT source) FROM ml.model_evaluation GROUP BY 1")
    models = {
        name.removesuffix("_evaluation") for (name,) in learned.query(LEARNED) if name.endswith("_evaluation")
    }
    assert {str(model).removeprefix("ml.") for model, _ in judged} >= models - {"model"}
    assert {number for model, number in judged if model != "ml.similar_product"} == {len(SOURCES)}


def test_each_value_stands_beside_a_baseline_or_a_note(learned: Project) -> None:
    alone = learned.query(
        "SELECT model, source, part, metric FROM ml.model_evaluation WHERE role = 'champion' "
        "AND (metric_value IS NULL OR baseline_value IS NULL) AND note = ''"
    )
    assert alone == []


def test_who_has_never_bought_or_is_not_known_gets_no_score(learned: Project) -> None:
    for view in SERVED[:4]:
        assert learned.query(f"SELECT 1 FROM {view} WHERE customer_id = 'unknown' OR customer_id = ''") == []


def test_forecasts_of_categories_add_up_to_the_total_to_the_cent(learned: Project) -> None:
    apart = learned.query(
        "SELECT source, currency, period_kind, period_start_date FROM ml.sales_forecast GROUP BY 1, 2, 3, 4 "
        "HAVING COUNT(*) > 1 AND SUM(forecast_amount) FILTER (WHERE category = 'all') "
        "<> SUM(forecast_amount) FILTER (WHERE category <> 'all')"
    )
    assert apart == []
    assert learned.query("SELECT COUNT(*) > 100 FROM ml.sales_forecast") == [(True,)]


@pytest.mark.thorough
def test_computed_again_they_are_the_same_and_so_are_their_fingerprints(learned: Project) -> None:
    before = content(learned)
    assert all(number for table, (number, _) in before.items() if table != "score_drift"), before
    learned.sqlmesh(
        "plan",
        "prod",
        "--restate-model",
        "tag:ml",
        "--auto-apply",
        "--no-prompts",
        "--skip-tests",
        timeout=900,
    )
    assert content(learned) == before
    differing = learned.query(
        "SELECT model FROM ml.model_run GROUP BY model, physical_table HAVING COUNT(DISTINCT data_fingerprint) > 1"
    )
    assert differing == []
    assert learned.query(
        "SELECT MAX(runs) FROM (SELECT COUNT(*) AS runs FROM ml.model_run GROUP BY model) AS ran"
    ) == [(2,)]
