"""What others built on a view: found in Postgres' catalog, kept as statements, built again on the view after it.

`CREATE OR REPLACE VIEW` leaves everything that hangs on a view as it is, so this is only needed where Postgres refuses
it: a column is gone, moved or of another type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

# The search path as it works now, without the "$user" that would be another schema after SET ROLE: the statements leave
# out the schemas that were on it when they were read.
SAME_PATH = """
    SELECT set_config('search_path',
        array_to_string(ARRAY(SELECT quote_ident(name) FROM unnest(current_schemas(false)) AS name), ', '), true)
"""
VIEW_KINDS = {"v": "VIEW", "m": "MATERIALIZED VIEW"}
# Everything that depends on a relation, directly or not, with the length of the longest way to it. A rule stands for
# the view whose query it is; indexes, triggers and further rules are parts of what they belong to.
FOUND = """
    WITH RECURSIVE held (classid, objid, depth) AS (
        SELECT 'pg_class'::regclass::oid, %(view)s::oid, 0
      UNION
        SELECT found.classid, found.objid, held.depth + 1
        FROM held
        LEFT JOIN pg_class AS relation ON held.classid = 'pg_class'::regclass AND relation.oid = held.objid
        JOIN pg_depend AS depend
          ON (depend.refclassid = held.classid AND depend.refobjid = held.objid)
          OR (depend.refclassid = 'pg_type'::regclass AND depend.refobjid = relation.reltype)
        LEFT JOIN pg_rewrite AS rule
          ON depend.classid = 'pg_rewrite'::regclass AND rule.oid = depend.objid AND rule.rulename = '_RETURN'
        CROSS JOIN LATERAL (
            SELECT
                CASE WHEN rule.oid IS NULL THEN depend.classid ELSE 'pg_class'::regclass END,
                COALESCE(rule.ev_class, depend.objid)
        ) AS found (classid, objid)
        WHERE depend.deptype IN ('n', 'a') AND (found.classid, found.objid) <> (held.classid, held.objid)
    )
    SELECT held.classid::regclass::text, held.objid, pg_describe_object(held.classid, held.objid, 0)
    FROM held
    LEFT JOIN pg_index AS part ON held.classid = 'pg_class'::regclass AND part.indexrelid = held.objid
    LEFT JOIN pg_trigger AS trigger ON held.classid = 'pg_trigger'::regclass AND trigger.oid = held.objid
    LEFT JOIN pg_rewrite AS rule ON held.classid = 'pg_rewrite'::regclass AND rule.oid = held.objid
    WHERE depth > 0
      AND NOT COALESCE(part.indrelid, trigger.tgrelid, rule.ev_class, 0)
          IN (SELECT objid FROM held WHERE classid = 'pg_class'::regclass)
    GROUP BY held.classid, held.objid
    ORDER BY max(depth), held.objid
"""
RELATION = """
    SELECT format('%%I.%%I', n.nspname, c.relname), c.relkind::text, pg_get_userbyid(c.relowner),
        pg_get_viewdef(c.oid), c.relispopulated, c.reloptions
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = %(id)s
"""
FUNCTION = """
    SELECT p.oid::regprocedure::text, p.prokind::text, pg_get_userbyid(p.proowner), pg_get_functiondef(p.oid),
        obj_description(p.oid, 'pg_proc')
    FROM pg_proc AS p
    WHERE p.oid = %(id)s AND p.prokind IN ('f', 'p')
"""
COMMENTS = """
    SELECT attribute.attname, description.description
    FROM pg_description AS description
    LEFT JOIN pg_attribute AS attribute
      ON attribute.attrelid = description.objoid AND attribute.attnum = description.objsubid AND attribute.attnum > 0
    WHERE description.classoid = 'pg_class'::regclass AND description.objoid = %(id)s
    ORDER BY description.objsubid
"""
# Triggers and further rules of a view, and the indexes of a materialized one, as statements that make them.
PARTS = """
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %(id)s AND NOT tgisinternal
    UNION ALL
    SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class = %(id)s AND rulename <> '_RETURN'
    UNION ALL
    SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %(id)s
