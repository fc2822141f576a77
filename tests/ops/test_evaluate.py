"""`retail evaluate` over evaluations made by hand, and what goes to MLflow."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from psycopg2.extras import execute_values

from loaders.schema import ensure_tables
from ml.evaluation import EVALUATION_COLUMNS, Evaluation, evaluation_frame
from ops import dotenv, tracking
from ops.errors import OpsError
from ops.evaluation import Evaluated, evaluated, read_gates
from ops.settings import Settings
from tests.ops.test_cli import retail
from tests.support import ROOT

GATED = "variables:\n  gates:\n    - {{model: ml.customer_clv, metric: mae, maximum: {maximum}}}\n"
HEAD = (
    "gateways: {local: {connection: {host: {{ env_var('PGHOST') }}, port: {{ env_var('PGPORT', '1') }}}}}\n"
)


def evaluation(method: str, role: str, value: float | None, **changed: Any) -> Evaluation:
    made = Evaluation(
        model="ml.customer_clv",
        source="shop",
        method=method,
        role=role,
        metric="mae",
        metric_value=value,
        is_higher_better=False,
        as_of_date=date(2026, 1, 31),
        cut_date=date(2026, 1, 1),
        holdout_days=31,
        train_count=100,
        holdout_count=40,
        data_fingerprint="abc",
        baseline_method="mean",
        baseline_value=10.0,
        parameters={"r": 0.25, "alpha": {"shape": 4.5}, "grid": [1, 2]},
    )
    return replace(made, **changed)


ROWS = [
    evaluation("bg_nbd", "champion", 8.0),
    evaluation("pareto_nbd", "challenger", 9.0),
    evaluation("forest", "challenger", 8.5),
    evaluation("mean", "baseline", 10.0),
    evaluation("bg_nbd", "champion", None, source="stall", note="nobody bought twice"),
]


def fill(settings: Settings, evaluations: list[Evaluation], schema: str = "ml") -> None:
    frame = evaluation_frame(evaluations)
    kinds = {"double": "double precision"}
    columns = ", ".join(f"{name} {kinds.get(kind, kind)}" for name, kind in EVALUATION_COLUMNS.items())
    rows = frame.astype(object).where(pd.notna(frame), None).to_numpy().tolist()
    connection = settings.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.physical ({columns})")
        if rows:
            execute_values(cursor, f"INSERT INTO {schema}.physical VALUES %s", rows)
        cursor.execute(f"CREATE VIEW {schema}.model_evaluation AS SELECT * FROM {schema}.physical")
    connection.close()


@pytest.fixture
def project(database: Settings) -> Path:
    """A project's folder with a gate that holds, whose database has nothing yet."""
    dotenv.update(database.env_file, database.variables())
    gate(database.root, 9)
    return database.root


def gate(root: Path, maximum: float) -> None:
    (root / "config.yaml").write_text(HEAD + GATED.format(maximum=maximum))


def test_the_table_shows_champion_baseline_best_challenger_and_verdict(
    database: Settings, project: Path
) -> None:
    fill(database, ROWS)
    done = retail(project, "evaluate")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if " shop " in line]
    cells = [cell.strip() for cell in line.strip("│ ").split("│")]
    assert cells == ["shop", "all", "mae", "bg_nbd", "8", "10 mean", "8.5 forest", "yes", "ok: at most 9"]
    assert "stall: nobody bought twice (all: mae)" in done.stdout
    assert "Every gate holds" in done.stdout


def test_a_gate_that_does_not_hold_ends_with_1_and_a_sentence(database: Settings, project: Path) -> None:
    fill(database, ROWS)
    gate(project, 7.5)
    done = retail(project, "evaluate")
    assert done.returncode == 1
    assert (
        "Gate: ml.customer_clv, shop, all: mae of bg_nbd is 8, the gate asks for at most 7.5" in done.stdout
    )
    printed = retail(project, "evaluate", "--json")
    assert printed.returncode == 1
    found = json.loads(printed.stdout)
    by_source = {item["source"]: item for item in found["judged"]}
    assert (by_source["shop"]["verdict"], by_source["stall"]["verdict"]) == ("fails", "not judged")
    assert len(found["evaluations"]) == len(ROWS)
    assert found["failures"] == [
        "ml.customer_clv, shop, all: mae of bg_nbd is 8, the gate asks for at most 7.5"
    ]


