"""The files of the LookML project: views, explores that join them where no row is counted twice, a manifest."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ops.lookml.fields import (
    Block,
    View,
    days,
    dimensions,
    guarded,
    measure,
    measures,
    names_of,
    one_currency,
    over_rows,
    ratio,
)
from ops.lookml.reading import read_views
from ops.lookml.writing import HEAD, block
from ops.metrics import Metric, read_metrics

# The facts of the star, as bi shows them: which of the dictionary's relations each is, and what to call that here.
TABLE = "${TABLE}"
FACTS = {
    "order_line": {
        "core.fct_order_line AS line": {"line": TABLE},
        "core.fct_order_line AS line JOIN core.dim_product AS version ON version.product_key = line.product_key": {
            "line": TABLE, "version": "product",
        },
    },
    "order_header": {"core.fct_order AS placed": {"placed": TABLE}},
    "review": {"core.fct_review AS review": {"review": TABLE}},
    "inventory_snapshot": {"core.fct_inventory_snapshot AS stock": {"stock": TABLE}},
}  # fmt: skip
# A column that a fact of bi lacks, and a joined view tells.
BUYER = (
    "CASE WHEN ${customer.source} <> 'unknown' THEN ${customer.source} || '/' || ${customer.customer_id} END"
)
ELSEWHERE = {("order_line", "customer_id"): BUYER}
# The date on which lines count: sales on the day of the order, returns on that of the refund.
BUSINESS_DATES = {"order_line": "COALESCE(${TABLE}.return_date, ${TABLE}.order_date)"}
CALENDAR = ("sales_date", "order_date", "snapshot_date")  # each day's columns that the calendar is joined to
RELATED = {"warehouse_key": "store"}  # keys of other names: what they are the key of


def lookml_files(views: Sequence[View], metrics: Sequence[Metric]) -> dict[Path, str]:
    """Return the project's files by their paths. Raises OpsError where the dictionary and the views do not fit."""
    files = {
        Path("manifest.lkml"): HEAD + 'project_name: "retailmesh"\n\n' + _constants(),
        Path("retailmesh.model.lkml"): HEAD + _model(views),
    }
    for view in views:
        files[Path("views") / f"{view.name}.view.lkml"] = HEAD + block(
            "view", view.name, _view(view, metrics)
        )
    return files


def write_lookml(root: Path, out: Path) -> list[Path]:
    """Write the project into a folder and return its files; views that are gone are deleted there. Raises OpsError."""
    files = lookml_files(read_views(root), read_metrics(root))
    (out / "views").mkdir(parents=True, exist_ok=True)
    for old in (out / "views").glob("*.view.lkml"):
        if old.relative_to(out) not in files and old.read_text("utf-8").startswith(HEAD):
            old.unlink()
    for path, text in files.items():
        (out / path).write_text(text, "utf-8")
    return list(files)


def _constants() -> str:
    schema = {"value": "bi", "export": "override_optional"}
    connection = {"value": "retail", "export": "override_optional"}
    return block("constant", "bi_schema", schema) + "\n" + block("constant", "connection", connection)


def _view(view: View, metrics: Sequence[Metric]) -> Block:
    served = {metric.metric: metric for metric in metrics if f"bi.{view.name}" in metric.served_in}
    own = [*measures(view, served), *_of_facts(view, metrics)]
    named = {field["name"] for field in own}
    fields = [*dimensions(view, {metric.metric: metric for metric in metrics if metric.metric in named})]
    if expression := BUSINESS_DATES.get(view.name):
        description = "The day of the order, for returns that of the refund."
        fields.append(days("sales", {"description": description, "sql": expression}))
    return {
        "sql_table_name": f"@{{bi_schema}}.{view.name}",
        "fields": [*fields, *own],
        "set": ("rows", {"fields": [name for field in fields for name in names_of(field)]}),
    }


def _of_facts(view: View, metrics: Sequence[Metric]) -> Iterator[Block]:
    """The dictionary's own expressions over a fact: right for any cut, distinct counts and means included."""
    relations = FACTS.get(view.name, {})
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.relation in relations and (sql := _expression(view, metric, relations[metric.relation])):
            found[metric.metric] = metric
            alone = metric.unit == "money" and "currency" in view.columns
            yield measure(metric, guarded(sql, [one_currency()] if alone else []))
    for metric in metrics:
        if sql := ratio(metric, list(found)):
            yield measure(metric, sql)


def _expression(view: View, metric: Metric, tables: Mapping[str, str]) -> str:
    """The measure's SQL; empty where it needs a column that the view does not have."""
    columns = {}
    for table, name in set(re.findall(r"\b([a-z_]+)\.([a-z_]+)\b", metric.expression)):
        if tables.get(table) == TABLE:
            if name not in view.columns and (view.name, name) not in ELSEWHERE:
                return ""
            columns[name, table] = ELSEWHERE.get((view.name, name), f"{TABLE}.{name}")
        elif table in tables:
            columns[name, table] = f"${{{tables[table]}.{name}}}"
        else:
            return ""
    return over_rows(metric, columns)


def _model(views: Sequence[View]) -> str:
    keys = {view.grain[0]: view.name for view in views if len(view.grain) == 1}
    explores = "\n".join(block("explore", view.name, _explore(view, keys)) for view in views)
    return 'connection: "@{connection}"\n\ninclude: "/views/*.view.lkml"\n\n' + explores


def _explore(view: View, keys: Mapping[str, str]) -> Block:
    """A view with what its rows point to by a key: many to one, so that nothing is counted twice."""
    joins = []
    for column in view.columns:
        target = RELATED.get(column) or keys.get(column)
        if target in (None, view.name) or not column.endswith("_key"):
            continue
        name = target if column not in RELATED else column.removesuffix("_key")
        key = next(key for key, owner in keys.items() if owner == target)
        joins.append((name, {
            **({"from": target} if name != target else {}),
            "type": "left_outer", "relationship": "many_to_one",
            "sql_on": f"${{{view.name}.{column}}} = ${{{name}.{key}}}", "fields": [f"{name}.rows*"],
        }))  # fmt: skip
    if (
        day := next((column for column in CALENDAR if column in view.columns), None)
    ) or view.name in BUSINESS_DATES:
        group = "sales" if view.name in BUSINESS_DATES else str(day).removesuffix("_date")
        joins.append(("calendar", {
            "type": "left_outer", "relationship": "many_to_one",
            "sql_on": f"${{{view.name}.{group}_date}} = ${{calendar.calendar_date}}", "fields": ["calendar.rows*"],
        }))  # fmt: skip
    return {
        "label": view.name.replace("_", " ").capitalize(),
        "description": view.description,
        "joins": joins,
    }
