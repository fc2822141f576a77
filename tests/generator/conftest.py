"""Shops that several tests look at: a tiny one on disk, with and without faults, larger ones in memory."""

from pathlib import Path

import pytest

from generator.build import generate
from generator.scales import options
from generator.shop import Shop, simulate
from tests.generator.files import Generated

FAULTS = 0.06


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """A tiny shop without planted faults."""
    return _generated(tmp_path_factory.mktemp("tiny"), 0.0)


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The same shop with faults of every kind."""
    return _generated(tmp_path_factory.mktemp("spoiled"), FAULTS)


@pytest.fixture(scope="session")
def small_shop() -> Shop:
    """What happens in a small shop."""
    return simulate(options("small", seed=3))


@pytest.fixture(scope="session")
def medium_shop() -> Shop:
    """What happens in a medium shop, in a year with every festival."""
    return simulate(options("medium", seed=5))


def _generated(folder: Path, faults: float) -> Generated:
    return Generated(folder, generate(options("tiny", seed=7, faults=faults), folder))
