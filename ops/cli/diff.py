"""diff: what an environment would change in prod."""

import click

from ops.cli.output import print_json, say
from ops.settings import load_settings


@click.command()
@click.argument("environment", metavar="ENV")
@click.option("--against", default="prod", show_default=True, help="The environment to compare with.")
@click.option(
    "--samples", type=click.IntRange(min=0), default=5, show_default=True, help="Rows shown of each change."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with everything that was found.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
def diff(environment: str, against: str, samples: int, as_json: bool, markdown: bool) -> None:
    """Show what promoting ENV would change: models, rows, measures, what BI tools and others rely on."""
    from ops import diff as found

    if as_json and markdown:
        raise click.UsageError("--json and --markdown are two forms: choose one.")
    compared = found.compare_environment(
        load_settings(), environment, against, samples=samples, say=lambda line: click.echo(line, err=True)
    )
    if as_json:
        print_json(found.as_json(compared))
    else:
        say(found.as_markdown(compared) if markdown else found.as_text(compared))
