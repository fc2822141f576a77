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
Marts = bool | Literal["incremental"]
INCREMENTAL = "kind INCREMENTAL_BY_TIME_RANGE"


def copy_parts(target: Path, *, marts: Marts = True) -> None:
    """Copy what SQLMesh reads of the project into a folder.

    Without `marts` they, the learned models and the views that show them are left out: a third of the models and more,
    which take their time.
    Only the "incremental" ones are those that hold rows of days, and so could keep what is no longer true.
    """
    for part in PARTS:
        source, goal = ROOT / part, target / part
        if source.is_dir():
            shutil.copytree(source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, goal)
    if marts is not True:
        _leave_out_marts(target / "models", but=INCREMENTAL if marts else None)


def _leave_out_marts(models: Path, but: str | None) -> None:
    """Delete the marts, but those in which this text stands, what is learned from them, and the views of both."""
    for mart in (models / "marts").rglob("*.sql"):
        if but is None or but not in mart.read_text("utf-8"):
            mart.unlink()
    shutil.rmtree(models / "ml", ignore_errors=True)
    for view in (models / "bi").glob("*.sql"):
        text = view.read_text("utf-8")
        if " mart." in text or " ml." in text:
            view.unlink()
