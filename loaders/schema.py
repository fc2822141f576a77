"""The raw layer's schemas, tables and indexes, made from the contracts."""

import hashlib
from collections.abc import Iterable, Mapping

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loaders import model_record
from loaders.contract import IDENTIFIER_BYTES, Contract, Table
from loaders.errors import LoadError

READER_ROLE = "retail_transformer"  # who builds the models, and reads what was loaded
INGEST_SCHEMA = "ingest"
NEWEST_TABLE = model_record.NEWEST  # of the ledger: where it is missing, the ledger is brought up to date
SETUP_LOCK = 7_265_001  # one ensure_tables at a time
MAX_KEY_BYTES = 2500  # what a btree index still takes in one entry

# The functions are the defaults of a raw table's columns. They are called immutable so that COPY calls
# them once and not once a row: working out three constants for every row takes about a tenth of a load's time.
LEDGER_SQL = """
CREATE OR REPLACE FUNCTION ingest.this_load_id() RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN current_setting('retail.load_id')::bigint;
CREATE OR REPLACE FUNCTION ingest.this_source_file() RETURNS text LANGUAGE sql IMMUTABLE
    RETURN current_setting('retail.source_file');
CREATE OR REPLACE FUNCTION ingest.this_loaded_at() RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN transaction_timestamp();
COMMENT ON FUNCTION ingest.this_load_id IS 'For the defaults of raw tables only: the load that is running.';
CREATE TABLE IF NOT EXISTS ingest.load (
    load_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    table_name text NOT NULL,
    file text NOT NULL,
    sha256 text,
    bytes bigint NOT NULL,
    rows_read bigint,
    rows_loaded bigint,
    rows_rejected bigint,
    event_dates date[],
    extra_columns text[],
    missing_columns text[],
    status text NOT NULL CHECK (status IN ('running', 'loaded', 'failed', 'interrupted')),
    error text,
    replaced_by bigint REFERENCES ingest.load (load_id),
    backend_pid integer NOT NULL DEFAULT pg_backend_pid(),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT every_row_is_accounted_for CHECK (rows_read = rows_loaded + rows_rejected),
    CONSTRAINT a_load_is_complete CHECK (status <> 'loaded' OR (rows_read IS NOT NULL AND sha256 IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS load_table_file_idx ON ingest.load (source, table_name, file);
COMMENT ON TABLE ingest.load IS 'One row per attempt to load a file. Rows read = loaded + rejected.';
COMMENT ON COLUMN ingest.load.event_dates IS
    'Event dates whose rows this load added, changed or removed; null where the table has no event time.';
COMMENT ON COLUMN ingest.load.replaced_by IS 'The later load that replaced the rows of this one.';
CREATE TABLE IF NOT EXISTS ingest.rejected_row (
    load_id bigint NOT NULL REFERENCES ingest.load (load_id) ON DELETE CASCADE,
    source text NOT NULL,
    table_name text NOT NULL,
    file text NOT NULL,
    line_number bigint,
    row_number bigint NOT NULL,
    raw text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (load_id, row_number)
);
COMMENT ON TABLE ingest.rejected_row IS
    'Rows of raw files that could not be parsed, as they stand in the file, with the reason.';
CREATE TABLE IF NOT EXISTS ingest.arrived_key (
    load_id bigint NOT NULL REFERENCES ingest.load (load_id) ON DELETE CASCADE,
    source text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    key_hash bigint NOT NULL,
    PRIMARY KEY (load_id, column_name, key_hash)
);
COMMENT ON TABLE ingest.arrived_key IS
    'Keys that other rows refer to and that a redelivery brought for the first time, hashed.';
CREATE TABLE IF NOT EXISTS ingest.broken_dependent (
    broken_dependent_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view text NOT NULL,
    name text NOT NULL,
    owner text NOT NULL,
    reason text NOT NULL,
    statements text[] NOT NULL,
    dropped_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ingest.broken_dependent IS
    'What others built on a view and a promotion was allowed to drop, with the statements that made it.';
"""


def table_name(contract: Contract, table: str) -> sql.Identifier:
    """Return the quoted name of a raw table."""
    return sql.Identifier(contract.schema_name, table)


def raw_columns(table: Table) -> dict[str, str]:
    """Return the columns of a raw table in their order, each with its Postgres type."""
    return {
        "_load_id": "bigint",
        "_source_file": "text",
        "_row_number": "bigint",
        "_loaded_at": "timestamptz",
        **({"_event_date": "date"} if table.has_event_date else {}),
        "_extra": "jsonb",
        **dict.fromkeys(table.columns, "text"),
    }


def ensure_tables(conn: Connection, contracts: Iterable[Contract] | Mapping[str, Contract]) -> None:
    """Make the ledger and the contracts' raw tables, add columns that they gained, grant reading. Commits.

    Raises LoadError when the user may not do that.
    """
    wanted = list(contracts.values() if isinstance(contracts, Mapping) else contracts)
    try:
        with conn, conn.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
            existing = _existing_columns(cursor, [INGEST_SCHEMA, *(item.schema_name for item in wanted)])
            cursor.execute("SELECT to_regprocedure('ingest.this_loaded_at()') IS NULL")
            if cursor.fetchone() == (True,) or (INGEST_SCHEMA, NEWEST_TABLE) not in existing:
                _make_schema(cursor, INGEST_SCHEMA)
                cursor.execute(LEDGER_SQL)
                model_record.make_tables(cursor, READER_ROLE)
                _grant_reading(cursor, INGEST_SCHEMA)
            for contract in wanted:
                _ensure_source(cursor, contract, existing)
    except (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction) as error:
        raise LoadError(f"The database user may not make the raw tables: {str(error).strip()}") from error


