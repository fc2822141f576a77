"""SQLMesh commands, one after the other, in a process of their own that reads project and state only once.

SQLMesh takes longer to read its models and what it knows of them than most plans take.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ops.errors import OpsError
from ops.sqlmesh_process import set_up

if TYPE_CHECKING:
    from ops.sqlmesh import Prod

SECONDS_TO_END = 5


class Ended(NamedTuple):
    """How a command ended: its exit code, and whether an alert has told of a failure."""

    code: int
    was_told: bool = False


class Worker:
    """The process, seen from the one that started it. What commands print goes to `output` (default: stdout).

    `variables` are added to the environment that it inherits.
    """

    def __init__(
        self, root: Path, output: IO[str] | None = None, variables: Mapping[str, str] | None = None
    ) -> None:
        self._connection, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ops.sqlmesh_worker", str(theirs.fileno())],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            env={**os.environ, **(variables or {})},
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def run(self, arguments: Sequence[str]) -> Ended:
        """Run a command of sqlmesh and return how it ended: with 1 when the process is gone."""
        try:
            return Ended(*self._ask(list(arguments)))
        except (EOFError, OSError):
            return Ended(1)

    def prod(self) -> "Prod":
        """Return what prod consists of, whatever the project's files say. Raises OpsError when SQLMesh cannot tell."""
        try:
            answer: Prod | str = self._ask([])
        except (EOFError, OSError) as error:
            raise OpsError("SQLMesh does not say what is in prod; what it said is above.") from error
        if isinstance(answer, str):
            raise OpsError(f"SQLMesh does not say what is in prod: {answer}")
        return answer

    def _ask(self, arguments: list[str]) -> Any:
        self._connection.send(arguments)
        return self._connection.recv()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._connection.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def without_tests() -> type:
    """Return a loader that leaves the unit tests alone: who plans here skips them, and to parse them takes seconds."""
    from sqlmesh.core.loader import SqlMeshLoader

    class WithoutTests(SqlMeshLoader):
        def load_model_tests(self) -> list[Any]:
            return []

    return WithoutTests


class _Session:
    """One SQLMesh context for all commands. The project's files are read for the first one."""

    def __init__(self) -> None:
        from sqlmesh import Context, configure_logging, remove_excess_logs
        from sqlmesh.core.console import configure_console

        configure_logging()
        configure_console()
        self._context = Context(paths=["."], load=False, loader=without_tests())
        remove_excess_logs(None, self._context.config.log_limit)
        self._is_loaded = False

    def run(self, arguments: Sequence[str]) -> Ended:
        """Run a command as the command line would; return how it ended."""
        from ops.promotion import alerting

        alerting.was_told = False
        code = self._code_of(arguments)
        return Ended(code, alerting.was_told)

    def _code_of(self, arguments: Sequence[str]) -> int:
        import click
        from sqlmesh.cli.main import cli
        from sqlmesh.utils.errors import SQLMeshError

        name, *rest = arguments
        try:
            self._load()
            cli.commands[name].main(rest, f"sqlmesh {name}", obj=self._context, standalone_mode=False)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except (SQLMeshError, ValueError) as error:  # of loading: as the command line says it
            click.secho(f"Error: {error}", fg="red")
            return 1
        finally:
            sys.stdout.flush()
        return 0

    def _load(self) -> None:
        if self._is_loaded:
            return
        gc.disable()  # nothing of what is read is garbage
        try:
            self._context.load()
            self._is_loaded = True
        finally:
            gc.freeze()  # and the collector need not look through it later either
            gc.enable()

    def prod(self) -> "Prod | str":
        """Return what prod consists of, or why that is not known."""
        from sqlmesh.utils.errors import SQLMeshError

        from ops.sqlmesh import read_prod

        try:
            return read_prod(self._context.state_reader)
        except SQLMeshError as error:
            return str(error)
        finally:
            self._context.close()  # its connections: they open again when they are needed


def main() -> None:
    """Answer until the other end is closed."""
    set_up()
    connection = Connection(int(sys.argv[1]))
    session = _Session()
    with suppress(EOFError):
        while True:
            arguments = connection.recv()
            connection.send(tuple(session.run(arguments)) if arguments else session.prod())
    os._exit(0)  # to take a million objects apart takes a second


if __name__ == "__main__":
    main()
