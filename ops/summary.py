"""What is in the warehouse: rows per layer, what was rejected or held back, revenue, stock and parcels."""

from collections.abc import Sequence
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.settings import Settings

LAYERS = ("stg", "conformed", "core", "mart", "ml", "quality", "bi")  # behind the raw layer
REJECTED = """
    SELECT rejected.source, rejected.table_name, rejected.reason, count(*) AS rows
    FROM ingest.rejected_row AS rejected
    JOIN ingest.load AS load ON load.load_id = rejected.load_id
    WHERE load.status = 'loaded' AND load.replaced_by IS NULL
    GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
"""
QUARANTINED = """
    SELECT source, table_name, reason, count(*) AS rows
    FROM quality.quarantined_row WHERE healed_at IS NULL GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
"""
REVENUE = """
    SELECT source, currency,
        count(DISTINCT order_key) FILTER (WHERE NOT is_return) AS orders,
        sum(net_amount) FILTER (WHERE NOT is_return) AS sales,
        coalesce(sum(net_amount) FILTER (WHERE is_return), 0) AS returns,
        sum(net_amount) AS revenue,
        min(order_date) AS first_date, max(order_date) AS last_date
    FROM core.fct_order_line
    WHERE line_kind = 'product' AND NOT is_cancelled
    GROUP BY 1, 2 ORDER BY 1, 2
"""
INVENTORY = """
    SELECT source, count(DISTINCT store_key) AS places, count(DISTINCT product_id) AS products,
        count(*) FILTER (WHERE is_stock_out) AS stock_outs,
        round(100.0 * avg(is_stock_out::int), 2) AS stock_out_percent,
        min(snapshot_date) AS first_date, max(snapshot_date) AS last_date
    FROM core.fct_inventory_snapshot GROUP BY 1 ORDER BY 1
"""
SHIPMENTS = """
    SELECT source, count(*) AS parcels, count(delivered_date) AS delivered,
        count(*) FILTER (WHERE is_late) AS late, round(avg(transit_days), 1) AS transit_days,
        min(handed_over_date) AS first_date, max(handed_over_date) AS last_date
    FROM core.fct_shipment GROUP BY 1 ORDER BY 1
"""
QUESTIONS = {
    "rejected_rows": ("ingest.rejected_row", REJECTED),
    "quarantined_rows": ("quality.quarantined_row", QUARANTINED),
    "revenue": ("core.fct_order_line", REVENUE),
    "inventory": ("core.fct_inventory_snapshot", INVENTORY),
    "shipments": ("core.fct_shipment", SHIPMENTS),
}

Rows = list[dict[str, Any]]


def summarize(settings: Settings) -> dict[str, Rows]:
    """Return rows per table, rejected and quarantined rows with reasons, revenue, inventory and shipments.

    What has not been built yet is empty. Reads as the transformer. Raises OpsError without a server.
    """
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            result = {"tables": _tables(cursor)}
            for name, (relation, question) in QUESTIONS.items():
                result[name] = _rows(cursor, question) if _exists(cursor, relation) else []
            return result
    finally:
        connection.close()


def by_layer(tables: Sequence[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Return, per layer, its rows in all and its tables with theirs as one text."""
    layers: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        layers.setdefault(table["layer"], []).append(table)
    return [
        (layer, sum(item["rows"] for item in items), ", ".join(f"{i['table']} {i['rows']:,}" for i in items))
        for layer, items in layers.items()
    ]


def _tables(cursor: Cursor) -> Rows:
    """Count the rows of each table and view of prod, layer by layer from left to right."""
    cursor.execute(
        """
        SELECT n.nspname, c.relname
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege(c.oid, 'SELECT')
          AND has_schema_privilege(n.oid, 'USAGE')
          AND (n.nspname LIKE 'raw\\_%%' OR n.nspname = ANY(%s))
        ORDER BY coalesce(array_position(%s, n.nspname::text), 0), n.nspname, c.relname
        """,
        [list(LAYERS), list(LAYERS)],
    )
    counted = []
    for schema, name in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name)))
        row = cursor.fetchone()
        counted.append({"layer": schema, "table": name, "rows": int(row[0]) if row else 0})
    return counted


def _exists(cursor: Cursor, relation: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [relation])
    row = cursor.fetchone()
    return bool(row and row[0])


def _rows(cursor: Cursor, question: str) -> Rows:
    cursor.execute(question)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
