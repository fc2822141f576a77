"""Distances on the globe."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

EARTH_RADIUS_KM = "6371.0088"  # the mean one


@macro()
def haversine_km(
    evaluator: MacroEvaluator,
    latitude: exp.Expression,
    longitude: exp.Expression,
    other_latitude: exp.Expression,
    other_longitude: exp.Expression,
) -> exp.Expression:
    """`@HAVERSINE_KM(a.latitude, a.longitude, b.latitude, b.longitude)`: the great circle between two places.

    The coordinates are degrees; NULL where one is not known.
    """
    a, b, c, d = (value.sql("postgres") for value in (latitude, longitude, other_latitude, other_longitude))
    half_chord = (
        f"(POWER(SIN(RADIANS(({c}) - ({a})) / 2), 2) "
        f"+ COS(RADIANS({a})) * COS(RADIANS({c})) * POWER(SIN(RADIANS(({d}) - ({b})) / 2), 2))"
    )
    # Rounding may bring it above 1. LEAST(1, ...) would take an unknown place for the far end of the world.
    return exp.maybe_parse(
        f"2 * {EARTH_RADIUS_KM} * ASIN(SQRT({half_chord} / GREATEST(1, {half_chord})))", dialect="postgres"
    )
