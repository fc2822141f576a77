"""On another engine than Postgres the materializations take SQLMesh's own path."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlmesh import Context

from ops.project_copy import ROOT
from tests.materializations.conftest import HEADER

CONFIG = """
gateways: {{duckdb: {{connection: {{type: duckdb, database: '{file}'}}}}}}
default_gateway: duckdb
model_defaults: {{dialect: duckdb, start: '2026-11-01'}}
disable_anonymized_analytics: true
"""
FRAMES = """
@model("ml.{name}", kind={kind}, columns={{"day": "date", "number": "bigint"}})
def execute(context, start, end, execution_time, **kwargs):
    days = pd.date_range("2026-10-20", "2026-11-20")
    yield pd.DataFrame({{"day": [], "number": []}})
    if not Path("{empty}").exists():
        yield pd.DataFrame({{"day": days, "number": 1}})
        yield read_frame(context, exp.select("DATE '2026-11-03' AS day", "2 AS number"))
"""


@pytest.mark.parametrize(
    ("kind", "rows", "left"),
    [("FULL", 33, 0), ("BY_DAY", 21, 18)],
)
def test_duckdb_holds_the_rows_of_all_frames(tmp_path: Path, kind: str, rows: int, left: int) -> None:
    for part in ("materializations", "ml"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG.format(file=tmp_path / "shop.duckdb"), "utf-8")
    empty = tmp_path / "empty"
    model = HEADER + FRAMES.format(name="some", kind=kind, empty=empty)
    (tmp_path / "models" / "some.py").write_text(model, "utf-8")
    with patch.dict(os.environ, MAX_FORK_WORKERS="1"):
        context = Context(paths=[tmp_path])
    once = {"auto_apply": True, "no_prompts": True, "skip_tests": True, "execution_time": "2026-11-21"}
    context.plan(**once)
    assert context.fetchdf("SELECT count(*) AS n FROM ml.some").n.tolist() == [rows]
    days = {"start": "2026-11-03", "end": "2026-11-04"}
    context.plan(restate_models=["ml.some"], **days, **once)
    assert context.fetchdf("SELECT count(*) AS n FROM ml.some").n.tolist() == [rows]
    empty.touch()
    context.plan(restate_models=["ml.some"], **days, **once)
    assert context.fetchdf("SELECT count(*) AS n FROM ml.some").n.tolist() == [left]
    context.close()
