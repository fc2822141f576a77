"""Data goes one way: which layer a model stands in, and what that layer may read."""

from __future__ import annotations

import typing as t

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

RAW_PREFIX = "raw_"
SEED = "seed"
LEDGER = "ingest"  # tells when which file came
MAPPING = "mapping"  # the tag of stg.SOURCE__to_ENTITY
ANY = "any layer"

#: What each layer reads; `stg` only what belongs to its own source, and its mappings the ledger.
READS: t.Mapping[str, tuple[str, ...]] = {
    SEED: (),
    "stg": (RAW_PREFIX, "stg", SEED),
    "conformed": ("stg", "conformed", SEED),  # its audits read the control totals
    "core": ("conformed", "core", SEED),
    "mart": ("core", "mart", SEED),
    "ml": ("core", "mart", "ml", SEED, LEDGER),  # the ledger keeps the record of what was learned
    "bi": ("core", "mart", "ml", "quality", SEED),  # what was measured about the data is served too
    "quality": (ANY,),
}

#: `core` and what lies right of it: what people and programs outside the project build on.
SERVED = ("core", "mart", "ml", "bi")
BEHIND_CORE = SERVED[1:]
DIMENSION = "dim_"
CALENDAR = "dim_date"


def layer(model: Model) -> str:
    """The schema that the model's name gives, which is its layer."""
    return model.fully_qualified_table.db if model.fully_qualified_table else ""


def table_name(model: Model) -> str:
    """The model's name without its schema."""
    return model.fully_qualified_table.name if model.fully_qualified_table else model.name


def is_ours(model: Model) -> bool:
    """Whether the project makes the model's rows; raw tables come from the loaders and their contracts."""
    return not model.kind.is_external


class LayersReadLeft(Rule):
    """A model reads only layers to its left: raw_SOURCE, stg, conformed, core, mart and ml, quality, bi."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if not is_ours(model):
            return None
        own = layer(model)
        if own not in READS:
            known = ", ".join(READS)
            return [self.violation(f"{model.name}: '{own}' is no layer; a model lives in one of {known}")]
        if model.kind.is_seed and own != SEED:
            return [self.violation(f"{model.name}: a seed lives in the schema '{SEED}'")]
        reads = map(exp.to_table, sorted(model.depends_on or ()))
        return [
            self.violation(f"{model.name} reads {read.db}.{read.name}; {own} may read {_allowed(model)}")
            for read in reads
            if not _may_read(model, read)
        ]


class StoredDaysKeepNoAttributes(Rule):
    """A mart that is stored by day reads no dimension but the calendar: an attribute may be corrected long after."""

    def check_model(self, model: Model) -> list[RuleViolation] | None:
        if not model.kind.is_incremental_by_time_range or layer(model) not in BEHIND_CORE:
            return None
        reads = map(exp.to_table, sorted(model.depends_on or ()))
        return [
            self.violation(
                f"{model.name} reads {read.db}.{read.name}; the days that it stores would keep what that said "
                "when they were computed: join it in a view or in a model that is computed whole"
            )
            for read in reads
            if read.db == "core" and read.name.startswith(DIMENSION) and read.name != CALENDAR
        ]


def _may_read(model: Model, read: exp.Table) -> bool:
    own = layer(model)
    if READS[own] == (ANY,):
        return True
    if own == "stg":
        source = _source(table_name(model))
        same_source = read.db == "stg" and _source(read.name) == source
        asks_the_ledger = read.db == LEDGER and MAPPING in model.tags
        return same_source or asks_the_ledger or read.db in (f"{RAW_PREFIX}{source}", SEED)
    return read.db in READS[own]


def _allowed(model: Model) -> str:
    own = layer(model)
    if own == "stg":
        source = _source(table_name(model))
        return f"{RAW_PREFIX}{source}, stg.{source}__* and {SEED}"
    return ", ".join(READS[own]) or "nothing"


def _source(staging_name: str) -> str:
    """`online_retail` of `online_retail__transaction`."""
    return staging_name.split("__", 1)[0]
