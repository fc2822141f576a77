"""The segments' settings, from the project's variables (config.yaml, segment_…)."""

from __future__ import annotations

from sqlmesh import ExecutionContext

from ml.segments.choice import CountLimits
from ml.segments.run import SegmentSettings


def segment_settings(context: ExecutionContext) -> SegmentSettings:
    """Return what config.yaml says."""
    return SegmentSettings(
        tuple(context.var("segment_features")),
        CountLimits(
            int(context.var("segment_least_count")),
            int(context.var("segment_most_count")),
            float(context.var("segment_least_rate")),
            float(context.var("segment_least_stability")),
        ),
    )
