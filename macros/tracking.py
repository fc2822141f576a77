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
    if trouble := trouble_of(command):
        get_console().log_warning(f"Evaluations were not sent to MLflow: {trouble}")
    return []


def trouble_of(command: list[str]) -> str:
    """Run `retail evaluate --track --json` and return why it sent nothing; empty where it did.

    It prints its JSON last, once all is sent. What libraries print before is no trouble, nor is an exit code of 1
    after it: a gate does not hold.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SLOWEST_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.stdout.rstrip().endswith("}"):
        return ""
    return done.stderr.strip() or f"it ended with exit code {done.returncode} and said nothing"
