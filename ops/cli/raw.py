"""load, loads, profile, contracts: the raw layer."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from ops.cli.output import console, dates, print_json, print_table, say
from ops.errors import OpsError
from ops.settings import load_settings, project_root


@click.command()
@click.argument("source", required=False)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Load every source that has files.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def load(source: str | None, paths: tuple[Path, ...], every: bool, as_json: bool) -> None:
    """Load raw files of SOURCE: those in its folder of RETAIL_DATA_DIR, or the files and folders PATHS.

    What is loaded already is left alone. A file that comes again with other content replaces its own rows.
    """
    from ops import loading

    if every == (source is not None):
        raise click.UsageError("Name a source, or say --all.")
    settings = load_settings()
    contracts = loading.contracts_for([source] if source else [], every=every)
    if every:
        contracts = loading.with_files(settings, contracts)
        if not contracts:
            raise OpsError(f"There are no files of any source in {settings.data_dir}.")
    progress = Console(stderr=True, highlight=False)
    results = []
    for contract in contracts:
        loaded = loading.load(settings, contract, paths, progress)
        results += loaded
        if not as_json:
            for line in loading.report(loaded):
                say(line)
    if as_json:
        print_json([asdict(result) for result in results])
    loading.raise_if_failed(results)


@click.command()
@click.option("--source", help="Only loads of this source.")
@click.option("--table", help="Only loads into this table.")
@click.option(
    "--status", type=click.Choice(["running", "loaded", "failed", "interrupted"]), help="Only these."
)
@click.option(
    "--limit", type=click.IntRange(1), default=40, show_default=True, help="How many, newest first."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every column of the ledger.")
def loads(source: str | None, table: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """Show the ledger of loads, newest first."""
    from loaders import ledger

    connection = load_settings().connect_loader()
    try:
        entries = ledger.loads(connection, source, table, None if status else limit)
    finally:
        connection.close()
    entries = [entry for entry in entries if status in (None, entry["status"])][:limit]
    if as_json:
        print_json(entries)
        return
    columns = ("load", "source", "table", "file", "read", "loaded", "rejected", "days", "status", "finished")
    rows = [
        (
            str(entry["load_id"]),
            entry["source"],
            entry["table_name"],
            entry["file"],
            entry["rows_read"],
            entry["rows_loaded"],
            entry["rows_rejected"],
            dates(entry["event_dates"]),
            "replaced" if entry["replaced_by"] else entry["status"],
            entry["finished_at"],
        )
        for entry in entries
    ]
    print_table("Loads, newest first", columns, rows)
    for entry in entries:
        if entry["error"]:
            say(f"{entry['load_id']} {entry['file']}: {entry['error']}")


@click.command()
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def profile(source: str, as_json: bool) -> None:
    """Describe the raw columns of SOURCE: nulls, distinct values, range, type, keys and references."""
    from loaders.profile import as_dicts, profile_source, render
    from ops.loading import contracts_for

    (contract,) = contracts_for([source])
    connection = load_settings().connect_loader()
    try:
        profiles = profile_source(connection, contract)
    finally:
        connection.close()
    if as_json:
        print_json(as_dicts(profiles))
    else:
        console.print(render(profiles))


@click.command()
@click.option("--write", is_flag=True, help="Write external_models/ from the contracts and the ledger.")
@click.option("--check", is_flag=True, help="Fail when those files are not what the contracts say.")
def contracts(write: bool, check: bool) -> None:
    """Check every contract; list the tables, or bring SQLMesh's knowledge of them up to date."""
    from loaders.contract import load_contracts
    from loaders.external import outdated, write_external_models

    folder = project_root() / "external_models"
    known = load_contracts()
    stale = (write_external_models if write else outdated)(known, folder)
    if write:
        say(f"Written: {_names(stale)}" if stale else "Everything was up to date.")
    elif check:
        if stale:
            raise OpsError(
                f"Out of date in external_models: {_names(stale)}. Run `retail contracts --write`."
            )
        say(f"{len(known)} contracts are in order and external_models is up to date.")
    else:
        rows = [
            (source, name, table.files, table.apply, len(table.columns), ", ".join(table.key))
            for source, contract in known.items()
            for name, table in contract.tables.items()
        ]
        print_table("Raw tables by contract", ("source", "table", "files", "apply", "columns", "key"), rows)


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)
