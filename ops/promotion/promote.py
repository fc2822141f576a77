"""`retail promote`: an environment becomes prod, when its gates hold and somebody has seen what changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ops.diff import EnvironmentDiff, as_json, compare_environment
from ops.diff.types import Sample
from ops.errors import OpsError
from ops.promotion import verify
from ops.promotion.candidate import Candidate, candidate
from ops.promotion.checks import Check, Say, made
from ops.promotion.gates import gates
from ops.promotion.record import PROD, Said, promotions, saying
from ops.promotion.swap import allowing
from ops.promotion.variables import variables
from ops.settings import Settings

Confirm = Callable[[EnvironmentDiff], None]


@dataclass(frozen=True)
class Promoted:
    """What came of a promotion. Without a diff it ended at its gates, or there was nothing to do."""

    environment: str
    gates: tuple[Check, ...] = ()
    diff: EnvironmentDiff | None = None
    promotion_id: int | None = None
    seconds: float | None = None  # that the promotion itself took
    checks: tuple[Check, ...] = ()  # afterwards

    @property
    def is_nothing(self) -> bool:
        return not self.gates

    @property
    def is_refused(self) -> bool:
        return not all(gate.is_passed for gate in self.gates)

    @property
    def is_well(self) -> bool:
        return not self.is_refused and all(check.is_passed for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        verdict = "nothing to promote" if self.is_nothing else "refused" if self.is_refused else "promoted"
        return {
            "environment": self.environment,
            "verdict": verdict,
            "gates": [gate.as_dict() for gate in self.gates],
            "diff": as_json(self.diff) if self.diff else None,
            "promotion_id": self.promotion_id,
            "seconds": self.seconds,
            "checks": [check.as_dict() for check in self.checks],
        }


def promote(
    settings: Settings, environment: str, say: Say, confirm: Confirm, *, allow_broken: bool = False
) -> Promoted:
    """Promote an environment over prod without computing anything.

    `confirm` is shown what changes, and raises where that is not wanted. Raises OpsError where there is no such
    environment, or the promotion fails; a gate that does not hold is told in the answer.
    """
    say("Reading the models and what is in prod")
    with candidate(settings, environment) as found, variables(**allowing(allow_broken)):
        if found.is_in_prod:
            if found.other_versions:
                raise OpsError(_files_are_prods(found))
            return Promoted(found.name)
        say(f"Gates of {found.name}")
        checked = tuple(made(gates(found, allow_broken=allow_broken), say))
        if not all(gate.is_passed for gate in checked):
            return Promoted(found.name, checked)
        diff = compare_environment(settings, found.name, say=say)
        confirm(diff)
        say("Promoting")
        said = Said("promotion", found.name, [gate.as_dict() for gate in checked], recorded(diff))
        began = time.monotonic()
        with saying(said):
            found.context.apply(found.plan)
        took = time.monotonic() - began
        say(f"prod shows what {found.name} shows ({took:.1f} s)")
        say("Looking at prod")
        checks = tuple(made(_after(found), say))
        return Promoted(found.name, checked, diff, _last_number(found), round(took, 3), checks)


def recorded(diff: EnvironmentDiff) -> dict[str, object]:
    """Return a diff for the record: without samples of rows, which `retail forget` would have to find there."""
    return as_json(replace(diff, rows=tuple(replace(change, sample=Sample()) for change in diff.rows)))


def _files_are_prods(found: Candidate) -> str:
    return (
        f"{found.name} is not what the project's files define, and prod is: {', '.join(found.other_versions)}. "
        f"Check out the files that {found.name} was made of, or bring it up to date with `sqlmesh plan {found.name}`."
    )


def _after(found: Candidate) -> list[tuple[str, Callable[[], Any]]]:
    settings = found.settings
    shared = [found.views(one) for one in found.shared()]
    served = [pair for pair in shared if pair[0][0] == verify.SERVED]
    naming = found.plan.environment.naming_info
    return [
        ("rows and sums", lambda: verify.same_rows(settings, served)),
        ("measures", lambda: verify.same_measures(settings, shared)),
        *verify.looks(settings, found.plan.snapshots.values(), naming),
    ]


def _last_number(found: Candidate) -> int | None:
    """The number of the promotion on record; none where the record is missing, which was told."""
    prod = found.context.state_reader.get_environment(PROD)
    try:
        listed = promotions(found.settings)
    except OpsError:
        return None
    is_this = bool(listed) and prod is not None and prod.plan_id == found.plan.plan_id
    return listed[-1].promotion_id if is_this else None
