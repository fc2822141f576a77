"""A view's fields: its columns as dimensions, its measures with the SQL that may be asked over any rows.

What must not be added up is empty rather than wrong: amounts over currencies, orders over categories, stock over days,
rows of a channel beside those of all channels together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one

from ops.errors import OpsError
from ops.metrics import Metric

Block = dict[str, object]  # a field: its parameters in their order, `name` first
TYPES = {"boolean": "yesno", "text": "string", "uuid": "string"}
FORMATS = {
    "money": "#,##0.00", "count": "#,##0", "quantity": "#,##0.0", "rate": "0.0%", "ratio": "0.00", "days": "0.0",
    "score": "0.00",
}  # fmt: skip
TIMEFRAMES = ["date", "week", "month", "quarter", "year"]
# What the columns of a grain are in the dictionary's words. Empty: each order, customer or parcel is in one row of it.
DIMENSIONS = {
    "source": "", "currency": "", "customer_type": "", "segment": "", "bucket_number": "", "origin_kind": "",
    "sales_date": "time", "snapshot_date": "time", "month_start_date": "time", "channel": "channel",
    "store_key": "store", "location_id": "store", "customer_country_code": "place", "customer_state": "place",
    "customer_city": "place", "origin": "place", "destination_state": "place", "destination_city": "place",
    "category": "category", "product_id": "product", "customer_id": "customer", "seller_key": "seller",
    "carrier": "carrier",
}  # fmt: skip
# Grains that are a hash, by what it is made of.
NATURAL = {"inventory_snapshot_key": ("source", "location_id", "product_id", "snapshot_date")}
# Views with rows of all channels together beside those of each.
ROLLED_UP = {"sales_monthly": "channel", "sales_trend": "channel", "category_sales_monthly": "channel"}
# Unknown for a part is unknown for the whole.
ALL_OR_NOTHING = {"margin_amount", "net_reporting_amount"}


@dataclass(frozen=True)
class View:
    """A view of bi: its columns with their types and descriptions, and what one row is."""

    name: str
    columns: Mapping[str, str]
    descriptions: Mapping[str, str]
    description: str
    grain: Sequence[str]


def dimensions(view: View, measures: Mapping[str, Metric]) -> Iterator[Block]:
    """The primary key, then each column. A measure's column is its value in a row, named `…_value`."""
    if len(view.grain) > 1:
        columns = ", ".join(f"${{TABLE}}.{column}" for column in view.grain)
        yield {"kind": "dimension", "name": "row_key", "primary_key": True, "hidden": True, "type": "string",
            "sql": f"CAST(ROW({columns}) AS TEXT)"}  # fmt: skip
    for column, kind in view.columns.items():
        described = {"description": view.descriptions.get(column, ""), "sql": f"${{TABLE}}.{column}"}
        key: Block = {"primary_key": True} if [column] == list(view.grain) else {}
        if kind in ("date", "timestamptz"):
            yield from _moments(view, column, described, key)
        elif column in measures:
            label = f"{measures[column].label}, of a row"
            yield {"kind": "dimension", "name": f"{column}_value", "label": label, "group_label": "Values of a row",
                "type": "number", **described}  # fmt: skip
        else:
            hidden: Block = {"hidden": True} if column.endswith("_key") else {}
            yield {
                "kind": "dimension",
                "name": column,
                **key,
                **hidden,
                "type": TYPES.get(kind, "number"),
                **described,
            }


def _moments(
    view: View, column: str, described: Mapping[str, object], key: Mapping[str, object]
) -> Iterator[Block]:
    """A date as a group of weeks, months, …; a date that is the primary key is a dimension beside it."""
    if key:
        yield {"kind": "dimension", "name": f"{column}_key", **key, "hidden": True, "type": "date", "datatype": "date",
            "convert_tz": False, "sql": described["sql"]}  # fmt: skip
    if view.columns[column] == "date":
        name = column.removesuffix("_date")
        frames = [frame for frame in TIMEFRAMES if frame == "date" or f"{name}_{frame}" not in view.columns]
        yield days(name, described, frames)
    else:
        yield {
            "kind": "dimension_group",
            "name": column,
            "type": "time",
            "timeframes": ["raw", "time", *TIMEFRAMES],
            "datatype": "timestamp",
            "convert_tz": False,
            **described,
        }


