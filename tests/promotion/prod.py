"""What tests do with the prod of the small project: promote dev, roll back, look at what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ops.promotion.promote import Promoted, promote
from ops.promotion.record import Promotion, promotions
from ops.promotion.rollback import RolledBack, roll_back
from tests.promotion.conftest import SALE, Shop
from tests.support import query

STATE = """
    SELECT 'environment', name, promoted_snapshot_ids, (finalized_ts IS NOT NULL)::text, NULL
    FROM sqlmesh._environments WHERE name = 'prod'
    UNION ALL
    SELECT 'version', part.name, snapshot.identifier, part.version, (snapshot.unpaused_ts IS NOT NULL)::text
    FROM sqlmesh._environments AS environment
    CROSS JOIN json_to_recordset(environment.snapshots::json) AS part (name text, fingerprint jsonb, version text)
    JOIN sqlmesh._snapshots AS snapshot ON snapshot.name = part.name AND snapshot.fingerprint::jsonb = part.fingerprint
    WHERE environment.name = 'prod'
    UNION ALL
    SELECT 'statements', md5(environment_statements), NULL, NULL, NULL
    FROM sqlmesh._environment_statements WHERE environment_name = 'prod'
    ORDER BY 1, 2, 3
"""
VIEWS = """
    SELECT n.nspname, c.relname, pg_get_viewdef(c.oid), c.relacl::text, obj_description(c.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname IN ('bi', 'core') ORDER BY 1, 2
"""
# Every row that was written to a table of a model, with the transaction that wrote it.
WRITTEN = """
    SELECT format('SELECT %L, xmin::text, ctid::text FROM %I.%I', c.relname, n.nspname, c.relname)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname LIKE 'sqlmesh\\_\\_%' AND c.relkind = 'r' ORDER BY 1
"""
SOLD = "SELECT amount FROM bi.sale"
TOTAL = "SELECT amount FROM bi.total"


def agreed(_shown: object) -> None:
    """Nobody is asked."""


def promoted(shop: Shop, say: Callable[[str], None] = agreed, **more: Any) -> Promoted:
    return promote(shop.settings, "dev", say, more.pop("confirm", agreed), **more)


def back(shop: Shop, to: int | None = None) -> RolledBack:
    return roll_back(shop.settings, agreed, agreed, to)


def amount(shop: Shop, number: int, more: str = "") -> None:
    """Plan dev with another amount sold."""
    shop.write(sale=SALE.replace("10", str(number)) + more)
    shop.plan(environment="dev")


def last(shop: Shop) -> Promotion:
    return promotions(shop.settings)[-1]


def state(shop: Shop) -> list[tuple[object, ...]]:
    connection = shop.settings.connect(database=shop.settings.state_database)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(STATE)
            return list(cursor.fetchall())
    finally:
        connection.close()


def in_state(shop: Shop, statement: str) -> None:
    connection = shop.settings.connect(database=shop.settings.state_database)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def views(shop: Shop) -> list[tuple[object, ...]]:
    return shop.query(VIEWS)


def written(shop: Shop) -> set[tuple[object, ...]]:
    return {row for (ask,) in shop.query(WRITTEN) for row in query(shop.settings, str(ask))}
