"""A small shop in prod, and a change of a fact's number, of columns, of a view of bi and of an evaluation."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from loaders.schema import ensure_tables
from ops import dotenv
from ops.diff import EnvironmentDiff, compare_environment
from ops.postgres.throwaway import ThrowawayServer
from ops.settings import Settings
from ops.sqlmesh import SqlMesh
from tests.promotion.conftest import CONFIG
from tests.support import ROOT, Project

PLAN = ("--auto-apply", "--no-prompts", "--skip-tests")
FACT = """
MODEL (name core.fct_order_line, kind INCREMENTAL_BY_TIME_RANGE (time_column order_date), grain order_line_key);

SELECT
  number AS order_line_key, 'shop'::TEXT AS source, 'EUR'::TEXT AS currency, 'product'::TEXT AS line_kind,
  'o' || number AS order_key, 'c' || number % 3 AS customer_id, {amount} AS net_amount, FALSE AS is_return,
  FALSE AS is_cancelled, NULL::DATE AS return_date, {street} || number AS street,
  '[]'::JSON AS told, '[]'::JSONB AS extra,
  ('2024-01-31'::DATE + number)::DATE AS order_date
FROM GENERATE_SERIES(1, 4) AS line(number)
WHERE ('2024-01-31'::DATE + number) BETWEEN @start_date AND @end_date
"""
OTHER_FACT = """
MODEL (name core.fct_parcel, kind FULL, grain parcel_key);
SELECT number AS parcel_key FROM GENERATE_SERIES(1, 5) AS parcel(number)
"""
DAILY = """
MODEL (name mart.daily, kind FULL, grain order_date);
SELECT order_date, SUM(net_amount) AS net_amount FROM core.fct_order_line GROUP BY order_date
"""
COUNTED = """
MODEL (name mart.counted, kind FULL, grain order_key);
SELECT DISTINCT order_key FROM core.fct_order_line
"""
PARCELS = """
MODEL (name mart.parcel, kind FULL, grain parcel_key);
SELECT parcel_key, 1 AS weight{more} FROM core.fct_parcel
"""
KEYS_SHOWN = "MODEL (name bi.parcel_key, kind VIEW, grain parcel_key); SELECT parcel_key FROM mart.parcel"
SHOWN = "MODEL (name bi.daily, kind VIEW, grain order_date); SELECT order_date, net_amount FROM mart.daily"
PARCELS_SHOWN = "MODEL (name bi.parcel, kind VIEW, grain parcel_key); SELECT {columns} FROM mart.parcel"
EVALUATION = """
MODEL (name ml.model_evaluation, kind FULL, grain (model, source, part, method, metric));

SELECT
  'ml.guess' AS model, 'shop' AS source, 'all' AS part, 'logit' AS method, 'champion' AS role, metric,
  value::DOUBLE PRECISION AS metric_value, TRUE AS is_higher_better, 'coin' AS baseline_method,
  0.5::DOUBLE PRECISION AS baseline_value, TRUE AS is_better_than_baseline, '' AS note
