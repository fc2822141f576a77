"""A small project with learned models made by hand: what the real ones share, and two whose numbers a test sets."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlmesh.core.config import load_config_from_yaml

from loaders.schema import ensure_tables
from ops import dotenv
from ops.settings import Settings
from tests.support import ROOT, Project

SHARED = (
    "audits/gates_hold.sql",
    "external_models/ingest.yaml",
    "macros",
    "ml",
    "models/ml/model_evaluation.sql",
    "models/ml/model_evaluation_history.sql",
    "models/ml/model_run.sql",
    "models/ml/score_drift.sql",
)
EVALUATION = """
import typing as t
from datetime import date
from sqlmesh import ExecutionContext, model
from ml.evaluation import EVALUATION_COLUMNS, Evaluation, evaluation_frame

@model("ml.guess_evaluation", kind="FULL", columns=EVALUATION_COLUMNS, audits=[{audits}])
def execute(context: ExecutionContext, **kwargs: t.Any) -> t.Any:
    shared = dict(model="ml.guess", metric="auc", is_higher_better=True, as_of_date=date(2026, 1, 31),
                  cut_date=date(2026, 1, 1), holdout_days=30, train_count=100, holdout_count=50,
                  data_fingerprint="abc", baseline_method="coin", baseline_value=0.5)
    rows = []
    for source, auc in {{"shop": {auc}, "stall": 0.9}}.items():
        rows.append(Evaluation(source=source, method="logit", role="champion", metric_value=auc,
                               parameters={{"slope": 2.0}}, **shared))
        rows.append(Evaluation(source=source, method="trees", role="challenger", metric_value=auc - 0.01, **shared))
        rows.append(Evaluation(source=source, method="coin", role="baseline", metric_value=0.5, **shared))
    yield evaluation_frame(rows)
"""
SCORES = """
MODEL (name ml.guess, kind FULL, grain customer_id, depends_on (ml.guess_evaluation));

SELECT 'shop'::TEXT AS source, number::TEXT AS customer_id, ({score})::DOUBLE PRECISION AS score_rate
FROM GENERATE_SERIES(1, 1000) AS customer(number)
"""
PLAN = ("--auto-apply", "--no-prompts", "--skip-tests")
GATES: list[dict[str, Any]] = [
    {"model": "ml.guess", "metric": "auc", "minimum": 0.7},
    {"model": "ml.guess", "metric": "auc", "worse_than_prod": 0.05},
]


def learned_project(settings: Settings, folder: Path) -> Project:
    """Make the project in a folder, on the database of the settings, with the ledger in place."""
    connection = settings.connect_loader()
    ensure_tables(connection, {})
    connection.close()
    for part in SHARED:
        source, goal = ROOT / part, folder / part
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, goal)
    settings = replace(settings, root=folder)
    dotenv.update(settings.env_file, settings.variables())
    configure(settings)
    write_models(folder)
    return Project(settings)


def write_models(
    folder: Path, *, auc: float | str = 0.8, score: str = "number / 1000.0", audits: str = ""
) -> None:
    """Write the two models: the area under the curve of the shop, and the score of customers 1 to 1000."""
    (folder / "models" / "ml" / "guess_evaluation.py").write_text(EVALUATION.format(auc=auc, audits=audits))
    (folder / "models" / "ml" / "guess.sql").write_text(SCORES.format(score=score))


def configure(settings: Settings, gates: list[dict[str, Any]] | None = None, **variables: Any) -> None:
    """Write config.yaml: the project's own where it matters, with these gates."""
    login = settings.login("transformer")
    connection = {
        "type": "postgres",
        "host": settings.host,
        "port": settings.port,
        "user": login.user,
        "password": login.password,
        "database": settings.database,
    }
    state = {**connection, "database": settings.state_database}
    own = load_config_from_yaml(ROOT / "config.yaml")
    config = {
        "gateways": {"postgres": {"connection": connection, "state_connection": state}},
        "default_gateway": "postgres",
        "model_defaults": {"dialect": "postgres", "start": "2026-01-01"},
        "physical_table_naming_convention": "table_only",
        "plan": {"include_unmodified": True, "auto_categorize_changes": {"sql": "full", "python": "full"}},
        "before_all": own["before_all"],
        "after_all": [line for line in own["after_all"] if "USAGE" not in line],
        "variables": {
            "evaluated_models": ["ml.guess_evaluation"],
            "gates": GATES if gates is None else gates,
            "watched_scores": {"ml.guess": ["score_rate"]},
            "drift_psi": 0.2,
            **variables,
        },
    }
    with (settings.root / "config.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(config, file)
