"""What makes SQLMesh faster reaches every process that plans."""

import subprocess
import sys
from itertools import product

from sqlglot import exp, parse_one
from sqlmesh.core.config.common import TableNamingConvention
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model
from sqlmesh.core.snapshot import Snapshot, SnapshotChangeCategory
from sqlmesh.core.snapshot.definition import SnapshotInfoMixin

from ops.sqlmesh_process import THRESHOLDS, _of_text_once, _once_for_its_parts
from tests.support import ROOT


def test_bare_sqlmesh_too_looks_through_its_objects_less_often() -> None:
    asked = "import gc, materializations.hooks; print(gc.get_threshold())"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == str(THRESHOLDS)


def snapshot(name: str, number: int, convention: TableNamingConvention) -> Snapshot:
    model = load_sql_based_model(parse(f"MODEL (name {name}); SELECT {number} AS a"), dialect="postgres")
    made = Snapshot.from_node(model, nodes={model.fqn: model}, table_naming_convention=convention)
    made.categorize_as(SnapshotChangeCategory.BREAKING)
    return made


def test_a_table_has_the_name_that_sqlmesh_gives_it() -> None:
    kept = _once_for_its_parts(SnapshotInfoMixin._table_name)
    plain = getattr(SnapshotInfoMixin._table_name, "__wrapped__", SnapshotInfoMixin._table_name)
    snapshots = [
        snapshot(name, number, convention)
        for name, number, convention in product(
            ("core.sale", "core.line", "bi.sale"), (1, 2), TableNamingConvention
        )
    ]
    for other in (
        {"base_table_name_override": "shop.other"},
        {"dev_version_": "12345"},
        {"dev_table_suffix": "mine"},
        {"physical_schema_": "elsewhere"},
    ):
        snapshots.append(snapshots[1].model_copy(update=other))
    snapshots += [one.model_copy(update={"version": "7"}) for one in snapshots]
    for _ in range(2):
        for one, is_deployable in product(snapshots, (True, False)):
            assert kept(one, str(one.version), is_deployable) == plain(one, str(one.version), is_deployable)


def test_a_name_is_normalised_as_sqlglot_does_it() -> None:
    kept = _of_text_once(exp.normalize_table_name)
    plain = getattr(exp.normalize_table_name, "__wrapped__", exp.normalize_table_name)
    for text, dialect in product(("a.B", '"A".b', '"r"."c"."T"', "t"), ("postgres", "snowflake", None)):
        for _ in range(2):
            assert kept(text, dialect=dialect) == plain(text, dialect=dialect)
    table = parse_one("SELECT 1 FROM a.b").find(exp.Table)
    assert table is not None
    assert kept(table) == "a.b"
    table.set("db", exp.to_identifier("c"))
    assert kept(table) == "c.b"
