"""The project's models with their audits, and a database in which small tables stand for the models."""

from __future__ import annotations

import pytest

from tests.bench import Bench, bench_of
from tests.support import Project


@pytest.fixture(scope="module")
def bench(module_project: Project) -> Bench:
    """The bench that the tests of one module share."""
    return bench_of(module_project)
