"""Checks around a promotion: gates before it and looks at prod after it, each with its verdict and its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Say = Callable[[str], None]
MOST_TOLD = 20  # problems of one check on the terminal; JSON and the record hold all


@dataclass(frozen=True)
class Answer:
    """What a check found: problems, or none and a word on what was looked at."""

    problems: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True)
class Check:
    """A check that was made."""

    name: str
    problems: tuple[str, ...]
    note: str
    seconds: float

    @property
    def is_passed(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON and for the record."""
        return {
            "name": self.name,
            "passed": self.is_passed,
            "problems": list(self.problems),
            "note": self.note,
            "seconds": round(self.seconds, 3),
        }

    def lines(self) -> list[str]:
        """Return what people read of it."""
        verdict = "passed" if self.is_passed else "FAILED"
        note = f": {self.note}" if self.note else ""
        told = [f"    {problem}" for problem in self.problems[:MOST_TOLD]]
        more = len(self.problems) - MOST_TOLD
        rest = [f"    and {more} more (--json has all)"] if more > 0 else []
        return [f"  {self.name:<12} {verdict} in {self.seconds:.1f} s{note}", *told, *rest]


def made(questions: Iterable[tuple[str, Callable[[], Answer]]], say: Say) -> list[Check]:
    """Make checks one after the other and tell each; one that fails does not keep the others from being made."""
    checks = []
    for name, question in questions:
        began = time.monotonic()
        answer = question()
        check = Check(name, tuple(answer.problems), answer.note, time.monotonic() - began)
        for line in check.lines():
            say(line)
        checks.append(check)
    return checks
