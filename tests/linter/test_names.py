"""Names fit Postgres with what SQLMesh adds to them."""

from __future__ import annotations

import pytest
from sqlmesh.core.config import TableNamingConvention
from sqlmesh.core.snapshot import Snapshot, SnapshotChangeCategory

from linter.names import LIMIT, NamesFit

# Ten digits of a version, and `_schema_tmp`; or `__temp_` before dev's table and nine characters behind it.
ROOM_OF_A_TABLE = LIMIT - len("__4294967295_schema_tmp")
ROOM_OF_A_STAGED_TABLE = LIMIT - len("__temp_" + "__4294967295__dev" + "_xxxxxxxx")
INDEX = "@IF(@runtime_stage = 'creating', CREATE INDEX @resolve_template('{}') ON @this_model USING BTREE(a))"


def test_the_longest_table_name_that_fits_is_fine_and_one_letter_more_is_refused(make_model, complaints):
    longest = "t" * ROOM_OF_A_TABLE
    assert complaints(NamesFit, make_model(f"core.{longest}")) == []
    (message,) = complaints(NamesFit, make_model(f"core.{longest}t"))
    assert "the table is 64 bytes long" in message


@pytest.mark.parametrize(
    "header",
    [
        {"kind": "SCD_TYPE_2_BY_COLUMN (unique_key a, columns (b))"},
        {"kind": "INCREMENTAL_BY_PARTITION", "partitioned_by": "(a)"},
    ],
)
def test_a_kind_that_is_written_through_a_temporary_table_has_less_room(header, make_model, complaints):
    query = "SELECT 1::INT AS a, 2::INT AS b"
    longest = "t" * ROOM_OF_A_STAGED_TABLE
    assert complaints(NamesFit, make_model(f"core.{longest}", query, **header)) == []
    assert len(complaints(NamesFit, make_model(f"core.{longest}t", query, **header))) == 1


def test_the_room_is_what_sqlmesh_leaves(make_model):
    """Guards what was measured: SQLMesh's own name of a snapshot's table is not longer than the rule's."""
    model = make_model("core." + "t" * ROOM_OF_A_TABLE)
    snapshot = Snapshot.from_node(model, nodes={}, table_naming_convention=TableNamingConvention.TABLE_ONLY)
    snapshot.categorize_as(SnapshotChangeCategory.BREAKING)
    for is_deployable in (True, False):
        physical = snapshot.table_name(is_deployable).rsplit(".", 1)[-1].strip('"')
        added = physical.removeprefix("t" * ROOM_OF_A_TABLE)
        assert len(added) <= len("__4294967295" if is_deployable else "__4294967295__dev")


def test_an_index_that_is_named_after_the_table_counts_too(make_model, complaints):
    table = "t" * (ROOM_OF_A_TABLE - len("ix__date"))
    index = INDEX.format("ix_@{table_name}_date")
    assert complaints(NamesFit, make_model(f"core.{table}", f"SELECT 1::INT AS a;\n{index}")) == []
    (message,) = complaints(NamesFit, make_model(f"core.{table}t", f"SELECT 1::INT AS a;\n{index}"))
    assert "the index ix_@{table_name}_date is 64 bytes long" in message


def test_a_column_name_counts_bytes_and_not_letters(make_model, complaints):
    fits, too_long = "c" * LIMIT, "ü" * 32
    assert complaints(NamesFit, make_model(query=f"SELECT 1::INT AS {fits}")) == []
    (message,) = complaints(NamesFit, make_model(query=f"SELECT 1::INT AS {too_long}"))
    assert f"the column {too_long} is 64 bytes long" in message


def test_a_schema_leaves_room_for_an_environment(make_model, complaints):
    (message,) = complaints(NamesFit, make_model(f"{'s' * 50}.t"))
    assert "the schema is" in message


def test_an_embedded_model_has_no_table_to_name(make_model, complaints):
    assert complaints(NamesFit, make_model(f"stg.{'t' * 60}", kind="EMBEDDED")) == []
