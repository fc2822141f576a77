"""Reading for the report: the views of one environment, as the role of BI tools, all at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ops.environments import PROD, in_environment, require
from ops.errors import OpsError
from ops.metrics import Metric, read_metrics
from ops.report.parts import Change, Number, change
from ops.settings import Settings

Row = dict[str, Any]
VIEWS = tuple(
    f"bi.{name}"
    for name in (
        "category_sales_monthly", "cohort", "customer_score", "customer_segment", "customer_value", "inventory",
        "inventory_daily", "new_returning_customer", "order_line", "product", "reorder_list", "sales_forecast",
        "sales_monthly", "sales_trend",
    )
)  # fmt: skip
SPANS = """
    SELECT source, currency, min(sales_date) AS first_date, max(sales_date) AS last_date
    FROM {bi.sales_trend} WHERE channel = 'all' GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to have reported: which environment, which sources (none: all), until when."""

    environment: str = PROD
    sources: tuple[str, ...] = ()
    as_of: date | None = None


class Views:
    """Asks the views of an environment, as `bi_reader`, in one snapshot. Raises OpsError where they are not built."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self.environment = wish.environment
        self.as_of = wish.as_of
        self.metrics = {metric.metric: metric for metric in read_metrics(Path(settings.root))}
        self._connection = settings.connect("bi")
        self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)

    def __enter__(self) -> Self:
        try:
            with self._connection.cursor() as cursor:
                require(cursor, self.environment, VIEWS)
        except OpsError:
            self._connection.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._connection.close()

    def rows(self, question: str, **given: Any) -> list[Row]:
        """Return the rows of a query whose views are written `{bi.name}`."""
        with self._connection.cursor() as cursor:
            cursor.execute(in_environment(question, self.environment), {"as_of": self.as_of, **given})
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def metric(self, name: str) -> Metric:
        return self.metrics[name]


@dataclass(frozen=True)
class Month:
    """A calendar month by its first day."""

    start: date

    @property
    def end(self) -> date:
        return self.after.start - timedelta(days=1)

    @property
    def after(self) -> "Month":
        return Month((self.start.replace(day=28) + timedelta(days=4)).replace(day=1))

    @property
    def before(self) -> "Month":
        return Month((self.start - timedelta(days=1)).replace(day=1))

    @property
    def year_before(self) -> "Month":
        return Month(self.start.replace(year=self.start.year - 1))

    def __str__(self) -> str:
        return f"{self.start:%B %Y}"


@dataclass(frozen=True)
class Scope:
    """A source in one currency: the days that it covers, and the last whole month in them."""

    source: str
    currency: str
    first_date: date
    last_date: date

    @property
    def month(self) -> Month | None:
        """The last whole month; None where the source covers none."""
        this = Month(self.last_date.replace(day=1))
        last = this if this.end == self.last_date else this.before
        return last if last.start >= self.first_date else None

    @property
    def title(self) -> str:
        return f"{self.source}, amounts in {self.currency}"

    def of(self, rows: list[Row]) -> list[Row]:
        """Return the rows that are about it."""
        return [row for row in rows if (row["source"], row["currency"]) == (self.source, self.currency)]

    def no_month(self) -> str:
        return f"There is no whole month yet: the data covers {self.first_date} to {self.last_date}."

    def covers(self, month: Month) -> bool:
        return self.first_date <= month.start and month.end <= self.last_date

    def compared(
        self, values: Sequence[Number | None], unit: str, is_good: bool | None
    ) -> tuple[Change, Change]:
        """Compare the month's value with those of the month before and the year before, which follow it in `values`."""
        month = self.month or Month(self.last_date.replace(day=1))
        value, before, year = values
        return (
            change(value, before, unit, str(month.before), is_good),
            change(value, year, unit, str(month.year_before), is_good),
        )

    def missing(self) -> str:
        """Say which of the months to compare with is not covered; empty where both are."""
        if self.month is None:
            return ""
        names = [
            str(month) for month in (self.month.before, self.month.year_before) if not self.covers(month)
        ]
        return (
            f"The data covers {self.first_date} to {self.last_date}, not all of {' and '.join(names)}."
            if names
            else ""
        )


def read_scopes(views: Views, wish: Wish) -> list[Scope]:
    """Return what there is to report on. Raises OpsError for a source that is unknown, or nothing by that day."""
    found = [Scope(**row) for row in views.rows(SPANS)]
    known = sorted({scope.source for scope in found})
    if unknown := [source for source in wish.sources if source not in known]:
        has = f"there are {', '.join(known)}" if known else "there are no sales at all"
        raise OpsError(f"{wish.environment} has no sales of the source {', '.join(unknown)}: {has}.")
    found = [scope for scope in found if not wish.sources or scope.source in wish.sources]
    if wish.as_of:
        day = wish.as_of
        found = [
            Scope(s.source, s.currency, s.first_date, min(s.last_date, day))
            for s in found
            if s.first_date <= day
        ]
    if not found:
        until = f" by {wish.as_of}" if wish.as_of else ""
        raise OpsError(
            f"{wish.environment} has no sales{until}: `retail load --all` and `retail refresh` bring them."
        )
    return found


def state_is_later(views: Views, scope: Scope, as_of: date | None) -> str:
    """Say why a state that the views keep for one day only cannot be shown; empty where it can."""
    if views.as_of is None or as_of is None or as_of <= views.as_of:
        return ""
    return f"The views of {scope.source} know this as of {as_of} only, which is after {views.as_of}."
