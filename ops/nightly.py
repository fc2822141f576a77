"""The nightly: prod brought up to date, then looked at, with a report for those who were not there."""

import subprocess
import sys
import time
from dataclasses import dataclass

from ops.doctor.report import Report, look
from ops.github import run_address
from ops.redaction import redacted
from ops.settings import Settings, read_variables

REFRESH = (sys.executable, "-m", "ops.cli.main", "refresh")


@dataclass(frozen=True)
class Night:
    """How the refresh ended, and what was found afterwards."""

    refresh_code: int
    seconds: float
    found: Report

    @property
    def is_well(self) -> bool:
        return self.refresh_code == 0 and self.found.verdict != "fail"


def spend(settings: Settings) -> Night:
    """Refresh, with its output on the terminal, and look at everything, also when the refresh failed."""
    began = time.monotonic()
    sys.stdout.flush()
    done = subprocess.run(REFRESH, cwd=settings.root, stdin=subprocess.DEVNULL, check=False)
    return Night(done.returncode, time.monotonic() - began, look(settings))


def report(night: Night, settings: Settings) -> str:
    """Return the report as Markdown: what failed, what is warned of, what to do.

    It holds names and numbers, no rows and no output: an issue is read by all who read the repository.
    """
    ended = "brought prod up to date" if night.refresh_code == 0 else f"failed ({night.refresh_code})"
    lines = [f"`retail refresh` {ended} in {night.seconds:,.0f} s."]
    for verdict, title in (("fail", "Failed"), ("warn", "Warned of")):
        checks = [check for check in night.found.checks if check.verdict == verdict]
        if checks:
            lines += ["", f"**{title}**", ""]
            lines += [
                f"- {check.name}: {_code(check.found, settings)}. {check.advice}".rstrip() for check in checks
            ]
    if address := run_address():
        lines += ["", f"The run, with all that was printed: {address}"]
    return "\n".join(lines) + "\n"


def _code(text: str, settings: Settings) -> str:
    """Return a text in which nothing is a mark-up, a mention or a secret."""
    plain = redacted(" ".join(text.split()), read_variables(settings.root)).rstrip(".").replace("`", "´")
    return f"`{plain}`"
