"""How long generating takes and how much memory it needs: `python benchmarks/generate.py [SCALE ...]`.

Each scale runs in a process of its own, into a folder that is deleted afterwards. Prints one line per scale,
and with --json a list of objects; ends with 1 when a scale misses its limit.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
LIMITS = {"tiny": (10, 1.0), "small": (20, 1.0), "medium": (60, 2.0), "large": (180, 4.0)}  # seconds, GB


def measure(scale: str, faults: float) -> dict[str, object]:
    """Generate one scale; return what was made, seconds of the whole process and its largest memory."""
    with tempfile.TemporaryDirectory(prefix="retailmesh-benchmark-") as folder:
        command = [sys.executable, "-m", "ops.cli.main", "generate", "--scale", scale, "--json"]
        said = Path(folder) / "said.json"
        began = time.monotonic()
        with said.open("w") as output:
            process = subprocess.Popen(
                [*command, "--faults", str(faults), "--out", f"{folder}/shop"], cwd=ROOT, stdout=output
            )
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        if process.returncode:
            raise click.ClickException(f"retail generate --scale {scale} ended with {process.returncode}.")
        made = json.loads(said.read_text("utf-8"))
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    wanted_seconds, wanted_memory = LIMITS[scale]
    memory = used.ru_maxrss * unit / 1e9
    return {
        "scale": scale,
        "lines": made["lines"],
        "megabytes": round(made["bytes"] / 1e6, 1),
        "seconds": round(seconds, 1),
        "memory_gb": round(memory, 2),
        "is_within_limits": seconds <= wanted_seconds and memory <= wanted_memory,
    }


@click.command()
@click.argument("scales", nargs=-1, type=click.Choice(list(LIMITS)))
@click.option("--faults", type=float, default=0.0, help="Share of rows to spoil.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(scales: tuple[str, ...], faults: float, as_json: bool) -> None:
    """Measure SCALES, or all of them."""
    results = []
    for scale in scales or tuple(LIMITS):
        result = measure(scale, faults)
        results.append(result)
        if not as_json:
            verdict = "ok" if result["is_within_limits"] else f"over {LIMITS[scale]} (seconds, GB)"
            click.echo(
                f"{scale:<7}{result['lines']:>10,} lines {result['megabytes']:>8,} MB "
                f"{result['seconds']:>6} s {result['memory_gb']:>5} GB  {verdict}"
            )
    if as_json:
        click.echo(json.dumps(results, indent=2))
    sys.exit(0 if all(result["is_within_limits"] for result in results) else 1)


if __name__ == "__main__":
    main()
