"""Writes seeds/holiday.csv from the package `holidays`: `python -m ops.holiday_seed`.

A seed rather than a call at run time: the same calendar on every machine, and a change of the package shows as a diff.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import holidays

SEED = Path(__file__).resolve().parent.parent / "seeds" / "holiday.csv"
YEARS = range(2000, 2031)
# Country and subdivision: the United Kingdom has no holidays of its own, its countries have.
CALENDARS = (("BR", None), ("GB", "ENG"), ("IN", None))
LANGUAGE = "en_US"


def holiday_rows() -> list[tuple[str, str, str]]:
    """The public holidays, one row per country and day: (country code, ISO date, names joined by '; ')."""
    rows = []
    for country, subdivision in CALENDARS:
        calendar = holidays.country_holidays(country, subdiv=subdivision, years=YEARS, language=LANGUAGE)
        rows += [(country, day.isoformat(), name) for day, name in calendar.items()]
    return sorted(rows)


def seed_text() -> str:
    """The seed's whole content."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("country_code", "holiday_date", "holiday_name"))
    writer.writerows(holiday_rows())
    return text.getvalue()


if __name__ == "__main__":
    SEED.write_text(seed_text(), encoding="utf-8")
    print(f"{SEED.name}: {len(holiday_rows())} rows")
