"""Erasing the person's rows of one raw table, inside the transaction of an erasure or a load.

Two temporary tables say who is meant: `erasing` holds the person's ids with what will stand for them, and the
values by which other tables' rows point at theirs; `erased_value` holds what was emptied.
"""

from dataclasses import dataclass, field
from datetime import date

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders.contract import Contract
from loaders.person import PersonalTable, person_root
from loaders.schema import table_name
from loaders.touched import referenced_dates

SHORTEST_VALUE = 6  # shorter personal values are not looked for in texts: they would be found everywhere
WORKING_TABLES = """
CREATE TEMPORARY TABLE erasing (root text, value text, tombstone text) ON COMMIT DROP;
CREATE TEMPORARY TABLE erased_value (value text) ON COMMIT DROP;
"""
# An id as it is compared: a number that went through a spreadsheet ends in .0.
NORMAL = "regexp_replace(btrim({}), '^([0-9]+)\\.0$', '\\1')"
_PERSONS = sql.SQL("ctid = ANY (ARRAY(SELECT place FROM persons_row))")


@dataclass
class Erased:
    """What was erased: rows per table, and the event dates of the person's rows."""

    rows: dict[str, int] = field(default_factory=dict)
    dates: set[date] = field(default_factory=set)


def normal(value: sql.Composable) -> sql.Composed:
    """Return the SQL of an id as it is compared."""
    return sql.SQL(NORMAL).format(value)


def _is_persons(table: PersonalTable) -> sql.Composable:
    """The condition that a row is the person's."""
    return sql.SQL(" OR ").join(
        sql.SQL("btrim({}) IN (SELECT value FROM erasing WHERE root = {})").format(
            sql.Identifier(column), sql.Literal(root)
        )
        for column, root in (*table.identities, *table.links)
    )


def pass_on(cursor: Cursor, contract: Contract, table: PersonalTable) -> None:
    """Note the values by which other tables point at the person's rows in this one."""
    for column in table.passed_on:
        cursor.execute(
            sql.SQL(
                "INSERT INTO erasing SELECT DISTINCT {root}, btrim({column}), NULL FROM {table} "
                "WHERE {column} IS NOT NULL AND ({condition})"
            ).format(
                root=sql.Literal(f"{table.name}.{column}"),
                column=sql.Identifier(column),
                table=table_name(contract, table.name),
                condition=_is_persons(table),
            )
        )


def erase_rows(
    cursor: Cursor, contract: Contract, table: PersonalTable, rows: sql.Composable, erased: Erased
) -> None:
    """Erase the person from one table; `rows` is a condition on the rows that may be theirs."""
    target = table_name(contract, table.name)
    columns = [column for column, _ in table.identities]
    kept = sql.SQL("").join(
        sql.SQL(", {}").format(sql.Identifier(c)) for c in dict.fromkeys([*columns, *table.passed_on])
    )
    cursor.execute("DROP TABLE IF EXISTS persons_row")
    cursor.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE persons_row ON COMMIT DROP AS "
            "SELECT ctid AS place{kept} FROM {target} WHERE ({rows}) AND ({condition})"
        ).format(kept=kept, target=target, rows=rows, condition=_is_persons(table))
    )
    for column, root in table.identities:
        # Another person's id in a row that was found by what it refers to is not this person's.
        if root != person_root(contract):
            _give_tombstones(cursor, column, root)
    for column in table.passed_on:
        cursor.execute(
            sql.SQL(
                "INSERT INTO erasing SELECT DISTINCT {}, btrim({column}), NULL FROM persons_row "
                "WHERE {column} IS NOT NULL"
            ).format(sql.Literal(f"{table.name}.{column}"), column=sql.Identifier(column))
        )
    _note_values(cursor, target, table)
    erased.dates |= _dates(cursor, contract, table)
    if count := _empty(cursor, target, table):
        erased.rows[table.name] = count


def _give_tombstones(cursor: Cursor, column: str, root: str) -> None:
    """Give a tombstone to each id in the person's rows that has none: an order's own customer number, say."""
    cursor.execute(
        sql.SQL(
            "INSERT INTO erasing SELECT {root}, ids.value, min(ids.tombstone) OVER (PARTITION BY ids.normal) "
            "FROM (SELECT DISTINCT btrim({column}) AS value, {normal} AS normal, "
            "'erased-' || replace(gen_random_uuid()::text, '-', '') AS tombstone "
            "FROM (SELECT DISTINCT {column} FROM persons_row) AS d) AS ids "
            "WHERE ids.value <> '' AND NOT EXISTS "
            "(SELECT FROM erasing WHERE root = {root} AND erasing.value = ids.value)"
        ).format(
            root=sql.Literal(root),
            column=sql.Identifier(column),
            normal=normal(sql.Identifier(column)),
        )
    )


def _note_values(cursor: Cursor, target: sql.Identifier, table: PersonalTable) -> None:
    """Remember what is about to be emptied, to find it in texts too."""
    for column in table.telling:
        cursor.execute(
            sql.SQL(
                "INSERT INTO erased_value SELECT DISTINCT btrim({column}) FROM {target} "
                "WHERE {persons} AND length(btrim({column})) >= {least}"
            ).format(
                persons=_PERSONS,
                column=sql.Identifier(column),
                target=target,
                least=sql.Literal(SHORTEST_VALUE),
            )
        )


def _dates(cursor: Cursor, contract: Contract, table: PersonalTable) -> set[date]:
    """The event dates of the person's rows in a table, and of those that they reference for their date."""
    event, target = contract.tables[table.name].event_time, table_name(contract, table.name)
    days: set[date] = set()
    if event is None:
        return days
    if event.column:
        cursor.execute(
            sql.SQL("SELECT DISTINCT _event_date FROM {} WHERE {} AND _event_date IS NOT NULL").format(
                target, _PERSONS
            )
        )
        days |= {row[0] for row in cursor.fetchall()}
    for column in event.referring:
        keys = sql.SQL("SELECT {} FROM {} WHERE {}").format(sql.Identifier(column), target, _PERSONS)
        days |= referenced_dates(cursor, contract, table.name, column, keys)
    return days


def _empty(cursor: Cursor, target: sql.Identifier, table: PersonalTable) -> int:
    """Put tombstones and nothing into the person's rows. Returns in how many rows that changed something."""
    new: dict[str, sql.Composable] = {
        column: sql.SQL(
            "coalesce((SELECT e.tombstone FROM erasing AS e WHERE e.root = {} AND e.value = btrim(t.{}) "
            "AND e.tombstone IS NOT NULL LIMIT 1), t.{})"
        ).format(sql.Literal(root), sql.Identifier(column), sql.Identifier(column))
        for column, root in table.identities
    }
    new |= {column: sql.SQL("NULL") for column in (*table.emptied, "_extra")}
    changes = sql.SQL(" OR ").join(
        sql.SQL("t.{} IS DISTINCT FROM {}").format(sql.Identifier(column), value)
        for column, value in new.items()
    )
    cursor.execute(
        sql.SQL(
            "UPDATE {} AS t SET {} WHERE t.ctid = ANY (ARRAY(SELECT place FROM persons_row)) AND ({})"
        ).format(
            target,
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(column), value) for column, value in new.items()
            ),
            changes,
        )
    )
    return cursor.rowcount
