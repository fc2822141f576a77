"""The server: whether it answers, its roles and their rights, the disk, who holds what up."""

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import get_args

from ops.doctor.check import Check, Place, Row
from ops.errors import OpsError
from ops.locks import PLAN, REFRESH, holder
from ops.postgres.remote import NEWEST, OLDEST
from ops.postgres.status import server_status
from ops.postgres.tuning import MEGABYTE
from ops.settings import Role, Settings

LEAST_FREE_MB = 300  # below that the embedded server does not start
IDLE_MINUTES = 5
LONG_HOURS = 6  # for one plan, run or refresh
LARGEST = 5
DATABASES = """
    SELECT datname AS name, pg_database_size(datname) AS bytes FROM pg_database WHERE datname IN (%s, %s) ORDER BY 1
"""
TABLES = f"""
    SELECT format('%s.%s', n.nspname, c.relname) AS name, pg_total_relation_size(c.oid) AS bytes
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY 2 DESC LIMIT {LARGEST}
"""
# What is wrong with the roles' rights, a sentence each. Nobody but the transformer gets into the state's database; BI
# reads the schema bi, and those of environments, and nothing else.
RIGHTS = """
    SELECT format('%%I is a superuser', rolname) AS problem
    FROM pg_roles WHERE rolname = ANY(%(users)s) AND rolsuper
    UNION ALL
    SELECT format('%%I may not make schemas in %%I', name, current_database())
    FROM unnest(ARRAY[%(transformer)s, %(loader)s]) AS name
    WHERE NOT has_database_privilege(name, current_database(), 'CREATE')
    UNION ALL
    SELECT format('%%I may not connect to %%I', %(bi)s, current_database())
    WHERE NOT has_database_privilege(%(bi)s, current_database(), 'CONNECT')
    UNION ALL
    SELECT format('%%I may connect to the state''s database', name) FROM unnest(%(others)s) AS name
    WHERE has_database_privilege(name, %(state)s, 'CONNECT')
    UNION ALL
    SELECT format('%%I may not read %%s tables that were loaded', %(transformer)s, count(*))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND (n.nspname = 'ingest' OR n.nspname LIKE 'raw\\_%%')
      AND NOT (has_schema_privilege(%(transformer)s, n.oid, 'USAGE')
          AND has_table_privilege(%(transformer)s, c.oid, 'SELECT'))
    HAVING count(*) > 0
    UNION ALL
    SELECT format('%%I may not read %%s views of bi', %(bi)s, count(*))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname = 'bi'
      AND NOT (has_schema_privilege(%(bi)s, n.oid, 'USAGE') AND has_table_privilege(%(bi)s, c.oid, 'SELECT'))
    HAVING count(*) > 0
    UNION ALL
    SELECT format('%%I may look into the schemas %%s', %(bi)s, string_agg(nspname, ', ' ORDER BY nspname))
    FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'bi') AND nspname NOT LIKE 'bi\\_\\_%%'
      AND nspname NOT LIKE 'pg\\_%%' AND nspacl IS NOT NULL AND has_schema_privilege(%(bi)s, oid, 'USAGE')
    HAVING count(*) > 0
"""
SESSIONS = """
    SELECT pid, usename AS "user", application_name AS program, datname AS database, xact_start AS since,
        floor(extract(epoch FROM clock_timestamp() - state_change) / 60)::int AS idle_minutes
    FROM pg_stat_activity
    WHERE starts_with(state, 'idle in transaction') AND pid <> pg_backend_pid()
      AND state_change < clock_timestamp() - make_interval(mins => %s)
    ORDER BY state_change
"""


def server(settings: Settings) -> Check:
    """Whether the server answers, and is one that the project works with."""
    status = server_status(settings)
    if status["state"] != "running":
        advice = (
            "Start it: `retail start`."
            if settings.server == "embedded"
            else "Start it, or `retail connect URL`."
        )
        problem = str(status.get("problem") or f"The server is {status['state']}.")
        return Check("server", "fail", problem, advice)
    version = str(status["version"])
    where = f"PostgreSQL {version} at {settings.host}:{settings.port}"
    if not OLDEST <= int(version.partition(".")[0]) <= NEWEST:
        return Check("server", "fail", where, f"Use PostgreSQL {OLDEST} to {NEWEST}: `retail connect URL`.")
    return Check("server", "ok", where)


