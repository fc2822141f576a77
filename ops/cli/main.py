"""`retail`: the one command line of the project. Commands are imported on use, so that help is instant."""

import sys
from importlib import import_module

import click

# name -> (module, what it is for); the order is the order of the help.
COMMANDS = {
    "demo": ("ops.cli.demo", "Start the server, load the data, build the models, show a summary."),
    "start": ("ops.cli.server", "Start the embedded Postgres; it keeps running."),
    "stop": ("ops.cli.server", "Stop the embedded Postgres."),
    "status": ("ops.cli.server", "Say which server is used and how it is."),
    "url": ("ops.cli.server", "Print the address to connect to, with its password."),
    "connect": ("ops.cli.server", "Use another Postgres than the embedded one."),
    "generate": ("ops.cli.generate", "Generate the files of an invented shop of any size."),
    "load": ("ops.cli.raw", "Load raw files into Postgres."),
    "loads": ("ops.cli.raw", "Show the ledger: what was loaded when, and what came of it."),
    "profile": ("ops.cli.raw", "Describe a source's raw columns: nulls, values, keys, references."),
    "contracts": ("ops.cli.raw", "Check the contracts, and what SQLMesh knows of the raw tables."),
    "refresh": ("ops.cli.demo", "Bring prod up to date with the project and with what was loaded."),
    "forget": ("ops.cli.privacy", "Erase a person from the raw data and from all that was derived from it."),
    "summary": ("ops.cli.demo", "Show what is in the warehouse."),
    "metrics": (
        "ops.cli.metrics",
        "Show what each measure means; keep the descriptions of the models with it.",
    ),
    "bi": ("ops.cli.bi", "Show what BI tools may rely on; keep its contract file with the models."),
    "dashboards": ("ops.cli.dashboards", "Show the views for BI tools as dashboards in a browser."),
    "evaluate": (
        "ops.cli.evaluate",
        "Show what the learned models are worth; fail when a gate does not hold.",
    ),
    "quality": ("ops.cli.quality", "Show the evidence of data quality; fail when a blocking check did."),
}


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
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
    context.obj = debug


def main() -> None:
    """Run the command line: 0 when all is well, 1 with a message when not, 2 for a wrong call."""
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except Exception as error:
        if "--debug" in sys.argv or not _is_for_people(error):
            raise
        click.echo(f"Error: {str(error).strip()}", err=True)
        sys.exit(1)


def _is_for_people(error: Exception) -> bool:
    """Say whether an error's message is enough; anything else is a fault of ours and keeps its traceback."""
    from psycopg2 import Error as PostgresError

    from loaders.errors import LoadError
    from ops.errors import OpsError

    return isinstance(error, OpsError | LoadError | PostgresError)


if __name__ == "__main__":
    main()
