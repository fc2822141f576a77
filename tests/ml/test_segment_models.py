"""The models of the learned segments in a project of their own on DuckDB: planned twice, they are the same."""

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ops.sqlmesh_process import COMMAND
from tests.ml.segment_shops import AS_OF, kinds
from tests.support import ROOT, quiet_environment

PARTS = (
    "models/ml/segment_curve.py",
    "models/ml/customer_segment.py",
    "models/ml/customer_segment_evaluation.py",
    "models/seed/learned_segment.sql",
    "models/seed/rfm_segment.sql",
    "seeds/learned_segment.csv",
    "seeds/rfm_segment.csv",
    "audits/chosen_once.sql",
    "audits/gates_hold.sql",
    "macros/__init__.py",
    "macros/evaluations.py",
)
CONFIG = """
gateways: {duck: {connection: {type: duckdb, database: shop.db}}}
model_defaults: {dialect: postgres, start: '2026-01-01'}
physical_table_naming_convention: table_only
disable_anonymized_analytics: true
"""
TABLES = ("ml.segment_curve", "ml.customer_segment", "ml.customer_segment_evaluation")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with these models over generated customers, each of whom ordered once, on the day of the last order."""
    root = tmp_path_factory.mktemp("segments")
    for folder in ("ml", "materializations"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for part in PARTS:
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, root / part)
    settings = [
        line
        for line in (ROOT / "config.yaml").read_text("utf-8").splitlines()
        if line.startswith("  segment_")
    ]
    (root / "config.yaml").write_text(
        "\n".join([CONFIG, "variables:", "  gates: []", *settings, ""]), "utf-8"
    )
    customer, _ = kinds()
    days = [AS_OF - timedelta(days=int(age)) for age in customer["recency_days"]]
    keys = customer[["source", "currency", "customer_id"]].assign(order_date=days)
    line = {"return_date": days, "line_kind": "product", "is_return": False, "is_cancelled": False}
    tables = {
        "mart.customer": customer,
        "core.fct_order": keys[["source", "order_date"]],
        "mart.order_sale": keys.assign(net_sale_amount=customer["net_amount"]),
        "core.fct_order_line": keys.assign(net_amount=customer["net_amount"], **line),
    }
    for name, frame in tables.items():
        path = root / f"{name}.parquet"
        frame.to_parquet(path)
        model = f"MODEL (name {name}, kind FULL, dialect duckdb);\nSELECT * FROM READ_PARQUET('{path}')\n"
        (root / "models" / f"{name.replace('.', '_')}.sql").write_text(model, "utf-8")
    return root


def plan(project: Path, *more: str) -> None:
    """Plan prod in a process of its own, in which `ml` is the project's: SQLMesh serialises only that."""
    subprocess.run(
        [*COMMAND, "plan", "--auto-apply", "--no-prompts", "--skip-tests", *more],
        cwd=project,
        env=quiet_environment(PYTHONPATH=os.pathsep.join(map(str, (project, ROOT)))),
        check=True,
        timeout=300,
    )


def written(project: Path) -> dict[str, pd.DataFrame]:
    with duckdb.connect(str(project / "shop.db"), read_only=True) as database:
        return {name: database.execute(f"SELECT * FROM {name} ORDER BY ALL").df() for name in TABLES}


@pytest.mark.slow
@pytest.mark.thorough
def test_two_runs_on_the_same_customers_write_the_same_rows(project: Path) -> None:
    plan(project)
    first = written(project)
    assert set(first["ml.customer_segment"]["segment"]) == {
        "Super VIP Champions",
        "New Customers",
        "Hibernating",
        "Loyal Customers At Risk",
    }
    assert len(first["ml.customer_segment_evaluation"]) == 4
    assert first["ml.segment_curve"]["is_chosen"].sum() == 1
    plan(project, "--restate-model", "mart.customer")
    for name, rows in written(project).items():
        pd.testing.assert_frame_equal(first[name], rows)
