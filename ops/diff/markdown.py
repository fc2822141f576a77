"""A diff as the comment on a pull request shows it."""

from __future__ import annotations

from ops.diff.render import as_text
from ops.diff.types import EnvironmentDiff


def as_markdown(diff: EnvironmentDiff) -> str:
    """Return a short summary, and details that unfold."""
    return as_text(diff)
