"""A chart of the specification as the form data of a Superset chart: one function for each kind."""

import json
from collections.abc import Callable
from typing import Any

from ops.dashboards.datasets import Resolved, Table
from ops.dashboards.spec import Chart
from ops.errors import OpsError

Params = dict[str, Any]
SCHEME = "retailmesh"  # superset_config.py
FORMATS = {
    "money": ".3s", "count": ",d", "rate": ".1%", "ratio": ",.2f", "days": ",.1f", "score": ",.2f", "quantity": ",.1~f",
}  # fmt: skip
EXACT = {**FORMATS, "money": ",.0f"}  # in tables
AXES = {**FORMATS, "money": ".3~s", "count": ".3~s", "quantity": ".3~s"}
AUTO_CURRENCY = {"symbol": "AUTO", "symbolPosition": "prefix"}  # of the rows that are shown
GRAINS = {"day": "P1D", "week": "P1W", "month": "P1M"}
COMPARED = {"period": "inherit", "year": "1 year ago"}
TIMES = {"date", "timestamptz"}
# The names by which Superset knows a forecast and draws its interval.
BAND = "Forecast"
BAND_SUFFIXES = {"forecast": "__yhat", "low": "__yhat_lower", "high": "__yhat_upper"}


def form_data(chart: Chart, table: Table, labels: dict[str, str]) -> tuple[str, Params]:
    """Return the viz type and its parameters. Raises OpsError for a column that the dataset does not have."""
    if missing := sorted(columns_of(chart) - table.columns.keys()):
        raise OpsError(f"{chart.name}: {chart.data} has no {', '.join(missing)}.")
    viz_type, params = KINDS[chart.kind](chart, [table.measures[name] for name in chart.show], table, labels)
    filters: list[Params] = [
        {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": condition} for condition in chart.where
    ]
    if is_dated(chart, table):
        filters.append(
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "operator": "TEMPORAL_RANGE",
                "subject": table.dataset.date,
                "comparator": "No filter",
            }
        )
    return viz_type, {"viz_type": viz_type, "adhoc_filters": filters, "color_scheme": SCHEME, **params}


def columns_of(chart: Chart) -> set[str]:
    """The columns of its dataset that a chart names; those in its conditions and measures not among them."""
    order = {chart.order.removeprefix("-")} if chart.order and chart.rows else set()
    return {*chart.by, *chart.rows, *([chart.x] if chart.x else []), *order}


def is_dated(chart: Chart, table: Table) -> bool:
    """Say whether the page's date filter acts on a chart."""
    return chart.dated and table.dataset.date is not None


def _currency(measures: list[Resolved], table: Table) -> Params:
    money = all(measure.unit == "money" for measure in measures) and table.dataset.currency
    return {"currency_format": AUTO_CURRENCY} if money else {}


def _kpi(chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]) -> tuple[str, Params]:
    [measure] = measures
    return "pop_kpi", {
        "metric": measure.label,
        "time_compare": COMPARED[chart.compare or "period"],
        "y_axis_format": chart.format or FORMATS[measure.unit],
        "percentDifferenceFormat": "+.1%",
        "comparison_color_enabled": True,
        "comparison_color_scheme": "Green" if chart.good == "up" else "Red",
        "header_font_size": 0.3,
        "subheader_font_size": 0.125,
        "column_config": {
            "Previous value": {"customColumnName": "before", "displayTypeIcon": False},
            "Delta": {"visible": False},
            "Percent change": {"displayTypeIcon": False},
        },
        **_currency(measures, table),
    }


def _figure(
    chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]
) -> tuple[str, Params]:
    [measure] = measures
    return "big_number_total", {
        "metric": measure.label,
        "y_axis_format": chart.format or FORMATS[measure.unit],
        "header_font_size": 0.4,
        "subheader_font_size": 0.15,
        **_currency(measures, table),
    }


def _series(viz_type: str) -> Callable[..., tuple[str, Params]]:
    def build(
        chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]
    ) -> tuple[str, Params]:
        is_time = bool(chart.x) and table.columns[chart.x or ""].kind in TIMES
        names = [measure.label for measure in measures]
        if chart.band:
            names = [names[0], *(BAND + suffix for suffix in BAND_SUFFIXES.values())]
        params: Params = {
            "x_axis": chart.x,
            "metrics": names,
            "groupby": list(chart.by),
            "row_limit": chart.limit,
            "show_legend": len(names) > 1 or bool(chart.by) or chart.compare is not None,
            "legendOrientation": "top",
            "legendType": "scroll",
            "rich_tooltip": True,
            "sort_series_type": "sum",
            "y_axis_format": chart.format or AXES[measures[0].unit],
            "truncateYAxis": chart.bounds != (None, None),
            "y_axis_bounds": list(chart.bounds),
            "logAxis": chart.log,
            "stack": "Stack" if chart.stacked else None,
            "truncate_metric": True,
            **_currency(measures, table),
        }
        if is_time:
            params |= {"time_grain_sqla": GRAINS[chart.grain or "day"], "x_axis_time_format": "smart_date"}
        else:
            order = chart.order or (chart.x or "")
            name = order.removeprefix("-")
            params |= {
                "x_axis_sort": table.measures[name].label if name in table.measures else name,
                "x_axis_sort_asc": not order.startswith("-"),
                "xAxisForceCategorical": True,
            }
        if chart.compare:
            params |= {"time_compare": [COMPARED[chart.compare]], "comparison_type": "values"}
        if chart.kind == "bar":
            params |= {"orientation": "horizontal", "show_value": not chart.stacked}
        if chart.smooth:
            params |= {"rolling_type": "mean", "rolling_periods": chart.smooth, "min_periods": chart.smooth}
        if chart.kind == "line" and not chart.smooth:
            params |= {"markerEnabled": True, "markerSize": 4}
        return viz_type, params

    return build


