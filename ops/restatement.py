"""A restatement: the plan that computes models of prod again, for some days or for all time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests", "--no-diff")
MOST_RANGES = 4  # each is a plan of its own, which costs more than a few days too many


@dataclass(frozen=True)
class Restatement:
    """One plan that computes models again, for some days or (without them) for all time.

    `source` is the one whose tables they read, where it is one; `why` is told to people; `is_far` says that it
    computes rows on the days of earlier rows with which they count.
    """

    models: tuple[str, ...]
    first: date | None = None
    last: date | None = None
    source: str | None = field(default=None, compare=False)
    why: str = field(default="", compare=False)
    is_far: bool = field(default=False, compare=False)

    def arguments(self, computed_until: date | None = None) -> list[str]:
        """Return what to tell sqlmesh; `computed_until` is the last day that prod holds.

        The plan is made as of the end of that day. As of now it would mark models that are computed whole as
        done up to yesterday, and the plan that computes the days in between would leave them as they are.
        """
        chosen = [part for model in self.models for part in ("--restate-model", model)]
        if self.first is not None and self.last is not None:
            chosen += ["--start", self.first.isoformat(), "--end", self.last.isoformat()]
        if computed_until is not None:
            chosen += ["--execution-time", (computed_until + timedelta(days=1)).isoformat()]
        return [*PLAN, "--skip-linter", *chosen]  # it works on what prod consists of, whatever the files say

    @property
    def span(self) -> tuple[date, date]:
        """The first and the last day that it may compute."""
        return self.first or date.min, self.last or date.max

    def __str__(self) -> str:
        days = "all of their history" if self.first is None else f"{self.first} to {self.last}"
        return f"{', '.join(self.models)}: {days}{f' ({self.why})' if self.why else ''}"


def ranges(dates: Sequence[date], most: int = MOST_RANGES) -> list[tuple[date, date]]:
    """Group dates into at most `most` ranges from first to last day, bridging the smallest gaps."""
    days = sorted(set(dates))
    if not days:
        return []
    gaps = sorted(range(1, len(days)), key=lambda at: days[at] - days[at - 1], reverse=True)
    cuts = sorted(at for at in gaps[: most - 1] if days[at] - days[at - 1] > timedelta(days=1))
    return [(days[begin], days[end - 1]) for begin, end in zip([0, *cuts], [*cuts, len(days)], strict=True)]
