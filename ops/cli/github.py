"""github: a file as a pull request's comment, or as the nightly's issue."""

from pathlib import Path

import click

from ops.cli.output import say

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def github() -> None:
    """Show a file on GitHub; GITHUB_REPOSITORY and GITHUB_TOKEN say where and as whom."""


@github.command()
@click.argument("number", type=click.IntRange(1))
@click.argument("file", type=FILE)
def comment(number: int, file: Path) -> None:
    """Show FILE as the one comment of ours under pull request NUMBER: made once, then updated."""
    from ops import github

    say(f"Shown: {github.comment(number, file.read_text('utf-8'))}")


@github.command()
@click.argument("file", type=FILE)
@click.option("--title", default="The nightly refresh needs somebody", show_default=True)
def issue(file: Path, title: str) -> None:
    """Open an issue with FILE, or add FILE to the one that is open."""
    from ops import github

    say(f"Reported: {github.report(title, file.read_text('utf-8'))}")


@github.command()
@click.argument("file", type=FILE)
def solved(file: Path) -> None:
    """Close the issue that is open, with FILE; nothing happens where none is."""
    from ops import github

    address = github.solved(file.read_text("utf-8"))
    say(f"Closed: {address}" if address else "No issue is open.")
