"""demo, refresh, summary: the whole way, its second half, and what came of it."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from ops.cli.generate import SCALE_NAMES
from ops.cli.output import console, print_json, print_table, say, write_json
from ops.settings import Settings, load_settings, read_variables

MOST_REASONS = 10
HEADINGS = {"first_date": "from", "last_date": "to", "stock_out_percent": "% stock-outs"}


@click.command()
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write seconds per step and the summary to this file.",
)
@click.option(
    "--generate/--no-generate",
    "generates",
    default=True,
    help="Generate a shop into the project's data/store where there is none.",
)
@click.option("--scale", type=click.Choice(SCALE_NAMES), help="How large it is; small unless it is named.")
def demo(json_file: Path | None, generates: bool, scale: str | None) -> None:
    """Generate a shop, start the server, load the data, build the models, show a summary.

    Every source that has files is loaded. Run again it generates nothing, loads only new or changed files and
    computes only what they touch.
    """
    from ops.demo import run_demo

    done = run_demo(load_settings(), console, scale, generates=generates)
    say()
    print_summary(done.summary)
    print_connection(done.settings)
    took = ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in done.seconds.items())
    say(f"\nTime: {took}; {sum(done.seconds.values()):,.1f} s in all.")
    if not (done.generated or done.loaded or done.built):
        say("Nothing was done: there was nothing to load and nothing to plan.")
    if json_file:
        write_json(
            json_file,
            {"seconds": done.seconds, "generated": done.generated, "loaded": done.loaded, **done.summary},
        )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what happens goes to stderr.")
@click.option("--search-all", is_flag=True, help="Look through all facts for keys of versions that are gone.")
def refresh(as_json: bool, search_all: bool) -> None:
    """Bring prod up to date with the project's files and with what was loaded.

    A plan computes what is new; days that late or corrected files touched are computed again. It says at the
    end how many rows of the facts were added, removed or changed, and on which days. Whom RETAIL_ALERT_… names
    (.env.example) is told when it fails, or when loads, checks or freshness have.
    """
    from ops.aftercare import tell_what_is_wrong
    from ops.changes import described
    from ops.refresh import refresh as bring_up_to_date
    from ops.sqlmesh import SqlMesh

    settings = load_settings()
    if as_json:
        sqlmesh = SqlMesh(settings, output=sys.stderr)
        result = bring_up_to_date(settings, partial(click.echo, err=True), sqlmesh, search_all=search_all)
        print_json(result.as_dict())
    else:
        result = bring_up_to_date(settings, say, search_all=search_all)
        for line in described(result.changes):
            say(line)
        say("Nothing to do: prod was up to date." if result.did_nothing else "prod is up to date.")
    tell_what_is_wrong(settings, read_variables(settings.root))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def summary(as_json: bool) -> None:
    """Show what is in the warehouse: rows per layer, rejected rows, revenue, how to connect."""
    from ops.summary import summarize

    settings = load_settings()
    found = summarize(settings)
    if as_json:
        print_json(found)
    else:
        print_summary(found)
        print_connection(settings)


def print_summary(found: Mapping[str, list[dict[str, Any]]]) -> None:
    """Print the summary's tables."""
    from ops.summary import by_layer

    print_table("Rows per layer", ("layer", "rows", "tables"), by_layer(found["tables"]))
    for name, title in (
        ("rejected_rows", "Rows of files that could not be read"),
        ("quarantined_rows", "Rows held back: a value is none, or what they name is unknown"),
    ):
        rows = [(row["source"], row["table_name"], row["rows"], row["reason"]) for row in found[name]]
        rest = f"and {len(rows) - MOST_REASONS} more reasons" if len(rows) > MOST_REASONS else ""
        print_table(title, ("source", "table", "rows", "reason"), rows[:MOST_REASONS], rest)
    for name, title in (
        ("revenue", "Revenue of products, before freight"),
        ("inventory", "Stock at the end of each day"),
        ("shipments", "Parcels"),
    ):
        columns = [
            HEADINGS.get(column, column.replace("_", " ")) for row in found[name][:1] for column in row
        ]
        if columns or name == "revenue":
            print_table(title, columns, [tuple(map(_money, row.values())) for row in found[name]])


def print_connection(settings: Settings) -> None:
    """Print how a BI tool connects, and what to try next."""
    say("\nBI tools connect to")
    for name, value in (
        ("host", settings.host),
        ("port", settings.port),
        ("database", settings.database),
        ("user", settings.bi.user),
        ("password", _where_the_password_is(settings)),
        ("address", settings.url("bi", password=False)),
    ):
        say(f"  {name:<9} {value}")
    say("\nWhat to try next")
    for command, what in (
        ("source .venv/bin/activate", "so that the commands below are found"),
        ('psql "$(retail url)"', "look around (any PostgreSQL client will do)"),
        ("retail loads", "what was loaded when"),
        ("retail profile store", "how the raw columns are filled"),
        ("retail quality --html quality.html", "what was found wrong with the data, as a page"),
        ("sqlmesh plan dev", "change a model, and see what it does before prod has it"),
        ('sqlmesh fetchdf "SELECT * FROM core.fct_order LIMIT 5"', ""),
        ("retail stop", "stop the server; `retail start` goes on"),
    ):
        say(f"  {command:<58} {what}".rstrip())


def _where_the_password_is(settings: Settings) -> str:
    if settings.bi.password:
        return "in what `.venv/bin/retail url --bi` prints"
    role = settings.bi.user
    return f"none here; an administrator gives one: ALTER ROLE {role} LOGIN PASSWORD '…';"


def _money(value: Any) -> Any:
    return round(value, 2) if hasattr(value, "quantize") else value
