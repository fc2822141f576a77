"""SQLMesh's external models, written from the contracts: what `external_models/` says of the raw layer."""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlglot import exp

from loaders import model_record
from loaders.contract import Contract
from loaders.schema import raw_columns

HEAD = "# Written by `retail contracts --write` from loaders/contracts: change the contract, not this file.\n"
PLAIN_NAME = re.compile("[a-z_][a-z0-9_]*")
LEDGER_FILE = "ingest.yaml"
_LEDGER: dict[str, tuple[str, dict[str, str]]] = {
    "load": (
        "The ledger: one row per attempt to load a file.",
        {
            "load_id": "bigint",
            "source": "text",
            "table_name": "text",
            "file": "text",
            "sha256": "text",
            "bytes": "bigint",
            "rows_read": "bigint",
            "rows_loaded": "bigint",
            "rows_rejected": "bigint",
            "event_dates": "date[]",
            "extra_columns": "text[]",
            "missing_columns": "text[]",
            "status": "text",
            "error": "text",
            "replaced_by": "bigint",
            "backend_pid": "integer",
            "started_at": "timestamptz",
            "finished_at": "timestamptz",
        },
    ),
    "rejected_row": (
        "Rows of raw files that could not be parsed, with the reason.",
        {
            "load_id": "bigint",
            "source": "text",
            "table_name": "text",
            "file": "text",
            "line_number": "bigint",
            "row_number": "bigint",
            "raw": "text",
            "reason": "text",
        },
    ),
    "arrived_key": (
        "Keys that other rows refer to and that a redelivery brought for the first time, hashed.",
        {
            "load_id": "bigint",
            "source": "text",
            "table_name": "text",
            "column_name": "text",
            "key_hash": "bigint",
        },
    ),
    **{
        name: (description, model_record.column_types(name))
        for name, (description, _) in model_record.TABLES.items()
    },
}


def external_models(contract: Contract) -> str:
    """Return the external models of a source's raw tables, as YAML."""
    return _yaml(
        [
            _model(contract.schema_name, name, table.description, raw_columns(table))
            for name, table in contract.tables.items()
        ]
    )


def ledger_models() -> str:
    """Return the external models of the ledger, the rejected rows and the record of learned models, as YAML."""
    return _yaml([_model("ingest", name, text, columns) for name, (text, columns) in _LEDGER.items()])


def outdated(contracts: Mapping[str, Contract], folder: Path) -> list[Path]:
    """Return the files of `external_models/` that are out of date: changed, missing, too many."""
    wanted = _files(contracts, folder)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    return sorted([*stale, *(path for path in folder.glob("*.yaml") if path not in wanted)])


def write_external_models(contracts: Mapping[str, Contract], folder: Path) -> list[Path]:
    """Bring `external_models/` up to date. Returns the files that were written or removed."""
    wanted, stale = _files(contracts, folder), outdated(contracts, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()
    return stale


def _files(contracts: Mapping[str, Contract], folder: Path) -> dict[Path, str]:
    files = {folder / f"{contract.source}.yaml": external_models(contract) for contract in contracts.values()}
    return {**files, folder / LEDGER_FILE: ledger_models()}


def _model(schema: str, table: str, description: str, columns: Mapping[str, str]) -> dict[str, Any]:
    # In quotes: a table may be called order, which is a reserved word.
    name = exp.table_(
        exp.to_identifier(table, quoted=True),
        db=exp.to_identifier(schema, quoted=not PLAIN_NAME.fullmatch(schema)),
    )
    return {"name": name.sql(dialect="postgres"), "description": description, "columns": dict(columns)}


def _yaml(models: list[dict[str, Any]]) -> str:
    writer = YAML()
    writer.default_flow_style = False
    writer.width = 110
    text = io.StringIO()
    writer.dump(models, text)
    return HEAD + text.getvalue()
