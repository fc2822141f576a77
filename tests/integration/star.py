"""Looking at the whole star schema at once: what stands in each table, and what a change touched."""

from dataclasses import replace
from datetime import date

from tests.support import Project, query

KEYS = {
    "dim_customer": "customer_key",
    "dim_product": "product_key",
    "dim_seller": "seller_key",
    "dim_store": "store_key",
    "dim_geography": "geography_key",
    "dim_date": "calendar_date",
    "fct_order": "order_key",
    "fct_order_line": "order_line_key",
    "fct_payment": "payment_key",
    "fct_review": "review_key",
    "fct_inventory_snapshot": "inventory_snapshot_key",
    "fct_shipment": "shipment_key",
    "bridge_return": "return_line_key",
}
FACTS = {table: "order_date" for table in KEYS if table.startswith("fct_")} | {
    "fct_inventory_snapshot": "snapshot_date",
    "fct_shipment": "handed_over_date",
}  # with their day
Fingerprint = tuple[int, int]  # rows, and a hash over all of them in any order


def fingerprints(project: Project, schema: str = "core") -> dict[str, Fingerprint]:
    """Return for each table its row count and a hash of its whole content."""
    found = {}
    for table in KEYS:
        [(rows, content)] = project.query(
            f"SELECT count(*), coalesce(sum(hashtextextended(row::text, 0)::numeric), 0) "
            f"FROM {schema}.{table} AS row"
        )
        found[table] = (int(str(rows)), int(str(content)))
    return found


def daily_fingerprints(project: Project, schema: str = "core") -> dict[tuple[str, str, date], Fingerprint]:
    """Return the same for each fact, source and day."""
    found = {}
    for table, day_column in FACTS.items():
        rows = project.query(
            f"SELECT source, {day_column}, count(*), sum(hashtextextended(row::text, 0)::numeric) "
            f"FROM {schema}.{table} AS row GROUP BY 1, 2"
        )
        for source, day, count, content in rows:
            assert isinstance(day, date)
            found[table, str(source), day] = (int(str(count)), int(str(content)))
    return found


def keys(project: Project, schema: str = "core") -> dict[str, set[str]]:
    """Return the set of surrogate keys of each table."""
    return {
        table: {str(row[0]) for row in project.query(f"SELECT {key} FROM {schema}.{table}")}
        for table, key in KEYS.items()
    }


def delete_all_environments(project: Project) -> None:
    """Drop all that SQLMesh made, its state too; the raw layer stays."""
    made = project.query(
        "SELECT nspname FROM pg_namespace "
        "WHERE nspowner = current_user::regrole AND nspname !~ '^(pg_|public$)'"
    )
    for (schema,) in made:
        project.query(f'DROP SCHEMA "{schema}" CASCADE')
    state = replace(project.settings, database=project.settings.state_database)
    query(state, "DROP SCHEMA sqlmesh CASCADE")


LAYERS = ["stg", "conformed", "core", "quality", "mart", "bi"]
# What tells of deliveries, and so differs between two ways to the same rows: rows of some tables, columns of others.
ONLY = {
    "quality.quarantined_row": "healed_at IS NULL",  # rows that never waited have not healed
    "quality.rejected_row": "healed_at IS NULL",  # a refused row stays listed when its file comes again without it
    "quality.anomaly": "measure <> 'freshness'",  # how long after its day a day was loaded
    "quality.load_metric": "is_current",  # deliveries that were replaced
    "bi.quality_anomaly": "measure <> 'freshness'",
    "bi.quality_load": "is_current",
    "bi.quality_left_out": "FALSE",  # counts by the day of the load; its tables are compared themselves
}
TIMES_OF_LOADS = ["since_at", "healed_at"]
# Those on which a load changed rows.
CHANGED_DAYS = ["event_day_count", "first_event_date", "last_event_date"]
LOAD = ["load_id", "started_at", "finished_at", "load_seconds", *CHANGED_DAYS]
LEFT_OUT = {
    # A full copy that comes again may move rows of days that are as they were: docs/decisions.md, Raw.
    "stg.olist__order": ["row_number"],
    "quality.quarantined_row": TIMES_OF_LOADS,
    "quality.rejected_row": [*TIMES_OF_LOADS, "load_id"],
    "quality.load_metric": LOAD,
    "bi.quality_load": LOAD,
}


def contents(project: Project) -> dict[str, Fingerprint]:
    """Return row count and hash of everything from `stg` to `bi` that follows from the rows of the raw layer."""
    names = project.query(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema = ANY(%s) ORDER BY 1",
        LAYERS,
    )
    return {str(name): _content(project, str(name)) for (name,) in names}


def _content(project: Project, table: str) -> Fingerprint:
    [(rows, content)] = project.query(
        f"SELECT count(*), coalesce(sum(hashtextextended((to_jsonb(row) - %s::text[])::text, 0)::numeric), 0) "
        f"FROM {table} AS row WHERE {ONLY.get(table, 'TRUE')}",
        LEFT_OUT.get(table, []),
    )
    return int(str(rows)), int(str(content))
