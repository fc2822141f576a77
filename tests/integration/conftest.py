"""What the modules of integration tests share."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.postgres.throwaway import ThrowawayServer
from ops.settings import SUPPORTED_VERSIONS
from tests.integration.public_data import DATA
from tests.support import Project, copy_project

GENERATE = ("generate", "--scale", "tiny", "--seed", "11", "--faults", "0.03")


@dataclass(frozen=True)
class EverySource:
    """A prod of all sources with marts and learned models, and what its plan printed. Who uses it only reads."""

    project: Project
    printed: str


@pytest.fixture(scope="session")
def every_source(
    postgres_servers: Callable[[int], ThrowawayServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EverySource]:
    """A generated shop with faults, and the public data sets that are there, planned once: it takes minutes.

    tests/conftest.py names their modules, so that they run in one worker.
    """
    server = postgres_servers(SUPPORTED_VERSIONS[0])
    settings = server.new_database(tmp_path_factory.mktemp("every_source"))
    target = Path(tempfile.mkdtemp(prefix="retailmesh-every-source-"))
    project = copy_project(settings, target, marts="ml")
    project.retail(*GENERATE, "--out", str(target / "data"))
    for source in ("olist", "online_retail"):
        if (DATA / source).is_dir():
            (target / "data" / source).symlink_to(DATA / source)
    project.retail("load", "--all")
    printed = project.sqlmesh("plan", "prod", "--auto-apply", "--no-prompts", "--skip-tests", timeout=1200)
    yield EverySource(project, printed)
    server.drop_database(settings)
    shutil.rmtree(target, ignore_errors=True)


@pytest.fixture(scope="session")
def every_mart(every_source: EverySource) -> Project:
    """The project of it."""
    return every_source.project
