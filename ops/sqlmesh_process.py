"""What makes SQLMesh take a third less time; `python -m ops.sqlmesh_process …` is `sqlmesh …` with it.

SQLMesh keeps some million objects, its models, for as long as it runs. Python's collector looks through all of them
again and again, and finds nothing: here it looks less often, and memory grows by a few per cent. SQLMesh parses the
source of a function again for each Python model that reaches it, and for each statement the name of every table that
is known, made of its parts anew; here once.

`sqlmesh` itself gets it by materializations/hooks.py.
"""

import gc
import logging
import sys
import warnings
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

THRESHOLDS = (200_000, 20, 100)  # Python's own are 700, 10, 10
COMMAND = (sys.executable, "-m", "ops.sqlmesh_process")


@cache
def set_up() -> None:
    """Make this process one that SQLMesh runs in. A second call does nothing."""
    gc.set_threshold(*THRESHOLDS)
    # SQLMesh gives pandas psycopg2's connection, which works; nobody who runs a plan can do anything about it.
    warnings.filterwarnings("ignore", message="pandas only supports SQLAlchemy")
    # The macros around a plan are run for what they do.
    logging.getLogger("sqlmesh.core.renderer").addFilter(
        lambda record: "did not return an expression" not in record.getMessage()
    )
    _remember_sources()
    _remember_names()


def _remember_sources() -> None:
    from sqlmesh.utils import metaprogramming

    func_globals = cache(metaprogramming.func_globals)
    metaprogramming.func_globals = lambda func: dict(func_globals(func))
    metaprogramming.getsource = cache(metaprogramming.getsource)
    metaprogramming.normalize_source = cache(metaprogramming.normalize_source)


def _remember_names() -> None:
    """Make each name of a table once: those of all tables are made for every statement, to be looked for in it."""
    from sqlglot import exp
    from sqlglot.expressions import builders
    from sqlmesh.core.snapshot.definition import SnapshotInfoMixin

    from ops.promotion.patch import wrap

    builders.normalize_table_name = exp.normalize_table_name = _of_text_once(builders.normalize_table_name)
    wrap(SnapshotInfoMixin, "_table_name", _once_for_its_parts)


def _of_text_once(normalize: Callable[..., str]) -> Callable[..., str]:
    """`normalize_table_name`, which parses its text."""
    of_text = cache(normalize)

    @wraps(normalize)
    def normalize_table_name(table: Any, dialect: Any = None, copy: bool = True) -> str:
        is_text = isinstance(table, str) and isinstance(dialect, str | None)
        return (of_text if is_text else normalize)(table, dialect, copy)

    return normalize_table_name


def _once_for_its_parts(make: Callable[..., str]) -> Callable[..., str]:
    """`_table_name` of a snapshot, remembered under all that it reads of the snapshot."""
    made: dict[tuple[Any, ...], str] = {}

    @wraps(make)
    def _table_name(self: Any, version: str, is_deployable: bool) -> str:
        parts = (
            self.name,
            version if is_deployable else self.dev_version,
            is_deployable,
            self.physical_schema,
            self.base_table_name_override,
            self.dev_table_suffix,
            self.table_naming_convention,
            self.virtual_environment_mode,
            self.is_external,
        )
        if parts not in made:
            made[parts] = make(self, version, is_deployable)
        return made[parts]

    return _table_name


def main() -> None:
    """Be `sqlmesh`, with its arguments, output and exit code."""
    set_up()
    from sqlmesh.cli.main import cli

    cli(prog_name="sqlmesh")


if __name__ == "__main__":
    main()
