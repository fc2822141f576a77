"""promote, rollback, promotions, broken: what becomes prod, how it is taken back, what was let go."""

import sys
from functools import partial

import click

from ops.cli.output import print_json, print_table, say
from ops.errors import OpsError
from ops.settings import load_settings

MOST_NAMED = 8
ALLOW_HELP = "Let go what others built and cannot be built again; its definitions are kept (`retail broken`)."


def _ask(question: str, nothing: str, *, yes: bool) -> None:
    """Ask at the terminal. Raises OpsError where there is none, and click.Abort where the answer is no."""
    if not yes:
        _need_a_terminal(nothing)
        click.confirm(question, abort=True, err=True)


def _need_a_terminal(nothing: str) -> None:
    if not sys.stdin.isatty():
        raise OpsError(f"{nothing}: there is no terminal to ask at. With --yes it is done without asking.")


@click.command()
@click.argument("environment")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-broken-dependents", "allow_broken", is_flag=True, help=ALLOW_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what happens meanwhile goes to stderr.")
@click.pass_context
def promote(context: click.Context, environment: str, yes: bool, allow_broken: bool, as_json: bool) -> None:
    """Make ENVIRONMENT prod: its gates, what changes, the promotion, a look at prod afterwards.

    Nothing is computed: the environment has to hold what the project's files define. Exit code 1 when a gate does not
    hold, and then nothing was changed, or when prod does not look right afterwards.
    """
    from ops.diff import EnvironmentDiff, as_text
    from ops.promotion.promote import promote as make_prod

    tell = partial(click.echo, err=as_json)
    if not yes:
        _need_a_terminal("Nothing was promoted")

    def confirm(diff: EnvironmentDiff) -> None:
        tell(as_text(diff))
        _ask(f"Promote {diff.environment} to prod?", "Nothing was promoted", yes=yes)

    done = make_prod(load_settings(), environment, tell, confirm, allow_broken=allow_broken)
    if as_json:
        print_json(done.as_dict())
    elif done.is_nothing:
        say(f"Nothing to promote: prod shows what {done.environment} shows.")
    elif done.is_refused:
        failed = ", ".join(gate.name for gate in done.gates if not gate.is_passed)
        say(f"Not promoted, nothing was changed: {failed}. What is wrong stands above.")
    else:
        number = f" It is promotion {done.promotion_id}." if done.promotion_id else ""
        say(f"Promoted {done.environment} to prod.{number} `retail rollback` takes it back.")
    if not done.is_well:
        context.exit(1)


@click.command()
@click.option("--to", type=int, help="The promotion whose state prod is to show again (`retail promotions`).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-broken-dependents", "allow_broken", is_flag=True, help=ALLOW_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what happens meanwhile goes to stderr.")
@click.pass_context
def rollback(context: click.Context, to: int | None, yes: bool, allow_broken: bool, as_json: bool) -> None:
    """Return prod to the promotion before, or to promotion N: by the tables of then, computing nothing.

    They live for a week after they were replaced. The project's files stay as they are: a plan of them would promote
    again what was taken back.
    """
    from ops.promotion.rollback import roll_back

    def confirm(what: str) -> None:
        tell(what)
        _ask("Roll back?", "Nothing was rolled back", yes=yes)

    tell = partial(click.echo, err=as_json)
    if not yes:
        _need_a_terminal("Nothing was rolled back")
    done = roll_back(load_settings(), tell, confirm, to, allow_broken=allow_broken)
    if as_json:
        print_json(done.as_dict())
    else:
        for model, day in list(done.behind.items())[:MOST_NAMED]:
            say(f"{model} holds days up to {day} only: `sqlmesh run` computes the others.")
        if len(done.behind) > MOST_NAMED:
            say(f"So do {len(done.behind) - MOST_NAMED} more models (--json names them).")
        if done.reopened:
            say(
                f"What was loaded since then ({', '.join(done.reopened)}) may have changed days that its tables hold: "
                "the next `retail refresh` computes them again."
            )
        say(
            "The project's files still define what was taken back: put the old ones back before the next "
            "`retail refresh` or `sqlmesh plan prod`, which would promote it again."
        )
    if not done.is_well:
        context.exit(1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def promotions(as_json: bool) -> None:
    """Show what prod was given when, by whom, and what it shows now."""
    from ops.promotion.record import promotions as listed

    found = listed(load_settings())
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    columns = ("number", "what", "from", "when", "by", "commit", "models", "seconds")
    rows = [
        (one.promotion_id, one.what, one.from_environment, one.promoted_at, one.promoted_by, one.commit,
         len(one.models), one.seconds)
        for one in found
    ]  # fmt: skip
    shown = found[-1].position if found else None
    note = f"prod shows what it did after promotion {shown}." if shown else ""
    print_table("Promotions of prod", columns, rows, note)


@click.command()
@click.option(
    "--restore", "numbers", type=int, multiple=True, help="Build this one again; may be given often."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the statements that make them.")
def broken(numbers: tuple[int, ...], as_json: bool) -> None:
    """Show what promotions were allowed to drop of what others built; build it again."""
    from dataclasses import asdict

    from ops.promotion.broken import build_again, kept

    settings = load_settings()
    found = build_again(settings, numbers) if numbers else kept(settings)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    columns = ("number", "what", "owner", "was built on", "dropped", "reason")
    rows = [(one.number, one.name, one.owner, one.view, one.dropped_at, one.reason) for one in found]
    print_table("Built again" if numbers else "Dropped by promotions", columns, rows)
