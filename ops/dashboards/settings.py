"""Where Superset is on this machine, and its secrets: made once and kept in `.env` beside the others."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ops import dotenv
from ops.errors import OpsError
from ops.settings import Settings

HOST = "127.0.0.1"
DEFAULT_PORT = 8088
ADMIN = "admin"  # dashboards/superset/setup.py makes this user
ROLE = DATABASE = "retail_dashboards"  # ops/postgres/sql/05_dashboards.sql makes these
SECRETS = ("RETAIL_DASHBOARDS_PASSWORD", "RETAIL_DASHBOARDS_ADMIN_PASSWORD", "SUPERSET_SECRET_KEY")


@dataclass(frozen=True)
class DashboardSettings:
    """Superset's folder, port and secrets."""

    settings: Settings
    port: int
    password: str = field(repr=False)  # of the role that Superset's own database belongs to
    admin_password: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def source(self) -> Path:
        """What the project holds for Superset: its lock file, configuration and set-up."""
        return self.settings.root / "dashboards" / "superset"

    @property
    def home(self) -> Path:
        return self.settings.root / ".cache" / "superset"

    @property
    def python(self) -> Path:
        return self.home / "venv" / "bin" / "python"

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that Superset runs with: nothing of it stands in a command line."""
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
        }
        return {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SUPERSET_CONFIG_PATH": str(self.source / "superset_config.py"),
            "SUPERSET_HOME": str(self.home / "home"),
            "SUPERSET_SECRET_KEY": self.secret_key,
            "RETAIL_DASHBOARDS_URI": self._uri(),
            "RETAIL_DASHBOARDS_ADMIN_PASSWORD": self.admin_password,
            "RETAIL_BI_PASSWORD": self.settings.bi.password,
        }

    def _uri(self) -> str:
        """The address of Superset's own database."""
        settings = self.settings
        query = f"?sslmode={settings.sslmode}" if settings.sslmode else ""
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"postgresql+psycopg2://{ROLE}:{quote(self.password, safe='')}@{host}:{settings.port}/{DATABASE}{query}"


def load(settings: Settings, environment: Mapping[str, str] = os.environ) -> DashboardSettings:
    """Read what `.env` and the environment say; secrets that are not made yet are empty."""
    values = {**environment, **dotenv.read(settings.env_file)}
    text = values.get("RETAIL_DASHBOARDS_PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) <= 65535:
        raise OpsError(f"RETAIL_DASHBOARDS_PORT is {text!r}; it must be a port number from 1 to 65535.")
    return DashboardSettings(settings, int(text), *(values.get(name, "") for name in SECRETS))


def with_secrets(found: DashboardSettings) -> DashboardSettings:
    """Make the secrets that are missing and write them to `.env`."""
    have = dict(zip(SECRETS, (found.password, found.admin_password, found.secret_key), strict=True))
    made = {
        name: secrets.token_urlsafe(24 if "PASSWORD" in name else 48) for name in SECRETS if not have[name]
    }
    if made:
        dotenv.update(found.settings.env_file, made)
    return load(found.settings, {**os.environ, **have, **made})
