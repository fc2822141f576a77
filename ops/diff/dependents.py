"""What a promotion would do to what others built on the views that it changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.diff.relations import Relations
from ops.diff.schema import compared, is_replaced_in_place
from ops.diff.types import ColumnChange, Fate, Risk
from ops.promotion.dependents import Dependent, dependents_of

# What reads a view directly, named as `dependents_of` names it, and which columns it reads.
DIRECT = """
    SELECT lower(kind.name) || ' ' || format('%%I.%%I', namespace.nspname, class.relname), class.oid,
        array_agg(DISTINCT attribute.attname::text)
    FROM pg_depend AS link
    JOIN pg_rewrite AS rule ON link.classid = 'pg_rewrite'::regclass AND rule.oid = link.objid
    JOIN pg_class AS class ON class.oid = rule.ev_class
    JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
    CROSS JOIN LATERAL (
        SELECT CASE class.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END
    ) AS kind (name)
    LEFT JOIN pg_attribute AS attribute
      ON attribute.attrelid = link.refobjid AND attribute.attnum = link.refobjsubid AND link.refobjsubid > 0
    WHERE link.refclassid = 'pg_class'::regclass AND link.refobjid = %(view)s AND class.oid <> %(view)s
    GROUP BY 1, 2
    UNION ALL
    SELECT CASE proc.prokind WHEN 'p' THEN 'procedure ' ELSE 'function ' END || proc.oid::regprocedure::text, NULL,
        array_agg(DISTINCT attribute.attname::text)
    FROM pg_depend AS link
    JOIN pg_proc AS proc ON link.classid = 'pg_proc'::regclass AND proc.oid = link.objid
    LEFT JOIN pg_attribute AS attribute
      ON attribute.attrelid = link.refobjid AND attribute.attnum = link.refobjsubid AND link.refobjsubid > 0
    WHERE link.refclassid = 'pg_class'::regclass AND link.refobjid = %(view)s
    GROUP BY 1, proc.oid
    ORDER BY 1
"""
MAY_BECOME = """
    SELECT rolname, pg_has_role(oid, 'SET') FROM pg_roles WHERE rolname = ANY(%s)
"""
WORST: tuple[Fate, ...] = ("breaks", "may break", "is built again")
GONE = "the view goes"


def risks(cursor: Cursor, relations: Relations, changed: Mapping[str, str]) -> tuple[Risk, ...]:
    """Return what depends on views that cannot be replaced in place, and what becomes of each.

    `changed`: the names of the models that changed by those of the state. A thing that reads several such views has
    the worst of its fates.
    """
    found: dict[str, Risk] = {}
    for key in sorted(changed, key=lambda key: changed[key]):
        before, after = relations.before.get(key), relations.after.get(key)
        if before is None or (after and is_replaced_in_place(before.columns, after.columns)):
            continue
        changes = compared(changed[key], before.columns, after.columns) if after else None
        for risk in _of_view(cursor, before.oid, ".".join(before.name), changes):
            known = found.get(risk.dependent)
            if known is None or WORST.index(risk.fate) < WORST.index(known.fate):
                found[risk.dependent] = risk
    return _without_rights(
        cursor, sorted(found.values(), key=lambda risk: (WORST.index(risk.fate), risk.dependent))
    )


def fate_of(columns: Collection[str], changes: Collection[ColumnChange] | None) -> tuple[Fate, str]:
    """Return what becomes of something that reads some columns of a view, and why. No changes: the view goes."""
    if changes is None:
        return "breaks", GONE
    gone = [change.column for change in changes if change.change == "removed" and change.column in columns]
    if gone:
        return "breaks", f"it reads {', '.join(gone)}, which {'goes' if len(gone) == 1 else 'go'}"
    other = [change for change in changes if change.change == "type changed" and change.column in columns]
    if other:
        types = ", ".join(f"{change.column} (from {change.before} to {change.after})" for change in other)
        return "may break", f"it reads {types}"
    return "is built again", "the view cannot be replaced in place"


def _of_view(cursor: Cursor, view: int, name: str, changes: list[ColumnChange] | None) -> list[Risk]:
    """What depends on a view, directly or through others, with its fate."""
    known = {item.name: item for item in dependents_of(cursor, view)}
    cursor.execute(DIRECT, {"view": view})
    direct = {row[0]: (row[1], {column for column in row[2] if column}) for row in cursor.fetchall()}
    found: dict[str, Risk] = {}

    def add(item: Dependent, fate: Fate, reason: str) -> None:
        if not item.statements and fate != "breaks":
            fate, reason = "breaks", "a promotion cannot build it again"
        if item.name not in found or WORST.index(fate) < WORST.index(found[item.name].fate):
            found[item.name] = Risk(item.name, item.owner, name, fate, reason)

    for dependent, (number, columns) in direct.items():
        if dependent not in known:
            continue
        fate, reason = fate_of(columns, changes)
        add(known[dependent], fate, reason)
        for further in dependents_of(cursor, number) if number else ():
            add(further, fate, f"it stands on {dependent}: {reason}")
    for item in known.values():
        if item.name not in found:
            add(item, *fate_of((), changes))
    return list(found.values())


def _without_rights(cursor: Cursor, found: list[Risk]) -> tuple[Risk, ...]:
    """Say so where the role that plans may not act for an owner, without which nothing is given back to it."""
    cursor.execute(MAY_BECOME, [sorted({risk.owner for risk in found})])
    may = dict(cursor.fetchall())
    cursor.execute("SELECT current_user")
    row = cursor.fetchone()
    me = row[0] if row else ""
    return tuple(
        replace(
            risk,
            fate="breaks",
            reason=f"it cannot be given back to its owner without GRANT {risk.owner} TO {me}",
        )
        if risk.fate != "breaks" and not may.get(risk.owner, True)
        else risk
        for risk in found
    )
