"""How Superset runs here: for one machine, with nothing that calls outside. Secrets come from the environment."""

import hashlib
import os
from pathlib import Path
from typing import Any

import yaml
from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
if len(SECRET_KEY) < 32:
    raise SystemExit("SUPERSET_SECRET_KEY is empty or too short: see .env.example")
SQLALCHEMY_DATABASE_URI = os.environ["RETAIL_DASHBOARDS_URI"]
# A page asks some forty times at once. Each worker keeps its own connections: see FLASK_APP_MUTATOR.
SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 8, "max_overflow": 8, "pool_pre_ping": True}

APP_NAME = "retailmesh"
LOG_LEVEL = "WARNING"
BABEL_DEFAULT_LOCALE = "en"
WTF_CSRF_TIME_LIMIT = 7 * 24 * 3600
PERMANENT_SESSION_LIFETIME = 7 * 24 * 3600

# Answers are kept for a quarter of an hour: a page that is looked at again is quick, and a refresh shows soon.
_cache = Path(os.environ["SUPERSET_HOME"]) / "cache"


def _kept(name: str, seconds: int) -> dict[str, object]:
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(_cache / name),
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_THRESHOLD": 5000,
    }


CACHE_CONFIG = _kept("metadata", 900)
DATA_CACHE_CONFIG = _kept("data", 900)
FILTER_STATE_CACHE_CONFIG = _kept("filters", 30 * 24 * 3600)
EXPLORE_FORM_DATA_CACHE_CONFIG = _kept("explore", 7 * 24 * 3600)

# No page may load or send anything from or to elsewhere: no telemetry, no fonts, no map tiles, no avatars.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
SESSION_COOKIE_SAMESITE = "Lax"

FEATURE_FLAGS = {"CHART_PLUGINS_EXPERIMENTAL": True}  # the big number that is compared with the period before

CURRENCIES = ["USD", "EUR", "GBP", "BRL", "INR"]
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "retailmesh",
        "description": "Told apart by people who see red and green alike",
        "label": "retailmesh",
        "isDefault": True,
        "colors": [
            "#1F6F8B", "#E08E45", "#5B8C5A", "#8E6C8A", "#C8553D",
            "#4C9BC9", "#D9B44A", "#7A7A7A", "#2F4858", "#A3C4BC",
        ],
    }
]  # fmt: skip


_here = Path(__file__).parent
_pages = [
    yaml.safe_load(page.read_text("utf-8")).get("slug") for page in (_here.parent / "spec").glob("*.yaml")
]


def FLASK_APP_MUTATOR(app: Flask) -> None:  # noqa: N802 - Superset's name
    """What Superset has no setting for."""
    # Our head_custom_extra.html before Superset's empty one: phones get the layout for phones.
    app.jinja_loader = ChoiceLoader([FileSystemLoader(str(_here / "templates")), app.jinja_loader])
    app.jinja_env.globals["retailmesh_pages"] = [slug for slug in _pages if slug]
    os.register_at_fork(after_in_child=lambda: _leave_connections(app))
    _keep_currencies()


def _leave_connections(app: Flask) -> None:
    """A worker must not speak over the connections of the process that it was forked from."""
    from superset import db

    with app.app_context():
        db.engine.dispose(close=False)


def _keep_currencies() -> None:
    """Keep the currency of a chart's rows as its answer is kept: Superset asks for it again at each view."""
    from superset.common import query_actions
    from superset.extensions import cache_manager

    ask = query_actions.detect_currency

    def detect_currency(datasource: Any, **given: Any) -> str | None:
        asked = repr((datasource.uid, datasource.changed_on, sorted(given.items(), key=lambda item: item[0])))
        key = "currency-" + hashlib.sha256(asked.encode()).hexdigest()
        kept: tuple[str | None] | None = cache_manager.data_cache.get(key)
        if kept is None:
            kept = (ask(datasource, **given),)
            cache_manager.data_cache.set(key, kept)
        return kept[0]

    query_actions.detect_currency = detect_currency