def _table(
    chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]
) -> tuple[str, Params]:
    order = (chart.order or "").removeprefix("-")
    descending = (chart.order or "-").startswith("-")
    params: Params = {
        "row_limit": chart.limit,
        "page_length": 0,
        "table_timestamp_format": "%Y-%m-%d",
        "show_cell_bars": bool(measures),
        "color_pn": False,
        "align_pn": False,
        "order_desc": descending,
    }
    if chart.rows:
        params |= {
            "query_mode": "raw",
            "all_columns": list(chart.rows),
            "order_by_cols": [json.dumps([order, not descending])] if order else [],
            "column_config": {name: _cell(table, name) for name in chart.rows if _cell(table, name)},
        }
    else:
        money = {"currencyFormat": AUTO_CURRENCY} if table.dataset.currency else {}
        params |= {
            "query_mode": "aggregate",
            "groupby": list(chart.by),
            "metrics": [measure.label for measure in measures],
            "timeseries_limit_metric": table.measures[order].label if order in table.measures else None,
            "column_config": {
                measure.label: {
                    "d3NumberFormat": EXACT[measure.unit],
                    **(money if measure.unit == "money" else {}),
                }
                for measure in measures
            },
        }
    return "table", params


def _cell(table: Table, column: str) -> Params:
    """How a column is written in a table of rows, by the project's vocabulary."""
    units = {
        "_amount": "money", "_order_value": "money", "_count": "count", "_rate": "rate", "_days": "days",
        "_of_supply": "days", "_quantity": "quantity",
    }  # fmt: skip
    unit = next((unit for suffix, unit in units.items() if column.endswith(suffix)), None)
    numeric = table.columns[column].kind.startswith(("numeric", "double"))
    if column.endswith("_growth"):
        return {"d3NumberFormat": "+.1%"}
    if unit is None:
        return {"d3NumberFormat": ",.2f"} if numeric else {}
    money = {"currencyFormat": AUTO_CURRENCY} if unit == "money" and table.dataset.currency else {}
    return {"d3NumberFormat": EXACT[unit], **money}


def _heatmap(
    chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]
) -> tuple[str, Params]:
    [measure] = measures
    [row] = chart.by
    return "heatmap_v2", {
        "x_axis": chart.x,
        "groupby": row,
        "metric": measure.label,
        "row_limit": chart.limit,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",  # the first on top
        "normalize_across": "heatmap",
        "linear_color_scheme": "blue_white_yellow" if chart.bounds[0] else "schemeBlues",
        "legend_type": "continuous",
        "show_legend": False,
        "show_percentage": False,
        "show_values": True,
        "value_bounds": list(chart.bounds),
        "y_axis_format": ".0%" if measure.unit == "rate" else AXES[measure.unit],
        "xscale_interval": 1,
        "yscale_interval": 1,
        "xAxisLabelRotation": 45 if table.columns[chart.x or ""].kind == "text" else 0,
        "left_margin": 125,
        "bottom_margin": 50,
        **_currency(measures, table),
    }


def _bubble(
    chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]
) -> tuple[str, Params]:
    across, up, size = measures
    [entity, *series] = chart.by
    return "bubble_v2", {
        "entity": entity,
        "series": series[0] if series else None,
        "x": across.label,
        "y": up.label,
        "size": size.label,
        "row_limit": chart.limit,
        "limit": chart.limit,
        "orderby": [json.dumps(size.label)],
        "order_desc": True,
        "max_bubble_size": "25",
        "opacity": 0.7,
        "x_axis_label": across.label,
        "x_axis_title_margin": 30,
        "y_axis_label": up.label,
        "y_axis_title_margin": 50,
        "xAxisFormat": AXES[across.unit],
        "y_axis_format": AXES[up.unit],
        "tooltipSizeFormat": AXES[size.unit],
        "logXAxis": chart.log,
        "show_legend": True,
        "legendOrientation": "top",
        "legendType": "scroll",
    }


def _donut(
    chart: Chart, measures: list[Resolved], table: Table, labels: dict[str, str]
) -> tuple[str, Params]:
    [measure] = measures
    return "pie", {
        "groupby": list(chart.by),
        "metric": measure.label,
        "row_limit": chart.limit,
        "sort_by_metric": True,
        "donut": True,
        "innerRadius": 40,
        "outerRadius": 62,
        "label_type": "key_percent",
        "labels_outside": True,
        "label_line": True,
        "show_labels": True,
        "show_legend": False,
        "show_total": True,
        "number_format": AXES[measure.unit],
        **_currency(measures, table),
    }


KINDS: dict[str, Callable[..., tuple[str, Params]]] = {
    "kpi": _kpi,
    "figure": _figure,
    "line": _series("echarts_timeseries_line"),
    "area": _series("echarts_area"),
    "column": _series("echarts_timeseries_bar"),
    "bar": _series("echarts_timeseries_bar"),
    "table": _table,
    "heatmap": _heatmap,
    "bubble": _bubble,
    "donut": _donut,
}
