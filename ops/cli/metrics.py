"""metrics: what each measure means, in one place."""

from dataclasses import asdict

import click

from ops.cli.output import print_json, print_table, say
from ops.errors import OpsError
from ops.settings import project_root


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the SQL of every measure.")
@click.option("--write", is_flag=True, help="Put the definitions into the descriptions of the models.")
@click.option("--check", is_flag=True, help="Fail when the descriptions are not what the definitions say.")
def metrics(name: str | None, as_json: bool, write: bool, check: bool) -> None:
    """Show the metric dictionary, or all about the measure NAME; keep the descriptions of the models with it."""
    from ops.metrics import SEED, outdated, read_metrics, write_descriptions

    root = project_root()
    known = read_metrics(root)
    if write:
        changed = write_descriptions(root)
        say(
            f"Written: {', '.join(path.name for path in changed)}"
            if changed
            else "Everything was up to date."
        )
        return
    if check:
        if stale := outdated(root):
            names = ", ".join(str(path.relative_to(root)) for path in stale)
            raise OpsError(f"Not described as in {SEED}: {names}. Run `retail metrics --write`.")
        say(f"{len(known)} measures are defined, and the models describe them so.")
        return
    chosen = [metric for metric in known if name in (None, metric.metric)]
    if not chosen:
        raise OpsError(f"There is no measure '{name}'. `retail metrics` lists them.")
    if as_json:
        print_json([asdict(metric) for metric in chosen])
    elif name:
        for key, value in asdict(chosen[0]).items():
            say(f"{key:14} {', '.join(value) if isinstance(value, tuple) else value}")
    else:
        rows = [
            (metric.metric, metric.label, metric.unit, ", ".join(metric.additive_over), metric.definition)
            for metric in chosen
        ]
        print_table("Measures", ("metric", "label", "unit", "adds up over", "definition"), rows)
