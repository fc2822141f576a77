"""Whether a Postgres runs on a data directory: its pid file, checked against the processes there are."""

import contextlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from ops.errors import OpsError

FIRST_PORT = 15432  # below what Linux hands out for outgoing connections
PORTS_TRIED = 200


@dataclass(frozen=True)
class Postmaster:
    """A running server's main process."""

    pid: int
    port: int
    started_at: float
    ready: bool


def running(data: Path) -> Postmaster | None:
    """Return the server that runs on this data directory, or None.

    The pid file alone does not say: after a crash or a reboot its number may belong to any process.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid, started_at, port = int(lines[0]), float(lines[2]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    if not _is_postgres_in(pid, data):
        return None
    return Postmaster(pid, port, started_at, ready=len(lines) > 7 and lines[7].strip() == "ready")


def crashed(data: Path) -> bool:
    """Say whether a server on this data directory ended without cleaning up."""
    return (data / "postmaster.pid").exists() and running(data) is None


def clear_stale_pid_file(data: Path, patience: float = 15.0) -> bool:
    """Remove the pid file that a crashed server left; say whether there was one.

    Its child processes notice within moments that it is gone. While one of them still works on the files no
    other server may start, so this waits for them. Raises OpsError when they stay.
    """
    if not crashed(data):
        return False
    deadline = time.monotonic() + patience
    while orphans := _processes_in(data):
        if time.monotonic() > deadline:
            numbers = ", ".join(map(str, orphans))
            raise OpsError(
                f"A Postgres that crashed left processes which still use {data}: {numbers}.\n"
                f"End them (kill {numbers.replace(', ', ' ')}) and try again."
            )
        time.sleep(0.2)
    (data / "postmaster.pid").unlink(missing_ok=True)
    return True


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Postgres does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a free loopback port. Raises OpsError when none of a wide range is."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if port_is_free(port):
            return port
    last = FIRST_PORT + PORTS_TRIED - 1
    raise OpsError(
        f"No free port between {FIRST_PORT} and {last}: name one with RETAIL_POSTGRES_PORT in .env."
    )


def user_of_port(port: int) -> str:
    """Describe the process that listens on a port, as far as this user may see it."""
    with contextlib.suppress(psutil.Error, OSError):
        for item in psutil.net_connections("tcp"):
            listens = item.status == psutil.CONN_LISTEN and item.laddr and item.laddr[1] == port
            if listens and item.pid:
                return f"{psutil.Process(item.pid).name()} (process {item.pid})"
    return "another program"


def _is_postgres_in(pid: int, data: Path) -> bool:
    try:
        process = psutil.Process(pid)
        if "postgres" not in process.name() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return Path(process.cwd()) == data.resolve()
    except psutil.AccessDenied:  # somebody else's: the pid file is as new as the process, so it is the one
        return True
    except (psutil.Error, OSError):
        return False


def _processes_in(data: Path) -> list[int]:
    found = []
    for process in psutil.process_iter(["pid", "name"]):
        if "postgres" in (process.info["name"] or ""):
            with contextlib.suppress(psutil.Error, OSError):
                if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == data.resolve():
                    found.append(int(process.info["pid"]))
    return found
