"""Erasing a person from the raw layer, and keeping them erased when a file brings them again.

The rows stay, with their amounts. What is personal in them is emptied, and each of the person's ids becomes a
random one, the tombstone: the same over all rows, so that orders and customers count as before, and not to be
computed from the id. `ingest.erased_id` knows an erased id by a keyed hash only; every load looks its new ids
up there.
"""

from datetime import date

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extras import Json

from loaders.contract import Contract
from loaders.erased_rows import WORKING_TABLES, Erased, erase_rows, normal, pass_on
from loaders.person import below, person_root, personal_tables
from loaders.schema import READER_ROLE, table_name

ERASED_TEXT = "(erased)"
LEDGER = """
CREATE TABLE IF NOT EXISTS ingest.erasure (
    erasure_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    id_mark text NOT NULL,
    rows_touched jsonb NOT NULL,
    event_dates date[] NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    UNIQUE (source, id_mark)
);
COMMENT ON TABLE ingest.erasure IS 'One row per erased person.';
COMMENT ON COLUMN ingest.erasure.id_mark IS 'Keyed hash of the id, which itself is nowhere any more.';
COMMENT ON COLUMN ingest.erasure.rows_touched IS 'Per raw table, the rows in which something was erased.';
COMMENT ON COLUMN ingest.erasure.event_dates IS 'The dates of the person''s rows, which were computed again.';
COMMENT ON COLUMN ingest.erasure.finished_at IS 'When no table behind the raw layer held the person any more.';
CREATE TABLE IF NOT EXISTS ingest.erased_id (
    source text NOT NULL,
    root text NOT NULL,
    id_mark text NOT NULL,
    tombstone text NOT NULL,
    erasure_id bigint NOT NULL REFERENCES ingest.erasure (erasure_id),
    PRIMARY KEY (source, root, id_mark)
);
COMMENT ON TABLE ingest.erased_id IS 'One row per id of an erased person, by its keyed hash, with what stands for it.';
COMMENT ON COLUMN ingest.erased_id.root IS 'Where the id stands first: table.column.';
"""
PATTERNS = r"""
CREATE TEMPORARY TABLE erased_pattern ON COMMIT DROP AS
SELECT DISTINCT
    '(^|[^[:alnum:]])' || regexp_replace(value, '([^[:alnum:]])', '\\\1', 'g') || '($|[^[:alnum:]])' AS pattern
FROM erasing
WHERE tombstone <> value
"""
NAMES_THE_PERSON = """(
    EXISTS (SELECT FROM erased_pattern WHERE {0} ~ pattern)
    OR EXISTS (SELECT FROM erased_value AS known WHERE strpos({0}, known.value) > 0)
)"""
MARK = "privacy.erasure_mark({source} || chr(31) || {root} || chr(31) || {value})"


def ensure_ledger(cursor: Cursor) -> None:
    """Make the ledger of erasures where it is missing. Only who loads reads which id became which."""
    cursor.execute("SELECT to_regclass('ingest.erased_id') IS NULL")
    if cursor.fetchone() != (True,):
        return
    cursor.execute(LEDGER)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [READER_ROLE])
    if cursor.fetchone():
        cursor.execute(sql.SQL("REVOKE ALL ON ingest.erased_id FROM {}").format(sql.Identifier(READER_ROLE)))


def mark_of(cursor: Cursor, contract: Contract, customer_id: str) -> str:
    """Return the keyed hash by which the ledger knows a person."""
    cursor.execute(
        sql.SQL("SELECT {}").format(_mark(contract, person_root(contract), normal(sql.Literal(customer_id))))
    )
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def erase(cursor: Cursor, contract: Contract, customer_id: str) -> Erased:
    """Erase a person from the source's raw tables and from what the ledger keeps of bad rows.

    Runs in the caller's transaction, which has `ensure_ledger` behind it. Without rows of the person nothing
    is written.
    """
    plain = customer_id.strip().removesuffix(".0") if _is_number(customer_id) else customer_id.strip()
    cursor.execute(WORKING_TABLES)
    variants = [plain, f"{plain}.0"] if _is_number(plain) else [plain]
    cursor.execute(
        "INSERT INTO erasing SELECT %s, value, tombstone FROM unnest(%s) AS value, "
        "(SELECT 'erased-' || replace(gen_random_uuid()::text, '-', '') AS tombstone) AS made",
        [person_root(contract), variants],
    )
    tables = personal_tables(contract)
    erased = Erased()
    for table in tables.values():
        erase_rows(cursor, contract, table, sql.SQL("true"), erased)
    if not erased.rows:
        return erased
    erased.rows |= _erase_texts(cursor, contract)
    _rename_arrived_keys(cursor, contract)
    cursor.execute(
        "INSERT INTO ingest.erasure (source, id_mark, rows_touched, event_dates) "
        "VALUES (%s, %s, %s, %s::date[]) RETURNING erasure_id",
        [contract.source, mark_of(cursor, contract, plain), Json(erased.rows), sorted(erased.dates)],
    )
    row = cursor.fetchone()
    _remember_ids(cursor, contract, int(row[0]) if row else 0)
    return erased


