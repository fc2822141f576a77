"""evaluate: what the learned models are worth beside their baselines, and whether the gates hold."""

from collections.abc import Iterable
from itertools import groupby

import click

from ops.cli.output import print_json, print_table, say
from ops.environments import PROD
from ops.evaluation import Evaluated, Judged, evaluated
from ops.settings import load_settings
from ops.wording import number

COLUMNS = (
    "source",
    "part",
    "metric",
    "champion",
    "value",
    "baseline",
    "challenger",
    "beats baseline",
    "gate",
)


@click.command()
@click.option(
    "--env",
    "--environment",
    "environment",
    default=PROD,
    show_default=True,
    help="The environment to look at.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the rows, the verdicts, the last runs.")
@click.option("--track", is_flag=True, help="Send it to the MLflow server that MLFLOW_TRACKING_URI names.")
@click.pass_context
def evaluate(context: click.Context, environment: str, as_json: bool, track: bool) -> None:
    """Show what the learned models are worth on data that they have not seen, and whether the gates hold.

    Exit code 1 when a gate of config.yaml does not hold.
    """
    settings = load_settings()
    found = evaluated(settings, environment)
    sent = None
    if track:
        from ops.tracking import track as send

        sent = send(settings, found)
    if as_json:
        print_json(found.as_dict())
    else:
        print_evaluated(found)
        if sent is not None:
            say(f"Sent to MLflow: {sent} runs." if sent else "MLflow had all of it already.")
    if found.failures:
        context.exit(1)


def print_evaluated(found: Evaluated) -> None:
    """Print a table per model, the runs, and what fails."""
    if not found.rows:
        say(f"No learned model has an evaluation in {found.environment}: there is nothing to judge.")
        return
    for model, judged in groupby(found.judged, key=lambda item: item.model):
        items = list(judged)
        print_table(model, COLUMNS, map(_cells, items), _notes(items))
    if found.runs:
        columns = ("model", "started", "seconds", "rows", "fingerprint")
        names = ("model", "started_at", "seconds", "row_count", "data_fingerprint")
        print_table("Last runs", columns, [[run[name] for name in names] for run in found.runs])
    for sentence in found.failures:
        say(f"Gate: {sentence}")
    if not found.failures:
        count = sum(bool(item.gates) for item in found.judged)
        say(f"Every gate holds: {count} judged." if count else "No gate is about these models.")


def _cells(item: Judged) -> list[object]:
    gates = "; ".join(f"{_passed(verdict.is_passed)}: {verdict.gate}" for verdict in item.gates)
    return [
        item.source,
        item.part,
        item.metric,
        item.champion,
        number(item.value),
        _named(item.baseline, item.baseline_value),
        _named(item.challenger, item.challenger_value),
        item.is_better_than_baseline,
        gates,
    ]


def _passed(passed: bool | None) -> str:
    return {True: "ok", False: "FAILS", None: "not judged"}[passed]


def _named(method: str, value: float | None) -> str:
    return f"{number(value)} {method}".strip()


def _notes(items: Iterable[Judged]) -> str:
    """Each note once, with what it is about."""
    about: dict[tuple[str, str], dict[str, list[str]]] = {}
    for item in items:
        if item.note:
            about.setdefault((item.source, item.note), {}).setdefault(item.part, []).append(item.metric)
    lines = []
    for (source, note), parts in about.items():
        where = "; ".join(f"{part}: {', '.join(metrics)}" for part, metrics in parts.items())
        lines.append(f"{source}: {note} ({where})")
    return "\n".join(lines)
