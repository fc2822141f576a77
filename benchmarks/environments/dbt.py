"""dbt, in an environment of its own, at work on a project that was translated for it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.warehouse import Warehouse, run
from ops.settings import project_root

LOCK = Path(__file__).with_name("requirements.lock")
BUILT = ("model", "seed")


@dataclass(frozen=True)
class Results:
    """What a run of dbt built: models and seeds, and its tests, each with their seconds."""

    seconds: Mapping[str, float]
    test_seconds: Mapping[str, float]
    seed_seconds: Mapping[str, float]


def install() -> Path:
    """Make the environment of the lock file, unless it is there, and return its `dbt`."""
    version = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = project_root() / ".cache" / f"dbt-{version}"
    program = folder / "bin" / "dbt"
    if not program.exists():
        print(f"Installing dbt into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", "--require-hashes", "-r", str(LOCK)], check=True)
    return program


class Dbt:
    """A dbt project beside the SQLMesh project of a warehouse, on the same raw tables."""

    def __init__(self, warehouse: Warehouse, program: Path, threads: int) -> None:
        self.warehouse, self.program, self.threads = warehouse, program, threads
        self.folder = warehouse.root / "dbt"
        self._deployed = self.folder / "deployed"  # what prod was built from, which changes are told by

    def build(
        self, target: str, *options: str, days: tuple[str, str] | None = None, changed: str | None = None
    ) -> str:
        """Run `dbt build`: for some days; of what has changed since prod was built, where `changed` selects that."""
        chosen = [*options]
        if days:
            chosen += ["--vars", json.dumps({"start": days[0], "end": days[1]})]
        if changed:
            chosen += ["--select", changed]
        if changed and target == "dev":
            chosen += ["--defer"]  # what has not changed is read from prod
        return self.run("build", target, *chosen)

    def run(self, command: str, target: str, *options: str) -> str:
        settings, environment = self.warehouse.settings, self.warehouse.environment()
        environment.pop("PYTHONPATH")  # dbt has nothing to find in the project
        self._results(target).unlink(missing_ok=True)
        state = ["--state", str(self._deployed)] if self._deployed.exists() else []
        return run(
            [
                *(str(self.program), command, "--target", target, "--threads", str(self.threads)),
                *("--target-path", f"target_{target}", *state, *options),
            ],
            self.folder,
            {
                **environment,
                "PGHOST": settings.host,
                "PGPORT": str(settings.port),
                "PGUSER": settings.transformer.user,
                "PGPASSWORD": settings.transformer.password,
                "PGDATABASE": settings.database,
            },
        )

    def was_deployed(self) -> None:
        """Remember that prod was built from the project as it is."""
        self._deployed.mkdir(exist_ok=True)
        shutil.copy2(self.folder / "target_prod" / "manifest.json", self._deployed)

    def results(self, target: str) -> Results:
        """Return what the last run for a target did; where there was nothing to do, dbt writes nothing."""
        file = self._results(target)
        results: Sequence[Mapping[str, Any]] = (
            json.loads(file.read_text("utf-8"))["results"] if file.exists() else []
        )

        def seconds_of(*kinds: str) -> dict[str, float]:
            return {
                item["unique_id"]: float(item["execution_time"])
                for item in results
                if item["unique_id"].split(".")[0] in kinds
            }

        return Results(seconds_of(*BUILT), seconds_of("test"), seconds_of("seed"))

    def _results(self, target: str) -> Path:
        return self.folder / f"target_{target}" / "run_results.json"

    def drop(self, target: str) -> None:
        """Drop all that was built for a target."""
        for (schema,) in self.warehouse.rows(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", f"dbt\\_{target}\\_%"
        ):
            self.warehouse.do(f'DROP SCHEMA "{schema}" CASCADE')
