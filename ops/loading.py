"""Loading with a progress bar, and telling what came of it."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from loaders.contract import Contract, load_contracts
from loaders.errors import LoadError
from loaders.files import find_files, match_files, without_superseded
from loaders.load import LoadResult, load_source
from loaders.schema import ensure_tables
from ops import log
from ops.errors import OpsError
from ops.settings import Settings

FEW = 12  # files that are listed one by one


class FilesProgress:
    """A bar over the bytes of several files, fed by the loader with each file's progress."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._file = ""
        self._size = 0
        self._before = 0

    def __call__(self, file: str, read: int, size: int, rows: int) -> None:
        if file != self._file:
            self._before += self._size
            self._file, self._size = file, size
        self._progress.update(self._task, completed=self._before + read, detail=f"{file} · {rows:,} rows")


def contracts_for(names: Sequence[str], *, every: bool = False) -> list[Contract]:
    """Return the contracts of the named sources. Raises OpsError for a name that no contract has."""
    known = load_contracts()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OpsError(f"There is no source {unknown[0]!r}; contracts describe {', '.join(sorted(known))}.")
    return list(known.values()) if every else [known[name] for name in names]


def with_files(settings: Settings, contracts: Sequence[Contract]) -> list[Contract]:
    """Return the contracts for which there are files."""
    return [contract for contract in contracts if find_files(contract, folder_of(settings, contract))]


def folder_of(settings: Settings, contract: Contract) -> Path:
    """Return the folder of a source's files."""
    return settings.data_dir_of(contract.source) / contract.source


def load(settings: Settings, contract: Contract, paths: Sequence[Path], console: Console) -> list[LoadResult]:
    """Load a source's files, showing progress. Raises LoadError when nothing can be loaded at all."""
    folder = folder_of(settings, contract)
    files = match_files(contract, paths) if paths else find_files(contract, folder)
    files = without_superseded(contract, files, lambda _: None)  # load_source says which are left out
    total = sum(file.path.stat().st_size for file in files if file.path.is_file())
    origin = "" if paths else f" in {folder}"
    console.print(f"{contract.source}: {count_files(len(files))}, {total / 1e6:,.1f} MB{origin}")
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn(), TextColumn("{task.fields[detail]}"))
    _make_all_tables(settings)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(contract.source, total=total or None, detail="")
        began = time.monotonic()
        results = load_source(
            settings.connect_loader,
            contract,
            list(paths) or None,
            settings.data_dir_of(contract.source),
            FilesProgress(progress, task),
            progress.console.print,
        )
        _log(contract.source, results, time.monotonic() - began)
        return results


def _log(source: str, results: Sequence[LoadResult], seconds: float) -> None:
    """Log a source's load, and each file that failed."""
    for result in results:
        if result.status == "failed":
            log.event("file", "error", source=source, file=result.file, message=result.message)
    count = Counter(result.status for result in results)
    log.event(
        "load",
        source=source,
        files=len(results),
        files_loaded=count["loaded"],
        files_failed=count["failed"],
        rows_loaded=sum(result.rows_loaded for result in results),
        rows_rejected=sum(result.rows_rejected for result in results),
        seconds=round(seconds, 2),
    )


def _make_all_tables(settings: Settings) -> None:
    """Make the tables of every source: models read those of sources without files, too."""
    connection = settings.connect_loader()
    try:
        ensure_tables(connection, load_contracts())
    finally:
        connection.close()


def report(results: Sequence[LoadResult]) -> list[str]:
    """Say what became of the files: each one if few were loaded, else the sum and what is remarkable."""
    if not results:
        return []
    done = [result for result in results if result.status != "unchanged"]
    remarkable = [r for r in done if r.status == "failed" or r.rows_rejected or r.extra_columns]
    shown = done if len(done) <= FEW else remarkable
    lines = [f"  {result.file}: {result.message}" for result in shown]
    count = Counter(result.status for result in results)
    rows = sum(result.rows_loaded for result in results)
    rejected = sum(result.rows_rejected for result in results)
    parts = [
        f"{count_files(count['loaded'])} loaded with {rows:,} rows"
        if count["loaded"]
        else "nothing new to load",
        f"{rejected:,} rows rejected" if rejected else "",
        f"{count_files(count['unchanged'])} loaded before" if count["unchanged"] else "",
        f"{count_files(count['failed'])} failed" if count["failed"] else "",
    ]
    return [*lines, f"{results[0].source}: {', '.join(part for part in parts if part)}"]


def count_files(number: int) -> str:
    """Return '1 file' or '1,234 files'."""
    return f"{number:,} file{'' if number == 1 else 's'}"


def raise_if_failed(results: Sequence[LoadResult]) -> None:
    """Raise LoadError when a file could not be loaded."""
    failed = [result for result in results if result.status == "failed"]
    if failed:
        names = ", ".join(result.file for result in failed[:FEW])
        more = f" and {len(failed) - FEW} more" if len(failed) > FEW else ""
        raise LoadError(
            f"{len(failed)} of {count_files(len(results))} could not be loaded (see above): {names}{more}. "
            "What they would have replaced is as it was."
        )
