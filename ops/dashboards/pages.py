"""A page as a Superset dashboard: its grid, its filters, and the links to the other pages and shops."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ops.dashboards.charts import SCHEME, is_dated
from ops.dashboards.datasets import Table
from ops.dashboards.shops import Shop
from ops.dashboards.spec import GRID, Chart, Filter, Page, Spec
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.dashboards.bundle import Target

HEAD_HEIGHT, PHONE_HEAD = 11, 30
PHONE = "-phone"
Position = dict[str, Any]


def dashboard(
    page: Page, spec: Spec, tables: Mapping[str, Table], shops: list[Shop], target: "Target", *, phone: bool
) -> dict[str, Any]:
    """Return the dashboard of a page: the wide one, or that for phones, with one chart below the other.

    Superset only shrinks its grid. dashboards/superset/templates sends narrow screens to the second one.
    """
    charts = page.charts()
    numbers = {chart.name: number for number, chart in enumerate(charts, start=1)}
    filters = [_filter(one, page, tables, shops, numbers, target) for one in page.filters]
    return {
        "dashboard_title": target.title(f"{page.title}{' · phone' if phone else ''}"),
        "description": page.text,
        "slug": target.slug(page.slug) + (PHONE if phone else ""),
        "css": "",
        "published": True,
        "uuid": target.uuid("dashboard", page.slug + (PHONE if phone else "")),
        "position": _position(page, spec, shops, numbers, target, phone=phone),
        "metadata": {
            "color_scheme": SCHEME,
            "cross_filters_enabled": True,
            "filter_bar_orientation": "HORIZONTAL",
            "native_filter_configuration": filters,
            "chart_configuration": {},
            "global_chart_configuration": {
                "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
                "chartsInScope": list(numbers.values()),
            },
            "refresh_frequency": 0,
            "label_colors": {},
            "shared_label_colors": [],
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
        },
        "version": "1.0.0",
        "is_managed_externally": True,
        "external_url": target.mark,
    }


def filter_id(name: str) -> str:
    return f"NATIVE_FILTER-{name.lower().replace(' ', '_')}"


def _filter(
    wanted: Filter,
    page: Page,
    tables: Mapping[str, Table],
    shops: list[Shop],
    numbers: Mapping[str, int],
    target: "Target",
) -> dict[str, Any]:
    """A filter with what it begins with, on the charts that it can act on and no others."""
    common = {
        "id": filter_id(wanted.name),
        "name": wanted.name,
        "type": "NATIVE_FILTER",
        "description": "",
        "cascadeParentIds": [],
        "tabsInScope": [],
    }
    shop = shops[0]
    if wanted.kind == "date":
        out = [chart for chart in page.charts() if not is_dated(chart, tables[chart.data])]
        value = _range(shop)
        specific: dict[str, Any] = {
            "filterType": "filter_time",
            "targets": [{}],
            "controlValues": {"enableEmptyFilter": False},
            "defaultDataMask": {"extraFormData": {"time_range": value}, "filterState": {"value": value}},
        }
    else:
        column = "source" if wanted.kind == "source" else wanted.column
        out = [chart for chart in page.charts() if column not in tables[chart.data].columns]
        if wanted.data not in tables or column not in tables[wanted.data].columns:
            raise OpsError(
                f"{page.title}, filter {wanted.name}: {wanted.data or 'no dataset'} has no {column}."
            )
        one = wanted.kind == "source"
        specific = {
            "filterType": "filter_select",
            "targets": [{"datasetUuid": target.uuid("dataset", wanted.data), "column": {"name": column}}],
            "controlValues": {
                "multiSelect": not one,
                "enableEmptyFilter": one,
                "defaultToFirstItem": False,
                "searchAllOptions": False,
                "inverseSelection": False,
            },
            "defaultDataMask": _chosen(column, shop.source)
            if one
            else {"extraFormData": {}, "filterState": {}},
            "cascadeParentIds": [] if one else _parents(page),
        }
    scope = {"rootPath": ["ROOT_ID"], "excluded": [numbers[chart.name] for chart in out]}
    return {**common, **specific, "scope": scope}


def _parents(page: Page) -> list[str]:
    """The filter whose choice narrows the values of the others: the shop."""
    return [filter_id(one.name) for one in page.filters if one.kind == "source"]


def _chosen(column: str, value: str) -> dict[str, Any]:
    return {
        "extraFormData": {"filters": [{"col": column, "op": "IN", "val": [value]}]},
        "filterState": {"value": [value], "label": value},
    }


def _range(shop: Shop) -> str:
    start, end = shop.period
    return f"{start.isoformat()} : {end.isoformat()}"


def _head(page: Page, spec: Spec, shops: list[Shop], target: "Target") -> str:
    """The words on top of a page: what it answers, the way to the other pages, and to the other shops."""
    pages = " · ".join(
        f"**{one.title}**" if one is page else f"[{one.title}](/superset/dashboard/{target.slug(one.slug)}/)"
        for one in spec.pages
    )
    sells = " · ".join(
        f"[{shop.source}](/superset/dashboard/{target.slug(page.slug)}/?native_filters={quote(_rison(page, shop))})"
        f" ({shop.currency}, {shop.first:%d %b %Y} – {shop.last:%d %b %Y})"
        for shop in shops
    )
    return f"{pages}\n\n{page.text} Shops, each with its own days: {sells}"


def _rison(page: Page, shop: Shop) -> str:
    """The filters of a page set to a shop and its last months, as Superset reads them from an address."""
    parts = []
    for one in page.filters:
        name = filter_id(one.name)
        if one.kind == "source":
            value = f"!('{shop.source}')"
            state = f"extraFormData:(filters:!((col:source,op:IN,val:{value}))),filterState:(value:{value})"
        elif one.kind == "date":
            state = f"extraFormData:(time_range:'{_range(shop)}'),filterState:(value:'{_range(shop)}')"
        else:
            continue
        parts.append(f"{name}:(id:{name},{state},ownState:())")
    return f"({','.join(parts)})"


def _position(
    page: Page, spec: Spec, shops: list[Shop], numbers: Mapping[str, int], target: "Target", *, phone: bool
) -> Position:
    """The grid: a head, then the rows."""
    position: Position = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": target.title(page.title)}},
    }
    head = Chart(kind="note", text=_head(page, spec, shops, target), width=GRID)
    rows = [(PHONE_HEAD if phone else HEAD_HEIGHT, (head,)), *(_narrow(page) if phone else _wide(page))]
    for number, (height, charts) in enumerate(rows):
        row_id = f"ROW-{number}"
        parents = ["ROOT_ID", "GRID_ID", row_id]
        children = []
        for place, chart in enumerate(charts):
            tile = _tile(chart, f"{number}-{place}", height, numbers, page, target)
            position[tile["id"]] = {**tile, "children": [], "parents": parents}
            children.append(tile["id"])
        position["GRID_ID"]["children"].append(row_id)
        position[row_id] = {
            "type": "ROW",
            "id": row_id,
            "children": children,
            "parents": parents[:2],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
    return position


def _wide(page: Page) -> list[tuple[int, tuple[Chart, ...]]]:
    return [(row.height, row.charts) for row in page.rows]


def _narrow(page: Page) -> list[tuple[int, tuple[Chart, ...]]]:
    """The same charts one below the other, plain numbers two by two."""
    rows: list[tuple[int, tuple[Chart, ...]]] = []
    for row in page.rows:
        numbers = [chart for chart in row.charts if chart.kind == "figure"]
        for first in range(0, len(numbers), 2):
            pair = numbers[first : first + 2]
            rows.append(
                (row.height, tuple(chart.model_copy(update={"width": GRID // len(pair)}) for chart in pair))
            )
        others = [chart for chart in row.charts if chart not in numbers]
        rows += [(row.height, (chart.model_copy(update={"width": GRID}),)) for chart in others]
    return rows


def _tile(
    chart: Chart, place: str, height: int, numbers: Mapping[str, int], page: Page, target: "Target"
) -> Position:
    size = {"width": chart.width, "height": height}
    if chart.kind == "note":
        return {"type": "MARKDOWN", "id": f"MARKDOWN-{place}", "meta": {**size, "code": chart.text}}
    return {
        "type": "CHART",
        "id": f"CHART-{place}",
        "meta": {
            **size,
            "chartId": numbers[chart.name],
            "uuid": target.uuid("chart", f"{page.slug}/{chart.name}"),
            "sliceName": target.title(chart.name),
            "sliceNameOverride": chart.name,
        },
    }
