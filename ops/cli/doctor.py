"""doctor: what has to be right for the warehouse to work, and what to do where it is not."""

import click

from ops.cli.output import console, print_json, say
from ops.doctor.check import Verdict
from ops.doctor.report import look
from ops.settings import load_settings

SIGNS: dict[Verdict, str] = {
    "ok": "[green]ok[/green]     ",
    "warn": "[yellow]warn[/yellow]   ",
    "fail": "[bold red]FAIL[/bold red]   ",
    "skipped": "[dim]skipped[/dim]",
}
INDENT = " " * 24


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the rows behind each check.")
@click.option("--changes", is_flag=True, help="Let SQLMesh say which models differ from prod: half a minute.")
@click.pass_context
def doctor(context: click.Context, as_json: bool, changes: bool) -> None:
    """Look at server, roles, disk, locks, state, environments, changes, loads, freshness, quality and gates.

    Exit code 1 when a check fails; warnings do not fail.
    """
    found = look(load_settings(), reads_models=changes)
    if as_json:
        print_json(found.as_dict())
    else:
        for check in found.checks:
            console.print(f"{SIGNS[check.verdict]} {check.name:<13}", end=" ")
            say(check.found)
            if check.advice and check.verdict != "ok":
                say(f"{INDENT}{check.advice}")
        say(f"\n{_sentence(found.verdict)} ({found.seconds:,.1f} s)")
    if found.verdict == "fail":
        context.exit(1)


def _sentence(verdict: Verdict) -> str:
    return {
        "fail": "Something is wrong: see FAIL above.",
        "warn": "It works; see what is warned of above.",
    }.get(verdict, "All is well.")
