"""Gates on a real server: a model that got worse does not reach prod, and the plan tells the number."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ml.gates import LAST_OF_PROD
from ops import dotenv
from ops.errors import OpsError
from ops.settings import Settings
from ops.sqlmesh import SqlMesh
from tests.integration.learned import GATES, PLAN, configure, learned_project, write_models
from tests.support import Project

SERVED = """
    SELECT source, method, metric_value FROM ml.model_evaluation WHERE role = 'champion' ORDER BY source
"""
RECORDED = """
    SELECT environment, metric_value, is_current FROM ml.model_evaluation_history
    WHERE source = 'shop' AND role = 'champion' ORDER BY recorded_at
"""


@pytest.fixture
def learned(database: Settings, tmp_path: Path) -> Project:
    return learned_project(database, tmp_path / "project")


def views(project: Project) -> list[tuple[object, ...]]:
    """What prod's views of learned models show."""
    return project.query("SELECT viewname, definition FROM pg_views WHERE schemaname = 'ml' ORDER BY 1")


def refused(project: Project, environment: str) -> str:
    """Plan an environment, see that the plan fails, and return what it said as one line."""
    printed = project.sqlmesh("plan", environment, *PLAN, check=False)
    assert "Plan application failed" in printed
    return " ".join(printed.split())


def test_a_model_that_got_worse_does_not_reach_prod_and_the_plan_tells_the_number(learned: Project) -> None:
    learned.sqlmesh("plan", "prod", *PLAN)
    good = [("shop", "logit", 0.8), ("stall", "logit", 0.9)]
    assert learned.query(SERVED) == good
    before = views(learned)

    write_models(learned.root, auc=0.65)
    told = refused(learned, "prod")
    assert "ml.guess, shop, all: auc of logit is 0.65, the gate asks for at least 0.7" in told
    assert "auc of logit is 0.65, the gate asks for at least 0.76 (prod has 0.8, up to 5 % worse)" in told
    assert "ml.guess, stall" not in told
    assert views(learned) == before
    assert learned.query(SERVED) == good

    write_models(learned.root, auc=0.78)
    learned.sqlmesh("plan", "prod", *PLAN)
    assert learned.query(SERVED)[0] == ("shop", "logit", 0.78)
    assert learned.query(RECORDED) == [("prod", 0.8, False), ("prod", 0.78, True)]


@pytest.mark.thorough(minutes=2)
def test_a_refresh_whose_evaluation_got_worse_leaves_the_scores_as_they_were(learned: Project) -> None:
    learned.query("CREATE SCHEMA told; CREATE TABLE told.auc AS SELECT 0.8 AS auc, 0.5 AS score")
    read = 'float(context.engine_adapter.fetchone("SELECT auc FROM told.auc")[0])'
    write_models(learned.root, auc=read, score="(SELECT score FROM told.auc)", audits='("gates_hold", {})')
    learned.sqlmesh("plan", "prod", *PLAN)
    learned.query("UPDATE told.auc SET auc = 0.6, score = 0.1")
    restated = learned.sqlmesh(
        "plan",
        "prod",
        *PLAN,
        "--restate-model",
        "ml.guess_evaluation",
        "--restate-model",
        "ml.guess",
        check=False,
    )
    assert "auc of logit is 0.6, the gate asks for at least 0.7" in " ".join(restated.split())
    assert learned.query("SELECT DISTINCT score_rate FROM ml.guess") == [(0.5,)]
    assert learned.query(SERVED)[0] == ("shop", "logit", 0.8)


@pytest.mark.thorough(minutes=2)
def test_a_gate_stops_every_environment_and_what_was_tried_there_stays_out_of_prod(learned: Project) -> None:
    learned.sqlmesh("plan", "prod", *PLAN)
    before = views(learned)
    write_models(learned.root, auc=0.72)  # above the minimum, but more than 5 % worse than prod's
    assert "at least 0.76 (prod has 0.8, up to 5 % worse)" in refused(learned, "dev")
    assert "at least 0.76 (prod has 0.8, up to 5 % worse)" in refused(learned, "prod")
    assert views(learned) == before
    assert learned.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'ml__dev'") == [(0,)]


@pytest.mark.thorough(minutes=2)
def test_what_passed_elsewhere_is_judged_again_before_prod_gets_it(learned: Project) -> None:
    learned.sqlmesh("plan", "prod", *PLAN)
    write_models(learned.root, auc=0.78)
    learned.sqlmesh("plan", "dev", *PLAN)  # passes: prod has 0.8
    stricter = [*GATES, {"model": "ml.guess", "metric": "auc", "worse_than_baseline": -0.6}]
    configure(learned.settings, stricter)
    before = views(learned)
    printed = " ".join(learned.sqlmesh("plan", "prod", *PLAN, check=False).split())
    asked = "auc of logit is 0.78, the gate asks for at least 0.8 (the baseline coin has 0.5, at least 60 % better)"
    assert "Not promoted to prod" in printed
    assert asked in printed
    assert views(learned) == before
    configure(learned.settings)
    learned.sqlmesh("plan", "prod", *PLAN)
    assert learned.query(SERVED)[0] == ("shop", "logit", 0.78)


