"""What changes when an environment is promoted over another. Only what differs is read."""

from __future__ import annotations

from collections.abc import Callable

from ops.diff.models import model_changes
from ops.diff.state import read_pair
from ops.diff.types import EnvironmentDiff
from ops.settings import Settings

Say = Callable[[str], None]
PROD = "prod"
SAMPLES = 5


def compare_environment(
    settings: Settings,
    environment: str,
    against: str = PROD,
    *,
    samples: int = SAMPLES,
    say: Say | None = None,
) -> EnvironmentDiff:
    """Compare an environment with another, and tell by `say` what is being compared.

    `samples` is how many rows of each sort are shown of a model. Raises OpsError where one of the environments is not
    there, not finished or expired, and without a server.
    """
    context, pair = read_pair(settings, environment, against)
    try:
        return EnvironmentDiff(
            pair.after.name,
            pair.before.name,
            pair.after.environment.plan_id,
            pair.before.environment.plan_id,
            model_changes(pair, frozenset()),
        )
    finally:
        context.close()
