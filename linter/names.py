"""Names that still fit Postgres when SQLMesh has added its own parts to them."""

from __future__ import annotations

import typing as t

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

from linter.layers import is_ours, layer, table_name

LIMIT = 63  # bytes; SQLMesh stops DDL on longer names, and Postgres itself would cut them off

# What SQLMesh 0.236.4 adds under `physical_table_naming_convention: table_only`, read in its code and seen in
# Postgres' statement log. The version is a CRC-32 in decimal digits (`Fingerprint.to_version`): up to ten.
VERSION = "__4294967295"
DEV_VERSION = VERSION + "__dev"  # a table that only dev uses (`table_name(…, suffix)`)
# A forward-only change is tried on a copy beside prod's table, so a long name fails there and not in dev
# (`SnapshotEvaluator._migrate_target_table`).
MIGRATED_VERSION = VERSION + "_schema_tmp"
LONGEST_VERSION = max(DEV_VERSION, MIGRATED_VERSION, key=len)
# What is written through a table beside it (`EngineAdapter._get_temp_table`; eight random letters).
STAGED = ("__temp_", DEV_VERSION + "_xxxxxxxx")

PHYSICAL_SCHEMA_PREFIX = "sqlmesh__"
ENVIRONMENT = "__dev_of_a_colleague"  # views of an environment live in `SCHEMA__ENVIRONMENT`


class NamesFit(Rule):
    """Schema, table, index and column names fit Postgres' 63 bytes with what SQLMesh adds to them."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if not is_ours(model):
            return None
        return [
            self.violation(
                f"{model.name}: {what} is {_bytes(name)} bytes long as {name}, Postgres takes {LIMIT}"
            )
            for what, name in _names(model)
            if _bytes(name) > LIMIT
        ]


def _names(model: Model) -> t.Iterator[tuple[str, str]]:
    """Each name at its longest, with a word for what it is."""
    for column in model.columns_to_types or {}:
        yield f"the column {column}", column
    if model.kind.is_embedded:
        return  # a subquery: it has no table
    schema, table = layer(model), table_name(model)
    yield "the schema", max(PHYSICAL_SCHEMA_PREFIX + schema, schema + ENVIRONMENT, key=len)
    yield "the table", _longest_table(model)
    for template in _name_templates(model):
        name = template.replace("@{table_name}", table + LONGEST_VERSION)
        yield f"the index {template}", name.replace("@{schema_name}", PHYSICAL_SCHEMA_PREFIX + schema)


def _longest_table(model: Model) -> str:
    table = table_name(model)
    kind = model.kind
    if kind.is_scd_type_2 or kind.is_incremental_by_partition or model.depends_on_self:
        return table.join(STAGED)
    return table + LONGEST_VERSION


def _name_templates(model: Model) -> t.Iterator[str]:
    """Templates of names in the model's statements: `@resolve_template('ix_@{table_name}_date')`."""
    for statement in (*model.pre_statements, *model.post_statements):
        for call in statement.find_all(exp.Anonymous):
            if call.name.lower() == "resolve_template" and call.expressions:
                yield call.expressions[0].name


def _bytes(name: str) -> int:
    return len(name.encode())
