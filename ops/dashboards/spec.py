"""What dashboards/spec says: datasets over the views of bi, pages, charts and filters, in a short form of its own."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ops.errors import OpsError

FOLDER = Path("dashboards") / "spec"
DATASETS = "datasets.yaml"
GRID = 12  # columns of a page

Unit = Literal["money", "count", "rate", "ratio", "days", "score", "quantity"]
Kind = Literal[
    "note", "kpi", "figure", "line", "area", "column", "bar", "table", "heatmap", "bubble", "donut"
]  # fmt: skip


class Part(BaseModel):
    """Part of the specification: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(Part):
    """A number of a dataset. Without `sql` it is the dictionary's measure of that name, added up over the rows."""

    name: str
    sql: str | None = None
    label: str | None = None
    text: str | None = None
    unit: Unit | None = None


class Dataset(Part):
    """A view of bi, or a query over such views, with the measures that charts may show of it."""

    view: str | None = None
    sql: str | None = None
    text: str = ""
    date: str | None = None  # the column that the date filter is about
    currency: str | None = None  # the column with the currency of the amounts
    measures: tuple[Measure, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _names_are_measures(cls, values: dict[str, Any]) -> dict[str, Any]:
        short = values.get("measures") or ()
        return {**values, "measures": [{"name": one} if isinstance(one, str) else one for one in short]}

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.view is None) == (self.sql is None):
            raise ValueError("a dataset has either a view or sql")
        return self


class Chart(Part):
    """One tile of a page; what each kind reads of this stands in charts.py."""

    kind: Kind
    name: str = ""
    text: str = ""  # a note's words; of a chart what its reader should know
    width: int = 4
    data: str = ""
    show: tuple[str, ...] = ()  # measures
    x: str | None = None
    by: tuple[str, ...] = ()  # columns that it is split by; a table's columns
    rows: tuple[str, ...] = ()  # a table's columns where it shows rows as they are
    where: tuple[str, ...] = ()  # conditions in SQL
    grain: Literal["day", "week", "month"] | None = None
    order: str | None = None  # a measure or column; "-" before it: descending
    limit: int = 1000
    compare: Literal["period", "year"] | None = None
    stacked: bool = False
    band: bool = False  # the measures are: value, forecast, its lower and its upper bound
    dated: bool = True  # the date filter acts on it
    good: Literal["up", "down"] = "up"  # which way a change is good
    bounds: tuple[float | None, float | None] = (None, None)  # of the axis or colours
    log: bool = False
    format: str | None = None  # of numbers, as d3 writes them, where the unit's would not do
    smooth: int = 0  # the mean of so many steps of time


class Row(Part):
    height: int
    charts: tuple[Chart, ...]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (width := sum(chart.width for chart in self.charts)) > GRID:
            raise ValueError(f"a row is {GRID} wide, and its charts are {width}")
        return self


class Filter(Part):
    """A filter of a page: by date, or by the values of a column of a dataset."""

    name: str
    kind: Literal["source", "date", "value"] = "value"
    data: str = ""
    column: str = ""


class Page(Part):
    title: str
    slug: str
    text: str
    filters: tuple[Filter, ...]
    rows: tuple[Row, ...]

    def charts(self) -> list[Chart]:
        """The charts, without the notes between them."""
        return [chart for row in self.rows for chart in row.charts if chart.kind != "note"]


class Spec(Part):
    datasets: dict[str, Dataset]
    labels: dict[str, str]  # column -> how people call it
    pages: tuple[Page, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for page in self.pages:
            for chart in page.charts():
                if chart.data not in self.datasets:
                    raise ValueError(f"{page.title}, {chart.name}: there is no dataset '{chart.data}'")
                known = {measure.name for measure in self.datasets[chart.data].measures}
                if unknown := [name for name in chart.show if name not in known]:
                    raise ValueError(f"{page.title}, {chart.name}: {chart.data} has no {', '.join(unknown)}")
            files = [file_name(chart.name) for chart in page.charts()]
            if twice := {chart.name for chart in page.charts() if files.count(file_name(chart.name)) > 1}:
                raise ValueError(
                    f"{page.title}: two charts are called {', '.join(sorted(twice))} (only letters and digits count)"
                )
        return self


def file_name(chart: str) -> str:
    """Return what a chart's file is called, on its page."""
    return "".join(letter if letter.isalnum() else "_" for letter in chart)


def read_spec(root: Path) -> Spec:
    """Read the specification of the project in `root`. Raises OpsError that says what is wrong, and where."""
    folder = root / FOLDER
    common = _read(folder / DATASETS)
    pages = [_read(path) for path in sorted(folder.glob("*.yaml")) if path.name != DATASETS]
    try:
        return Spec.model_validate({**common, "pages": pages})
    except ValidationError as error:
        raise OpsError(f"{FOLDER} is not as dashboards are written down: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(path.read_text("utf-8"))
    except (OSError, YAMLError) as error:
        raise OpsError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise OpsError(f"{path} has to be a mapping.")
    return found
