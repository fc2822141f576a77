"""Event times to business dates: the date that the shop's clock showed."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from loaders.contract import EventTime

EARLIEST = date(2000, 1, 1)  # where the models begin: config.yaml, model_defaults.start
REMEMBERED = 200_000  # texts; a bound on memory, not on what is right
_DATE_WIDTHS = {"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%j": 3}
_CLOCK_DIRECTIVES = {"%H", "%M", "%S", "%f", "%I", "%p", "%z"}
_DIRECTIVE = re.compile(r"%.")


class EventDates:
    """Parses event times with the contract's strptime format and remembers what it parsed.

    Files repeat their dates, so most texts are looked up, not parsed. A format such as '%Y-%m-%d %H:%M:%S' is
    parsed as a date and a time of day, each of which repeats even where whole timestamps do not.
    """

    def __init__(self, event: EventTime, time_zone: str, latest: date | None = None) -> None:
        """`latest` is the last date that a row may have: where the contract rejects what lies in the future."""
        self._latest = latest or date.max
        self._format = event.format or ""
        self._zone = ZoneInfo(event.zone) if event.zone else None
        self._is_instant = self._zone is not None or "%z" in self._format
        self._shop = ZoneInfo(time_zone)
        self._known: dict[str, str | None] = {}
        self._parts: dict[tuple[str, str], datetime | None] = {}
        self._date_format, self._separator, self._clock_format = _split(self._format)
        # Where a local date is all of a text's first characters, it is looked up without the rest.
        is_local_clock = self._separator and not self._is_instant
        self.head_width = _width(self._date_format) if is_local_clock else 0

    def iso(self, text: str) -> str | None:
        """Return the business date as YYYY-MM-DD, or None where the text is no such time, or out of range."""
        try:
            return self._known[text]
        except KeyError:
            value = self._allowed(self._parse(text.strip()))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[text] = value
            return value

    def head_iso(self, head: str) -> str | None:
        """Return the date in the first `head_width` characters of a text."""
        moment = self._part(head, self._date_format) if len(head) == self.head_width else None
        return self._allowed(moment.date()) if moment else None

    def is_tail(self, tail: str) -> bool:
        """Return whether a text may go on like this after its first `head_width` characters."""
        return tail[:1] == self._separator and self._part(tail[1:], self._clock_format) is not None

    def is_too_early(self, text: str) -> bool:
        """Return whether a text is an event time whose date no model would compute."""
        day = self._parse(text.strip())
        return day is not None and day < EARLIEST

    def is_future(self, text: str) -> bool:
        """Return whether a text is an event time whose date lies behind the last one that is allowed."""
        day = self._parse(text.strip())
        return day is not None and day > self._latest

    def _allowed(self, day: date | None) -> str | None:
        return day.isoformat() if day is not None and EARLIEST <= day <= self._latest else None

    def _parse(self, text: str) -> date | None:
        if self._separator:
            head, found, tail = text.partition(self._separator)
            day = self._part(head, self._date_format) if found else None
            clock = self._part(tail, self._clock_format) if day else None
            if day and clock:
                return self._business_date(datetime.combine(day.date(), clock.timetz()))
        try:
            return self._business_date(datetime.strptime(text, self._format))
        except ValueError:
            return None

    def _business_date(self, moment: datetime) -> date | None:
        if self._is_instant:
            aware = moment if moment.tzinfo else moment.replace(tzinfo=self._zone)
            try:
                moment = aware.astimezone(self._shop)
            except OverflowError:  # a zone's shift over the first or last day that there is
                return None
        return date(moment.year, moment.month, moment.day)

    def _part(self, text: str, pattern: str) -> datetime | None:
        key = (text, pattern)
        if key not in self._parts:
            if len(self._parts) >= REMEMBERED:
                self._parts.clear()
            try:
                self._parts[key] = datetime.strptime(text, pattern)
            except ValueError:
                self._parts[key] = None
        return self._parts[key]


def today(time_zone: str) -> date:
    """Return the date that a shop's clock shows now."""
    return datetime.now(ZoneInfo(time_zone)).date()


def _split(pattern: str) -> tuple[str, str, str]:
    """Split a format into date, separator and time of day; without a separator where that cannot be done."""
    found = re.search("[ T]", pattern)
    if not found:
        return pattern, "", ""
    head, tail = pattern[: found.start()], pattern[found.end() :]
    dates_first = set(_DIRECTIVE.findall(head)) <= set(_DATE_WIDTHS)
    if head and tail and dates_first and set(_DIRECTIVE.findall(tail)) <= _CLOCK_DIRECTIVES:
        return head, found.group(), tail
    return pattern, "", ""


def _width(pattern: str) -> int:
    """Return how many characters a date of this format has with all its zeros; 0: unknown."""
    directives = _DIRECTIVE.findall(pattern)
    if not directives or not set(directives) <= set(_DATE_WIDTHS):
        return 0
    return sum(_DATE_WIDTHS[item] for item in directives) + len(_DIRECTIVE.sub("", pattern))
