"""Roles, databases and privileges: the SQL files that docker compose mounts too, run with psql."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ops.errors import OpsError
from ops.postgres.programs import psql_of_wheel
from ops.settings import Settings

SQL_FOLDER = Path(__file__).parent / "sql"


def provision(settings: Settings, administrator: Mapping[str, str]) -> None:
    """Make, or bring up to date, the roles, the databases and the privileges that the settings name.

    `administrator` holds the PG* variables of a login that may do so. Raises OpsError with psql's message.
    """
    if not settings.transformer.password:
        raise OpsError(f"PGPASSWORD is not set in {settings.env_file}: the roles need passwords.")
    run_scripts(settings, administrator, sorted(SQL_FOLDER.glob("*.sql")))


def run_scripts(
    settings: Settings, administrator: Mapping[str, str], scripts: Iterable[Path], **more: str
) -> None:
    """Run SQL files as the administrator; `more` are variables for them. Raises OpsError."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PGAPPNAME": "retailmesh setup",
        **administrator,
        **role_variables(settings),
        **more,
    }
    program = psql_program(administrator)
    for script in scripts:
        run_psql(program, script, environment)


def role_variables(settings: Settings) -> dict[str, str]:
    """Return the variables that the SQL files read with \\getenv."""
    return {
        "RETAIL_DATABASE": settings.database,
        "RETAIL_STATE_DATABASE": settings.state_database,
        "RETAIL_TRANSFORMER_USER": settings.transformer.user,
        "RETAIL_TRANSFORMER_PASSWORD": settings.transformer.password,
        "RETAIL_LOADER_USER": settings.loader.user,
        "RETAIL_LOADER_PASSWORD": settings.loader.password,
        "RETAIL_BI_PASSWORD": settings.bi.password,
        "RETAIL_HASH_KEY": settings.hash_key,
    }


def run_psql(program: str, script: Path, environment: Mapping[str, str]) -> None:
    """Run one SQL file. Raises OpsError with what psql said."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(
            [program, "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-f", str(script)],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        said = output.read().strip()
    if done.returncode != 0:
        hint = ""
        if "SSL support is not compiled in" in said:
            hint = "\nThis server wants TLS: install psql (apt install postgresql-client) and try again."
        raise OpsError(f"{script.name} failed: {said}{hint}")


def psql_program(administrator: Mapping[str, str]) -> str:
    """Choose psql: the wheel's, which is always there but knows no TLS; for another machine the system's."""
    installed = shutil.which("psql")
    if installed and administrator.get("PGHOST") not in ("127.0.0.1", "localhost", "::1"):
        return installed
    return str(psql_of_wheel())
