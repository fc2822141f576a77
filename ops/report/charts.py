"""The report's charts: Vega-Lite, drawn here and now as SVG, so that the page needs no script.

Colours are the page's own, by the names of its style. Each chart is drawn for a desktop and for a phone.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from ops.report.parts import amount

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
SIZES = ((960, 260), (340, 230))  # wide, narrow
SVG = "http://www.w3.org/2000/svg"
CONFIG = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)", "titleColor": "var(--soft)", "gridColor": "var(--line)",
        "domainColor": "var(--line)", "tickColor": "var(--line)", "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": "var(--ink)", "labelFontSize": 12, "orient": "top", "title": None},
}  # fmt: skip

Point = tuple[date, Decimal]
Forecast = tuple[date, Decimal, Decimal | None, Decimal | None]  # of a young shop nothing tells the bounds


def weeks(
    label: str, currency: str, actual: Sequence[Point], before: Sequence[Point], ahead: Sequence[Forecast]
) -> tuple[str, str]:
    """Draw a line of weeks, that of the year before, and a forecast with its bounds."""
    layers = []
    if ahead:
        # The forecast begins where the line of what happened ends.
        since = actual[-1]
        bounds = [(day, low, high) for day, _, low, high in ahead if low is not None and high is not None]
        values = [
            {"day": f"{day}", "low": float(low), "high": float(high)}
            for day, low, high in [(since[0], since[1], since[1]), *bounds]
        ]
        if bounds:
            layers.append(
                {
                    "data": {"values": values},
                    "mark": {"type": "area", "color": "var(--accent)", "opacity": 0.18},
                    "encoding": {"x": _days(), "y": _amounts("low", currency), "y2": {"field": "high"}},
                }
            )
        line = [since, *((day, middle) for day, middle, _, _ in ahead)]
        layers.append(_line(line, currency, strokeDash=[2, 3]))
    if before:
        layers.append(_line(before, currency, color="var(--soft)", strokeDash=[6, 4], strokeWidth=1.5))
    layers.append(_line(actual, currency))
    layers.append(_line(actual, currency, type="point", filled=True, size=18))
    return _drawn({"layer": layers}, label)


def stacked_months(label: str, currency: str, rows: Sequence[tuple[date, str, Decimal]]) -> tuple[str, str]:
    """Draw a bar per month, stacked by kind; the kinds come in the order of their first appearance."""
    kinds = list(dict.fromkeys(kind for _, kind, _ in rows))
    colours = ["var(--accent)", "var(--good)", "var(--soft)"]
    values = [
        {
            "month": f"{day:%Y-%m}", "kind": kind, "value": float(value),
            "said": f"{day:%B %Y}, {kind}: {amount(value, currency)}",
        }
        for day, kind, value in rows
    ]  # fmt: skip
    return _drawn(
        {
            "data": {"values": values},
            "mark": {"type": "bar"},
            "encoding": {
                "x": {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -45, "grid": False}},
                "y": {**_amounts("value", currency), "stack": True},
                "color": {
                    "field": "kind", "type": "nominal", "sort": kinds,
                    "scale": {"domain": kinds, "range": colours[: len(kinds)]},
                },
                "order": {"field": "kind", "sort": "ascending"},
                "description": {"field": "said"},
            },
        },
        label,
    )  # fmt: skip


def share_by_day(label: str, rows: Sequence[Point]) -> tuple[str, str]:
    """Draw a share (0 to 1) over days."""
    values = [{"day": f"{day}", "value": float(value)} for day, value in rows]
    axis = {"format": ".0%" if max(value for _, value in rows) >= Decimal("0.05") else ".1%", "tickCount": 4}
    return _drawn(
        {
            "data": {"values": values},
            "mark": {
                "type": "area",
                "color": "var(--accent)",
                "opacity": 0.35,
                "line": {"color": "var(--accent)"},
            },
            "encoding": {
                "x": _days(),
                "y": {"field": "value", "type": "quantitative", "title": None, "axis": axis},
            },
        },
        label,
    )


def _line(points: Sequence[Point], currency: str, **mark: Any) -> Spec:
    return {
        "data": {
            "values": [_point(day, value, f"{day}: {amount(value, currency)}") for day, value in points]
        },
        "mark": {"type": "line", "color": "var(--accent)", "strokeWidth": 2, **mark},
        "encoding": {"x": _days(), "y": _amounts("value", currency), "description": {"field": "said"}},
    }


def _point(day: date, value: Decimal, said: str) -> Spec:
    return {"day": f"{day}", "value": float(value), "said": said}


def _days() -> Spec:
    # Dates are days, not instants: in UTC they are the same everywhere.
    return {
        "field": "day", "type": "temporal", "title": None, "scale": {"type": "utc"},
        "axis": {"grid": False, "format": "%b %Y", "labelOverlap": True, "tickCount": {"interval": "month", "step": 1}},
    }  # fmt: skip


def _amounts(field: str, currency: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": currency,
        "axis": {"format": "~s", "tickCount": 5},
    }


def _drawn(spec: Spec, label: str) -> tuple[str, str]:
    """Return the chart as two SVGs."""
    import vl_convert  # a large library that only the report needs

    wide, narrow = (
        vl_convert.vegalite_to_svg(
            {
                "$schema": SCHEMA, "config": CONFIG, "width": width, "height": height, "padding": 4,
                "autosize": {"type": "fit", "contains": "padding"}, **spec,
            },
            allowed_base_urls=[],
        )
        for width, height in SIZES
    )  # fmt: skip
    return fluid(wide, label), fluid(narrow, label)


def fluid(svg: str, label: str) -> str:
    """Make a drawing as wide as its place allows, named for who cannot see it; its marks tell their values on hover."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - drawn by the line above, not somebody's
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": label}
    for mark in root.iter():
        if "graphics-symbol" in mark.get("role", "") and (said := mark.attrib.pop("aria-label", "")):
            ElementTree.SubElement(mark, f"{{{SVG}}}title").text = said
        for name in ("role", "aria-roledescription", "aria-hidden"):
            if mark is not root:
                mark.attrib.pop(name, None)
    return ElementTree.tostring(root, encoding="unicode")
