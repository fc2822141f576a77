"""Superset as a process: started so that it outlives the command, found again by its pid file, stopped."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass

import psutil

from ops.dashboards.settings import HOST, DashboardSettings
from ops.errors import OpsError
from ops.postgres.process import port_is_free, user_of_port

START_SECONDS = 180
STOP_SECONDS = 30
WORKERS, THREADS = 2, 8  # a page asks for a dozen charts at once, and each mostly waits for Postgres
LARGE_LOG = 20 * 2**20


@dataclass(frozen=True)
class Running:
    """Superset's main process."""

    pid: int
    since: float


def running(found: DashboardSettings) -> Running | None:
    """Return the process that serves this project's dashboards; a pid file alone proves nothing."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((found.home / "superset.pid").read_text("utf-8")))
        if str(found.home) in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
            return Running(process.pid, process.create_time())
    return None


def answers(found: DashboardSettings) -> bool:
    """Say whether the address answers."""
    address = f"{found.address}/health"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own http
            return bool(answer.status == 200)
    except OSError:
        return False


def start(found: DashboardSettings) -> bool:
    """Start Superset and wait until it answers; False when it runs already. Raises OpsError, with its log."""
    if running(found):
        return False
    if not port_is_free(found.port):
        raise OpsError(
            f"Port {found.port} is taken by {user_of_port(found.port)}.\n"
            "Name another with RETAIL_DASHBOARDS_PORT in .env or the environment."
        )
    log = found.home / "superset.log"
    if log.exists() and log.stat().st_size > LARGE_LOG:
        log.replace(log.with_name("superset.log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            _command(found),
            env=found.environment(),
            cwd=found.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not answers(found):
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process.pid)  # there is a pid file only once the application is up
            last = "\n".join(log.read_text("utf-8", errors="replace").strip().splitlines()[-8:])
            raise OpsError(f"Superset did not start. Its log, {log}, ends with:\n{last}")
        time.sleep(0.5)
    return True


def stop(found: DashboardSettings) -> bool:
    """End Superset and its workers; False when it does not run. Raises OpsError when it stays."""
    main = running(found)
    if main is None:
        return False
    _end(main.pid)
    (found.home / "superset.pid").unlink(missing_ok=True)
    return True


def _end(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
        for one in left:
            one.kill()
        if psutil.wait_procs(left, timeout=5)[1]:
            raise OpsError(f"Superset (process {pid}) does not end.")


def _command(found: DashboardSettings) -> list[str]:
    return [
        str(found.python), "-m", "gunicorn",
        "--bind", f"{HOST}:{found.port}",
        "--workers", str(min(WORKERS, os.cpu_count() or 1)),
        "--worker-class", "gthread", "--threads", str(THREADS),
        "--preload",  # the workers share what the application takes in memory
        "--timeout", "120",
        "--keep-alive", "330",  # longer than browsers keep one: a connection that both end at once is a lost request
        "--no-control-socket",
        "--pid", str(found.home / "superset.pid"),
        "superset.app:create_app()",
    ]  # fmt: skip
