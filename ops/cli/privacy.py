"""forget: erase a person."""

import sys

import click

from ops.cli.output import dates, print_json, print_table, say
from ops.settings import load_settings


@click.command()
@click.argument("source")
@click.argument("customer_id")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what happens meanwhile goes to stderr.")
def forget(source: str, customer_id: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Erase the customer CUSTOMER_ID of SOURCE from the raw data and from all that was derived from it.

    Amounts stay, and so does each sum. The files that were loaded are not touched: delete or clean them
    yourself. A file that brings the person again is erased while it is loaded.
    """
    from ops import forget as subject
    from ops.loading import contracts_for
    from ops.sqlmesh import SqlMesh

    def tell(line: str) -> None:
        click.echo(line, err=as_json)

    settings = load_settings()
    (contract,) = contracts_for([source])
    sqlmesh = SqlMesh(settings, sys.stderr if as_json else None)
    if not (dry_run or yes):
        click.confirm(
            f"Erase this customer of {source} for ever? Environments with tables of their own, and versions that "
            "no environment uses, are dropped too; --dry-run tells which.",
            abort=True,
            err=True,
        )
    found = subject.forget(settings, contract, customer_id, tell, dry_run=dry_run, sqlmesh=sqlmesh)
    if as_json:
        print_json({**found.as_dict(), "dry_run": dry_run})
        return
    if found.finished_before:
        say(f"This customer was erased before, on {found.finished_before:%Y-%m-%d}. Nothing to do.")
        return
    title = "Rows that would be erased from" if dry_run else "Rows erased from"
    print_table(title, ("table", "rows"), list(found.rows.items()))
    say(f"Days: {dates(found.dates) or 'none'}")
    if dry_run:
        for restatement in found.restatements:
            say(f"Would compute again {restatement}")
        if found.environments:
            say(f"Would take down: {', '.join(found.environments)}")
    else:
        say("Nothing in the database names this customer any more. The files and backups are yours to clean.")