@pytest.mark.thorough(minutes=3)
def test_with_gates_that_warn_the_raw_layer_is_followed_and_the_numbers_are_told(
    learned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.query("CREATE SCHEMA raw_told; CREATE TABLE raw_told.auc AS SELECT 0.8 AS auc, 0.5 AS score")
    read = 'float(context.engine_adapter.fetchone("SELECT auc FROM raw_told.auc")[0])'
    write_models(
        learned.root, auc=read, score="(SELECT score FROM raw_told.auc)", audits='("gates_hold", {})'
    )
    learned.sqlmesh("plan", "prod", *PLAN)
    learned.query("UPDATE raw_told.auc SET auc = 0.6, score = 0.1")
    again = ["plan", "prod", *PLAN, "--restate-model", "ml.guess_evaluation", "--restate-model", "ml.guess"]
    sentence = "auc of logit is 0.6, the gate asks for at least 0.7"

    with (
        (learned.root / "printed").open("w+") as output,
        closing(SqlMesh(learned.settings, output)) as sqlmesh,
    ):
        with pytest.raises(OpsError, match="failed"):
            sqlmesh.run(again)
        assert learned.query("SELECT DISTINCT score_rate FROM ml.guess") == [(0.5,)]
        sqlmesh.let_gates_warn()  # as `retail forget` does
        sqlmesh.run(again)
    printed = " ".join((learned.root / "printed").read_text("utf-8").split())
    assert "stop nothing (RETAIL_GATES=warn)" in printed
    assert sentence in printed.partition("stop nothing")[2]
    assert learned.query("SELECT DISTINCT score_rate FROM ml.guess") == [(0.1,)]
    assert learned.query(SERVED)[0] == ("shop", "logit", 0.6)

    monkeypatch.setenv("RETAIL_GATES", "warn")  # as in `RETAIL_GATES=warn retail refresh`
    learned.query("UPDATE raw_told.auc SET score = 0.2")
    with closing(SqlMesh(learned.settings)) as sqlmesh:
        sqlmesh.run(again)
    assert learned.query("SELECT DISTINCT score_rate FROM ml.guess") == [(0.2,)]
    configure(learned.settings, [{"model": "ml.guess", "metric": "auc", "minimum": 0.95}])
    with closing(SqlMesh(learned.settings)) as sqlmesh:
        sqlmesh.run(["plan", "prod", *PLAN])  # promoted, not only computed


@pytest.mark.thorough(minutes=2)
def test_prod_serves_the_newest_champion_and_not_one_whose_method_is_gone(learned: Project) -> None:
    def served() -> list[tuple[object, ...]]:
        asked = f"SELECT method, metric_value FROM ({LAST_OF_PROD}) AS last "
        return learned.query(asked + "WHERE source = 'shop' AND role = 'champion'")

    model = learned.root / "models" / "ml" / "guess_evaluation.py"
    write_models(learned.root, auc=0.8)
    learned.sqlmesh("plan", "prod", *PLAN)
    write_models(learned.root, auc=0.77)
    model.write_text(model.read_text("utf-8").replace('"logit"', '"probit"'), "utf-8")
    learned.sqlmesh("plan", "prod", *PLAN)
    assert served() == [("probit", 0.77)]
    write_models(learned.root, auc=0.74)  # 8 % below what logit had, 4 % below what prod serves
    learned.sqlmesh("plan", "prod", *PLAN)
    assert served() == [("logit", 0.74)]

    configure(learned.settings, [])
    write_models(learned.root, auc=0.77)
    model.write_text(model.read_text("utf-8").replace('"logit"', '"probit"'), "utf-8")
    learned.sqlmesh("plan", "prod", *PLAN)  # takes the change back
    assert served() == [("probit", 0.77)]
    count = "SELECT count(*) FROM ingest.model_evaluation"
    before = learned.query(count)
    learned.sqlmesh("plan", "prod", *PLAN, "--restate-model", "ml.guess_evaluation")
    assert learned.query(count) == before


@pytest.mark.thorough(minutes=3)
def test_the_record_grows_with_changes_and_not_with_plans(learned: Project) -> None:
    count = (
        "SELECT (SELECT count(*) FROM ingest.model_evaluation), (SELECT count(*) FROM ingest.model_promotion), "
        "(SELECT count(*) FROM ingest.score_distribution)"
    )
    learned.sqlmesh("plan", "prod", *PLAN)
    first = learned.query(count)
    learned.sqlmesh("plan", "prod", *PLAN, "--restate-model", "ml.guess_evaluation")
    assert learned.query(count) == first

    learned.sqlmesh("plan", "dev", *PLAN)
    write_models(learned.root, auc=0.85, score="POWER(number / 1000.0, 3)")
    learned.sqlmesh("plan", "dev", *PLAN)
    assert learned.query(RECORDED) == [("prod", 0.8, True), ("dev", 0.8, False), ("dev", 0.85, True)]
    drift = """
        SELECT environment, compared_with, row_count, psi > 0.25, is_drifted FROM ml.score_drift
        WHERE recorded_at = (SELECT max(recorded_at) FROM ingest.score_distribution) ORDER BY 1, 2
    """
    assert learned.query(drift) == [("dev", kind, 1000, True, True) for kind in ("first", "previous", "prod")]

    learned.sqlmesh("plan", "prod", *PLAN)  # promotes what dev has
    write_models(learned.root)
    learned.sqlmesh("plan", "prod", *PLAN, check=False)
    configure(learned.settings, [])  # without a gate, prod takes the old version back
    learned.sqlmesh("plan", "prod", *PLAN)
    prod = [value for environment, value, _ in learned.query(RECORDED) if environment == "prod"]
    assert prod == [0.8, 0.85, 0.8]


@pytest.mark.thorough(minutes=2)
def test_a_run_tells_where_it_is_served_and_with_which_parameters(learned: Project) -> None:
    learned.sqlmesh("plan", "prod", *PLAN)
    learned.sqlmesh("plan", "dev", *PLAN)
    [(table,)] = learned.query(
        "SELECT physical_table FROM ingest.model_promotion WHERE model = 'ml.guess' AND environment = 'prod'"
    )
    learned.query(
        "INSERT INTO ingest.model_run VALUES ('ml.guess', %s, now() - interval '1 hour', 2.5, 1000, 'ab', "
        "'{\"numpy\": \"2.0\"}', '3.11')",
        f"retail.{table}",
    )
    run = "SELECT environments, past_environments, parameters, run_seconds FROM ml.model_run"
    fitted = '{"shop, all, logit": {"slope": 2.0}, "stall, all, logit": {"slope": 2.0}}'
    assert learned.query(run) == [("dev, prod", "", fitted, 2.5)]
    write_models(learned.root, score="number / 2000.0")
    learned.sqlmesh("plan", "prod", *PLAN)
    assert learned.query(run) == [("dev", "prod", fitted, 2.5)]


@pytest.mark.thorough(minutes=2)
def test_a_plan_rebuilds_just_what_uses_a_function_that_changed(learned: Project) -> None:
    promoted = "SELECT model, count(*) FROM ingest.model_promotion WHERE environment = 'prod' GROUP BY 1"
    learned.sqlmesh("plan", "prod", *PLAN)
    once = dict(learned.query(promoted))
    assert set(once.values()) == {1}
    source = learned.root / "ml" / "evaluation.py"
    text = source.read_text("utf-8")
    fingerprint, frame = "    hashes = np.sort(", "    rows = []\n"
    source.write_text(text.replace(fingerprint, f"    unused = 1 + 1\n{fingerprint}", 1), "utf-8")
    assert "No changes to plan" in learned.sqlmesh("plan", "prod", *PLAN)  # no model of this project uses it
    source.write_text(text.replace(frame, f"    unused = 1 + 1\n{frame}", 1), "utf-8")
    learned.sqlmesh("plan", "prod", *PLAN)
    again = {model for model, count in learned.query(promoted) if count != once[model]}
    assert again == {"ml.guess_evaluation", "ml.guess", "ml.model_evaluation"}


@pytest.mark.thorough(minutes=2)
def test_without_a_record_a_plan_works_and_says_that_nothing_is_recorded(learned: Project) -> None:
    connection = learned.settings.connect_loader()
    with connection, connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON ALL TABLES IN SCHEMA ingest FROM retail_transformer")
    connection.close()
    assert "evaluations are not" in " ".join(learned.sqlmesh("plan", "prod", *PLAN).split())
    assert learned.query(SERVED)
    assert learned.query(RECORDED) == []


@pytest.mark.thorough(minutes=1)
def test_a_plan_tells_of_an_mlflow_server_or_a_score_that_is_not_there_and_goes_on(learned: Project) -> None:
    dotenv.update(learned.settings.env_file, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    configure(learned.settings, watched_scores={"ml.guess": ["score_rat"], "ml.gone": ["score_rate"]})
    printed = " ".join(learned.sqlmesh("plan", "prod", *PLAN).split())
    assert "not sent to MLflow" in printed
    assert "watched_scores: ml.guess has no column score_rat." in printed
    assert len(learned.query(SERVED)) == 2
