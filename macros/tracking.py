"""Evaluations for an MLflow server, where there is one."""

from __future__ import annotations

import os
import subprocess
import sys

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.console import get_console
from sqlmesh.core.macros import MacroEvaluator

from macros.evaluations import EVALUATIONS, LEARNED_LAYER

TRACKING_ADDRESS = "MLFLOW_TRACKING_URI"
SLOWEST_SECONDS = 300


@macro()
def track_evaluations(evaluator: MacroEvaluator) -> list[str]:
    """`@TRACK_EVALUATIONS()` after a plan or run: `retail evaluate --track`, where MLFLOW_TRACKING_URI is set.

    In a process of its own, so that the plan needs neither MLflow nor its server: what goes wrong is told and stops
    nothing.
    """
    if evaluator.runtime_stage != "after_all" or not os.environ.get(TRACKING_ADDRESS):
        return []
    views = [exp.to_table(view, dialect=evaluator.dialect) for view in evaluator.views]
    if not any(view.name == EVALUATIONS and view.db.split("__")[0] == LEARNED_LAYER for view in views):
        return []
    command = [
        sys.executable,
        "-m",
        "ops.cli.main",
        "evaluate",
        "--track",
        "--json",
        "--env",
        evaluator.this_env,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SLOWEST_SECONDS, check=False)
        trouble = done.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)
    if trouble:
        get_console().log_warning(f"Evaluations were not sent to MLflow: {trouble}")
    return []
