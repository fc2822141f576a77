"""lookml: the views of bi for Looker."""

from pathlib import Path

import click

from ops.cli.output import say
from ops.settings import project_root


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="lookml",
    show_default=True,
    help="The folder.",
)
def lookml(out: Path) -> None:
    """Write a LookML project: a view for each of bi, measures from the metric dictionary, explores with safe joins."""
    from ops.lookml.project import write_lookml

    files = write_lookml(project_root(), out)
    say(f"Written: {len(files)} files in {out}. docs/bi.md says how to use them.")
