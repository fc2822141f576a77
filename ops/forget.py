"""`retail forget`: erase a person from the raw layer and from everything that was derived from it.

First the raw rows, in one transaction. Then prod: the days of the person's rows are computed again. Then what
else SQLMesh holds: environments with versions of their own are taken down, and every version that no environment
uses is dropped now instead of in a week. The ledger says how far an erasure came, so that it can be gone on with.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from loaders import erasure
from loaders.contract import Contract
from loaders.ledger import table_lock
from loaders.person import personal_tables
from loaders.schema import ensure_tables, table_name
from ops.errors import OpsError
from ops.postgres import hash_key
from ops.refresh_ledger import nobody_else
from ops.restatement import Restatement, ranges
from ops.settings import Settings
from ops.sqlmesh import MATCH, RawTable, SqlMesh

Say = Callable[[str], None]
JANITOR = ("janitor", "--ignore-ttl")
MOST_PLANS, MOST_FIRST_PLANS = 3, 2  # a person's days are spread over years: more plans would spare few days


@dataclass(frozen=True)
class Forgotten:
    """What was erased, or would be: rows per raw table, dates and models computed again, environments dropped."""

    source: str
    rows: dict[str, int]
    dates: list[date]
    own_dates: list[date] = field(default_factory=list)  # of the rows that others know the person by
    restatements: list[Restatement] = field(default_factory=list)
    environments: list[str] = field(default_factory=list)
    finished_before: datetime | None = None

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "source": self.source,
            "rows": self.rows,
            "dates": self.dates,
            "computed_again": [str(item) for item in self.restatements],
            "environments_dropped": self.environments,
            "finished_before": self.finished_before,
        }


def forget(
    settings: Settings,
    contract: Contract,
    customer_id: str,
    say: Say,
    *,
    dry_run: bool = False,
    sqlmesh: SqlMesh | None = None,
) -> Forgotten:
    """Erase the person with this id, or with `dry_run` only find out what that would touch.

    An erasure that was interrupted is gone on with. Raises OpsError when no row names the person, when the
    contract says not how to find one, or a plan fails; LoadError and psycopg2.Error from the raw layer.
    """
    sqlmesh = sqlmesh or SqlMesh(settings)
    sqlmesh.let_gates_warn()  # the person's rows must not stay because a model is worse without them
    _check(settings, contract)
    with _alone(settings, contract, say) as connection, closing(sqlmesh):
        mark, before = _known(connection, contract, customer_id)
        if before and before.finished_before:
            return before
        erased = before or _erase_raw(connection, contract, customer_id, say, dry_run=dry_run)
        has_prod, has_state = sqlmesh.prod_mark() is not None, sqlmesh.has_state()
        found = replace(
            erased,
            restatements=restatements_for(contract.source, erased, sqlmesh.prod().readers)
            if has_prod
            else [],
            environments=sqlmesh.environments_of_their_own() if has_state else [],
        )
        if dry_run:
            return found
        if has_state:
            _erase_derived(found, sqlmesh, say)
            _vacuum_derived(settings)
        erasure.finish(connection, contract, mark)
    return found


def restatements_for(
    source: str, erased: Forgotten, readers: Mapping[RawTable, list[str]]
) -> list[Restatement]:
    """Return the plans that compute the person's days again.

    First the days of the rows that others know the person by: a receipt whose customer is not there yet would be
    held back. Then all days, the last ones first: a sale's day reads the rating that came later. Then their returns
    are matched with their sales once more. Models without
    a time are computed whole by any of them, so a person without dated rows gets yesterday.
    """
    tables = {name.removesuffix("._extra") for name in erased.rows}
    models = tuple(sorted({model for table in tables for model in readers.get((source, table), [])}))
    if not models:
        return []
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    days = ranges([day for day in erased.dates if day <= yesterday], MOST_PLANS) or [(yesterday, yesterday)]
    own = [day for day in erased.own_dates if day <= yesterday]
    hang_on_them = len(days) > 1 and set(own) != set(erased.dates)
    first = ranges(own, MOST_FIRST_PLANS) if hang_on_them else []
    plans = [Restatement(models, *span) for span in [*first, *reversed(days)]]
    # A return was computed before the sale that it brings back, which still had the old id.
    return [*plans, Restatement((MATCH,), days[0][0], days[-1][1])] if len(days) > 1 else plans


def _check(settings: Settings, contract: Contract) -> None:
    if not personal_tables(contract):
        raise OpsError(f"The contract of {contract.source} names no `person`, so nobody can be found there.")
    if not hash_key.has_function(settings):
        raise OpsError(
            "This server has no keyed hashes yet: `retail start` or `retail connect` makes them, and forgetting "
            "needs them to know the person when a file brings them again."
        )


@contextmanager
def _alone(settings: Settings, contract: Contract, say: Say) -> Iterator[Connection]:
    """Open the loader's connection; meanwhile nobody refreshes prod or loads files of the source."""
    connection = settings.connect_loader()
    try:
        with ExitStack() as locks:
            locks.enter_context(nobody_else(connection))
            ensure_tables(connection, [contract])
            with connection, connection.cursor() as cursor:
                erasure.ensure_ledger(cursor)
            for name in contract.tables:
                locks.enter_context(table_lock(connection, contract.source, name, say))
            yield connection
    finally:
        connection.close()