def own_dates(cursor: Cursor, contract: Contract, mark: str) -> list[date]:
    """Return the event dates of an erased person's rows in the table where the id stands first, if it has dates."""
    place = contract.reference(contract.person or "")
    if place is None or not contract.tables[place[0]].has_event_date:
        return []
    cursor.execute(
        sql.SQL(
            "SELECT DISTINCT _event_date FROM {} WHERE {} IN "
            "(SELECT tombstone FROM ingest.erased_id WHERE source = %s AND root = %s AND id_mark = %s) "
            "ORDER BY 1"
        ).format(table_name(contract, place[0]), sql.Identifier(place[1])),
        [contract.source, person_root(contract), mark],
    )
    return [day for (day,) in cursor.fetchall()]


def erase_again(cursor: Cursor, contract: Contract, name: str, load_id: int) -> Erased:
    """Erase from a table's new rows, and from what hangs on them, whoever was erased before.

    Runs in the transaction of the load, behind COPY, where `has_erasures`.
    """
    tables, erased = personal_tables(contract), Erased()
    if name not in tables:
        return erased
    if not tables[name].may_tell and not _has_unknown_columns(cursor, contract, name, load_id):
        return erased
    cursor.execute(WORKING_TABLES)
    cursor.execute(
        "INSERT INTO erasing SELECT root, tombstone, tombstone FROM ingest.erased_id WHERE source = %s",
        [contract.source],
    )
    new_rows = sql.SQL("_load_id = {}").format(sql.Literal(load_id))
    for column, root in tables[name].identities:
        _recognise(cursor, contract, name, column, root, new_rows)
    if tables[name].links:
        for other in tables:
            if name in below(tables, contract, other):
                pass_on(cursor, contract, tables[other])
    erase_rows(cursor, contract, tables[name], new_rows, erased)
    if erased.rows:
        for other in below(tables, contract, name):
            erase_rows(cursor, contract, tables[other], sql.SQL("true"), erased)
        cursor.execute(
            "SELECT max(erasure_id) FROM ingest.erased_id WHERE source = %s AND tombstone IN "
            "(SELECT tombstone FROM erasing)",
            [contract.source],
        )
        row = cursor.fetchone()
        _remember_ids(cursor, contract, int(row[0]) if row else 0)
    _erase_known_from_rejected(cursor, contract, load_id)
    cursor.execute("DROP TABLE erasing, erased_value")
    return erased


def finish(conn: Connection, contract: Contract, mark: str) -> None:
    """Write down that nothing behind the raw layer holds the person any more. Commits."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "UPDATE ingest.erasure SET finished_at = clock_timestamp() WHERE source = %s AND id_mark = %s",
            [contract.source, mark],
        )


def _is_number(text: str) -> bool:
    return text.strip().removesuffix(".0").isdecimal()


def _mark(contract: Contract, root: str, value: sql.Composable) -> sql.Composed:
    return sql.SQL(MARK).format(source=sql.Literal(contract.source), root=sql.Literal(root), value=value)


def has_erasures(cursor: Cursor, contract: Contract) -> bool:
    """Return whether anybody was erased from the source."""
    cursor.execute("SELECT to_regclass('ingest.erased_id') IS NOT NULL")
    if cursor.fetchone() != (True,):
        return False
    cursor.execute("SELECT EXISTS (SELECT FROM ingest.erased_id WHERE source = %s)", [contract.source])
    return cursor.fetchone() == (True,)


def _has_unknown_columns(cursor: Cursor, contract: Contract, name: str, load_id: int) -> bool:
    cursor.execute(
        sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE _load_id = {} AND _extra IS NOT NULL)").format(
            table_name(contract, name), sql.Literal(load_id)
        )
    )
    return cursor.fetchone() == (True,)


def _recognise(
    cursor: Cursor, contract: Contract, name: str, column: str, root: str, rows: sql.Composable
) -> None:
    """Note which of the new rows' ids were erased."""
    cursor.execute(
        sql.SQL(
            "INSERT INTO erasing SELECT {root}, found.value, known.tombstone "
            "FROM (SELECT DISTINCT btrim({column}) AS value FROM {table} WHERE {rows}) AS found "
            "JOIN ingest.erased_id AS known ON known.source = {source} AND known.root = {root} "
            "AND known.id_mark = {mark}"
        ).format(
            root=sql.Literal(root),
            column=sql.Identifier(column),
            table=table_name(contract, name),
            rows=rows,
            source=sql.Literal(contract.source),
            mark=_mark(contract, root, normal(sql.SQL("found.value"))),
        )
    )


