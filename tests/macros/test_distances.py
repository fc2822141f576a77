"""The great circle."""

from __future__ import annotations

import pytest

BERLIN, SYDNEY = "52.520008, 13.404954", "-33.868820, 151.209290"


def test_berlin_is_16092_km_from_sydney(ask):
    [(there, back)] = ask(f"SELECT @HAVERSINE_KM({BERLIN}, {SYDNEY}), @HAVERSINE_KM({SYDNEY}, {BERLIN})")
    assert there == pytest.approx(16_092, abs=5)
    assert back == pytest.approx(there)


def test_opposite_and_same_places_are_no_error(ask):
    [(half, none)] = ask("SELECT @HAVERSINE_KM(0, 0, 0, 180), @HAVERSINE_KM(12.5, 77.6, 12.5, 77.6)")
    assert half == pytest.approx(3.141592653589793 * 6371.0088)
    assert none == 0


def test_an_unknown_place_has_no_distance(ask):
    assert ask("SELECT @HAVERSINE_KM(NULL::FLOAT, 0, 0, 180)") == [(None,)]
