"""`make demo`: from nothing to a star schema, in timed steps that do nothing the second time."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from loaders.contract import Contract, load_contracts
from ops import loading
from ops.errors import OpsError
from ops.generating import DEMO_SCALE, check_scale, demo_shop
from ops.postgres import embedded
from ops.postgres.remote import version_of
from ops.refresh import refresh
from ops.settings import GENERATED_SOURCE, Settings
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
    """What a run did: whether a shop was generated, anything loaded, anything built."""

    settings: Settings
    generated: bool
    loaded: bool
    built: bool
    seconds: dict[str, float]
    summary: dict[str, Rows]


def run_demo(settings: Settings, console: Console, scale: str | None, *, generates: bool = True) -> Demo:
    """Start the server, load what there is, bring prod up to date and count. Raises OpsError or LoadError.

    Where there is no shop, one is generated first, unless nothing shall be. A `scale` that is named has to be its size.
    """
    contracts = list(load_contracts().values())
    steps = Steps(console, ("Data", "Postgres", "Load", "Models", "Count"))
    with steps.step("Data"):
        generated = generates and _generate(settings, contracts, scale, console)
        present = _present(settings, contracts, console)
    with steps.step("Postgres"):
        settings = _server(settings, console)
    with steps.step("Load"):
        loaded = _load(settings, present, console)
    with steps.step("Models"):
        result = refresh(settings, console.print)
        console.print("Nothing to plan: prod is up to date." if result.did_nothing else "prod is up to date.")
    with steps.step("Count"):
        summary = summarize(settings)
    return Demo(settings, generated, loaded, not result.did_nothing, steps.seconds, summary)


def what_to_download(settings: Settings, contracts: Sequence[Contract]) -> str:
    """Return the message for somebody without data: which files, from where, to where."""
    lines = [f"There is no data in {settings.data_dir}. Download at least one of these sources:"]
    for contract in contracts:
        folder = loading.folder_of(settings, contract)
        lines += ["", f"{contract.source}: {contract.description}"]
        if contract.download:
            lines.append(f"  from  {contract.download}")
        lines.append(f"  into  {folder}/")
        lines += [f"        {table.files}" for table in contract.tables.values()]
    lines += ["", "Or name the folder that holds these folders: RETAIL_DATA_DIR=/path/to/data make demo"]
    return "\n".join(lines)


def _generate(settings: Settings, contracts: Sequence[Contract], scale: str | None, console: Console) -> bool:
    """Generate the shop where there is none. Returns whether that was done. Raises OpsError for one of another size."""
    shop = [contract for contract in contracts if contract.source == GENERATED_SOURCE]
    is_theirs = settings.data_dir_of(GENERATED_SOURCE) != settings.own_data_dir
    if not shop or is_theirs:
        return False
    if loading.with_files(settings, shop):
        if scale:
            check_scale(settings, scale)
        return False
    made = demo_shop(settings, scale or DEMO_SCALE, console)
    console.print(
        f"{GENERATED_SOURCE}: an invented shop was generated into {settings.own_data_dir / GENERATED_SOURCE} in "
        f"{made.seconds:.1f} s: {made.lines:,} lines of sales from {made.start} to {made.end}"
    )
    return True


def _present(settings: Settings, contracts: Sequence[Contract], console: Console) -> list[Contract]:
    """Return the sources with files and say where each one's are. Raises OpsError when there are none at all."""
    present = loading.with_files(settings, contracts)
    if not present:
        raise OpsError(what_to_download(settings, contracts))
    for contract in contracts:
        folder = loading.folder_of(settings, contract)
        console.print(
            f"{contract.source}: files in {folder}"
            if contract in present
            else f"{contract.source}: no files in {folder}; docs/data.md says where to get them"
        )
    return present


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
