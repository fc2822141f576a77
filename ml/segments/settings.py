"""The segments' settings, from the project's variables (config.yaml, segment_…)."""

from __future__ import annotations

import typing as t

from sqlmesh import ExecutionContext

from ml.segments.choice import CountLimits
from ml.segments.run import SegmentSettings


def segment_settings(context: ExecutionContext) -> SegmentSettings:
    """Return what config.yaml says."""
    features: t.Any = context.var("segment_features")
    least_count: t.Any = context.var("segment_least_count")
    most_count: t.Any = context.var("segment_most_count")
    least_rate: t.Any = context.var("segment_least_rate")
    least_stability: t.Any = context.var("segment_least_stability")
    limits = CountLimits(int(least_count), int(most_count), float(least_rate), float(least_stability))
    return SegmentSettings(tuple(features), limits)
