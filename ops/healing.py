"""Rows that wait in quarantine for another row, and the days to compute again when that one has arrived.

A dated row is judged once, with its day, and the verdict is stored. When the product, customer or order that it
names arrives later, under a day of its own, nothing computes the waiting row's day again: this finds it.

`quality.quarantined_row` says what is missing: the reason of an orphan quotes each id ("product_id 'P1' is
unknown"), also the ids that stand inside a document, of which a contract knows nothing. A row that is held for
another reason too does not heal, but what it says is missing has to be true.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loaders.contract import Contract
from loaders.schema import table_name
from loaders.touched import referenced_dates
from ops.refresh_ledger import Touched
from ops.restatement import Restatement
from ops.settings import Settings

MOST_ROUNDS = 5  # a chain from product to order to shipment takes two
QUARANTINE = "quality.quarantined_row"
# Ids that came since the last refresh, or that stand on days that were computed again since.
FRESH = "SELECT DISTINCT trim({id}) AS id, NULL::date AS day FROM {table} WHERE _load_id > {load}"
FRESH_DAY = (
    "SELECT DISTINCT trim({id}) AS id, _event_date AS day FROM {table} WHERE _event_date = ANY({days})"
)
WAITING = """
    WITH fresh AS MATERIALIZED ({fresh}), waiting AS MATERIALIZED (
        SELECT held.table_name, held.source_file, held.row_number, held.event_date, quoted.id[1] AS id
        FROM quality.quarantined_row AS held
        CROSS JOIN LATERAL regexp_matches(held.reason, $$'([^']*)'$$, 'g') AS quoted (id)
        WHERE held.source = {source}
            AND (held.rule_name = 'orphan_reference' OR held.reason LIKE '%is unknown%')
            AND held.healed_at IS NULL AND held.event_date IS NOT NULL
    )
    SELECT DISTINCT waiting.table_name, waiting.source_file, waiting.row_number, waiting.event_date, fresh.day
    FROM waiting JOIN fresh USING (id)
