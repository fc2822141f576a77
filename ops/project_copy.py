"""Copies of the SQLMesh project, which tests and benchmarks build on servers of their own."""

import shutil
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    "config.yaml",
    "audits",
    "external_models",
    "linter",
    "loaders/contracts",  # which the linter reads
    "macros",
    "materializations",
    "ml",
    "models",
    "seeds",
    "signals",
)
Marts = bool | Literal["incremental", "ml"]
INCREMENTAL = "kind INCREMENTAL_BY_TIME_RANGE"


def copy_parts(target: Path, *, marts: Marts = True) -> None:
    """Copy what SQLMesh reads of the project into a folder.

    Without `marts` they and the views that show them are left out: a third of the models, which take their time.
    Only the "incremental" ones are those that hold rows of days, and so could keep what is no longer true. With "ml"
    there is also what is learned from them; otherwise that is left out.
    """
    for part in PARTS:
        source, goal = ROOT / part, target / part
        if source.is_dir():
            shutil.copytree(source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, goal)
    models = target / "models"
    if marts != "ml":
        shutil.rmtree(models / "ml", ignore_errors=True)
        _leave_out_views(models, "ml")
    if marts in (False, "incremental"):
        for mart in (models / "marts").rglob("*.sql"):
            if marts is False or INCREMENTAL not in mart.read_text("utf-8"):
                mart.unlink()
        _leave_out_views(models, "mart")


def _leave_out_views(models: Path, layer: str) -> None:
    """Delete the views of bi that show something of a layer."""
    for view in (models / "bi").glob("*.sql"):
        if f" {layer}." in view.read_text("utf-8"):
            view.unlink()
