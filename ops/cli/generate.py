"""generate: an invented shop of any size, for those who have no data and for tests."""

from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console

from ops.cli.output import print_json, print_table, say
from ops.errors import OpsError

SCALE_NAMES = ("tiny", "small", "medium", "large")


@click.command()
@click.option(
    "--scale", type=click.Choice(SCALE_NAMES), default="small", show_default=True, help="How large."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another shop."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder: files in OUT/store, the truth behind them in OUT/truth.",
)
@click.option("--days", type=int, help="How many days, as busy as the scale's own.")
@click.option(
    "--end",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-06-30",
    show_default=True,
    help="The last day.",
)
@click.option(
    "--faults", type=float, default=0.0, help="Share of rows to spoil, such as 0.01; truth lists them."
)
@click.option("--force", is_flag=True, help="Replace what was generated into OUT before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def generate(
    scale: str,
    seed: int,
    out: Path,
    days: int | None,
    end: datetime,
    faults: float,
    force: bool,
    as_json: bool,
) -> None:
    """Generate the files of an invented shop: the same options give the same bytes.

    `RETAIL_DATA_DIR=OUT retail load store` loads them.
    """
    from generator.errors import GeneratorError
    from generator.scales import options
    from ops.generating import generate as build

    try:
        wanted = options(scale, seed, days, _day(end), faults)
    except GeneratorError as error:
        raise OpsError(str(error)) from error
    made = build(wanted, out, Console(stderr=True, highlight=False), force=force)
    if as_json:
        print_json(made.as_dict())
        return
    rows = [(table, made.files[table], made.rows[table]) for table in made.files]
    print_table(f"Generated {made.start} to {made.end} into {out}", ("table", "files", "rows"), rows)
    if made.faults:
        print_table("Planted on purpose", ("fault", "rows"), list(made.faults.items()))
    say(f"{made.lines:,} lines of sales, {made.bytes / 1e6:,.1f} MB in {made.seconds:,.1f} s.")
    say(f"RETAIL_DATA_DIR={out} retail load store")


def _day(moment: datetime) -> date:
    return moment.date()
