"""What the models of bi say of themselves. Only their heads are read: to load the whole project takes long."""

from pathlib import Path

from sqlglot import exp

from ops.bi_contract import FILE, read_contract
from ops.errors import OpsError
from ops.lookml.fields import View

END_OF_HEAD = "\n);\n"


def read_views(root: Path) -> list[View]:
    """Return the views as the contract promises them, described as the models do.

    Raises OpsError where the two do not know the same views.
    """
    contract = read_contract(root)
    files = {path.stem: path for path in sorted((root / "models" / "bi").glob("*.sql"))}
    if differing := sorted(files.keys() ^ contract.keys()):
        raise OpsError(
            f"{FILE} and models/bi differ in {', '.join(differing)}: `retail bi --write` puts that right."
        )
    return [_view(name, path, contract[name]) for name, path in files.items()]


def _view(name: str, path: Path, columns: dict[str, str]) -> View:
    from sqlmesh.core.dialect import parse

    head = path.read_text("utf-8").partition(END_OF_HEAD)[0] + END_OF_HEAD
    said = {part.name: part.args["value"] for part in parse(head, default_dialect="postgres")[0].expressions}
    described = said["column_descriptions"].expressions if "column_descriptions" in said else []
    return View(
        name,
        columns,
        {entry.this.name: _line(entry.expression.name) for entry in described},
        _line(said["description"].name),
        [part.name for part in said["grain"].find_all(exp.Identifier, exp.Var)],
    )


def _line(text: str) -> str:
    return " ".join(text.split())
