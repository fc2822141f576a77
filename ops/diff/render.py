"""A diff as text for the terminal."""

from __future__ import annotations

from ops.diff.types import EnvironmentDiff


def as_text(diff: EnvironmentDiff) -> str:
    """Return what a person at the terminal reads."""
    if diff.is_empty:
        return f"{diff.environment} is as {diff.against}: nothing would change."
    return "\n".join(f"{item.change}: {item.model} ({item.category})" for item in diff.models)
