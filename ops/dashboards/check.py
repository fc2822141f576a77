"""Which charts would break, were the views of bi other than they are: known without Superset and without a server."""

from collections.abc import Iterator, Mapping, Sequence

import sqlglot
from sqlglot import exp

from ops.bi_contract import Views
from ops.dashboards.charts import columns_of
from ops.dashboards.datasets import faults, sql_of
from ops.dashboards.spec import Chart, Dataset, Measure, Page, Spec
from ops.metrics import Metric


def broken_charts(spec: Spec, views: Views, metrics: Sequence[Metric]) -> dict[str, list[str]]:
    """Return "page: chart" (or "page: filter …") -> what it asks for that the views do not have."""
    dictionary = {metric.metric: metric for metric in metrics}
    broken = {}
    for page in spec.pages:
        for name, asked in _askers(spec, page, dictionary):
            if missing := asked(views):
                broken[f"{page.title}: {name}"] = missing
    return broken


class _Asker:
    """A chart or filter: its dataset and the columns that it needs of it."""

    def __init__(self, dataset: Dataset, columns: set[str]) -> None:
        self.dataset, self.columns = dataset, columns

    def __call__(self, views: Views) -> list[str]:
        if self.dataset.view is None:
            return faults(self.dataset, views)
        if self.dataset.view not in views:
            return [f"there is no view bi.{self.dataset.view}"]
        have = views[self.dataset.view]
        return [f"bi.{self.dataset.view} has no {column}" for column in sorted(self.columns - have.keys())]


def _askers(spec: Spec, page: Page, dictionary: Mapping[str, Metric]) -> Iterator[tuple[str, _Asker]]:
    for chart in page.charts():
        dataset = spec.datasets[chart.data]
        yield chart.name, _Asker(dataset, _needed(chart, dataset, dictionary))
    for one in page.filters:
        if one.data:
            column = "source" if one.kind == "source" else one.column
            yield f"filter {one.name}", _Asker(spec.datasets[one.data], {column})


def _needed(chart: Chart, dataset: Dataset, dictionary: Mapping[str, Metric]) -> set[str]:
    measures: Mapping[str, Measure] = {measure.name: measure for measure in dataset.measures}
    texts = [*chart.where, *(sql_of(chart.data, measures[name], dictionary) for name in chart.show)]
    named = {
        column.name
        for text in texts
        for column in sqlglot.parse_one(text, dialect="postgres").find_all(exp.Column)
    }
    fixed = {column for column in (dataset.date if chart.dated else None, dataset.currency) if column}
    return columns_of(chart) | named | fixed
