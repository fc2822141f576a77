"""How the server is: the embedded one's process and folder, and what it answers."""

import shutil
from datetime import UTC, datetime

from ops.errors import OpsError
from ops.postgres import process, tuning
from ops.postgres.embedded import server_of
from ops.settings import Settings


def server_status(settings: Settings) -> dict[str, object]:
    """Return what is known, in the order in which to show it; `state` is always there.

    States: running, stopped, crashed, absent (never started), unreachable.
    """
    known: dict[str, object] = {"state": "unreachable", "server": settings.server, "problem": None}
    known |= {"address": settings.url(password=False)} if settings.env_file.exists() else {}
    if settings.server == "embedded":
        known |= _embedded(settings)
        if known["state"] != "running":
            return known
    try:
        known |= _answers(settings)
    except OpsError as error:
        known |= {"state": "unreachable", "problem": str(error)}
    return known


def _embedded(settings: Settings) -> dict[str, object]:
    server = server_of(settings)
    found = server.running()
    known: dict[str, object] = {"folder": str(server.home), "log": str(server.log)}
    if found:
        started = datetime.fromtimestamp(found.started_at, UTC).isoformat(sep=" ")
        known |= {"state": "running", "process": found.pid, "port": found.port, "since": started}
    elif process.crashed(server.data):
        known |= {"state": "crashed", "problem": "It ended without warning: `retail start` recovers it."}
    elif server.data.exists():
        known |= {"state": "stopped"}
    else:
        return {"state": "absent", "folder": str(server.home), "problem": "`retail start` makes the server."}
    return known | {"disk_free_mb": shutil.disk_usage(server.home).free // tuning.MEGABYTE}


def _answers(settings: Settings) -> dict[str, object]:
    connection = settings.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'), pg_database_size(current_database()) / 1048576"
            )
            row = cursor.fetchone()
    finally:
        connection.close()
    version, megabytes = row or (None, None)
    return {"state": "running", "version": version, "database_mb": megabytes}
