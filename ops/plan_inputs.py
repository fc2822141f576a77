"""What a plan would read, as one text: while it stays the same, planning again finds nothing to do."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ops.project_copy import PARTS
from ops.settings import Settings

PACKAGES = ("sqlmesh", "sqlglot")


def plan_inputs(settings: Settings) -> str:
    """Return the day, in UTC, and a hash of the project's files, of SQLMesh's version and of whom it works as.

    The day, because each model is due once a day. Not in it is what a plan finds in the databases: what prod
    consists of says its mark, what was loaded the ledger.
    """
    digest = hashlib.sha256()
    for text in (*map(version, PACKAGES), settings.transformer.user, settings.bi.user):
        digest.update(f"{text}\0".encode())
    for file in _files(settings.root):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(settings.root)}\0{len(content)}\0".encode())
        digest.update(content)
    return f"{datetime.now(UTC).date()} {digest.hexdigest()}"


def _files(root: Path) -> Iterator[Path]:
    """Yield the files that SQLMesh reads of a project, in a fixed order."""
    for part in PARTS:
        yield from sorted(
            file
            for file in ((root / part).rglob("*") if (root / part).is_dir() else [root / part])
            if file.is_file() and file.suffix != ".pyc"
        )
