"""nightly: refresh, look, report."""

from pathlib import Path

import click

from ops.cli.output import say
from ops.settings import load_settings


@click.command()
@click.option(
    "--report",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("nightly.md"),
    show_default=True,
    help="Where to write, as Markdown, how it went.",
)
@click.pass_context
def nightly(context: click.Context, file: Path) -> None:
    """Bring prod up to date and look at it as `retail doctor` does, also when the refresh failed.

    Exit code 1 when the refresh or a check failed, and where the project's files hold what prod has not got: then the
    days that are due are computed, and nothing is promoted.
    """
    from ops.nightly import no_report, report, spend

    file.write_text(no_report(), "utf-8")
    settings = load_settings()
    night = spend(settings)
    text = report(night, settings)
    file.write_text(text, "utf-8")
    say(f"\n{text}\nWritten: {file}")
    if not night.is_well:
        context.exit(1)
