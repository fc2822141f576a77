"""What is looked at after a promotion: that prod shows what was meant, and that its readers may read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from ops.errors import OpsError
from ops.promotion.candidate import View, view_of
from ops.promotion.checks import Answer
from ops.settings import Settings

SERVED = "bi"  # the layer that readers see
Totals = dict[str, int | Decimal | None]
AMOUNTS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
      AND attname LIKE '%%\\_amount' AND atttypid = 'numeric'::regtype
    ORDER BY attname
"""
# Who was given what by the models, and has it not.
MISSING_GRANTS = """
    SELECT view, privilege, grantee
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS given (view, privilege, grantee)
    JOIN pg_roles ON rolname = grantee
    WHERE NOT has_table_privilege(grantee, view, privilege)
       OR NOT has_schema_privilege(grantee, split_part(view, '.', 1), 'USAGE')
    ORDER BY 1, 2, 3
"""


def looks(
    settings: Settings, snapshots: Iterable[Any], naming: Any
) -> list[tuple[str, Callable[[], Answer]]]:
    """Return what is looked at of readers, each a name and the question."""
    models = [one for one in snapshots if one.is_model and not one.is_symbolic]
    given: dict[View, Mapping[str, Iterable[str]]] = {
        view_of(one, naming): one.model.grants or {} for one in models
    }
    readable = [view for view, granted in given.items() if settings.bi.user in granted.get("select", ())]
    return [
        ("grants", lambda: grants(settings, given)),
        ("reader", lambda: reader(settings, readable)),
    ]


def same_rows(settings: Settings, pairs: Sequence[tuple[View, View]]) -> Answer:
    """Whether views of prod have as many rows as those of the environment, and the same sums of money."""
    problems = []
    rows = 0
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            for prod, environment in pairs:
                shown, meant = totals(cursor, prod), totals(cursor, environment)
                rows += int(shown.get("rows") or 0)
                problems += _differences(".".join(prod), shown, meant)
    finally:
        connection.close()
    return Answer(problems, f"{len(pairs)} views, {rows:,} rows" if pairs else "no view that readers see")


def same_measures(settings: Settings, pairs: Sequence[tuple[View, View]]) -> Answer:
    """Whether revenue, orders and customers, by source and month, are in prod what they are in the environment."""
    from ops.diff import kpis

    prod, environment = ({".".join(pair[0]): pair[side] for pair in pairs} for side in (0, 1))
    problems = []
    asked = [metric for metric in kpis.kpis(settings.root) if kpis.tables_of(metric) <= prod.keys()]
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            for metric in asked:
                shown, meant = (kpis.values_of(cursor, metric, names) for names in (prod, environment))
                for change in kpis.compared(metric, shown, meant):
                    when = f"in {change.month:%Y-%m}" if change.month else "over all time"
                    problems.append(
                        f"{change.label} of {change.source} {when}: {change.before} {change.currency}, and "
                        f"{change.after} in the environment"
                    )
    finally:
        connection.close()
    return Answer(
        problems, ", ".join(metric.label.lower() for metric in asked) or "none that both show from one table"
    )


def totals(cursor: Cursor, view: View) -> Totals:
    """Return a view's number of rows and the sum of each of its amounts; nothing where it is not there."""
    name = sql.Identifier(*view)
    quoted = name.as_string(cursor)
    cursor.execute("SELECT to_regclass(%s) IS NULL", [quoted])
    if cursor.fetchone() == (True,):
        return {}
    cursor.execute(AMOUNTS, [quoted])
    columns = [row[0] for row in cursor.fetchall()]
    sums = [sql.SQL("sum({})").format(sql.Identifier(column)) for column in columns]
    cursor.execute(
        sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join([sql.SQL("count(*)"), *sums]), name)
    )
    row = cursor.fetchone() or ()
    return dict(zip(["rows", *columns], row, strict=True))


def _differences(view: str, shown: Totals, meant: Totals) -> list[str]:
    if not shown:
        return [f"{view} is not there"]
    return [
        f"{view}: {what} {shown.get(what)}, and {meant.get(what)} in the environment"
        for what in meant
        if shown.get(what) != meant[what]
    ]


def grants(settings: Settings, given: Mapping[View, Mapping[str, Iterable[str]]]) -> Answer:
    """Whether those to whom the models give something have it, on the schema too."""
    wanted = [
        (".".join(view), privilege, grantee)
        for view, privileges in given.items()
        for privilege, grantees in privileges.items()
        for grantee in grantees
    ]
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(MISSING_GRANTS, [list(column) for column in zip(*wanted, strict=True)] or [[]] * 3)
            missing = cursor.fetchall()
    finally:
        connection.close()
    return Answer(
        [
            f"{grantee} has no {privilege} on {view}, or none on its schema"
            for view, privilege, grantee in missing
        ],
        f"{len(wanted)} that the models give",
    )


def reader(settings: Settings, views: Sequence[View]) -> Answer:
    """Whether the role of BI tools can read the views, tried as that role."""
    if not settings.bi.password:
        return Answer(note=f"not tried: no password of {settings.bi.user} is known here")
    problems = []
    try:
        connection = settings.connect("bi")
    except OpsError as error:
        return Answer([str(error)])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for view in views:
                try:
                    cursor.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(*view)))
                except psycopg2.Error as error:
                    problems.append(f"{'.'.join(view)}: {str(error).splitlines()[0]}")
    finally:
        connection.close()
    return Answer(problems, f"{settings.bi.user} read {len(views)} views")
