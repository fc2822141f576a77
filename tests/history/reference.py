"""What the versions of an entity are, worked out slowly and in the plainest words: what the models are measured by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """A change to an entity, as its log tells it.

    What is in `compared` opens a version when it changes, what is in `beside` does not.
    """

    entity: str
    number: int
    at: datetime
    is_delete: bool
    compared: tuple[object, ...]
    beside: tuple[object, ...] = ()


@dataclass(frozen=True)
class Version:
    """What held of an entity from one instant to another, the second not included."""

    entity: str
    number: int
    start: datetime
    end: datetime
    is_current: bool
    is_deleted: bool
    compared: tuple[object, ...]
    beside: tuple[object, ...]


def versions(events: Iterable[Event]) -> list[Version]:
    """Return all entities' versions by entity and number, whatever order the events come in."""
    events = list(events)
    return [
        version
        for entity in sorted({event.entity for event in events})
        for version in versions_of(entity, [event for event in events if event.entity == entity])
    ]


def versions_of(entity: str, events: list[Event]) -> list[Version]:
    """Return the versions of one entity from all of its events."""
    log = {event.number: event for event in events}  # one that came twice is one
    now = BEGINNING
    compared: tuple[object, ...] = tuple(None for _ in events[0].compared)
    beside: tuple[object, ...] = tuple(None for _ in events[0].beside)
    stood: dict[datetime, tuple[bool, tuple[object, ...], tuple[object, ...]]] = {}
    for number in sorted(log):
        event = log[number]
        now = max(now, event.at)  # the log is right, not the clock
        if not event.is_delete:
            compared, beside = event.compared, event.beside
        stood[now] = (event.is_delete, compared, beside)  # in the place of another one at this instant
    starts: list[datetime] = []
    before = None
    for instant in sorted(stood):
        is_deleted, content, _ = stood[instant]
        if before != (is_deleted, content):
            starts.append(instant)
        before = (is_deleted, content)
    found = []
    for place, start in enumerate(starts):
        is_last = place == len(starts) - 1
        found.append(
            Version(
                entity,
                place + 1,
                BEGINNING if place == 0 else start,
                END if is_last else starts[place + 1],
                is_last,
                *stood[start],
            )
        )
    return found
