"""report: the numbers as one file, for who has no access to the server."""

from pathlib import Path
from typing import Any

import click

from ops.cli.output import say
from ops.environments import PROD
from ops.errors import OpsError
from ops.settings import load_settings


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="report.html",
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--env",
    "--environment",
    "environment",
    default=PROD,
    show_default=True,
    help="The environment to report on.",
)
@click.option(
    "--source", "sources", multiple=True, help="Only this source; may be given again.  [default: all]"
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="As if this were the last day.  [default: each source's own]",
)
def report(out: Path, environment: str, sources: tuple[str, ...], as_of: Any) -> None:
    """Write sales, customers, stock and data quality as one self-contained HTML file, for mailing.

    It tells of each source's last whole month, beside the month before and the year before, and names no customer.
    """
    from ops.report.page import write_page
    from ops.report.reading import Wish

    if not out.parent.is_dir():
        raise OpsError(f"There is no folder {out.parent} to write {out.name} into.")
    wish = Wish(environment, sources, as_of.date() if as_of else None)
    text = write_page(load_settings(), wish, say)
    out.write_text(text, "utf-8")
    say(f"Written: {out} ({len(text.encode()) / 2**20:.1f} MB)")