"""
# Who may do what with it: with it all, or with some columns.
RELATION_GRANTS = """
    SELECT NULL::text, grantee.name, entry.privilege_type, entry.is_grantable
    FROM pg_class AS c
    CROSS JOIN LATERAL aclexplode(c.relacl) AS entry
    CROSS JOIN LATERAL (SELECT CASE WHEN entry.grantee <> 0 THEN pg_get_userbyid(entry.grantee) END) AS grantee (name)
    WHERE c.oid = %(id)s AND entry.grantee <> c.relowner
    UNION ALL
    SELECT a.attname, grantee.name, entry.privilege_type, entry.is_grantable
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    CROSS JOIN LATERAL aclexplode(a.attacl) AS entry
    CROSS JOIN LATERAL (SELECT CASE WHEN entry.grantee <> 0 THEN pg_get_userbyid(entry.grantee) END) AS grantee (name)
    WHERE a.attrelid = %(id)s AND NOT a.attisdropped AND entry.grantee <> c.relowner
    ORDER BY 1 NULLS FIRST, 2, 3
"""
FUNCTION_GRANTS = """
    SELECT NULL::text, CASE WHEN entry.grantee <> 0 THEN pg_get_userbyid(entry.grantee) END, entry.privilege_type,
        entry.is_grantable
    FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS entry
    WHERE p.oid = %(id)s AND entry.grantee <> p.proowner
    ORDER BY 2, 3
"""


@dataclass(frozen=True)
class Grant:
    """A privilege on a relation, or on one of its columns; without a grantee everybody has it."""

    column: str | None
    grantee: str | None
    privilege: str
    is_grantable: bool


@dataclass(frozen=True)
class Dependent:
    """Something that others built: what it is called, whose it is, and the statements that build it again."""

    name: str
    owner: str
    statements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} (owner {self.owner})"


@dataclass(frozen=True)
class Broken:
    """A dependent that cannot be built again, with what Postgres says of it."""

    dependent: Dependent
    view: str
    reason: str

    def __str__(self) -> str:
        return f"{self.dependent}: {self.reason}"


def relation_id(cursor: Cursor, name: str) -> int | None:
    """Return the catalog's number of a relation by its quoted name, or None where there is none."""
    cursor.execute("SELECT to_regclass(%s)::oid", [name])
    row = cursor.fetchone()
    return row[0] if row else None


def grants_of(cursor: Cursor, relation: int) -> list[Grant]:
    """Return what others than its owner may do with a relation."""
    return _grants(cursor, RELATION_GRANTS, relation)


def dependents_of(cursor: Cursor, view: int) -> list[Dependent]:
    """Return what depends on a view, in an order in which it can be built again.

    What cannot be told as statements has none, so that building it again fails.
    """
    cursor.execute(FOUND, {"view": view})
    return [_dependent(cursor, kind, number, words) for kind, number, words in cursor.fetchall()]


def parts_of(cursor: Cursor, view: int) -> list[str]:
    """Return the statements that make a view's triggers and rules again."""
    cursor.execute(PARTS, {"id": view})
    return [row[0] for row in cursor.fetchall()]


def restore(cursor: Cursor, view: str, dependents: Iterable[Dependent]) -> list[Broken]:
    """Build dependents of a view again, and return those that cannot be, with the reason. Needs a transaction.

    Their owners' functions, in queries and indexes, run as these owners.
    """
    broken = []
    cursor.execute(SAME_PATH)
    for dependent in dependents:
        cursor.execute("SAVEPOINT dependent")
        try:
            if not dependent.statements:
                raise psycopg2.errors.FeatureNotSupported("it cannot be built again by a promotion")
            for statement in dependent.statements:
                cursor.execute(statement)
        except psycopg2.Error as error:
            cursor.execute("ROLLBACK TO SAVEPOINT dependent")
            broken.append(Broken(dependent, view, _reason(cursor, dependent, error)))
        cursor.execute("RELEASE SAVEPOINT dependent")
    return broken


def grant_statements(cursor: Cursor, target: str, grants: Sequence[Grant]) -> list[str]:
    """Return GRANT statements for a target such as `TABLE a.b`, whose parts are quoted already."""
    return [
        sql.SQL("GRANT {}{} ON {} TO {}{}")
        .format(
            sql.SQL(grant.privilege),
            sql.SQL(" ({})").format(sql.Identifier(grant.column)) if grant.column else sql.SQL(""),
            sql.SQL(target),
            sql.Identifier(grant.grantee) if grant.grantee else sql.SQL("PUBLIC"),
            sql.SQL(" WITH GRANT OPTION" if grant.is_grantable else ""),
        )
        .as_string(cursor)
        for grant in grants
    ]


