"""`retail dashboards`: install, set up, import and start; each step does nothing where nothing is to be done."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2

from ops.bi_contract import read_contract
from ops.dashboards import install, server
from ops.dashboards import settings as dashboard_settings
from ops.dashboards.bundle import Target, compile_bundle, write_bundle
from ops.dashboards.datasets import resolve
from ops.dashboards.settings import ADMIN, DATABASE, ROLE, DashboardSettings
from ops.dashboards.shops import read_shops
from ops.dashboards.spec import Spec, read_spec
from ops.errors import OpsError
from ops.metrics import read_metrics
from ops.postgres.embedded import administrator, server_of
from ops.postgres.provision import SQL_FOLDER, run_scripts
from ops.redaction import redacted
from ops.settings import Login, Settings

COMES_APART = "X" * 10  # what Superset exports for a password, and wants from elsewhere when it imports
SCRIPT = SQL_FOLDER / "05_dashboards.sql"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Shown:
    """What runs now, and what was imported."""

    address: str
    user: str
    pages: dict[str, str]  # title -> address
    was_running: bool
    imported: str


def start(settings: Settings, environment: str, say: Say) -> Shown:
    """Bring Superset up with the pages of an environment. Raises OpsError, which says what to do."""
    spec = read_spec(settings.root)
    target = target_of(settings, environment)
    files = compiled(settings, spec, target)
    found = dashboard_settings.with_secrets(dashboard_settings.load(settings))
    install.install(found, say)
    _prepare_database(found)
    say("Bringing Superset's own database up to date and importing the dashboards")
    imported = _set_up(found, files)
    say("Starting Superset")
    was_running = not server.start(found)
    pages = {
        page.title: f"{found.address}/superset/dashboard/{target.slug(page.slug)}/" for page in spec.pages
    }
    return Shown(found.address, ADMIN, pages, was_running, imported)


def compiled(settings: Settings, spec: Spec, target: Target) -> dict[str, dict[str, Any]]:
    """Return the bundle of an environment, made for what its views hold. Raises OpsError."""
    tables = resolve(spec, read_contract(settings.root), read_metrics(settings.root), settings.root)
    return compile_bundle(spec, tables, read_shops(settings, target.schema), target)


def target_of(settings: Settings, environment: str) -> Target:
    """How Superset reaches an environment. Raises OpsError where bi_reader cannot log in."""
    if not settings.bi.password:
        raise OpsError(
            "There is no password of bi_reader in .env, so dashboards have no way to the views. `retail start` makes "
            "one; on another server give the role LOGIN and a password, and write RETAIL_BI_PASSWORD into .env."
        )
    masked = replace(settings, bi=Login(settings.bi.user, COMES_APART))
    return Target(environment, masked.url("bi", driver="postgresql+psycopg2"))


def status(settings: Settings) -> dict[str, Any]:
    """Say what there is and whether it runs."""
    found = dashboard_settings.load(settings)
    running = server.running(found)
    if running is None:
        state = "stopped" if install.is_installed(found) else "not installed"
    else:
        state = "running" if server.answers(found) else "does not answer"
    return {
        "state": state,
        "address": found.address,
        "user": ADMIN,
        "process": running.pid if running else None,
        "log": str(found.home / "superset.log"),
    }


def _prepare_database(found: DashboardSettings) -> None:
    """Make Superset's own role and database where they are missing. Raises OpsError where this cannot be done here."""
    if _can_log_in(found):
        return
    settings = found.settings
    if settings.server != "embedded":
        raise OpsError(
            f"Superset keeps its users and dashboards in the database {DATABASE} of {settings.host}:{settings.port}, "
            "and "
            f"{ROLE} cannot log in there. Let an administrator run {SCRIPT.relative_to(settings.root)} with psql, with "
            "RETAIL_DASHBOARDS_PASSWORD of .env in the environment."
        )
    run_scripts(
        settings, administrator(server_of(settings)), [SCRIPT], RETAIL_DASHBOARDS_PASSWORD=found.password
    )


def _can_log_in(found: DashboardSettings) -> bool:
    settings = found.settings
    try:
        psycopg2.connect(
            host=settings.host,
            port=settings.port,
            dbname=DATABASE,
            user=ROLE,
            password=found.password,
            sslmode=settings.sslmode or "prefer",
            connect_timeout=10,
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


def _set_up(found: DashboardSettings, files: Mapping[str, dict[str, Any]]) -> str:
    """Migrate and import, in Superset's environment. Returns what it counted."""
    shutil.rmtree(found.home / "home" / "cache", ignore_errors=True)  # answers of what was there before
    (found.home / "home").mkdir(parents=True, exist_ok=True)
    environment = found.environment()
    with tempfile.TemporaryDirectory(prefix="dashboards-") as folder:
        write_bundle(files, Path(folder))
        done = subprocess.run(
            [str(found.python), str(found.source / "setup.py"), folder],
            env=environment,
            cwd=found.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    (found.home / "setup.log").write_text(redacted(done.stdout + done.stderr, environment), "utf-8")
    if done.returncode != 0:
        last = "\n".join(redacted(done.stderr or done.stdout, environment).strip().splitlines()[-6:])
        raise OpsError(f"The dashboards could not be imported. {found.home / 'setup.log'} ends with:\n{last}")
    return done.stdout.strip().splitlines()[-1]
