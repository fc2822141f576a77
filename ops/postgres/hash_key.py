"""The key of pseudonyms (`RETAIL_HASH_KEY`): made once, given to the server, found again where `.env` was lost."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from ops.postgres.provision import SQL_FOLDER, run_scripts
from ops.settings import Settings

SCRIPT = SQL_FOLDER / "04_privacy.sql"
FUNCTION = "privacy.pseudonym(text)"
PROBE = "retailmesh"
# XOR twice is nothing: the pad of the pad is the key with zeros behind it. Only the keeper may ask this.
KEPT_KEY = """
SELECT convert_from(rtrim(privacy.pad(inner_pad, x'36'::integer), '\\x00'), 'UTF8')
FROM privacy.hash_key WHERE purpose = 'pseudonym'
"""


def pseudonym(key: str, value: str) -> str:
    """Return what the server's `privacy.pseudonym` gives for a value under this key."""
    return hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()


def is_in_force(settings: Settings) -> bool:
    """Whether the server hashes with the settings' key, as far as the transformer can tell."""
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT privacy.pseudonym(%s)", [PROBE])
            row = cursor.fetchone()
    except psycopg2.Error:  # no such function, no right to it, no key
        return False
    finally:
        connection.close()
    return row is not None and row[0] == pseudonym(settings.hash_key, PROBE)


def with_key(settings: Settings, keeper: Connection | None = None) -> Settings:
    """Return settings that have a key: their own, else the one that the server keeps, else a new one.

    `keeper` is an administrator's connection to the warehouse; it is closed.
    """
    if settings.hash_key:
        return settings
    return replace(settings, hash_key=_kept_key(keeper) or secrets.token_hex(32))


def has_function(settings: Settings) -> bool:
    """Whether the server has the function at all, whatever its key."""
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [FUNCTION])
            row = cursor.fetchone()
            return bool(row and row[0])
    finally:
        connection.close()


def install_as_owner(settings: Settings) -> Settings:
    """Make the functions on a server where one user does everything; it keeps the key itself then.

    Leaves alone what an administrator made before. Raises OpsError with psql's message.
    """
    if has_function(settings):
        return settings
    settings = with_key(settings)
    owner: Mapping[str, str] = {
        "PGHOST": settings.host,
        "PGPORT": str(settings.port),
        "PGUSER": settings.transformer.user,
        "PGPASSWORD": settings.transformer.password,
        "PGDATABASE": settings.database,
        **({"PGSSLMODE": settings.sslmode} if settings.sslmode else {}),
    }
    run_scripts(settings, owner, [SCRIPT], RETAIL_KEEPER_USER=settings.transformer.user)
    return settings


def _kept_key(keeper: Connection | None) -> str | None:
    if keeper is None:
        return None
    try:
        with keeper, keeper.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE retail_keeper")
            cursor.execute(KEPT_KEY)
            row = cursor.fetchone()
            return str(row[0]) if row else None
    except psycopg2.Error:  # nothing was made there yet
        return None
    finally:
        keeper.close()
