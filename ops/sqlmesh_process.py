"""What makes SQLMesh take a third less time; `python -m ops.sqlmesh_process …` is `sqlmesh …` with it.

SQLMesh keeps some million objects, its models, for as long as it runs. Python's collector looks through all of them
again and again, and finds nothing: here it looks less often, and memory grows by a few per cent. And SQLMesh parses
the source of a function again for each Python model that reaches it; here once.

`sqlmesh` itself gets it by materializations/hooks.py.
"""

import gc
import logging
import sys
import warnings
from functools import cache

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


def _remember_sources() -> None:
    from sqlmesh.utils import metaprogramming

    func_globals = cache(metaprogramming.func_globals)
    metaprogramming.func_globals = lambda func: dict(func_globals(func))
    metaprogramming.getsource = cache(metaprogramming.getsource)
    metaprogramming.normalize_source = cache(metaprogramming.normalize_source)


def main() -> None:
    """Be `sqlmesh`, with its arguments, output and exit code."""
    set_up()
    from sqlmesh.cli.main import cli

    cli(prog_name="sqlmesh")


if __name__ == "__main__":
    main()
