"""The metric dictionary against the views: the SQL of each definition has to give the number that is served."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one

from ops.metrics import Metric, read_metrics
from tests.support import ROOT, Project

SOURCE = {"source": "{fact}.source"}
MONEY = {**SOURCE, "currency": "{fact}.currency"}
PRODUCT = "JOIN core.dim_product AS product ON product.product_key = line.product_key"


@dataclass(frozen=True)
class Cut:
    """How a view cuts its measures: its columns, each with what it is in the relation of a definition.

    `{fact}` stands for the relation's alias, `{date}` for the date that the definition counts by. Where several rows
    of the view make one cut, only what is additive is compared, as a sum.
    """

    by: Mapping[str, str]
    where: str = "TRUE"  # the rows of the view that are compared
    joins: str = ""  # what `by` reads beside the relation
    is_one_row: bool = False


# The views whose measures are compared here; test_marts_operations.py compares those of its own marts.
CUTS = {
    "bi.sales_daily": Cut({**MONEY, "sales_date": "{date}"}),
    "bi.sales_trend": Cut({**MONEY, "sales_date": "{date}"}, where="channel = 'all'", is_one_row=True),
    "bi.sales_monthly": Cut(
        {**MONEY, "month_start_date": "DATE_TRUNC('MONTH', {date})::DATE"},
        where="channel = 'all'",
        is_one_row=True,
    ),
    "bi.category_sales": Cut(
        {**MONEY, "sales_date": "{date}", "category": "COALESCE(product.category, 'unknown')"},
        joins=PRODUCT,
    ),
    "bi.category_sales_monthly": Cut(
        {
            **MONEY,
            "month_start_date": "DATE_TRUNC('MONTH', {date})::DATE",
            "category": "COALESCE(product.category, 'unknown')",
        },
        where="channel = 'all'",
        joins=PRODUCT,
    ),
    "bi.customer_value": Cut(
        {**MONEY, "customer_id": "{fact}.customer_id"},
        joins="JOIN core.dim_customer AS buyer ON buyer.customer_key = line.customer_key AND buyer.source <> 'unknown'",
        is_one_row=True,
    ),
    "bi.customer_segment": Cut(MONEY),  # only what is made of other measures
    "bi.new_returning_customer": Cut({**MONEY, "month_start_date": "DATE_TRUNC('MONTH', {date})::DATE"}),
    "bi.cohort": Cut(MONEY),
    "bi.product_performance": Cut({**MONEY, "product_id": "{fact}.product_id"}, is_one_row=True),
    "bi.product_pair": Cut(SOURCE),
    "bi.category_pair": Cut(SOURCE),
}


def differences(project: Project, metrics: Sequence[Metric] | None = None) -> list[str]:
    """Return every measure and view whose numbers differ, and each measure that was compared nowhere.

    The measures are those of the dictionary that a view of CUTS serves, unless others are given.
    """
    if metrics is None:
        metrics = [metric for metric in read_metrics(ROOT) if not CUTS.keys().isdisjoint(metric.served_in)]
    found, compared = [], set()
    for metric in metrics:
        for view in metric.served_in:
            for difference in _compared(project, metric, view):
                compared.add(metric.metric)
                found += difference
    return found + [
        f"{each.metric} was compared in no view" for each in metrics if each.metric not in compared
    ]


def _compared(project: Project, metric: Metric, view: str) -> Iterator[list[str]]:
    """The differing rows of one measure in one view; nothing at all where it cannot be compared."""
    cut = CUTS.get(view)
    if cut is None:
        return
    if not metric.relation:
        sql = _of_other_measures(metric, view)
    elif metric.additive_over or cut.is_one_row:
        sql = _of_facts(metric, view, cut)
    else:
        return
    yield [f"{metric.metric} in {view}: {row}" for row in project.query(sql + " LIMIT 3")]


def _of_other_measures(metric: Metric, view: str) -> str:
    return (
        f"SELECT {metric.metric} AS served, {metric.expression} AS defined FROM {view} "
        f"WHERE ({metric.metric} IS NULL) <> (({metric.expression}) IS NULL) "
        f"OR ABS({metric.metric} - ({metric.expression})) > 0.0001"
    )


def _of_facts(metric: Metric, view: str, cut: Cut) -> str:
    fact = parse_one(f"SELECT 1 FROM {metric.relation}", dialect="postgres").find(exp.From).this.alias
    columns = ", ".join(cut.by)
    terms = [sql.format(fact=fact, date=metric.dated_by) for sql in cut.by.values()]
    named = ", ".join(f"{term} AS {column}" for column, term in zip(cut.by, terms, strict=True))
    return (
        f"WITH defined AS (SELECT {named}, {metric.expression} AS value FROM {metric.relation} {cut.joins} "
        f"GROUP BY {', '.join(terms)}), "
        f"served AS (SELECT {columns}, SUM({metric.metric}) AS value FROM {view} "
        f"WHERE {cut.where} GROUP BY {columns}) "
        f"SELECT {columns}, served.value AS served, defined.value AS defined "
        f"FROM served FULL JOIN defined USING ({columns}) "
        "WHERE ABS(COALESCE(served.value, 0) - COALESCE(defined.value, 0)) >= 0.005"
    )
