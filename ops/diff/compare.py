"""What changes when an environment is promoted over another. Only what differs is read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from ops.diff.backfill import backfills, uncomputed
from ops.diff.dependents import risks
from ops.diff.evaluations import metric_changes
from ops.diff.kpis import kpi_changes
from ops.diff.models import model_changes
from ops.diff.relations import read_relations
from ops.diff.rows import row_changes
from ops.diff.schema import column_changes, contract_changes
from ops.diff.state import opened
from ops.diff.types import EnvironmentDiff
from ops.settings import Settings

Say = Callable[[str], None]
PROD = "prod"
SAMPLES = 5


def compare_environment(
    settings: Settings,
    environment: str,
    against: str = PROD,
    *,
    samples: int = SAMPLES,
    say: Say = lambda _line: None,
) -> EnvironmentDiff:
    """Compare an environment with another, and tell by `say` what is being compared.

    `samples` is how many rows of each sort are shown of a model. Raises OpsError where one of the environments is not
    there, not finished or expired, and without a server.
    """
    watch = _Watch()
    with watch("state"):
        state = opened(settings, environment, against)
    with closing(state), closing(settings.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True  # a transaction would hold views that a promotion swaps meanwhile
        pair = state.pair
        with watch("catalog"):
            relations = read_relations(cursor, pair)
            same = relations.of_same_table(pair.modified)
            names = pair.names
            columns, contract = column_changes(relations, names), contract_changes(relations)
            at_risk = risks(cursor, relations, names)
        with watch("backfill"):
            missing = backfills(cursor, pair, relations, state.computed_until)
            empty = uncomputed(pair, missing)
        with watch("rows"):
            rows = row_changes(cursor, pair, relations, same, missing, empty, samples, say)
        with watch("kpis"):
            kpis, without = kpi_changes(cursor, settings.root, relations, empty, say)
        with watch("models"):
            metrics = metric_changes(settings, pair, relations, empty)
        return EnvironmentDiff(
            pair.after.name,
            pair.before.name,
            pair.after.environment.plan_id,
            pair.before.environment.plan_id,
            models=model_changes(pair, same),
            backfills=missing,
            columns=columns,
            rows=rows.changes,
            same_rows=rows.same,
            kpis=tuple(kpis),
            metrics=metrics,
            contract=contract,
            risks=at_risk,
            skipped=(*rows.skipped, *without),
            seconds=watch.seconds,
        )


class _Watch:
    """Measures how long each part takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.seconds[part] = round(time.monotonic() - start, 2)
