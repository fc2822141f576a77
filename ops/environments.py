"""SQLMesh's environments as queries see them: the layer `bi` is the schema `bi` in prod, and `bi__dev` in dev."""

from collections.abc import Sequence
from string import Formatter

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.errors import OpsError

PROD = "prod"


def schema_of(layer: str, environment: str) -> str:
    """Return the schema that shows a layer in an environment."""
    return layer if environment == PROD else f"{layer}__{environment}"


def in_environment(question: str, environment: str) -> sql.Composed:
    """Return a query whose relations are written `{layer.name}` with the names that these have in an environment."""
    named = {name for _, name, _, _ in Formatter().parse(question) if name}
    return sql.SQL(question).format(**{name: _relation(name, environment) for name in named})


def require(cursor: Cursor, environment: str, relations: Sequence[str]) -> None:
    """Raise OpsError, with what to do, when an environment does not have all of these `layer.name`."""
    cursor.execute(
        "SELECT schemaname, viewname FROM pg_views UNION SELECT schemaname, tablename FROM pg_tables"
    )
    there = set(cursor.fetchall())
    split = [relation.split(".") for relation in relations]
    missing = [
        f"{layer}.{name}" for layer, name in split if (schema_of(layer, environment), name) not in there
    ]
    if not missing:
        return
    todo = "`retail refresh`" if environment == PROD else f"`sqlmesh plan {environment}`"
    layer, name = missing[0].split(".")
    others = sorted(
        schema.removeprefix(layer).removeprefix("__") or PROD
        for schema, relation in there
        if relation == name and schema.split("__")[0] == layer
    )
    has = f" These environments have all or some of it: {', '.join(others)}." if others else ""
    is_unknown = environment != PROD and missing == list(relations)
    what = "none of what this reads" if is_unknown else f"no {', '.join(missing)}"
    raise OpsError(f"{environment} has {what} yet: {todo} builds what is missing.{has}")


def _relation(name: str, environment: str) -> sql.Identifier:
    layer, relation = name.split(".")
    return sql.Identifier(schema_of(layer, environment), relation)
