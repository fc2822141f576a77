"""Returns whose match with a sale may be another one, because the sale's line changed on a day of its own.

`conformed.return_match` is computed by the day of the return. A sale that is corrected, or comes late, changes on its
own day, and a restatement of that day does not reach the returns of later ones.
"""

from collections.abc import Sequence
from datetime import date

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.changes import Changes
from ops.restatement import Restatement, ranges
from ops.sqlmesh import MATCH

LINE = "core.fct_order_line"
BRIDGE = "core.bridge_return"
WHY = "lines there bring back what was sold on days that were computed after them"
CHANGED = """
    CREATE TEMPORARY TABLE changed_line ON COMMIT DROP AS
    SELECT COALESCE(now.order_line_key, old.key::uuid) AS order_line_key,
        COALESCE(now.order_date, old.day) AS order_date, now.source, now.customer_id, now.product_id
    FROM (SELECT source, day, key, content FROM pg_temp.row_before WHERE fact = 'core.fct_order_line') AS old
    FULL JOIN (
        SELECT fact.*, hash_record_extended(fact, 0) AS content FROM core.fct_order_line AS fact WHERE {read}
    ) AS now ON now.source = old.source AND now.order_date = old.day AND now.order_line_key::text = old.key
    WHERE old.content IS DISTINCT FROM now.content
"""
# Returns that found the line, and returns of the same customer and product, which may find it now.
RETURNED = """
    SELECT bridge.order_date, changed.order_date
    FROM pg_temp.changed_line AS changed
    JOIN core.bridge_return AS bridge ON bridge.sale_line_key = changed.order_line_key
    WHERE bridge.order_date > {first}
    UNION
    SELECT back.order_date, changed.order_date
    FROM pg_temp.changed_line AS changed
    JOIN core.fct_order_line AS back USING (source, customer_id, product_id)
    WHERE back.is_return AND back.order_date > changed.order_date AND back.order_date > {first}
"""
LOST = """
    SELECT DISTINCT bridge.order_date FROM core.bridge_return AS bridge
    LEFT JOIN core.fct_order_line AS line ON line.order_line_key = bridge.sale_line_key
    WHERE line.order_line_key IS NULL
"""


def restatements_of(changes: Changes, computed: Sequence[tuple[date, date]]) -> list[Restatement]:
    """Return the plans for the returns that were computed before the sale that changed.

    `computed` are the spans for which matches were computed, in the order in which they were.
    """
    with changes.reading() as cursor:
        if not is_there(cursor):
            return []
        cursor.execute(sql.SQL(CHANGED).format(read=changes.within(LINE)))
        cursor.execute("ANALYZE pg_temp.changed_line")
        cursor.execute("SELECT min(order_date) FROM pg_temp.changed_line")
        row = cursor.fetchone()
        if row is None or row[0] is None:
            return []
        cursor.execute(sql.SQL(RETURNED).format(first=sql.Literal(row[0])))
        pairs = cursor.fetchall()
    last = {day: _last(day, computed) for pair in pairs for day in pair}
    return _plans({back for back, sale in pairs if last[back] < last[sale]})


def restatements_of_lost(changes: Changes) -> list[Restatement]:
    """Return the plans for the returns whose sale is not there any more, whenever that was."""
    with changes.reading() as cursor:
        if not is_there(cursor):
            return []
        cursor.execute(LOST)
        return _plans({day for (day,) in cursor.fetchall()})


def is_there(cursor: Cursor) -> bool:
    """Whether prod has the tables, and the bridge its day: prod may be older than the project."""
    cursor.execute(
        "SELECT to_regclass(%s) IS NOT NULL AND count(*) = 1 FROM pg_attribute "
        "WHERE attrelid = to_regclass(%s) AND attname = 'order_date' AND NOT attisdropped",
        [LINE, BRIDGE],
    )
    return cursor.fetchone() == (True,)


def _last(day: date, computed: Sequence[tuple[date, date]]) -> int:
    """The number of the last plan that computed the day, 0 if none did."""
    return max((at for at, (first, end) in enumerate(computed, 1) if first <= day <= end), default=0)


def _plans(days: set[date]) -> list[Restatement]:
    return [Restatement((MATCH,), first, last, why=WHY) for first, last in ranges(sorted(days))]
