"""Server settings for analytics on a small machine, computed from its memory and cores."""

import os
from collections.abc import Mapping

import psutil

MEGABYTE = 1024 * 1024


def memory_in_megabytes() -> int:
    """Return the memory this machine, or its container, may use."""
    total = int(psutil.virtual_memory().total)
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
            total = min(total, int(file.read()))
    except (OSError, ValueError):  # no cgroup, or no limit ("max")
        pass
    return total // MEGABYTE


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tuned(memory: int, processors: int) -> dict[str, tuple[str, str]]:
    """Return setting -> (value, why) for `memory` megabytes and `processors` cores."""
    shared = _between(32, memory // 4, 4096)
    # A plan's sorts and hashes may each take this much, in each of its workers and several at once.
    work = _between(4, memory // (32 * (processors + 1)), 256)
    workers = max(1, processors)
    return {
        "shared_buffers": (f"{shared}MB", "a quarter of the memory"),
        "effective_cache_size": (f"{_between(64, memory * 5 // 8, 65536)}MB", "what the system caches"),
        "work_mem": (f"{work}MB", "per sort or hash: few queries at a time, but large ones"),
        "hash_mem_multiplier": ("2.0", "hash joins of facts and dimensions stay in memory"),
        "maintenance_work_mem": (f"{_between(32, memory // 16, 1024)}MB", "index builds after a load"),
        "max_connections": ("60", "SQLMesh, loaders, a few BI tools"),
        "max_worker_processes": (str(workers * 2), "from the number of cores"),
        "max_parallel_workers": (str(workers), "from the number of cores"),
        "max_parallel_workers_per_gather": (str(max(1, workers // 2)), "leave a core to the others"),
        "max_parallel_maintenance_workers": (str(max(1, workers // 2)), "index builds"),
        "jit": ("off", "compiling costs more than it gains on queries of a second"),
        "random_page_cost": ("1.1", "solid-state disks"),
        "effective_io_concurrency": ("100", "solid-state disks"),
        "wal_level": (
            "minimal",
            "no replicas: a load into a table made in the same transaction skips the log",
        ),
        "max_wal_senders": ("0", "goes with wal_level"),
        "max_wal_size": (f"{_between(512, memory // 4, 4096)}MB", "few checkpoints during a bulk load"),
        "min_wal_size": ("80MB", "and the log shrinks again afterwards"),
        "wal_compression": ("on", "less to write for little work"),
        "checkpoint_timeout": ("15min", "spread the writing"),
        "checkpoint_completion_target": ("0.9", "spread the writing"),
        "autovacuum_naptime": ("30s", "fresh statistics soon after a load"),
        "default_statistics_target": ("200", "skewed columns: a few products sell most"),
    }


def configuration(fixed: Mapping[str, str], tuning: Mapping[str, tuple[str, str]]) -> str:
    """Return the text of the included configuration file."""
    lines = [
        "# Written by `retail start`, each time anew. Your own settings go into user.conf beside it.",
        *(f"{name} = '{value}'" for name, value in fixed.items()),
        "",
        "# For analytics on this machine, from its memory and cores:",
        *(f"{name} = '{value}'  # {why}" for name, (value, why) in tuning.items()),
    ]
    return "\n".join(lines) + "\n"


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))
