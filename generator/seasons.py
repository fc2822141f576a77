"""When people buy: week, year, festivals and growth, as one factor per day with mean 1."""

from dataclasses import dataclass
from datetime import date, timedelta

import holidays
import numpy as np

from generator.arrays import DAY_SECONDS, Array, random_of
from generator.scales import Options

WEEKDAYS = np.array([0.84, 0.84, 0.88, 0.93, 1.08, 1.26, 1.17])  # Monday first
YEARLY_GROWTH = 0.08
# Festival as `holidays` names it -> days before it that sell more, the factor at its height, the day's own.
FESTIVALS = {
    "Diwali": (14, 1.9, 0.9),
    "Dussehra": (6, 1.4, 1.1),
    "Holi": (5, 1.45, 0.8),
    "Eid al-Fitr": (5, 1.4, 0.9),
    "Christmas": (6, 1.35, 1.0),
    "Independence Day": (4, 1.4, 1.3),
    "Republic Day": (4, 1.4, 1.3),
    "Janmashtami": (2, 1.15, 1.0),
}
STORE_HOURS = np.array([0] * 10 + [3, 6, 8, 7, 5, 5, 6, 9, 12, 12, 8, 3] + [0] * 2, dtype=float)
WEB_HOURS = np.array([3, 2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 6, 6, 6, 7, 8, 9, 11, 12, 10, 6], dtype=float)


@dataclass(frozen=True)
class Seasons:
    """The days of the simulation. `factor` is how busy a day is; `festival` is the uplift alone."""

    first: np.datetime64
    factor: Array
    festival: Array
    festival_name: list[str]
    day_of_year: Array

    @property
    def days(self) -> int:
        return len(self.factor)

    def dates(self) -> Array:
        """Return the days as dates."""
        return self.first + np.arange(self.days)

    def elapsed(self) -> Array:
        """Return the busy time passed at each midnight: `days + 1` values from 0 to `days`."""
        return np.concatenate([[0.0], np.cumsum(self.factor)])

    def day_at(self, busy_time: Array) -> Array:
        """Return the day on which so much busy time has passed: the inverse of `elapsed`."""
        places = np.searchsorted(self.elapsed(), busy_time, side="right") - 1
        return np.clip(places, 0, self.days - 1)


def seasons(options: Options) -> Seasons:
    """Return how busy each day is: trend, year, week, festivals and a little chance."""
    days = [options.start + timedelta(days=place) for place in range(options.scale.days)]
    uplift, names = _festivals(days)
    of_year = np.array([day.timetuple().tm_yday for day in days])
    week = WEEKDAYS[[day.weekday() for day in days]]
    year = 1 + 0.09 * np.cos(2 * np.pi * (of_year - 310) / 365.25)
    trend = (1 + YEARLY_GROWTH) ** (np.arange(len(days)) / 365.25)
    chance = np.exp(random_of(options.seed, "seasons").normal(0, 0.04, len(days)))
    factor = week * year * trend * uplift * chance
    return Seasons(np.datetime64(options.start, "D"), factor / factor.mean(), uplift, names, of_year)


def _festivals(days: list[date]) -> tuple[Array, list[str]]:
    years = range(days[0].year, days[-1].year + 2)
    calendar = holidays.country_holidays("IN", years=years, language="en_US")
    uplift, names = np.ones(len(days)), [""] * len(days)
    for day, text in sorted(calendar.items()):
        for name, (before, height, own) in FESTIVALS.items():
            if name not in text:
                continue
            for back in range(before + 1):
                place = (day - days[0]).days - back
                if 0 <= place < len(days):
                    factor = own if back == 0 else 1 + (height - 1) * (1 - (back - 1) / (before + 1))
                    if names[place] == "" or factor > uplift[place]:
                        uplift[place], names[place] = factor, name
    return uplift, names


def clock(random: np.random.Generator, hours: Array, size: int) -> Array:
    """Draw times of day, in seconds since midnight, by how busy the hours are."""
    cumulated = np.cumsum(hours) / hours.sum()
    hour = np.searchsorted(cumulated, random.random(size), side="right")
    return np.minimum(hour * 3600 + random.integers(0, 3600, size), DAY_SECONDS - 1)
