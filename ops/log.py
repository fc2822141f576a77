"""Structured logs of `retail` and of the plans and runs that alert: JSON, one event a line, without secrets.

RETAIL_LOG_FORMAT=json     (text: none, the default)
RETAIL_LOG_FILE=PATH       lines are added there; else they go to stderr, among what is for people
"""

import json
import os
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ops.errors import OpsError
from ops.redaction import redacted

FORMAT, FILE, RUN = "RETAIL_LOG_FORMAT", "RETAIL_LOG_FILE", "RETAIL_RUN_ID"
Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class _Log:
    command: str
    run_id: str
    variables: Mapping[str, str] = field(repr=False)
    file: Path | None = None


_log: _Log | None = None


def begin(command: str, variables: Mapping[str, str]) -> None:
    """Log what this process does from now on as this command's, if RETAIL_LOG_FORMAT says so.

    Processes that it starts have the same run id. Raises OpsError for a format or a file that cannot be.
    """
    global _log
    _log = None
    chosen = variables.get(FORMAT) or "text"
    if chosen not in ("text", "json"):
        raise OpsError(f"{FORMAT} is {chosen!r}; it must be text or json.")
    if chosen == "text":
        return
    os.environ.setdefault(RUN, uuid.uuid4().hex[:12])
    file = Path(variables[FILE]).expanduser().absolute() if variables.get(FILE) else None
    if file:
        try:
            file.touch(0o600)
        except OSError as error:
            raise OpsError(f"{FILE}: {file} cannot be written: {error.strerror}.") from error
    _log = _Log(command, os.environ[RUN], variables, file)


def is_on() -> bool:
    """Whether events are logged."""
    return _log is not None


def event(name: str, level: Level = "info", **fields: object) -> None:
    """Log an event with what is known of it; without a log nothing happens."""
    if _log is None:
        return
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "command": _log.command,
        "event": name,
        "run_id": _log.run_id,
        **{name: _plain(value) for name, value in fields.items() if value is not None},
    }
    _write(_log, json.dumps(line, ensure_ascii=False))


def _plain(value: object) -> object:
    """Numbers as they are, everything else as text without secrets."""
    if isinstance(value, bool | int | float) or _log is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return redacted(str(value), _log.variables)


def _write(log: _Log, line: str) -> None:
    with suppress(OSError):  # a full disk is not to stop what is logged
        if log.file is None:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
        else:
            with log.file.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