def _dependent(cursor: Cursor, kind: str, number: int, words: str) -> Dependent:
    if kind == "pg_class":
        cursor.execute(RELATION, {"id": number})
        row = cursor.fetchone()
        if row and row[1] in VIEW_KINDS:
            return _relation(cursor, number, row)
        if row:
            return Dependent(words, row[2], ())
    if kind == "pg_proc":
        cursor.execute(FUNCTION, {"id": number})
        row = cursor.fetchone()
        if row:
            return _function(cursor, number, row)
    return Dependent(words, "unknown", ())


def _relation(cursor: Cursor, number: int, row: tuple[Any, ...]) -> Dependent:
    name, kind_letter, owner, query, is_populated, options = row
    kind = VIEW_KINDS[kind_letter]
    settings = f" WITH ({', '.join(options)})" if options else ""
    # Filled and indexed by its owner: both run functions that are the owner's.
    data = "" if kind_letter == "v" else " WITH NO DATA"
    refresh = [f"REFRESH {kind} {name}"] if kind_letter == "m" and is_populated else []
    create = f"CREATE {kind} {name}{settings} AS {query.rstrip().rstrip(';')}{data}"
    cursor.execute(COMMENTS, {"id": number})
    target = f"{kind} {name}"
    comments = [
        _comment(
            cursor,
            sql.SQL("COLUMN {}.{}").format(sql.SQL(name), sql.Identifier(column))
            if column
            else sql.SQL(target),
            text,
        )
        for column, text in cursor.fetchall()
    ]
    grants = grant_statements(cursor, f"TABLE {name}", grants_of(cursor, number))
    by_owner = [*parts_of(cursor, number), *grants, *refresh]
    return Dependent(
        f"{kind.lower()} {name}",
        owner,
        (create, *comments, *_handed_over(cursor, target, owner, by_owner)),
    )


def _function(cursor: Cursor, number: int, row: tuple[Any, ...]) -> Dependent:
    name, letter, owner, create, comment = row
    kind = "PROCEDURE" if letter == "p" else "FUNCTION"
    target = f"{kind} {name}"
    comments = [_comment(cursor, sql.SQL(target), comment)] if comment else []
    grants = _grants(cursor, FUNCTION_GRANTS, number)
    # A new function may be everybody's to call: where that was taken away, it is again.
    revoke = [f"REVOKE ALL ON {target} FROM PUBLIC"] if all(one.grantee for one in grants) else []
    return Dependent(
        f"{kind.lower()} {name}",
        owner,
        (
            create,
            *comments,
            *revoke,
            *_handed_over(cursor, target, owner, grant_statements(cursor, target, grants)),
        ),
    )


def _comment(cursor: Cursor, target: sql.Composable, text: str) -> str:
    return sql.SQL("COMMENT ON {} IS {}").format(target, sql.Literal(text)).as_string(cursor)


def _handed_over(cursor: Cursor, target: str, owner: str, by_owner: Sequence[str]) -> list[str]:
    """The statements that give something back to its owner, and those that run as the owner."""
    cursor.execute("SELECT current_user")
    if cursor.fetchone() == (owner,):
        return list(by_owner)
    role = sql.Identifier(owner).as_string(cursor)
    return [
        f"ALTER {target} OWNER TO {role}",
        *([f"SET LOCAL ROLE {role}", *by_owner, "RESET ROLE"] if by_owner else []),
    ]


def _grants(cursor: Cursor, query: str, number: int) -> list[Grant]:
    cursor.execute(query, {"id": number})
    return [Grant(*row) for row in cursor.fetchall()]


def _reason(cursor: Cursor, dependent: Dependent, error: psycopg2.Error) -> str:
    """What Postgres says in one line, and what helps against it where that is not plain."""
    said = " ".join(str(error).split("\n")[0].split()) or type(error).__name__
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        cursor.execute("SELECT pg_has_role(%s, 'SET')", [dependent.owner])
        if cursor.fetchone() == (True,):
            return said  # the owner may not, either
        return (
            f"{said}; it can be given back to its owner after GRANT {dependent.owner} TO the role that plans"
        )
    return said
