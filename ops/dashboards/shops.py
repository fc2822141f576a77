"""What the warehouse holds of each shop: what the filters of a page begin with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg2
from psycopg2 import sql

from ops.errors import OpsError
from ops.settings import Settings

QUERY = """
    SELECT source, min(currency), min(sales_date), max(sales_date), count(DISTINCT currency)
    FROM {schema}.sales_daily GROUP BY source ORDER BY max(sales_date) DESC, sum(order_count) DESC, source
"""
MONTHS = 3


@dataclass(frozen=True)
class Shop:
    """A source with the currency and the days of its sales."""

    source: str
    currency: str
    first: date
    last: date

    @property
    def period(self) -> tuple[date, date]:
        """The days that pages begin with, the second one excluded: the last three whole months, or what there is.

        A month counts as whole when its last day has sales. Shops with less than six months begin with the later half,
        so that there always is as much before it to compare with.
        """
        after = _month_after(self.last)
        end = after if after == self.last + timedelta(days=1) else self.last.replace(day=1)
        start = _months_before(end, MONTHS)
        if _months_before(start, MONTHS) < self.first.replace(day=1):
            end = self.last + timedelta(days=1)
            start = self.first + (end - self.first) / 2
        return start, end


def read_shops(settings: Settings, schema: str) -> list[Shop]:
    """Return the shops, the one with the latest sales first, as bi_reader sees them. Raises OpsError."""
    try:
        with settings.connect("bi") as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL(QUERY).format(schema=sql.Identifier(schema)))
            rows: Sequence[tuple[str, str, date, date, int]] = cursor.fetchall()
        connection.close()
    except psycopg2.Error as error:
        raise OpsError(
            f"{schema}.sales_daily cannot be read: {str(error).strip()}\n"
            "Is there such an environment? `make demo` builds prod, `sqlmesh plan dev` builds dev."
        ) from error
    if not rows:
        raise OpsError(f"{schema}.sales_daily is empty: load some sales first (`make demo`).")
    return [Shop(source, currency, first, last) for source, currency, first, last, _ in rows]


def _month_after(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _months_before(day: date, months: int) -> date:
    """The first of the month so many months before the month of a day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