"""


@dataclass(frozen=True)
class Waiting:
    """A raw row in quarantine whose missing row may be there now."""

    source: str
    table: str
    file: str
    row_number: int
    day: date


class Healing:
    """Finds the days of waiting rows, first by what was loaded since the last refresh, then by what it computed."""

    def __init__(
        self, settings: Settings, contracts: Mapping[str, Contract], done: Mapping[str, int]
    ) -> None:
        self._settings, self._contracts, self._done = settings, contracts, done
        # Per source and day, the number of the plan that computed it last, and of the last that may have brought
        # what others wait for: a rating is computed on the day of its sale, too, but nobody waits for ratings.
        self._computed: dict[str, dict[date, int]] = defaultdict(dict)
        self._brought: dict[str, dict[date, int]] = defaultdict(dict)
        self._plans = 0

    def added_to(self, touched: Mapping[str, Touched]) -> dict[str, Touched]:
        """Return what was touched together with the days of the rows whose parents were loaded since."""
        both = {
            source: Touched(
                item.up_to_load_id, {k: set(v) for k, v in item.days.items()}, item.timeless_tables
            )
            for source, item in touched.items()
        }
        found = [row for source in touched for row, _ in self._waiting(source, self._done.get(source, 0), [])]
        for source, item in self._days_of(found).items():
            for table, days in item.days.items():
                both[source].days.setdefault(table, set()).update(days)
        return both

    def was_computed(self, restatement: Restatement) -> None:
        """Take note of the days that a plan computed again."""
        self._plans += 1
        first, last = restatement.first, restatement.last
        if restatement.source and first and last:
            days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
            self._computed[restatement.source].update(dict.fromkeys(days, self._plans))
            if not restatement.is_far or self._waits_for_far_rows(restatement.source):
                self._brought[restatement.source].update(dict.fromkeys(days, self._plans))

    def was_planned(self, touched: Mapping[str, Touched], after: date) -> None:
        """Take note of the new days, after the last one that was computed, that the plan has computed."""
        self._plans += 1
        for source, item in touched.items():
            new = dict.fromkeys([day for day in item.dates if day > after], self._plans)
            self._computed[source].update(new)
            self._brought[source].update(new)

    def rounds(self, computed_until: date) -> Iterator[dict[str, Touched]]:
        """Yield what to compute again while rows wait for one whose day was computed after their own.

        An order that healed lets its shipments heal, and so on.
        """
        for _ in range(MOST_ROUNDS):
            waiting = frozenset(
                row
                for source, brought in list(self._brought.items())
                for row, parent_day in self._waiting(source, None, list(brought))
                if row.day <= computed_until and brought[parent_day] > self._computed[source].get(row.day, 0)
            )
            if not waiting:
                return
            yield self._days_of(waiting)

    def _waits_for_far_rows(self, source: str) -> bool:
        contract = self._contracts.get(source)
        events = [contract.tables[table].event_time for table, _ in _parents(contract)] if contract else []
        return any(event.touches for event in events if event)

    def _waiting(self, source: str, load: int | None, days: list[date]) -> list[tuple[Waiting, date]]:
        """Return the waiting rows, each with the day on which what it waits for was computed."""
        contract = self._contracts.get(source)
        queries = _fresh(contract, load, days) if contract else []
        if not queries:
            return []
        with closing(self._settings.connect()) as connection, connection, connection.cursor() as cursor:
            if not _is_there(cursor):
                return []
            fresh = sql.SQL(" UNION ").join(queries)
            cursor.execute(sql.SQL(WAITING).format(fresh=fresh, source=sql.Literal(source)))
            return [(Waiting(source, *row[:4]), row[4]) for row in cursor.fetchall()]

    def _days_of(self, rows: Collection[Waiting]) -> dict[str, Touched]:
        """Return the rows' days, and those of the rows with which they count (a rating's sale)."""
        touched: dict[str, Touched] = {}
        for row in rows:
            touched.setdefault(row.source, Touched(0)).days.setdefault(row.table, set()).add(row.day)
        for source, item in touched.items():
            contract = self._contracts[source]
            for table, days in item.days.items():
                event = contract.tables[table].event_time if table in contract.tables else None
                for column in event.touches if event else ():
                    named = [(row.day, row.file, row.row_number) for row in rows if row.table == table]
                    days |= self._days_named(contract, table, column, named)
        return touched

    def _days_named(
        self, contract: Contract, table: str, column: str, rows: list[tuple[date, str, int]]
    ) -> set[date]:
        keys = sql.SQL(
            "SELECT trim({}) FROM {} WHERE (_event_date, _source_file, _row_number) IN "
            "(SELECT * FROM unnest({}, {}, {}))"
        ).format(
            sql.Identifier(column),
            table_name(contract, table),
            *(sql.Literal(list(values)) for values in zip(*rows, strict=True)),
        )
        with closing(self._settings.connect()) as connection, connection, connection.cursor() as cursor:
            return referenced_dates(cursor, contract, table, column, keys)


def _is_there(cursor: Cursor) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [QUARANTINE])
    return cursor.fetchone() == (True,)


def _fresh(contract: Contract, load: int | None, days: list[date]) -> list[sql.Composable]:
    """The queries for the ids of all tables that others refer to: by load, or by day where they have one."""
    queries: list[sql.Composable] = []
    for table, column in _parents(contract):
        names = {"table": table_name(contract, table), "id": sql.Identifier(column)}
        if load is not None:
            queries.append(sql.SQL(FRESH).format(**names, load=sql.Literal(load)))
        elif days and contract.tables[table].has_event_date:
            queries.append(sql.SQL(FRESH_DAY).format(**names, days=sql.Literal(days)))
    return queries


def _parents(contract: Contract) -> list[tuple[str, str]]:
    """The tables that others refer to, with the column that these name."""
    references = [
        column.references for table in contract.tables.values() for column in table.columns.values()
    ]
    return sorted({place for name in references if name and (place := contract.reference(name))})
