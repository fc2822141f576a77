"""bi: what BI tools may rely on."""

import click

from ops.cli.output import print_json, print_table, say
from ops.errors import OpsError
from ops.settings import project_root


@click.command()
@click.argument("view", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--write", is_flag=True, help="Write the contract file from the models.")
@click.option("--check", is_flag=True, help="Fail when the models and the contract file differ.")
def bi(view: str | None, as_json: bool, write: bool, check: bool) -> None:
    """Show the columns of the views for BI tools, or of VIEW; keep the contract file with the models."""
    from ops.bi_contract import FILE, changes, read_contract, served_views, write_contract

    root = project_root()
    promised = read_contract(root)
    if write or check:
        served = served_views(root)
        differing = changes(promised, served)
        if check and differing:
            raise OpsError(
                f"The views are not as {FILE} says:\n  " + "\n  ".join(differing) + "\n"
                "If that is meant, run `retail bi --write` and tell the readers."
            )
        if write and write_contract(root, served):
            say("\n".join([f"Written: {FILE}", *(f"  {change}" for change in differing)]))
        else:
            say(f"{len(served)} views are as {FILE} says.")
        return
    chosen = {name: cols for name, cols in promised.items() if view in (None, name, f"bi.{name}")}
    if not chosen:
        raise OpsError(f"There is no view '{view}' in {FILE}. `retail bi` lists them.")
    if as_json:
        print_json(chosen)
    else:
        rows = [(name, column, kind) for name, columns in chosen.items() for column, kind in columns.items()]
        print_table("Views for BI tools", ("view", "column", "type"), rows)
