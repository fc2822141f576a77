"""The nightly: prod brought up to date, then looked at, with a report for those who were not there."""

import subprocess
import sys
import time
from dataclasses import dataclass

from ops.doctor.check import Check
from ops.doctor.report import Report, look
from ops.github import run_address
from ops.redaction import redacted
from ops.settings import Settings, read_variables
from ops.sqlmesh_process import COMMAND

REFRESH = (sys.executable, "-m", "ops.cli.main", "refresh")
RUN = (*COMMAND, "run")  # of the versions that prod shows, whatever the files say

DONE = "brought prod up to date"


@dataclass(frozen=True)
class Night:
    """How it ended, what was found afterwards, and what of the project's files prod has not got, if anything."""

    code: int
    seconds: float
    found: Report
    unpromoted: Check | None = None

    @property
    def is_well(self) -> bool:
        return self.code == 0 and self.unpromoted is None and self.found.verdict != "fail"


def spend(settings: Settings) -> Night:
    """Refresh, with its output on the terminal, and look at everything, also when the refresh failed.

    Where the files hold what prod has not got, a gate refused it or it was taken back: a refresh would promote it at
    night past all that. Then, and where it cannot be told, only the days that are due are computed, of the versions
    that prod has.
    """
    unpromoted = _unpromoted(settings)
    sys.stdout.flush()
    began = time.monotonic()
    command = RUN if unpromoted else REFRESH
    done = subprocess.run(command, cwd=settings.root, stdin=subprocess.DEVNULL, check=False)
    return Night(done.returncode, time.monotonic() - began, look(settings), unpromoted)


def _unpromoted(settings: Settings) -> Check | None:
    checks = look(settings, ("unpromoted",), reads_models=True).checks
    unsure = ("warn", "fail")  # it differs, or nobody can say
    return next((check for check in checks if check.name == "unpromoted" and check.verdict in unsure), None)


def no_report() -> str:
    """Return what stands in the report's place until there is one, and for good where the nightly breaks off."""
    address = run_address()
    told = f" The run, with all that was printed: {address}" if address else ""
    return f"The nightly broke off before it could say how it went.{told}\n"


def report(night: Night, settings: Settings) -> str:
    """Return the report as Markdown: what failed, what is warned of, what to do.

    It holds names and numbers, no rows and no output: an issue is read by all who read the repository.
    """
    command, did = ("sqlmesh run", "computed what was due") if night.unpromoted else ("retail refresh", DONE)
    ended = did if night.code == 0 else f"failed ({night.code})"
    lines = [f"`{command}` {ended} in {night.seconds:,.0f} s."]
    if night.unpromoted:
        found = _code(night.unpromoted.found, settings)
        told = (
            f"The project's files hold what prod has not got, {found}: promote it (`make deploy`) or take it out of "
            "them."
            if night.unpromoted.verdict == "warn"
            else f"Whether the project's files hold what prod has not got is unknown: {found}."
        )
        lines += ["", f"{told} Until then late and corrected files wait."]
    for verdict, title in (("fail", "Failed"), ("warn", "Warned of")):
        checks = [
            check
            for check in night.found.checks
            if check.verdict == verdict and not (night.unpromoted and check.name == night.unpromoted.name)
        ]
        if checks:
            lines += ["", f"**{title}**", ""]
            lines += [
                f"- {check.name}: {_code(check.found, settings)}. {check.advice}".rstrip() for check in checks
            ]
    if night.found.verdict == "ok":
        lines += ["", "`retail doctor` found all well."]
    if address := run_address():
        lines += ["", f"The run, with all that was printed: {address}"]
    return "\n".join(lines) + "\n"


def _code(text: str, settings: Settings) -> str:
    """Return a text in which nothing is a mark-up, a mention or a secret."""
    plain = redacted(" ".join(text.split()), read_variables(settings.root)).rstrip(".").replace("`", "´")
    return f"`{plain}`"
