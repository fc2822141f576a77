"""dashboards: the views of bi in a BI tool, Superset, which runs in an environment of its own."""

import re
from pathlib import Path

import click

from ops.cli.output import print_json, print_table, say
from ops.errors import OpsError
from ops.settings import load_settings, project_root

ENVIRONMENT = re.compile(r"[a-z][a-z0-9_]{0,30}")


def _environment(_: click.Context, __: click.Parameter, value: str) -> str:
    if not ENVIRONMENT.fullmatch(value):
        raise click.BadParameter(
            "an environment is called like prod or dev: lower-case letters, digits and _"
        )
    return value


_whose_views = click.option(
    "--env",
    "--environment",
    "environment",
    default="prod",
    show_default=True,
    callback=_environment,
    help="Whose views.",
)


@click.group()
def dashboards() -> None:
    """Dashboards over the views for BI tools: in a browser, from the files in dashboards/."""


@dashboards.command()
@_whose_views
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def start(environment: str, as_json: bool) -> None:
    """Install Superset where it is missing, import the dashboards and start it; it keeps running.

    The pages of another environment than prod stand beside prod's, with its name behind their titles.
    """
    from ops.dashboards.run import start as bring_up

    shown = bring_up(load_settings(), environment, (lambda _: None) if as_json else say)
    if as_json:
        print_json({"address": shown.address, "user": shown.user, "pages": shown.pages})
        return
    say(f"Imported: {shown.imported}.")
    print_table("Dashboards", ("page", "address"), shown.pages.items())
    say(f"Log in as {shown.user}; `retail dashboards password` prints the password.")


@dashboards.command()
def stop() -> None:
    """Stop Superset. What it keeps stays in Postgres."""
    from ops.dashboards import server
    from ops.dashboards.settings import load

    say("Superset stopped." if server.stop(load(load_settings())) else "Superset was not running.")


@dashboards.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Say where Superset is and whether it runs. Exit code 1 when it does not."""
    from ops.dashboards.run import status as look

    found = look(load_settings())
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            if value is not None:
                say(f"{name:<9} {value}")
    if found["state"] != "running":
        raise click.exceptions.Exit(1)


@dashboards.command()
def password() -> None:
    """Print the password of the user admin."""
    from ops.dashboards.settings import load

    found = load(load_settings())
    if not found.admin_password:
        raise OpsError("There is no password yet: `retail dashboards start` makes one.")
    click.echo(found.admin_password)


@dashboards.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_whose_views
@click.option("--host", help="Where Superset finds Postgres, when that is not where this command does.")
@click.option("--port", type=int, help="The port there.")
def compile(folder: Path, environment: str, host: str | None, port: int | None) -> None:  # noqa: A001
    """Write what Superset imports into FOLDER, for a Superset of your own or the one of docker compose."""
    from dataclasses import replace

    from ops.dashboards.bundle import write_bundle
    from ops.dashboards.run import compiled, target_of
    from ops.dashboards.spec import read_spec

    settings = load_settings()
    there = replace(settings, host=host or settings.host, port=port or settings.port)
    files = compiled(settings, read_spec(settings.root), target_of(there, environment))
    write_bundle(files, folder)
    say(f"{len(files)} files written into {folder}.")


@dashboards.command()
@click.option("--models", is_flag=True, help="Hold them against the models instead of the contract file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(models: bool, as_json: bool) -> None:
    """Name each chart that would break, before a change is promoted. Exit code 1 when one does."""
    from ops.bi_contract import read_contract, served_views
    from ops.dashboards.check import broken_charts
    from ops.dashboards.spec import read_spec
    from ops.metrics import read_metrics

    root = project_root()
    spec = read_spec(root)
    views = served_views(root) if models else read_contract(root)
    broken = broken_charts(spec, views, read_metrics(root))
    if as_json:
        print_json(broken)
    elif broken:
        print_table(
            "Charts that would break", ("chart", "reason"), ((n, "; ".join(w)) for n, w in broken.items())
        )
    else:
        say(f"{sum(len(page.charts()) for page in spec.pages)} charts find their columns.")
    if broken:
        raise click.exceptions.Exit(1)
