"""`make demo`: from nothing to a star schema, in timed steps that do nothing the second time."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from loaders.contract import Contract, load_contracts
from ops import loading
from ops.errors import OpsError
from ops.postgres import embedded
from ops.postgres.remote import version_of
from ops.refresh import refresh
from ops.settings import Settings
from ops.summary import Rows, summarize


@dataclass
class Steps:
    """The steps of a run with the seconds that each took, announced as they begin."""

    console: Console
    names: Sequence[str]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        number = list(self.names).index(name) + 1
        self.console.print(f"\n[bold]{number}/{len(self.names)} {name}[/bold]")
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)


@dataclass(frozen=True)
class Demo:
    """What a run did: `changed` says whether anything was loaded or built."""

    settings: Settings
    loaded: bool
    built: bool
    seconds: dict[str, float]
    summary: dict[str, Rows]


def run_demo(settings: Settings, console: Console) -> Demo:
    """Start the server, load what there is, bring prod up to date and count. Raises OpsError or LoadError."""
    contracts = list(load_contracts().values())
    present = loading.with_files(contracts, settings.data_dir)
    if not present:
        raise OpsError(what_to_download(settings, contracts))
    steps = Steps(console, ("Postgres", "Load", "Models", "Count"))
    with steps.step("Postgres"):
        settings = _server(settings, console)
    with steps.step("Load"):
        loaded = _load(settings, present, console)
        for contract in contracts:
            if contract not in present:
                console.print(f"{contract.source}: no files in {settings.data_dir / contract.source}")
    with steps.step("Models"):
        result = refresh(settings, console.print)
        console.print("Nothing to plan: prod is up to date." if result.did_nothing else "prod is up to date.")
    with steps.step("Count"):
        summary = summarize(settings)
    return Demo(settings, loaded, not result.did_nothing, steps.seconds, summary)


def what_to_download(settings: Settings, contracts: Sequence[Contract]) -> str:
    """Return the message for somebody without data: which files, from where, to where."""
    lines = [f"There is no data in {settings.data_dir}. Download at least one of these sources:"]
    for contract in contracts:
        folder = settings.data_dir / contract.source
        lines += ["", f"{contract.source}: {contract.description}"]
        if contract.download:
            lines.append(f"  from  {contract.download}")
        lines.append(f"  into  {folder}/")
        lines += [f"        {table.files}" for table in contract.tables.values()]
    lines += ["", "Or name the folder that holds these folders: RETAIL_DATA_DIR=/path/to/data make demo"]
    return "\n".join(lines)


def _server(settings: Settings, console: Console) -> Settings:
    if settings.server == "other":
        console.print(f"{settings.url(password=False)} (PostgreSQL {version_of(settings)})")
        return settings
    result = embedded.start(settings)
    for line in embedded.describe(result):
        console.print(line)
    return result.settings


def _load(settings: Settings, contracts: Sequence[Contract], console: Console) -> bool:
    results = []
    for contract in contracts:
        loaded = loading.load(settings, contract, (), console)
        for line in loading.report(loaded):
            console.print(line, markup=False)
        results += loaded
    loading.raise_if_failed(results)
    changed = any(result.status == "loaded" for result in results)
    if not changed:
        console.print("Nothing to load: every file is in Postgres already.")
    return changed
