"""All checks, one after the other, each for itself: one that cannot be made does not hide the others."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders.contract import load_contracts
from loaders.errors import LoadError
from ops.doctor import data, project, server
from ops.doctor.check import Check, Place, Verdict
from ops.errors import OpsError
from ops.settings import Settings

GRAVITY: tuple[Verdict, ...] = ("skipped", "ok", "warn", "fail")
STATEMENT_SECONDS = 10  # no check waits longer for anybody's lock
Look = Callable[[Place], Check]


def freshness(place: Place) -> Check:
    return data.freshness(place, load_contracts())


CHECKS: dict[str, Look] = {
    "roles": server.roles,
    "disk": server.disk,
    "locks": server.locks,
    "state": project.state,
    "environments": project.environments,
    "unpromoted": project.unpromoted,
    "dependents": data.dependents,
    "loads": data.loads,
    "freshness": freshness,
    "intervals": project.intervals,
    "quality": data.quality,
    "gates": project.gates,
}
AFTER_REFRESH = ("loads", "freshness", "quality")  # what a refresh alerts of


@dataclass(frozen=True)
class Report:
    """What was found, and how long it took."""

    checks: list[Check]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The gravest of the verdicts."""
        return max((check.verdict for check in self.checks), key=GRAVITY.index)

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "verdict": self.verdict,
            "seconds": self.seconds,
            "checks": [check.as_dict() for check in self.checks],
        }


def look(settings: Settings, names: tuple[str, ...] = tuple(CHECKS), *, reads_models: bool = False) -> Report:
    """Make the checks. Without a server there is only that to say."""
    began = time.monotonic()
    checks = [server.server(settings)]
    if checks[0].verdict == "ok":
        checks += _looked_at(settings, names, reads_models)
    else:
        checks += [Check(name, "skipped", "There is no server to ask.") for name in names]
    return Report(checks, round(time.monotonic() - began, 1))


def _looked_at(settings: Settings, names: tuple[str, ...], reads_models: bool) -> Iterator[Check]:
    with ExitStack() as opened:
        warehouse = opened.enter_context(_reading(settings, settings.database))
        state = None
        with suppress(OpsError):  # the check of the state says so
            state = opened.enter_context(_reading(settings, settings.state_database))
        place = Place(settings, warehouse, state, reads_models)
        yield from (_safely(name, place) for name in names)


def _safely(name: str, place: Place) -> Check:
    try:
        return CHECKS[name](place)
    except (OpsError, LoadError, psycopg2.Error, OSError) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return Check(
            name, "fail", f"It could not be looked at: {first}", "`retail --debug doctor` says more."
        )


@contextmanager
def _reading(settings: Settings, database: str) -> Iterator[Cursor]:
    with closing(settings.connect(database=database)) as connection:
        connection.set_session(readonly=True, autocommit=True)
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
            yield cursor
