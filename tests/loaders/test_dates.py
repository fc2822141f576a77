"""The event date is the date that the shop's clock showed."""

import pytest

from loaders.contract import EventTime
from loaders.dates import EventDates


def parsed(text: str, pattern: str, zone: str | None = None, shop: str = "UTC") -> str | None:
    dates = EventDates(EventTime(column="x", format=pattern, zone=zone), shop)
    return dates.iso(text)


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("2024-02-29", "%Y-%m-%d", "2024-02-29"),
        (" 2024-02-29 ", "%Y-%m-%d", "2024-02-29"),
        ("2023-02-29", "%Y-%m-%d", None),
        ("", "%Y-%m-%d", None),
        ("12/1/2009 08:26", "%m/%d/%Y %H:%M", "2009-12-01"),
        ("2024-01-01T23:59:59.123", "%Y-%m-%dT%H:%M:%S.%f", "2024-01-01"),
        ("2024-01-01 24:00:00", "%Y-%m-%d %H:%M:%S", None),
        ("2024-01-01", "%Y-%m-%d %H:%M:%S", None),
        ("01 Feb 2024 10:00", "%d %b %Y %H:%M", "2024-02-01"),
        ("2000-01-01", "%Y-%m-%d", "2000-01-01"),
        ("20240131", "%Y%m%d", "2024-01-31"),
    ],
)
def test_a_local_time_is_taken_as_it_stands(text: str, pattern: str, day: str | None) -> None:
    assert parsed(text, pattern, shop="America/Sao_Paulo") == day


@pytest.mark.parametrize(
    ("text", "pattern", "zone", "shop", "day"),
    [
        ("2024-01-01 02:59:59", "%Y-%m-%d %H:%M:%S", "UTC", "America/Sao_Paulo", "2023-12-31"),
        ("2024-01-01 03:00:00", "%Y-%m-%d %H:%M:%S", "UTC", "America/Sao_Paulo", "2024-01-01"),
        ("2024-06-30 23:00:00", "%Y-%m-%d %H:%M:%S", "UTC", "Europe/London", "2024-07-01"),
        ("2024-01-31 23:00:00", "%Y-%m-%d %H:%M:%S", "UTC", "Europe/London", "2024-01-31"),
        ("2024-01-01T00:15:00+0530", "%Y-%m-%dT%H:%M:%S%z", None, "UTC", "2023-12-31"),
        ("2024-01-01T00:15:00+0530", "%Y-%m-%dT%H:%M:%S%z", "UTC", "Asia/Kolkata", "2024-01-01"),
        ("0001-01-01 00:00:00", "%Y-%m-%d %H:%M:%S", "UTC", "America/Sao_Paulo", None),
    ],
)
def test_an_instant_is_dated_by_the_shops_clock(
    text: str, pattern: str, zone: str | None, shop: str, day: str | None
) -> None:
    assert parsed(text, pattern, zone, shop) == day
