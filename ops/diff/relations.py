"""What the views of an environment show: their columns, and the tables behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from ops.diff.state import Name, Pair

# Asked for by schema and name. A view of an environment reads one table, or one view.
RELATIONS = """
    SELECT view.nspname, view.relname, view.oid, view.columns, shown.oid,
        CASE WHEN shown.reltuples >= 0 THEN shown.reltuples ELSE pg_stat_get_live_tuples(shown.oid) END::bigint
    FROM (
        SELECT namespace.nspname, class.relname, class.oid,
            array_agg(ARRAY[attribute.attname::text, format_type(attribute.atttypid, attribute.atttypmod)]
                ORDER BY attribute.attnum) AS columns
        FROM unnest(%s::text[], %s::text[]) AS asked (nspname, relname)
        JOIN pg_namespace AS namespace ON namespace.nspname = asked.nspname
        JOIN pg_class AS class ON class.relnamespace = namespace.oid AND class.relname = asked.relname
        JOIN pg_attribute AS attribute
          ON attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
        GROUP BY 1, 2, 3
    ) AS view
    LEFT JOIN LATERAL (
        SELECT DISTINCT link.refobjid
        FROM pg_rewrite AS rule
        JOIN pg_depend AS link ON link.classid = 'pg_rewrite'::regclass AND link.objid = rule.oid
        WHERE rule.ev_class = view.oid AND link.refclassid = 'pg_class'::regclass AND link.refobjid <> view.oid
    ) AS behind ON TRUE
    LEFT JOIN pg_class AS shown ON shown.oid = behind.refobjid
"""


@dataclass(frozen=True)
class Relation:
    """A view of an environment: its columns with their types, and what it shows."""

    name: Name
    oid: int
    columns: Mapping[str, str]
    table: int | None  # the table or view behind it, by the number that the catalog gives it
    estimated_rows: int

    @property
    def layer(self) -> str:
        """The layer of the model: the schema, without the environment's name behind it."""
        return self.name[0].partition("__")[0]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.name)


@dataclass(frozen=True)
class Relations:
    """The views of two environments, by the name that the state gives their models."""

    after: Mapping[str, Relation]
    before: Mapping[str, Relation]

    def of_same_table(self, names: Collection[str]) -> frozenset[str]:
        """Return those models that both environments show from the same table."""
        return frozenset(
            name
            for name in names
            if name in self.after
            and name in self.before
            and self.after[name].table is not None
            and self.after[name].table == self.before[name].table
        )


def read_relations(cursor: Cursor, pair: Pair) -> Relations:
    """Look all views of both environments up in the catalog."""
    wanted = [{name: side.view(name) for name in side.models} for side in (pair.after, pair.before)]
    asked = sorted({place for names in wanted for place in names.values()})
    cursor.execute(RELATIONS, [[schema for schema, _ in asked], [name for _, name in asked]])
    found = {
        (schema, name): Relation((schema, name), oid, dict(columns), table, rows or 0)
        for schema, name, oid, columns, table, rows in cursor.fetchall()
    }
    after, before = (
        {name: found[place] for name, place in names.items() if place in found} for names in wanted
    )
    return Relations(after, before)