def test_another_environment_is_looked_at_and_one_without_models_named(
    database: Settings, project: Path
) -> None:
    fill(database, ROWS[:1], "ml__dev")
    assert "bg_nbd" in retail(project, "evaluate", "--env", "dev").stdout
    done = retail(project, "evaluate")
    assert done.returncode == 1
    assert "prod has no ml.model_evaluation yet: `retail refresh` builds it. These have: dev." in done.stderr


def test_without_an_evaluation_it_says_so(database: Settings, project: Path) -> None:
    fill(database, [])
    assert "there is nothing to judge" in retail(project, "evaluate").stdout


def test_without_a_server_and_with_a_gate_that_is_none_there_is_a_message(project: Path) -> None:
    done = retail(project, "evaluate", PGPORT="1")
    dotenv.update(project / ".env", {"PGPORT": "1"})
    done = retail(project, "evaluate")
    assert (done.returncode, "No connection to Postgres" in done.stderr) == (1, True)
    (project / "config.yaml").write_text("variables: {gates: [{model: ml.a, metric: mae}]}\n")
    done = retail(project, "evaluate")
    assert (done.returncode, "sets no limit" in done.stderr) == (1, True)


def test_the_projects_own_gates_are_gates() -> None:
    assert isinstance(read_gates(ROOT), list)


def test_the_last_run_of_what_is_shown_stands_beside(database: Settings, project: Path) -> None:
    fill(database, ROWS)
    connection = database.connect_loader()
    ensure_tables(connection, {})
    with connection, connection.cursor() as cursor:
        for table, seconds in (("ml.physical", 1), ('retail."ml"."physical"', 2), ("ml.gone", 3)):
            cursor.execute(
                "INSERT INTO ingest.model_run VALUES ('ml.customer_clv', %s, clock_timestamp(), %s, 7, 'f', "
                "'{\"scipy\": \"1.15\"}', '3.11')",
                [table, seconds],
            )
    connection.close()
    assert [run["seconds"] for run in evaluated(database).runs] == [2.0]
    assert "Last runs" in retail(project, "evaluate").stdout


def test_a_run_says_parameters_flat_and_metrics_by_part() -> None:
    rows = evaluation_frame([ROWS[0], replace(ROWS[0], part="90 days: new", metric_value=3.0)]).to_dict(
        "records"
    )
    assert tracking.parameters(rows) == {"r": "0.25", "alpha.shape": "4.5", "grid": "[1, 2]"}
    assert tracking.metrics(rows, {"seconds": 2.5, "row_count": 7}) == {
        "run_seconds": 2.5,
        "run_row_count": 7.0,
        "mae": 8.0,
        "baseline_mae": 10.0,
        "train_count": 100.0,
        "holdout_count": 40.0,
        **{f"{name}/90 days_ new": value for name, value in (("mae", 3.0), ("baseline_mae", 10.0))},
        "train_count/90 days_ new": 100.0,
        "holdout_count/90 days_ new": 40.0,
    }
    said = tracking.tags("dev", rows, {"library_versions": {"scipy": "1.15"}, "python_version": "3.11"})
    assert said["library.scipy"] == "1.15"
    assert (said["environment"], said["as_of_date"], said["role"]) == ("dev", "2026-01-31", "champion")


def test_tracking_without_an_address_or_the_library_says_what_to_do(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Evaluated("prod", [], [], [], [])
    monkeypatch.delenv(tracking.ADDRESS, raising=False)
    with pytest.raises(OpsError, match="names no MLflow server"):
        tracking.track(database, nothing)
    monkeypatch.setenv(tracking.ADDRESS, "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(OpsError, match="pip install 'mlflow-skinny>=3'"):
        tracking.track(database, nothing)
