"""What a page of the report is made of, and how its numbers are written. Nothing here knows the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from ops.wording import percent

Number = int | float | Decimal
Tone = Literal["", "good", "bad"]
SMALL = 1000  # amounts below this show their cents
NOISE = 1.0  # per cent: a smaller change is neither good nor bad


@dataclass(frozen=True)
class Cell:
    """What stands in a table: text, what is said below it, the exact number, the length of a bar (0 to 1)."""

    text: str
    note: str = ""
    value: Number | None = None
    bar: float | None = None
    shade: float | None = None  # of the cell's ground, 0 to 1


@dataclass(frozen=True)
class Table:
    """Rows under titles. `name` is the column that says what a row is; `rest` tells what is not shown."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    name: int = 0
    texts: Sequence[int] = ()  # other columns that hold words; the rest are numbers
    rest: str = ""
    is_grid: bool = False  # stays a table on a phone


@dataclass(frozen=True)
class Change:
    """A number against another one: how it is said, and whether that is good."""

    words: str
    tone: Tone = ""


@dataclass(frozen=True)
class Figure:
    """A headline number. `before` and `year` are its comparisons, or why there is none."""

    metric: str
    label: str
    text: str
    value: Number | None
    unit: str
    meaning: str = ""
    before: Change | None = None
    year: Change | None = None
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing at two widths, with what it shows in words."""

    title: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class Card:
    """A part of a page. Without anything to show, `why` says why."""

    title: str
    note: str = ""
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    why: str = ""


@dataclass(frozen=True)
class Group:
    """The cards about one source and currency."""

    source: str
    title: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Page:
    """One page of the report."""

    id: str
    title: str
    question: str
    groups: Sequence[Group] = field(default_factory=list)
    cards: Sequence[Card] = ()  # before the groups


def amount(value: Number | None, currency: str) -> str:
    """Return money with its currency: whole units, with cents where they matter."""
    if value is None:
        return ""
    return (
        f"{currency} {value:,.2f}"
        if abs(float(value)) < SMALL and value != int(value)
        else f"{currency} {value:,.0f}"
    )


def in_unit(value: Number | None, unit: str, currency: str) -> str:
    """Return a measure as text in its unit, as the metric dictionary names them; nothing for None."""
    if value is None:
        return ""
    if unit == "money":
        return amount(value, currency)
    if unit == "rate":
        return share(value)
    if unit == "days":
        return f"{value:,.1f} days"
    return f"{value:,.0f}" if unit in ("count", "quantity") else f"{value:,.2f}"


def share(value: Number | None) -> str:
    """Return a share with one digit after the point, and never all or nothing for what is only nearly so."""
    if value is None:
        return ""
    if not 0.0005 <= abs(float(value)) < 0.9995:
        return percent(value)
    return f"{float(value):.1%}".replace("%", " %")


def change(
    value: Number | None, base: Number | None, unit: str, against: str, is_good: bool | None = True
) -> Change:
    """Compare a number with an earlier one: rates in points, all else in per cent.

    `is_good`: whether more is better; None where neither is.
    """
    if value is None or base is None:
        return Change(f"no {against} to compare with")
    if unit == "rate":
        difference, suffix, least = 100 * (float(value) - float(base)), " points", NOISE / 2
    elif float(base) > 0:
        difference, suffix, least = 100 * (float(value) / float(base) - 1), " %", NOISE
    else:
        return Change(f"{against} was not above zero")
    if round(difference, 1) == 0:
        return Change(f"as in {against}")
    tone: Tone = (
        "" if is_good is None or abs(difference) < least else "good" if (difference > 0) == is_good else "bad"
    )
    return Change(f"{difference:+,.1f}{suffix} on {against}".replace("-", "−"), tone)


def money_cell(value: Any, currency: str, **more: Any) -> Cell:
    """Return an amount as it stands in a table."""
    return Cell(amount(value, currency), value=value, **more)


def growth_cell(value: Number | None) -> Cell:
    """Return a growth (0.1 is a tenth more) as it stands in a table; empty where it is not known."""
    if value is None:
        return Cell("–")
    return Cell(f"{100 * float(value):+,.1f} %".replace("-", "−"), value=value)
