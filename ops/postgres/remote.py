"""Another Postgres than the embedded one: test it and write it to `.env`."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name
from psycopg2.extensions import parse_dsn

from ops import dotenv
from ops.errors import OpsError
from ops.postgres import hash_key
from ops.postgres.provision import provision
from ops.settings import BI_READER, Login, Settings, load_settings

OLDEST, NEWEST = 16, 18
UNDERSTOOD = ("host", "port", "dbname", "user", "password", "sslmode")


def parse_url(address: str) -> dict[str, str]:
    """Return the parts of postgresql://…, postgresql+driver://… or a key=value string.

    Raises OpsError, without repeating the address, which may hold a password, also for parameters that would
    be dropped.
    """
    scheme, separator, rest = address.partition("://")
    plain = f"{scheme.split('+')[0]}://{rest}" if separator else address
    try:
        parts = {name: str(value) for name, value in parse_dsn(plain).items()}
    except psycopg2.ProgrammingError:
        parts = {}
    if not parts.get("host") or not parts.get("user"):
        raise OpsError(
            "This is no address of a Postgres server: it must look like "
            "postgresql://user:password@host:5432/database (with %40 for an @ in the password)."
        )
    if others := sorted(set(parts) - set(UNDERSTOOD)):
        raise OpsError(
            f"The address says {', '.join(others)}, which retailmesh would not heed: of the parameters only "
            "sslmode is known. Leave the others out."
        )
    return parts


def connect_to(settings: Settings, address: str, state_database: str | None = None) -> Settings:
    """Use the server, user and database of the address for everything. Raises OpsError if it cannot work."""
    parts = parse_url(address)
    login = Login(parts["user"], parts.get("password", ""))
    there = replace(
        _at(settings, parts),
        database=parts.get("dbname", settings.database),
        state_database=state_database or settings.state_database,
        transformer=login,
        loader=login,
        bi=Login(BI_READER, ""),
    )
    version_of(there)
    _check_rights(there)
    _make_reader(there)
    _make_state_database(there)
    return _keep(hash_key.install_as_owner(there))


def create_on(settings: Settings, address: str, state_database: str | None = None) -> Settings:
    """Make the roles and databases as the administrator of the address, and use them. Raises OpsError."""
    parts = parse_url(address)
    there = replace(
        _at(settings, parts),
        state_database=state_database or settings.state_database,
        transformer=Login("retail_transformer", secrets.token_urlsafe(24)),
        loader=Login("retail_loader", secrets.token_urlsafe(24)),
        bi=Login(BI_READER, secrets.token_urlsafe(24)),
    )
    administrator = {
        "PGHOST": there.host,
        "PGPORT": str(there.port),
        "PGUSER": parts["user"],
        "PGPASSWORD": parts.get("password", ""),
        "PGDATABASE": parts.get("dbname", "postgres"),
        **({"PGSSLMODE": there.sslmode} if there.sslmode else {}),
    }
    manager = replace(there, transformer=_login(administrator))
    version_of(replace(manager, database=administrator["PGDATABASE"]))
    there = hash_key.with_key(there, _connect_if_there(manager))
    provision(there, administrator)
    version_of(there)
    return _keep(there)


def version_of(settings: Settings) -> str:
    """Connect and return the major version. Raises OpsError without a way in, or when it is not supported."""
    connection = settings.connect()
    try:
        number = connection.server_version // 10000
        if not OLDEST <= number <= NEWEST:
            raise OpsError(
                f"The server at {settings.host}:{settings.port} is PostgreSQL {number}; "
                f"retailmesh works with {OLDEST} to {NEWEST}."
            )
        return str(number)
    finally:
        connection.close()


def _at(settings: Settings, parts: Mapping[str, str]) -> Settings:
    port = parts.get("port", "5432")
    return replace(settings, host=parts["host"], port=int(port), sslmode=parts.get("sslmode"), server="other")


def _login(administrator: Mapping[str, str]) -> Login:
    return Login(administrator["PGUSER"], administrator["PGPASSWORD"])


def _connect_if_there(settings: Settings) -> Connection | None:
    try:
        return settings.connect()
    except OpsError:  # the database is not made yet
        return None


def _check_rights(settings: Settings) -> None:
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_database_privilege(current_database(), 'CREATE')")
            row = cursor.fetchone()
    finally:
        connection.close()
    if not row or not row[0]:
        raise OpsError(
            f"User {settings.transformer.user} may not create schemas in database {settings.database}: "
            f"GRANT CREATE ON DATABASE {settings.database} TO {settings.transformer.user}; or let an "
            "administrator's URL make the roles: `retail connect --create-roles URL`."
        )


def _make_reader(settings: Settings) -> None:
    """Make the role that the models grant SELECT to, where it is missing and the user may."""
    connection = settings.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [BI_READER])
            if not cursor.rowcount:
                cursor.execute(f"CREATE ROLE {BI_READER} NOLOGIN")
    except psycopg2.errors.InsufficientPrivilege as error:
        raise OpsError(
            f"The models let the role {BI_READER} read what BI tools use. There is no such role on this server, "
            f"and {settings.transformer.user} may not make it. Let an administrator run\n"
            f"  CREATE ROLE {BI_READER} NOLOGIN;\n"
            "and try again; or let an administrator's URL make all roles and databases: "
            "`retail connect --create-roles URL`."
        ) from error
    finally:
        connection.close()


def _make_state_database(settings: Settings) -> None:
    """Make the database for SQLMesh's state where it is missing and the user may."""
    try:
        settings.connect(database=settings.state_database).close()
        return
    except OpsError as error:
        if "does not exist" not in str(error):
            raise
    connection = settings.connect()
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE DATABASE {psycopg2.extensions.quote_ident(settings.state_database, cursor)}"
            )
    except psycopg2.errors.InsufficientPrivilege as error:
        raise OpsError(
            f"SQLMesh's state needs a database of its own, and {settings.transformer.user} may not make "
            f"{settings.state_database}. Let an administrator make it, or name one that is there with "
            "--state-database."
        ) from error
    finally:
        connection.close()


def _keep(settings: Settings) -> Settings:
    dotenv.update(settings.env_file, {**settings.variables(), "RETAIL_SERVER": "other"})
    return load_settings(settings.root)
