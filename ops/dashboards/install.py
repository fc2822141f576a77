"""Superset's own virtual environment, with exactly what its lock file pins."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ops.dashboards.settings import DashboardSettings
from ops.errors import OpsError

LOCK = "requirements.lock"
INSTALLED = "installed"  # in the environment: the hash of the lock file that it was made from
FITTING = ((3, 11), (3, 12))  # what Superset 6.1 and its pandas come for
Say = Callable[[str], None]


def is_installed(found: DashboardSettings) -> bool:
    """Say whether the environment holds what the lock file says."""
    mark = found.python.parent.parent / INSTALLED
    return found.python.exists() and mark.exists() and mark.read_text("utf-8") == _fingerprint(found)


def install(found: DashboardSettings, say: Say) -> None:
    """Make the environment anew unless it is as the lock file says. Raises OpsError when that fails."""
    if is_installed(found):
        return
    venv = found.python.parent.parent
    say(f"Installing Superset into {venv} (some 700 MB; the first time takes minutes)")
    shutil.rmtree(venv, ignore_errors=True)
    venv.parent.mkdir(parents=True, exist_ok=True)
    _run([fitting_python(), "-m", "venv", str(venv)])
    lock = found.source / LOCK
    uv = Path(sys.executable).with_name("uv")
    try:
        if not uv.exists():
            raise OpsError("There is no uv beside this Python.")
        _run([str(uv), "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", str(lock),
              "--python", str(found.python)])  # fmt: skip
    except OpsError as error:
        say(f"{error}\nTrying with pip, which takes longer")
        _run([str(found.python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)])
    (venv / INSTALLED).write_text(_fingerprint(found), "utf-8")


def fitting_python() -> str:
    """Return a Python that Superset runs on: this one, or another on the path. Raises OpsError."""
    if sys.version_info[:2] in FITTING:
        return sys.executable
    names = [f"python{major}.{minor}" for major, minor in FITTING]
    for name in names:
        if path := shutil.which(name):
            return path
    raise OpsError(
        f"Superset 6.1 needs Python 3.11 or 3.12, and this is {sys.version_info[0]}.{sys.version_info[1]}. "
        f"Install one of {' and '.join(names)} and try again."
    )


def _fingerprint(found: DashboardSettings) -> str:
    try:
        return hashlib.sha256((found.source / LOCK).read_bytes()).hexdigest()
    except OSError as error:
        raise OpsError(f"{found.source / LOCK} cannot be read: {error.strerror}") from error


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise OpsError(f"Superset could not be installed: `{' '.join(command)}` said:\n{last}")
