"""Numbers as people read them, the same on the terminal and on the page."""

from typing import Any


def percent(value: Any) -> str:
    """Return a share as text: never 0 % or 100 % for what is only nearly so, nothing for None."""
    if value is None:
        return ""
    share = float(value)
    if 0 < share < 0.0001:
        return "<0.01 %"
    if 0.9999 < share < 1:
        return ">99.99 %"
    return f"{share:.2%}".replace("%", " %").replace(".00 ", " ")


def measured(measure: str, value: Any) -> str:
    """Return the value of an anomaly's measure in its own unit."""
    if measure == "null_rate":
        return percent(value)
    return f"{value:,.0f}" if measure in ("volume", "freshness") else f"{value:,.2f}"


def number(value: float | None) -> str:
    """Return a metric with four digits that count, without an exponent where it is not huge or tiny."""
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
