"""The contract with BI tools: the columns and types of every view of bi, kept in a file that people read."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ops.errors import OpsError

LAYER = "bi"
FILE = Path("docs") / "bi_contract.yaml"
HEAD = """# What BI tools may rely on: the columns of each view of bi, in their order, with their types.
# Written by `retail bi --write`. A column that goes, moves or changes its type breaks reports: tell it in CHANGELOG.md.
"""
# What Postgres itself calls the types that SQLMesh writes.
POSTGRES_NAMES = {
    "INT": "integer",
    "DECIMAL": "numeric",
    "DOUBLE": "double precision",
    "TIMESTAMPTZ": "timestamptz",
}

Views = Mapping[str, Mapping[str, str]]  # view -> column -> type


def served_views(root: Path) -> dict[str, dict[str, str]]:
    """Return the views of bi as the models in `root` define them. Raises OpsError when these do not load."""
    from sqlmesh import Context
    from sqlmesh.utils.errors import SQLMeshError

    try:
        return views_of(Context(paths=str(root)).models.values())
    except SQLMeshError as error:
        raise OpsError(f"SQLMesh cannot load the models: {error}") from error


def views_of(models: Iterable[Any]) -> dict[str, dict[str, str]]:
    """Return the views of bi among SQLMesh's models."""
    views = {}
    for model in models:
        table = model.fully_qualified_table
        if table is not None and table.db == LAYER:
            types = model.columns_to_types or {}
            views[table.name] = {column: _type(kind.sql("postgres")) for column, kind in types.items()}
    return dict(sorted(views.items()))


def _type(sql: str) -> str:
    """The type as Postgres shows it: `numeric(18,4)` for `DECIMAL(18, 4)`."""
    name, bracket, rest = sql.partition("(")
    return POSTGRES_NAMES.get(name, name.lower()) + bracket + rest.replace(" ", "")


def read_contract(root: Path) -> dict[str, dict[str, str]]:
    """Return what the file promises; nothing when there is no file. Raises OpsError when it promises something else."""
    path = root / FILE
    if not path.exists():
        return {}
    found = YAML(typ="safe").load(path.read_text("utf-8")) or {}
    if not isinstance(found, dict) or not all(isinstance(columns, dict) for columns in found.values()):
        raise OpsError(f"{FILE} has to map each view to its columns, and these to their types.")
    return found


def write_contract(root: Path, views: Views) -> bool:
    """Write the file and return whether it changed."""
    path = root / FILE
    blocks = (
        "\n".join([f"{view}:", *(f"  {column}: {kind}" for column, kind in columns.items())])
        for view, columns in sorted(views.items())
    )
    text = HEAD + "\n" + "\n\n".join(blocks) + "\n"
    if path.exists() and path.read_text("utf-8") == text:
        return False
    path.write_text(text, "utf-8")
    return True


def changes(promised: Views, served: Views) -> list[str]:
    """Return in words how the views differ from what was promised; what breaks reports comes first."""
    breaking, harmless = differences(promised, served)
    return breaking + harmless


def differences(promised: Views, served: Views) -> tuple[list[str], list[str]]:
    """Return in words how the views differ from what was promised: what breaks reports, and what does not."""
    breaking: list[str] = []
    harmless: list[str] = []
    for view in sorted(promised.keys() | served.keys()):
        old, new = promised.get(view), served.get(view)
        if new is None:
            breaking.append(f"bi.{view} is gone")
        elif old is None:
            harmless.append(f"bi.{view} is new")
        else:
            breaking += [f"bi.{view}.{column} is gone" for column in old if column not in new]
            breaking += [
                f"bi.{view}.{column} was {kind} and is {new[column]}"
                for column, kind in old.items()
                if new.get(column, kind) != kind
            ]
            harmless += [f"bi.{view}.{column} is new" for column in new if column not in old]
            if [c for c in old if c in new] != [c for c in new if c in old]:
                breaking.append(f"bi.{view} has its columns in another order")
    return breaking, harmless
