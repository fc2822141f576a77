"""What the modules of integration tests share."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.postgres.throwaway import ThrowawayServer
from ops.settings import SUPPORTED_VERSIONS
from tests.integration.public_data import DATA
from tests.support import Project, copy_project


@pytest.fixture(scope="session")
def public_marts(
    postgres_servers: Callable[[int], ThrowawayServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Both public data sets, loaded and planned into prod once for all modules that only read: it takes minutes."""
    server = postgres_servers(SUPPORTED_VERSIONS[0])
    settings = server.new_database(tmp_path_factory.mktemp("public"))
    target = Path(tempfile.mkdtemp(prefix="retailmesh-public-"))
    project = copy_project(settings, target)
    (project.root / "data").symlink_to(DATA)
    project.retail("load", "--all")
    project.sqlmesh("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests", timeout=1200)
    yield project
    server.drop_database(settings)
    shutil.rmtree(target, ignore_errors=True)