def _remember_ids(cursor: Cursor, contract: Contract, erasure_id: int) -> None:
    """Keep, by keyed hash, which ids were erased and what stands for them."""
    cursor.execute(
        sql.SQL(
            "INSERT INTO ingest.erased_id (source, root, id_mark, tombstone, erasure_id) "
            "SELECT {source}, root, privacy.erasure_mark({source} || chr(31) || root || chr(31) || {normal}), "
            "min(tombstone), {erasure} FROM erasing WHERE tombstone <> value GROUP BY 1, 2, 3 "
            "ON CONFLICT DO NOTHING"
        ).format(
            source=sql.Literal(contract.source),
            normal=normal(sql.SQL("value")),
            erasure=sql.Literal(erasure_id),
        )
    )


def _rename_arrived_keys(cursor: Cursor, contract: Contract) -> None:
    """Let the ledger's hashes of keys be those of what stands for the ids: anybody may compute those of ids."""
    cursor.execute(
        "WITH known AS (DELETE FROM ingest.arrived_key AS arrived USING erasing AS e "
        "WHERE arrived.source = %s AND (arrived.table_name || '.' || arrived.column_name) = e.root "
        "AND e.tombstone IS NOT NULL AND arrived.key_hash = hashtextextended(e.value, 0) "
        "RETURNING arrived.load_id, arrived.source, arrived.table_name, arrived.column_name, e.tombstone) "
        "INSERT INTO ingest.arrived_key (load_id, source, table_name, column_name, key_hash) "
        "SELECT DISTINCT load_id, source, table_name, column_name, hashtextextended(tombstone, 0) FROM known",
        [contract.source],
    )


def _erase_texts(cursor: Cursor, contract: Contract) -> dict[str, int]:
    """Erase what names the person elsewhere: unknown columns of other rows, rejected rows, messages.

    An id counts where it stands as a word, a value wherever it stands. Better a text too many than one too few.
    """
    cursor.execute(PATTERNS)
    touched: dict[str, int] = {}

    def note(what: str) -> None:
        if cursor.rowcount:
            touched[what] = cursor.rowcount

    for name in contract.tables:
        cursor.execute(
            sql.SQL(
                "UPDATE {} SET _extra = (SELECT jsonb_object_agg(name, content) "
                "FROM jsonb_each(_extra) AS part (name, content) WHERE NOT {}) "
                "WHERE _extra IS NOT NULL AND {}"
            ).format(
                table_name(contract, name),
                sql.SQL(NAMES_THE_PERSON.format("part.content::text")),
                sql.SQL(NAMES_THE_PERSON.format("_extra::text")),
            )
        )
        note(f"{name}._extra")
    cursor.execute(
        "UPDATE ingest.rejected_row SET raw = %s, reason = %s "
        f"WHERE source = %s AND {NAMES_THE_PERSON.format('(raw || reason)')}",
        [ERASED_TEXT, ERASED_TEXT, contract.source],
    )
    note("ingest.rejected_row")
    cursor.execute(
        f"UPDATE ingest.load SET error = %s WHERE source = %s AND {NAMES_THE_PERSON.format('error')}",
        [ERASED_TEXT, contract.source],
    )
    note("ingest.load")
    return touched


def _erase_known_from_rejected(cursor: Cursor, contract: Contract, load_id: int) -> None:
    """Empty the load's rejected rows in which a word is an id that was erased."""
    cursor.execute(
        sql.SQL(
            "UPDATE ingest.rejected_row SET raw = {text}, reason = {text} WHERE load_id = {load} AND EXISTS ("
            "SELECT FROM regexp_split_to_table(raw, '[^[:alnum:]_.@/+-]+') AS word "
            "CROSS JOIN (SELECT DISTINCT root FROM ingest.erased_id WHERE source = {source}) AS place "
            "JOIN ingest.erased_id AS known ON known.source = {source} AND known.root = place.root "
            "AND known.id_mark = "
            "privacy.erasure_mark({source} || chr(31) || place.root || chr(31) || {normal}))"
        ).format(
            text=sql.Literal(ERASED_TEXT),
            load=sql.Literal(load_id),
            source=sql.Literal(contract.source),
            normal=normal(sql.SQL("word")),
        )
    )
