"""How much the quality models add to a full build: their share, measured in one run on one server.

    .venv/bin/python -m benchmarks.quality [--data DIR] [--repeat 3] [--json]

The data (default: RETAIL_DATA_DIR) is loaded into a server of the benchmark's own, and `sqlmesh plan prod` builds
everything from nothing, one model at a time. The time of a model is what SQLMesh itself reports for it: its query,
its audits, its statistics. The share is the time of the models in `quality` by that of all others, so that 0.15
means that a build with them takes 15 % longer than one without. The best of the repetitions counts for each model,
since other work on the machine only ever makes one slower.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ops import dotenv
from ops.check import clean_environment
from ops.postgres.throwaway import ThrowawayServer
from ops.project_copy import copy_parts
from ops.settings import load_settings, project_root
from ops.sqlmesh_process import COMMAND

TARGET = 0.15
# `[1/1] core.dim_date [full refresh (8 k rows), audits passed 2] 0.51s`, whose line may be folded anywhere.
TIMED = re.compile(r"\[1/1\]\s+(\S+)\s+\[[^\]]*\]\s+([0-9.]+)s")
SERIAL = re.compile(r"concurrent_tasks: \d+")


def build(data: Path) -> dict[str, float]:
    """Load the data into a fresh server and build prod; return each model's seconds."""
    server = ThrowawayServer()
    root = Path(tempfile.mkdtemp(prefix="retailmesh-benchmark-"))
    try:
        settings = server.new_database(root)
        dotenv.update(settings.env_file, {**settings.variables(), "RETAIL_DATA_DIR": str(data)})
        copy_parts(root)
        config = root / "config.yaml"
        config.write_text(SERIAL.sub("concurrent_tasks: 1", config.read_text("utf-8")), "utf-8")
        _run(root, [sys.executable, "-m", "ops.cli.main", "load", "--all"])
        printed = _run(
            root, [*COMMAND, "plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests", "--no-diff"]
        )
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)
    seconds = {name: float(took) for name, took in TIMED.findall(printed)}
    if not any(name.startswith("quality.") for name in seconds):
        raise SystemExit(f"SQLMesh reported no time of a quality model:\n{printed}")
    return seconds


def best(builds: list[dict[str, float]]) -> dict[str, float]:
    """Return the shortest time of each model."""
    return {name: min(build[name] for build in builds) for name in builds[0]}


def share(seconds: Mapping[str, float]) -> float:
    """Return the time of the quality models by the time of all others."""
    quality = sum(took for name, took in seconds.items() if _layer(name) == "quality")
    return quality / (sum(seconds.values()) - quality)


def table(seconds: Mapping[str, float]) -> str:
    """Return seconds per layer, and per quality model, as a Markdown table."""
    layers: dict[str, float] = {}
    for name, took in seconds.items():
        layers[_layer(name)] = layers.get(_layer(name), 0) + took
    quality = {name: took for name, took in seconds.items() if _layer(name) == "quality"}
    rows = [*layers.items(), *sorted(quality.items(), key=lambda item: -item[1])]
    lines = [
        "| layer or model | seconds |",
        "|---|--:|",
        *(f"| {name} | {took:.2f} |" for name, took in rows),
    ]
    verdict = "within" if share(seconds) < TARGET else "above"
    return "\n".join(
        [
            *lines,
            "",
            f"Quality adds {share(seconds):.1%} to a full build, {verdict} the {TARGET:.0%} aimed at.",
        ]
    )


def _layer(model: str) -> str:
    return model.split(".")[0]


def _run(root: Path, command: list[str]) -> str:
    environment = {
        **{name: value for name, value in clean_environment().items() if not name.startswith("RETAIL_")},
        "RETAIL_PROJECT_DIR": str(root),
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
        "COLUMNS": "200",
        "PYTHONPATH": str(project_root()),
    }
    done = subprocess.run(
        command,
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Run from the command line; exit 1 above the target."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--data", type=Path, help="folder with one folder per source")
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    data = (given.data or load_settings().data_dir).resolve()
    builds = []
    for number in range(given.repeat):
        builds.append(build(data))
        sys.stderr.write(f"build {number + 1}: quality adds {share(builds[-1]):.1%}\n")
    seconds = best(builds)
    if given.json:
        sys.stdout.write(
            json.dumps({"share": share(seconds), "target": TARGET, "seconds": seconds}, indent=2) + "\n"
        )
    else:
        sys.stdout.write(table(seconds) + "\n")
    sys.exit(0 if share(seconds) < TARGET else 1)


if __name__ == "__main__":
    main()
