"""Brings Superset's own database up to date with its version and with a bundle of dashboards.

    python setup.py BUNDLE       (within Superset's environment; RETAIL_DASHBOARDS_ADMIN_PASSWORD and
                                  RETAIL_BI_PASSWORD in the environment)

The bundle is a folder of YAML files as Superset exports them. What an earlier bundle of the same environment brought
and this one does not is removed; what people made themselves in Superset stays.
"""

import os
import sys
from pathlib import Path
from typing import Any

import yaml
from flask import current_app
from flask_migrate import upgrade
from superset.app import create_app

ADMIN = "admin"


def main(bundle: Path) -> None:
    """Migrate, make the administrator, import."""
    app = create_app()
    with app.app_context():
        migrated = _migrate()
        _make_admin(os.environ["RETAIL_DASHBOARDS_ADMIN_PASSWORD"], with_roles=migrated)
        counts = _import(bundle)
    print(", ".join(f"{number} {kind}" for kind, number in counts.items()))


def _migrate() -> bool:
    """Bring the tables to this version; say whether they were at another."""
    import superset
    from alembic.migration import MigrationContext
    from superset import db

    def version() -> tuple[str, ...]:
        with db.engine.connect() as connection:
            return tuple(MigrationContext.configure(connection).get_current_heads())

    before = version()
    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    return version() != before


def _make_admin(password: str, *, with_roles: bool) -> None:
    """Make the administrator, or give them the password that is written in .env."""
    manager = current_app.appbuilder.sm
    admin = manager.find_user(ADMIN)
    if with_roles or admin is None:
        current_app.appbuilder.add_permissions(update_perms=True)
        manager.sync_role_definitions()
    if admin is None:
        manager.add_user(
            ADMIN, "Dashboards", "Admin", "admin@localhost", manager.find_role("Admin"), password
        )
    else:
        manager.reset_password(admin.id, password)


def _import(bundle: Path) -> dict[str, int]:
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    texts = {
        str(path.relative_to(bundle)): path.read_text("utf-8") for path in sorted(bundle.rglob("*.yaml"))
    }
    databases = [name for name in texts if name.startswith("databases/")]
    passwords = dict.fromkeys(databases, os.environ["RETAIL_BI_PASSWORD"])
    with override_user(current_app.appbuilder.sm.find_user(ADMIN)):
        ImportAssetsCommand(texts, passwords=passwords).run()
    _prune({name: yaml.safe_load(text) for name, text in texts.items()})
    return {
        kind: sum(name.startswith(f"{kind}/") for name in texts)
        for kind in ("dashboards", "charts", "datasets")
    }


def _prune(configs: dict[str, dict[str, Any]]) -> None:
    """Remove what a former bundle of this environment brought: it bears the same mark, and is not in this one."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    here = {str(config.get("uuid")) for config in configs.values()}
    marks = {config["external_url"] for config in configs.values() if config.get("external_url")}
    for kind in (Dashboard, Slice, SqlaTable):
        for item in db.session.query(kind).filter(kind.external_url.in_(marks)):
            if str(item.uuid) not in here:
                db.session.delete(item)
        db.session.flush()
    db.session.commit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
