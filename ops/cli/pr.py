"""pr: what a pull request changes, tried on a generated shop, here as in CI."""

import re
from pathlib import Path

import click

from ops.cli.generate import SCALE_NAMES
from ops.cli.output import console, say
from ops.errors import OpsError
from ops.settings import project_root

ENVIRONMENT = re.compile(r"[a-z][a-z0-9_]{0,30}")


@click.group()
def pr() -> None:
    """Try a pull request: prod of the commit that it starts from, its environment, and what differs."""


@pr.command()
@click.argument("environment")
@click.option("--base", help="The commit to start from.  [default: the last one in common with main]")
@click.option("--head", default="HEAD", show_default=True, help="The commit to try.")
@click.option(
    "--scale", type=click.Choice(SCALE_NAMES), default="small", show_default=True, help="Of the shop."
)
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("diff.md"),
    show_default=True,
    help="Where to write what differs.",
)
@click.option(
    "--bot", is_flag=True, help="In GitHub Actions: SQLMesh's bot makes the environment and reports."
)
def plan(environment: str, base: str | None, head: str, scale: str, markdown: Path, bot: bool) -> None:
    """Build prod from one commit and ENVIRONMENT from another, and write what differs.

    Only committed files count. The server and the checkouts in .cache/pull_request stay for a look around, and for
    the next time, until `retail pr end`. RETAIL_PULL_REQUEST_SERVER may name an empty server by an administrator's
    address.
    """
    from ops.pull_request import Trial, start_of, try_out

    if not ENVIRONMENT.fullmatch(environment) or environment == "prod":
        raise OpsError(
            f"{environment!r} is no name for the environment of a pull request: "
            "it has small letters, digits and _, as in pr_12."
        )
    project = project_root()
    trial = Trial(environment, base or start_of(project, head), head, scale, by_bot=bot)
    try_out(project, trial, markdown, console)


@pr.command()
def end() -> None:
    """Stop the server of `retail pr plan` and delete what it made."""
    from ops.pull_request import end as end_all

    say("Deleted." if end_all(project_root()) else "There is nothing to end.")
