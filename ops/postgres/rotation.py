"""New passwords for the roles of the embedded server."""

import secrets
from contextlib import closing
from dataclasses import replace

from ops import dotenv
from ops.errors import OpsError
from ops.locks import PLAN, REFRESH, holder
from ops.postgres.embedded import administrator, server_of
from ops.postgres.provision import provision
from ops.settings import Login, Settings, load_settings


def rotate(settings: Settings) -> Settings:
    """Write new passwords to `.env` and give them to the server, in this order: what is cut short `retail start` ends.

    Raises OpsError on another server, where none runs, and while a plan or refresh, which connects anew, is under way.
    """
    if settings.server == "other":
        raise OpsError(
            "This server is not retailmesh's own. `retail connect --create-roles URL`, with an administrator's URL, "
            "gives its roles new passwords; where one user does everything, its administrator does, and "
            "`retail connect URL` makes the new one known."
        )
    server = server_of(settings)
    settings = replace(settings, port=server.current_port())
    _raise_if_busy(settings)
    superuser = administrator(server)
    settings = replace(
        settings,
        port=server.current_port(),  # a lost superuser password took a restart
        transformer=_renewed(settings.transformer),
        loader=_renewed(settings.loader),
        bi=_renewed(settings.bi),
    )
    dotenv.update(settings.env_file, settings.variables())
    provision(settings, superuser)
    return load_settings(settings.root)


def _renewed(login: Login) -> Login:
    return replace(login, password=secrets.token_urlsafe(24))


def _raise_if_busy(settings: Settings) -> None:
    try:
        connection = settings.connect()
    except OpsError:  # a password that is lost is what this is for, too
        return
    with closing(connection), connection.cursor() as cursor:
        for what, lock in (("plan or run", PLAN), ("refresh", REFRESH)):
            if found := holder(cursor, lock):
                raise OpsError(
                    f"A {what} is under way ({found}), and would lose its way in. Try again when it has ended."
                )
