"""Generating: simulate, write the files, put in the faults, write the truth, say what was made."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from generator.faults import put_faults
from generator.master_files import write_customers, write_places, write_products
from generator.output import Output, prepare
from generator.scales import Options
from generator.shop import Progress, Shop, simulate
from generator.store_files import (
    write_ratings,
    write_receipts,
    write_shipments,
    write_stock,
    write_web_orders,
)
from generator.truth import write_frame, write_truth

_SIMULATED = 0.4  # of the time; the steps of writing and their share of the rest
_STEPS: tuple[tuple[Callable[[Shop, Output, Progress], None], float], ...] = (
    (write_products, 0.02),
    (write_customers, 0.03),
    (write_receipts, 0.3),
    (write_web_orders, 0.35),
    (write_shipments, 0.08),
    (write_stock, 0.15),
    (write_ratings, 0.07),
)


@dataclass(frozen=True)
class Summary:
    """What was generated: files and rows per table, and the time it took."""

    scale: str
    seed: int
    start: str
    end: str
    lines: int
    customers: int
    products: int
    web_orders: int
    ratings: int
    files: dict[str, int]
    rows: dict[str, int]
    faults: dict[str, int]
    bytes: int
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the summary for JSON."""
        return asdict(self)


def generate(
    options: Options, out: Path, *, force: bool = False, progress: Progress = lambda step, share: None
) -> Summary:
    """Generate a shop into a folder. `progress` hears what is being done and how much of all is done.

    Raises GeneratorError for a folder that must not be written.
    """
    began = time.monotonic()
    prepare(out, force=force)
    shop = simulate(options, lambda step, share: progress(step, share * _SIMULATED))
    with Output(out) as output:
        done = _SIMULATED
        for step, weight in _STEPS:
            span = weight * (1 - _SIMULATED)
            step(shop, output, lambda name, share, at=done, of=span: progress(name, at + share * of))  # type: ignore[misc]
            done += span
        write_places(shop, output)
        write_truth(shop, output)
        planted = put_faults(shop, output)
        _write_manifest(output)
    progress("done", 1.0)
    return _summary(shop, output, planted, time.monotonic() - began)


def _write_manifest(output: Output) -> None:
    """Write truth/files.csv: the files of the store and how many rows a reader finds in each."""
    files = [(file.path, file.table, file.rows) for file in output.files if file.table != "truth"]
    write_frame(output, "files", pd.DataFrame(files, columns=["file", "table", "rows"]))


def _summary(shop: Shop, output: Output, planted: pd.DataFrame, seconds: float) -> Summary:
    files: dict[str, int] = {}
    rows: dict[str, int] = {}
    size = 0
    for file in output.files:
        size += (output.folder / file.path).stat().st_size
        if file.table != "truth":
            files[file.table] = files.get(file.table, 0) + 1
            rows[file.table] = rows.get(file.table, 0) + file.rows
    options = shop.options
    return Summary(
        scale=options.scale.name,
        seed=options.seed,
        start=str(options.start),
        end=str(options.end),
        lines=shop.lines,
        customers=len(shop.people),
        products=len(shop.products),
        web_orders=len(shop.web),
        ratings=len(shop.ratings),
        files=files,
        rows=rows,
        faults={str(kind): int(count) for kind, count in planted["kind"].value_counts(sort=False).items()},
        bytes=size,
        seconds=round(seconds, 2),
    )
