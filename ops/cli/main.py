"""`retail`: the one command line of the project. Commands are imported on use, so that help is instant."""

import sys
import time
from contextlib import suppress
from importlib import import_module

import click

from ops import log

# name -> (module, what it is for); the order is the order of the help.
COMMANDS = {
    "demo": ("ops.cli.demo", "Start the server, load the data, build the models, show a summary."),
    "start": ("ops.cli.server", "Start the embedded Postgres; it keeps running."),
    "stop": ("ops.cli.server", "Stop the embedded Postgres."),
    "status": ("ops.cli.server", "Say which server is used and how it is."),
    "doctor": (
        "ops.cli.doctor",
        "Look at everything that has to be right, and say what to do where it is not.",
    ),
    "url": ("ops.cli.server", "Print the address to connect to, with its password."),
    "connect": ("ops.cli.server", "Use another Postgres than the embedded one."),
    "rotate-passwords": ("ops.cli.server", "Give the roles new passwords."),
    "generate": ("ops.cli.generate", "Generate the files of an invented shop of any size."),
    "load": ("ops.cli.raw", "Load raw files into Postgres."),
    "loads": ("ops.cli.raw", "Show the ledger: what was loaded when, and what came of it."),
    "profile": ("ops.cli.raw", "Describe a source's raw columns: nulls, values, keys, references."),
    "contracts": ("ops.cli.raw", "Check the contracts, and what SQLMesh knows of the raw tables."),
    "refresh": ("ops.cli.demo", "Bring prod up to date with the project and with what was loaded."),
    "diff": ("ops.cli.diff", "Show what an environment would change in prod."),
    "nightly": ("ops.cli.nightly", "Refresh prod, check quality and freshness, and write a report."),
    "pr": ("ops.cli.pr", "Try a pull request on a generated shop: what it changes."),
    "github": ("ops.cli.github", "Show a file on GitHub: as a pull request's comment, as an issue."),
    "forget": ("ops.cli.privacy", "Erase a person from the raw data and from all that was derived from it."),
    "summary": ("ops.cli.demo", "Show what is in the warehouse."),
    "metrics": (
        "ops.cli.metrics",
        "Show what each measure means; keep the descriptions of the models with it.",
    ),
    "bi": ("ops.cli.bi", "Show what BI tools may rely on; keep its contract file with the models."),
    "report": ("ops.cli.report", "Write sales, customers, stock and quality as one HTML file, for mailing."),
    "lookml": ("ops.cli.lookml", "Write the views of bi and their measures as LookML, for Looker."),
    "dashboards": ("ops.cli.dashboards", "Show the views for BI tools as dashboards in a browser."),
    "evaluate": (
        "ops.cli.evaluate",
        "Show what the learned models are worth; fail when a gate does not hold.",
    ),
    "promote": (
        "ops.cli.promote",
        "Make an environment prod: gates, what changes, the promotion, a look at it.",
    ),
    "rollback": ("ops.cli.promote", "Return prod to the promotion before, computing nothing."),
    "promotions": ("ops.cli.promote", "Show what prod was given when, and by whom."),
    "broken": ("ops.cli.promote", "Show what promotions let go of what others built; build it again."),
    "quality": ("ops.cli.quality", "Show the evidence of data quality; fail when a blocking check did."),
}
UNATTENDED = ("load", "refresh")  # whose failures are told as alerts, too


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where an error comes from.")
@click.version_option(package_name="retailmesh", prog_name="retail")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Raw retail files to a tested star schema in Postgres.

    Settings come from .env in the project's folder and from the environment; .env.example lists them.
    """
    from ops.settings import project_root, read_variables

    context.obj = debug
    log.begin(context.invoked_subcommand or "", read_variables(project_root()))
    log.event("begin")


def main() -> None:
    """Run the command line: 0 when all is well, 1 with a message when not, 2 for a wrong call, 130 when stopped."""
    began = time.monotonic()
    code = 1
    try:
        code = _exit_code()
    finally:
        seconds = round(time.monotonic() - began, 2)
        log.event("end", "error" if code else "info", exit_code=code, seconds=seconds)
    sys.exit(code)


def _exit_code() -> int:
    try:
        code = cli(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except Exception as error:
        _tell(error)
        if "--debug" in sys.argv or not _is_for_people(error):
            raise
        click.echo(f"Error: {str(error).strip()}", err=True)
        return 1


def _tell(error: Exception) -> None:
    """Log a failure, and alert of it where nobody may be watching."""
    from ops.alerts import Alert, in_a_line, tell
    from ops.errors import OpsError, ToldError
    from ops.settings import project_root, read_variables

    message = str(error).strip()
    log.event("failed", "error", kind=type(error).__name__, message=message)
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    if command not in UNATTENDED or isinstance(error, ToldError):
        return
    lines = message.splitlines() if _is_our_own(error) else [in_a_line(error)]
    with suppress(OpsError):  # settings that cannot be read are what failed
        alert = Alert(f"{command}_failed", f"retailmesh: `retail {command}` failed", tuple(lines))
        tell(alert, read_variables(project_root()))


def _is_for_people(error: Exception) -> bool:
    """Say whether an error's message is enough; anything else is a fault of ours and keeps its traceback."""
    from psycopg2 import Error as PostgresError

    return _is_our_own(error) or isinstance(error, PostgresError)


def _is_our_own(error: Exception) -> bool:
    from loaders.errors import LoadError
    from ops.errors import OpsError

    return isinstance(error, OpsError | LoadError)


if __name__ == "__main__":
    main()
