"""Generating a shop's files with a progress bar, and the one of the demo into the project's own folder."""

import json
import shutil
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from generator.build import Summary
from generator.build import generate as build
from generator.errors import GeneratorError
from generator.output import MARKER
from generator.scales import Options, options
from ops.errors import OpsError
from ops.settings import GENERATED_SOURCE, Settings

DEMO_SCALE, DEMO_SEED = "small", 1
_UNFINISHED = ".unfinished"
_BESIDE = "truth"  # what was planted in the files


def generate(wanted: Options, out: Path, console: Console, *, force: bool = False) -> Summary:
    """Generate a shop into a folder, showing progress. Raises OpsError for a folder that must not be written."""
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=1.0)
            return build(
                wanted,
                out,
                force=force,
                progress=lambda step, share: bar.update(task, completed=share, description=step),
            )
    except GeneratorError as error:
        raise OpsError(str(error)) from error


def demo_shop(settings: Settings, scale: str, console: Console) -> Summary:
    """Generate the demo's shop into the project's own `data`, beside whatever lies there.

    It is made in a folder aside and moved when it is whole, its files last: an interrupted run leaves no half of a
    shop behind. Raises OpsError where the folder cannot be written or holds what is not ours.
    """
    own = settings.own_data_dir
    unfinished = own / _UNFINISHED
    try:
        own.mkdir(parents=True, exist_ok=True)
        if (own / _BESIDE).exists() and not (own / MARKER).exists():
            raise OpsError(
                f"{own / _BESIDE} was not generated; move it away, or run `retail demo --no-generate`."
            )
        shutil.rmtree(unfinished, ignore_errors=True)
        made = generate(options(scale, DEMO_SEED), unfinished, console)
        (unfinished / MARKER).replace(own / MARKER)
        shutil.rmtree(own / _BESIDE, ignore_errors=True)
        (unfinished / _BESIDE).rename(own / _BESIDE)
        (unfinished / GENERATED_SOURCE).rename(own / GENERATED_SOURCE)
        unfinished.rmdir()
    except OSError as error:
        raise OpsError(f"{own}: cannot be written ({error.strerror or error})") from error
    return made


def check_scale(settings: Settings, scale: str) -> None:
    """Raise OpsError where the demo's shop is there in another size, since it is not made a second time."""
    own = settings.own_data_dir
    try:
        there = json.loads((own / _BESIDE / "parameters.json").read_text("utf-8"))["scale"]["name"]
    except (OSError, ValueError, LookupError, TypeError):
        return  # a shop of somebody's own
    if there != scale:
        raise OpsError(
            f"The shop in {own / GENERATED_SOURCE} is of the scale {there}, not {scale}, and is not made anew. Leave "
            f"--scale out to go on with it. For another shop delete {own / GENERATED_SOURCE}, and begin with an empty "
            "server (RETAIL_POSTGRES_DIR), since what was loaded stays."
        )