def _known(connection: Connection, contract: Contract, customer_id: str) -> tuple[str, Forgotten | None]:
    """Return the person's mark, and what the ledger says of an erasure that has begun."""
    with connection, connection.cursor() as cursor:
        mark = erasure.mark_of(cursor, contract, customer_id)
        cursor.execute(
            "SELECT rows_touched, event_dates, finished_at FROM ingest.erasure "
            "WHERE source = %s AND id_mark = %s",
            [contract.source, mark],
        )
        row = cursor.fetchone()
        own = erasure.own_dates(cursor, contract, mark) if row else []
    return mark, Forgotten(contract.source, row[0], row[1], own, finished_before=row[2]) if row else None


def _erase_raw(
    connection: Connection, contract: Contract, customer_id: str, say: Say, *, dry_run: bool
) -> Forgotten:
    with connection.cursor() as cursor:
        erased = erasure.erase(cursor, contract, customer_id)
        own = erasure.own_dates(cursor, contract, erasure.mark_of(cursor, contract, customer_id))
    if dry_run or not erased.rows:
        connection.rollback()
    else:
        connection.commit()
    if not erased.rows:
        raise OpsError(f"No row of {contract.schema_name} names this customer; nothing was changed.")
    if not dry_run:
        say(f"Erased from {contract.schema_name}: {sum(erased.rows.values()):,} rows.")
        _vacuum(connection, _raw_tables(contract, list(erased.rows)))
    return Forgotten(contract.source, erased.rows, sorted(erased.dates), own)


def _vacuum(connection: Connection, tables: Sequence[sql.Composable]) -> None:
    """Remove the rows' former versions, and the person from the planner's statistics."""
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(sql.SQL("VACUUM (ANALYZE) {}").format(table))
    finally:
        connection.autocommit = False


def _raw_tables(contract: Contract, touched: Sequence[str]) -> list[sql.Composable]:
    names = {name.removesuffix("._extra") for name in touched if not name.startswith("ingest.")}
    kept = [sql.Identifier("ingest", "rejected_row"), sql.Identifier("ingest", "load")]
    return [*(table_name(contract, name) for name in sorted(names)), *kept]


def _vacuum_derived(settings: Settings) -> None:
    """The same for what SQLMesh fills: a table of which a few days were computed again keeps its old statistics."""
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                "WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND pg_has_role(c.relowner, 'MEMBER') ORDER BY 1, 2"
            )
            tables = [sql.Identifier(*row) for row in cursor.fetchall()]
        connection.rollback()
        _vacuum(connection, tables)
    finally:
        connection.close()


def _erase_derived(found: Forgotten, sqlmesh: SqlMesh, say: Say) -> None:
    for restatement in found.restatements:
        say(f"Computing again {restatement}")
        sqlmesh.restate(restatement)
    for name in found.environments:
        say(
            f"Taking down the environment {name}: it has tables of its own; `sqlmesh plan {name}` makes it again"
        )
        sqlmesh.run(["invalidate", name])
    say("Dropping the versions that no environment uses")
    sqlmesh.run(JANITOR, answer="y\n")
