"""The project's `.env`: read as SQLMesh reads it, written with only the owner's permissions."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from ops.errors import OpsError

HEADER = (
    "# Settings of this machine, written by `retail start` or `retail connect`, read by retail and sqlmesh.\n"
    "# It holds passwords: it is readable by its owner only and stays out of git. See .env.example.\n"
)


def read(path: Path) -> dict[str, str]:
    """Return the file's variables; an absent file has none. Raises OpsError when it cannot be read."""
    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise OpsError(f"{path} cannot be read: {error}") from error
    return {name: value for name, value in values.items() if value is not None}


def update(path: Path, values: Mapping[str, str | None]) -> None:
    """Set variables in the file and keep every other line as it is; None removes the variable.

    The file is replaced in one step and is 0600 from its first byte, so that no reader sees a half-written
    one and no other user sees a password. Raises OpsError when the file cannot be written.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else HEADER.splitlines()
    remaining = dict(values)
    kept: list[str] = []
    for line in lines:
        name = _name(line)
        if name not in values:
            kept.append(line)
        elif (value := remaining.pop(name, None)) is not None:
            kept.append(f"{name}={_quoted(value)}")
    kept += [f"{name}={_quoted(value)}" for name, value in remaining.items() if value is not None]
    _replace(path, "\n".join(kept) + "\n")


def _name(line: str) -> str:
    return line.strip().removeprefix("export ").split("=", 1)[0].strip()


def _quoted(value: str) -> str:
    """Write the value so that python-dotenv and docker compose both read back the same text."""
    if value and all(character.isalnum() or character in "-_./:@,+%" for character in value):
        return value
    if "\n" in value or "'" in value:
        raise OpsError(
            "A setting in .env cannot hold a line break or a single quote: choose another password."
        )
    if "\\" in value:
        raise OpsError("A setting in .env cannot hold a backslash: choose another password.")
    return f"'{value}'"


def _replace(path: Path, text: str) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".env.")  # mkstemp makes it 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        raise OpsError(f"{path} cannot be written: {error}") from error