def days(name: str, described: Mapping[str, object], timeframes: Sequence[str] = TIMEFRAMES) -> Block:
    """A date as a group of fields: Looker appends the timeframe, so that `sales` has `sales_date`."""
    return {
        "kind": "dimension_group",
        "name": name,
        "type": "time",
        "timeframes": list(timeframes),
        "datatype": "date",
        "convert_tz": False,
        **described,
    }


def names_of(field: Block) -> list[str]:
    """Return the names under which a field is chosen: a group's, with each timeframe."""
    frames = field.get("timeframes")
    return (
        [f"{field['name']}_{frame}" for frame in frames] if isinstance(frames, list) else [str(field["name"])]
    )


def measures(view: View, served: Mapping[str, Metric]) -> Iterator[Block]:
    """The number of rows, then each measure that the view serves."""
    yield {"kind": "measure", "name": "count", "label": "Rows", "type": "count"}
    for metric in served.values():
        if metric.metric not in view.columns:
            raise OpsError(
                f"The metric dictionary says that bi.{view.name} serves {metric.metric}; it has no such column."
            )
        yield measure(metric, _aggregate(view, metric, served))


def measure(metric: Metric, sql: str) -> Block:
    """A field for a measure whose SQL aggregates."""
    return {"kind": "measure", "name": metric.metric, "label": metric.label, "description": metric.words(),
        "type": "number", "value_format": FORMATS[metric.unit], "sql": sql}  # fmt: skip


def _aggregate(view: View, metric: Metric, served: Mapping[str, Metric]) -> str:
    column = f"${{TABLE}}.{metric.metric}"
    if metric.additive_over:
        whole = [f"COUNT(*) = COUNT({column})"] if metric.metric in ALL_OR_NOTHING else []
        return guarded(f"SUM({column})", [*whole, *_one_of_each(view, metric)])
    if parts := ratio(metric, [name for name, each in served.items() if each.additive_over]):
        return parts
    return guarded(f"MAX({column})", ["COUNT(*) = 1"])


def ratio(metric: Metric, addends: Sequence[str]) -> str:
    """Return the definition over measures that add up; empty where it is made of anything else."""
    if metric.relation or metric.additive_over:
        return ""
    tree = parse_one(metric.expression, dialect="postgres")
    names = {column.name for column in tree.find_all(exp.Column)}
    if not names <= set(addends):
        return ""
    return _with_columns(tree, {(name, ""): f"${{{name}}}" for name in names})


def over_rows(metric: Metric, columns: Mapping[tuple[str, str], str]) -> str:
    """Return the dictionary's expression with its columns, by name and table, written as LookML."""
    return _with_columns(parse_one(metric.expression, dialect="postgres"), columns)


def _with_columns(tree: exp.Expr, columns: Mapping[tuple[str, str], str]) -> str:
    """Write the columns of an expression as LookML: through placeholders, which SQL can hold."""
    written = {f"lookml_{index}_": text for index, text in enumerate(columns.values())}
    places = dict(zip(columns, written, strict=True))
    tree = tree.copy()
    for column in list(tree.find_all(exp.Column)):
        column.replace(exp.column(places[column.name, column.table]))
    sql = tree.sql("postgres")
    for place, text in written.items():
        sql = sql.replace(place, text)
    return sql


def guarded(sql: str, conditions: Sequence[str]) -> str:
    """Return SQL that is empty unless the conditions hold."""
    return f"CASE WHEN {' AND '.join(conditions)} THEN {sql} END" if conditions else sql


def one_currency(column: str = "currency") -> str:
    """Return the condition that amounts are of one currency."""
    return f"MIN(${{TABLE}}.{column}) = MAX(${{TABLE}}.{column})"


def _one_of_each(view: View, metric: Metric) -> Iterator[str]:
    """The conditions for adding up: one value of what the measure must not be added up over."""
    if metric.unit == "money":
        reporting = "reporting_currency" if "reporting" in metric.metric else "currency"
        if reporting in view.columns:
            yield one_currency(reporting)
    if rolled_up := ROLLED_UP.get(view.name):
        total = f"${{TABLE}}.{rolled_up} = 'all'"
        yield f"(BOOL_AND({total}) OR NOT BOOL_OR({total}))"
    for column in [part for grain in view.grain for part in NATURAL.get(grain, (grain,))]:
        if column not in DIMENSIONS:
            raise OpsError(
                f"ops/lookml/fields.py does not say what {column}, of which bi.{view.name} has a row each, is."
            )
        if DIMENSIONS[column] and DIMENSIONS[column] not in metric.additive_over:
            yield f"COUNT(DISTINCT ${{TABLE}}.{column}) = 1"