def roles(place: Place) -> Check:
    """Whether every role logs in, and may do what it has to and nothing else."""
    settings = place.settings
    problems = [problem for role in get_args(Role) if (problem := _login_problem(settings, role))]
    users = {role: settings.login(role).user for role in get_args(Role)}
    known = {
        row["rolname"]
        for row in place.rows("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [*users.values()])
    }
    problems += [f"there is no role {user}" for user in sorted(set(users.values()) - known)]
    if set(users.values()) <= known:
        given = {
            **users,
            "users": [*users.values()],
            "others": sorted({users["loader"], users["bi"]} - {users["transformer"]}),
            "state": settings.state_database,
        }
        place.warehouse.execute(RIGHTS, given)
        problems += [problem for (problem,) in place.warehouse.fetchall()]
    if problems:
        return Check("roles", "fail", "; ".join(dict.fromkeys(problems)), _how_to_mend_roles(settings))
    return Check(
        "roles", "ok", f"{', '.join(dict.fromkeys(users.values()))}: each logs in and has its rights."
    )


def _login_problem(settings: Settings, role: Role) -> str | None:
    login = settings.login(role)
    if role == "bi" and not login.password:
        return None  # on a server of somebody else's, who gives it its password
    try:
        settings.connect(role).close()
    except OpsError:
        return f"{login.user} does not get in"
    return None


def _how_to_mend_roles(settings: Settings) -> str:
    if settings.server == "embedded":
        return "`retail rotate-passwords` makes roles and rights anew; what BI reads, a plan of prod does."
    return "An administrator's `retail connect --create-roles URL` makes them anew; what BI reads, a plan of prod does."


def disk(place: Place) -> Check:
    """The size of the databases and the largest tables, and whether the disk has room for as much again."""
    settings = place.settings
    databases = place.rows(DATABASES, settings.database, settings.state_database)
    size = sum(row["bytes"] for row in databases)
    details: list[Row] = [*databases, *place.rows(TABLES)]
    found = ", ".join(f"{row['name']} {megabytes(row['bytes'])}" for row in databases)
    home = settings.embedded.directory
    if settings.server != "embedded" or not home.exists():
        return Check("disk", "ok", f"{found}; the server's disk is not seen from here", details=details)
    free = shutil.disk_usage(home).free
    found = f"{found}; {megabytes(free)} free"
    details.append({"name": "free", "bytes": free})
    if free < LEAST_FREE_MB * MEGABYTE:
        return Check(
            "disk", "fail", found, f"Free some space at {home}: Postgres stops when it is full.", details
        )
    if free < size:
        advice = (
            "A change of every model needs as much again. `sqlmesh janitor` drops what nothing uses any more."
        )
        return Check("disk", "warn", found, advice, details)
    return Check("disk", "ok", found, details=details)


def locks(place: Place) -> Check:
    """Who plans or refreshes, and which sessions hold their locks without doing anything."""
    under_way = {
        what: found
        for what, lock in (("plan or run", PLAN), ("refresh", REFRESH))
        if (found := holder(place.warehouse, lock))
    }
    idle = list(_idle_sessions(place.settings))
    told = [f"a {what} is under way ({who})" for what, who in under_way.items()]
    told += [
        f"{row['program'] or 'a program'} of {row['user']}, server process {row['pid']}, is idle in a transaction "
        f"for {row['idle_minutes']} minutes"
        for row in idle
    ]
    details = [{"lock": what, **vars(who)} for what, who in under_way.items()] + idle
    now = datetime.now(UTC)
    stuck = [row["pid"] for row in idle]
    stuck += [who.pid for who in under_way.values() if now - who.connected_at > timedelta(hours=LONG_HOURS)]
    if stuck:
        advice = (
            "It holds others back: end that program, or, if that is gone, "
            f"SELECT pg_terminate_backend({stuck[0]}) as its role."
        )
        return Check("locks", "warn", "; ".join(told), advice, details)
    return Check("locks", "ok", "; ".join(told) or "Nobody holds anything up.", details=details)


def _idle_sessions(settings: Settings) -> Iterator[Row]:
    """Each role's own: of the others' sessions Postgres tells nothing to those who are no administrators."""
    for role in {settings.login(role): role for role in get_args(Role)}.values():
        with suppress(OpsError), closing(settings.connect(role)) as connection, connection.cursor() as cursor:
            yield from Place(settings, cursor).rows(SESSIONS, IDLE_MINUTES)


def megabytes(number: int) -> str:
    """Return bytes in words."""
    return (
        f"{number / MEGABYTE / 1024:,.1f} GB" if number >= 1024 * MEGABYTE else f"{number / MEGABYTE:,.0f} MB"
    )