def ensure_indexes(cursor: Cursor, contract: Contract, name: str, *, loads: int) -> None:
    """Make the table's indexes where they are missing; after its first COPY, which is faster than before.

    `loads` is how many loads the table's rows come from: an index by load serves no table that holds just
    one.
    """
    table = contract.tables[name]
    wanted: list[tuple[str, str, tuple[str, ...]]] = []
    if loads > 1:
        wanted.append(("load", "brin", ("_load_id",)))
    if table.key:
        wanted.append(("key", "btree", table.key))
    if table.has_event_date:
        wanted.append(("event_date", "btree", ("_event_date",)))
    for column in table.event_time.touches if table.event_time else ():
        wanted.append(("touches", "btree", (column,)))
    cursor.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = %s AND tablename = %s",
        [contract.schema_name, name],
    )
    existing = {row[0] for row in cursor.fetchall()}
    for purpose, method, columns in wanted:
        index = _index_name(name, purpose, columns)
        if index not in existing:
            cursor.execute(
                sql.SQL("CREATE INDEX {} ON {} USING {} ({})").format(
                    sql.Identifier(index),
                    table_name(contract, name),
                    sql.SQL(method),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                )
            )


def _index_name(table: str, purpose: str, columns: tuple[str, ...]) -> str:
    name = f"{table}_{purpose}_idx"
    digest = hashlib.sha256(repr((table, columns)).encode()).hexdigest()[:8]
    if purpose in ("key", "touches"):  # a key that changes in the contract gets an index of its own
        name = f"{table}_{purpose}_{digest}_idx"
    if len(name.encode()) <= IDENTIFIER_BYTES:
        return name
    return f"{table.encode()[:30].decode(errors='ignore')}_{purpose}_{digest}_idx"


def _existing_columns(cursor: Cursor, schemas: list[str]) -> dict[tuple[str, str], set[str]]:
    cursor.execute(
        """
        SELECT n.nspname, c.relname, array_agg(a.attname::text)
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p')
        GROUP BY 1, 2
        """,
        [schemas],
    )
    return {(schema, name): set(columns) for schema, name, columns in cursor.fetchall()}


def _ensure_source(cursor: Cursor, contract: Contract, existing: Mapping[tuple[str, str], set[str]]) -> None:
    changed = False
    if not any(schema == contract.schema_name for schema, _ in existing):
        _make_schema(cursor, contract.schema_name)
    for name, table in contract.tables.items():
        have = existing.get((contract.schema_name, name))
        if have is None:
            _make_table(cursor, contract, name, table)
            changed = True
        elif missing := [column for column in raw_columns(table) if column not in have]:
            _add_columns(cursor, contract, name, missing)
    if changed:
        _grant_reading(cursor, contract.schema_name)


def _make_schema(cursor: Cursor, schema: str) -> None:
    cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))


def _make_table(cursor: Cursor, contract: Contract, name: str, table: Table) -> None:
    limits = {
        "_load_id": "NOT NULL DEFAULT ingest.this_load_id()",
        "_source_file": "NOT NULL DEFAULT ingest.this_source_file()",
        "_row_number": "NOT NULL",
        "_loaded_at": "NOT NULL DEFAULT ingest.this_loaded_at()",
    }
    lines = [
        sql.SQL("{} {} {}").format(sql.Identifier(column), sql.SQL(kind), sql.SQL(limits.get(column, "")))
        for column, kind in raw_columns(table).items()
    ]
    cursor.execute(
        sql.SQL("CREATE TABLE {} ({})").format(table_name(contract, name), sql.SQL(", ").join(lines))
    )
    cursor.execute(
        sql.SQL("COMMENT ON TABLE {} IS {}").format(
            table_name(contract, name), sql.Literal(table.description)
        )
    )
    _describe_columns(cursor, contract, name, list(table.columns))


def _add_columns(cursor: Cursor, contract: Contract, name: str, columns: list[str]) -> None:
    kinds = raw_columns(contract.tables[name])
    for column in columns:
        cursor.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                table_name(contract, name), sql.Identifier(column), sql.SQL(kinds[column])
            )
        )
    _describe_columns(cursor, contract, name, [column for column in columns if not column.startswith("_")])


def _describe_columns(cursor: Cursor, contract: Contract, name: str, columns: list[str]) -> None:
    for column in columns:
        spec = contract.tables[name].columns.get(column)
        if spec and spec.description:
            cursor.execute(
                sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(
                    table_name(contract, name), sql.Identifier(column), sql.Literal(spec.description)
                )
            )


def _grant_reading(cursor: Cursor, schema: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [READER_ROLE])
    if cursor.fetchone() is None:
        return
    for statement in ("GRANT USAGE ON SCHEMA {} TO {}", "GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}"):
        cursor.execute(sql.SQL(statement).format(sql.Identifier(schema), sql.Identifier(READER_ROLE)))
