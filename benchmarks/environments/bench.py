"""One shop with a prod by SQLMesh and one by dbt, side by side in one database, on the same raw tables."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlmesh import Context
from sqlmesh.core.loader import SqlMeshLoader

from benchmarks.environments.changes import Change
from benchmarks.environments.comparing import Difference, differences
from benchmarks.environments.dbt import Dbt, install
from benchmarks.environments.dbt_project import Translation, Translator, left_out
from benchmarks.environments.measuring import Step, measure
from benchmarks.warehouse import Warehouse, run, seconds_by_model
from loaders.contract import load_contracts
from ops.restatement import Restatement
from ops.settings import GENERATED_SOURCE
from ops.sqlmesh import readers

# `sqlmesh`, but that the copy's own ml/ comes first, as it does not for a script.
SQLMESH = (sys.executable, "-c", "from sqlmesh.cli.main import cli; cli(prog_name='sqlmesh')")
SMALL_SHOPS_LEARN_LITTLE = {"RETAIL_GATES": "warn"}
CACHES = ("model_definition", "optimized_query")
PLAN = ("--auto-apply", "--no-prompts", "--skip-tests", "--no-diff")
TASKS = re.compile(r"concurrent_tasks: 4\b")
PASSED = re.compile(r"audits\s+passed\s+(\d+)")


class WithoutTests(SqlMeshLoader):
    """The unit tests are no part of what is compared: SQLMesh skips them, and dbt has none."""

    def load_model_tests(self) -> list[Any]:
        return []


class Bench:
    """The warehouse, the SQLMesh project without what dbt cannot have, and the dbt project made of it."""

    def __init__(
        self, data: Path, days: Sequence[str], threads: int, caches: Path, say: Callable[[str], None]
    ) -> None:
        self.days, self.say = days, say
        self.steps: list[Step] = []
        self.printed = ""  # by the last step
        self.warehouse = Warehouse(marts="ml")
        try:
            self._set_up(data, threads, caches)
        except BaseException:
            self.warehouse.close()
            raise

    def _set_up(self, data: Path, threads: int, caches: Path) -> None:
        config = self.warehouse.root / "config.yaml"
        config.write_text(TASKS.sub(f"concurrent_tasks: {threads}", config.read_text("utf-8")), "utf-8")
        for name in CACHES:  # of what SQLMesh has parsed, which the two warehouses of a run share
            (caches / name).mkdir(exist_ok=True)
            (self.warehouse.root / ".cache").mkdir(exist_ok=True)
            (self.warehouse.root / ".cache" / name).symlink_to(caches / name)
        self.warehouse.link(data, self.days, up_to=self.days[-1])
        self.warehouse.retail("load", GENERATED_SOURCE)
        self.context = Context(paths=[str(self.warehouse.root)], loader=WithoutTests)
        self.left_out = left_out(self.context.models)
        self._learned = self._hide(self.left_out)
        self.dbt = Dbt(self.warehouse, install(), threads)
        self._translator = Translator(self.dbt.folder)

    def close(self) -> None:
        """Delete all of it."""
        self.context.close()
        self.warehouse.close()

    def _hide(self, names: Sequence[str] | dict[str, str]) -> dict[Path, str]:
        files = [Path(str(self.context.get_model(name, raise_if_missing=True)._path)) for name in names]
        texts = {file: file.read_text("utf-8") for file in files}
        for file in files:
            file.unlink()
        self.context.load()
        return texts

    def bring_back_learned(self) -> None:
        """Put the models back that dbt cannot have."""
        for file, text in self._learned.items():
            file.write_text(text, "utf-8")

    def apply(self, change: Change) -> None:
        """Make a change in the SQLMesh project."""
        for edit in change.edits:
            edit.apply(self.warehouse.root)

    def translate(self) -> Translation:
        """Make the dbt project of the models as they are now."""
        self.context.load()
        return self._translator.translate(self.context)

    def compare(self) -> tuple[int, list[Difference]]:
        """Return how many models were compared, and those that the two prods do not hold alike."""
        columns = {
            (model.schema_name, model.view_name): list(model.columns_to_types_or_raise)
            for model in self.context.models.values()
            if not model.kind.is_external and not model.kind.is_embedded
        }
        return len(columns), differences(self.warehouse, columns)

    def sqlmesh(self, change: str, where: str, *arguments: str) -> Step:
        """Run a command of SQLMesh, measured."""

        def count(printed: str) -> tuple[int, int]:
            return len(seconds_by_model(printed)), sum(map(int, PASSED.findall(printed)))

        def work() -> str:
            environment = {**self.warehouse.environment(), **SMALL_SHOPS_LEARN_LITTLE}
            return run([*SQLMESH, *arguments], self.warehouse.root, environment)

        return self._measured(change, where, "SQLMesh", work, count)

    def plan(self, change: str, environment: str, *options: str) -> Step:
        """Plan an environment and apply that, measured."""
        where = "prod" if environment == "prod" else "dev"
        return self.sqlmesh(change, where, "plan", environment, *PLAN, *options)

    def restate_last_day(self) -> Step:
        """Compute the last day again, from the dated raw tables on, as `retail refresh` does after a late file."""
        tables = load_contracts()[GENERATED_SOURCE].tables
        reads = readers({model.name: model.depends_on or set() for model in self.context.models.values()})
        models = {
            model
            for (source, table), found in reads.items()
            if source == GENERATED_SOURCE and tables[table].event_time
            for model in found
        }
        day = date.fromisoformat(self.days[-1])
        return self.sqlmesh("day", "prod", *Restatement(tuple(sorted(models)), day, day).arguments(day))

    def build(
        self,
        change: str,
        target: str,
        *options: str,
        days: tuple[str, str] | None = None,
        changed: str | None = None,
    ) -> Step:
        """Let dbt build, measured."""
        return self._dbt(change, target, lambda: self.dbt.build(target, *options, days=days, changed=changed))

    def clone(self, change: str) -> Step:
        """Let dbt make views of prod's tables in `dev`, which on Postgres is how it clones; measured."""
        return self._dbt(f"{change} by clone", "dev", lambda: self.dbt.run("clone", "dev"))

    def _dbt(self, change: str, target: str, work: Callable[[], str]) -> Step:
        def count(_: str) -> tuple[int, int]:
            results = self.dbt.results(target)
            return len(results.seconds), len(results.test_seconds)

        return self._measured(change, target, "dbt", work, count)

    def _measured(
        self,
        change: str,
        where: str,
        tool: str,
        work: Callable[[], str],
        count: Callable[[str], tuple[int, int]],
    ) -> Step:
        step, self.printed = measure(self.warehouse, change, where, tool, work, count)
        self.say(
            f"{change}, {where}, {tool}: {step.models} models, {step.rows:,} rows, {step.cost.seconds:.1f} s "
            f"(SQL {step.cost.sql_seconds:.1f}, processors {step.cost.processor_seconds:.1f})"
        )
        self.steps.append(step)
        return step