FROM (VALUES ('auc', {auc}), ('recall', 0.4)) AS told(metric, value)
"""
COMING = "MODEL (name mart.coming, kind FULL, grain parcel_key); SELECT parcel_key FROM core.fct_parcel"
GOING = "MODEL (name mart.going, kind FULL, grain parcel_key); SELECT parcel_key FROM core.fct_parcel"
REPORTS = (
    "CREATE SCHEMA report",
    "CREATE VIEW report.late AS SELECT parcel_key, weight FROM bi.parcel",
    "CREATE VIEW report.very_late AS SELECT count(*) FROM report.late",
    "CREATE VIEW report.keys AS SELECT parcel_key FROM bi.parcel",
    "CREATE MATERIALIZED VIEW report.weights AS SELECT weight FROM bi.parcel",
    "CREATE FUNCTION report.heaviest() RETURNS INT BEGIN ATOMIC SELECT max(weight) FROM bi.parcel; END",
    "CREATE VIEW report.leftover AS SELECT * FROM mart.going",
    "CREATE VIEW report.theirs AS SELECT parcel_key FROM bi.parcel",
    "CREATE VIEW report.money AS SELECT sum(net_amount) FROM bi.daily",
)


# The line of 3 February is worth 5 more, and its customer lives elsewhere.
FACT_BEFORE = {"amount": "(number * 10)::NUMERIC", "street": "'Elm Street '"}
FACT_AFTER = {
    "amount": "(number * 10 + CASE WHEN number = 3 THEN 5 ELSE 0 END)::NUMERIC",
    "street": "CASE WHEN number = 3 THEN 'Oak Street ' ELSE 'Elm Street ' END",
}


def write_models(root: Path, *, is_changed: bool) -> None:
    """Write the models as prod has them, or with the change that `dev` tries."""
    texts = {
        "fct_order_line": FACT.format(**(FACT_AFTER if is_changed else FACT_BEFORE)),
        "fct_parcel": OTHER_FACT,
        "daily": DAILY,
        "counted": COUNTED,
        "parcel": PARCELS.format(more=", 'red'::TEXT AS colour" if is_changed else ""),
        "shown": SHOWN,
        "parcels_shown": PARCELS_SHOWN.format(columns="parcel_key" if is_changed else "weight, parcel_key"),
        "keys_shown": KEYS_SHOWN,
        "evaluation": EVALUATION.format(auc=0.7 if is_changed else 0.8),
    }
    for name in ("coming", "going"):
        (root / "models" / f"{name}.sql").unlink(missing_ok=True)
    texts |= {"coming": COMING} if is_changed else {"going": GOING}
    for name, text in texts.items():
        (root / "models" / f"{name}.sql").write_text(text)


@contextmanager
def planning(project: Project) -> Iterator[Callable[..., None]]:
    """Plan environments, one after the other, in one process."""
    with (
        (project.root / "printed").open("w+") as output,
        closing(SqlMesh(project.settings, output)) as sqlmesh,
    ):
        yield lambda environment, *more: sqlmesh.run(["plan", environment, *PLAN, *more])


@pytest.fixture(scope="module")
def shop(
    module_database: Settings, postgres: ThrowawayServer, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """The shop in prod, with `same` as prod is; others built on prod's views, one of them with a role of its own."""
    root = tmp_path_factory.mktemp("shop")
    for folder in ("materializations", "models", "seeds"):
        (root / folder).mkdir()
    shutil.copy2(ROOT / "materializations" / "hooks.py", root / "materializations")
    shutil.copy2(ROOT / "seeds" / "metric.csv", root / "seeds" / "metric.csv")
    (root / "config.yaml").write_text(CONFIG)
    settings = replace(module_database, root=root)
    dotenv.update(settings.env_file, settings.variables())
    connection = settings.connect_loader()
    ensure_tables(connection, {})
    connection.close()
    project = Project(settings)
    write_models(root, is_changed=False)
    with planning(project) as plan:
        plan("prod")
        plan("same")
    for statement in REPORTS:
        project.query(statement)
    administrator = postgres.server.connect(settings.database)
    with closing(administrator), administrator, administrator.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = 'stranger'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE stranger")
        cursor.execute("GRANT CREATE, USAGE ON SCHEMA report TO stranger")
        cursor.execute("ALTER VIEW report.theirs OWNER TO stranger")
    return project


@pytest.fixture(scope="module")
def compared(shop: Project) -> dict[str, EnvironmentDiff]:
    """What two environments with the change are told to be: `dry`, where nothing of it was computed yet, and `dev`."""
    write_models(shop.root, is_changed=True)
    with planning(shop) as plan:
        plan("dry", "--skip-backfill")
        dry = compare_environment(shop.settings, "dry")
        plan("dev")
    return {"dry": dry, "dev": compare_environment(shop.settings, "dev")}


@pytest.fixture
def uncomputed(compared: dict[str, EnvironmentDiff]) -> EnvironmentDiff:
    """What `dry` changes in prod."""
    return compared["dry"]


@pytest.fixture
def dev(compared: dict[str, EnvironmentDiff]) -> EnvironmentDiff:
    """What `dev` changes in prod."""
    return compared["dev"]
