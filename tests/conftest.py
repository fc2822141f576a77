"""Fixtures for every test that needs Postgres.

A test that asks for `database` (or `postgres`, `project`, …) runs on PostgreSQL 18; marked `both_versions` it
runs once on 18 and once on 16 (a `long` one there with the thorough tests), unless it is `one_version` in a module that
is marked so. Each version's server is started once, when the first test needs it.
"""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from ops.postgres.throwaway import ThrowawayServer
from ops.project_copy import Marts
from ops.settings import SUPPORTED_VERSIONS, Settings
from tests.support import Project, copy_project


def pytest_configure() -> None:
    # SQLMesh reads models in forked processes, which a process with the threads of numerical libraries cannot be
    # trusted to survive; and the tests' own workers use the cores.
    os.environ["MAX_FORK_WORKERS"] = "1"
    # A terminated run ends like Ctrl-C: fixtures are torn down, and no server stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


# Modules whose tests share the session's `every_source`, and those whose tests share nothing.
TOGETHER = tuple(
    f"tests/integration/test_{name}.py"
    for name in (
        "store_sales",
        "store_places",
        "marts_sales",
        "marts_customers",
        "marts_operations",
        "questions",
        "learned_models",
        "report",
        "connections",
        "lookml",
    )
)
APART = (
    "tests/integration/test_forget.py",
    "tests/integration/test_signals.py",
    "tests/integration/test_stale_keys.py",
    "tests/ops/test_demo.py",
)
VERSION = re.compile(r"\[(pg\d+)")


class Groups(LoadScopeScheduling):
    """Deals groups of tests out to the workers: what shares databases and plans goes to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: its module, on one version of Postgres."""
        module = nodeid.partition("::")[0]
        if module in TOGETHER:
            return "every_source"
        if module in APART:
            return nodeid
        version = VERSION.search(nodeid)
        return f"{module} {version[1]}" if version else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Groups:
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest, as `long(minutes=…)` or `thorough(minutes=…)` says: no worker waits for it."""
    items.sort(key=_minutes, reverse=True)


def _minutes(item: pytest.Item) -> float:
    long = item.get_closest_marker("long") or item.get_closest_marker("thorough")
    return long.kwargs.get("minutes", 1) if long else 0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "postgres" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker
        both = marker("both_versions") is not None and marker("one_version") is None
        first, *others = SUPPORTED_VERSIONS
        rarely = [pytest.mark.thorough] if marker("long") else []  # what takes minutes
        versions = [first, *(pytest.param(other, marks=rarely) for other in others)] if both else [first]
        metafunc.parametrize("postgres", versions, ids=lambda v: f"pg{v}", indirect=True, scope="session")


@pytest.fixture(scope="module", autouse=True)
def environment_given_back() -> Iterator[None]:
    """Take back what a module's tests left in the environment: SQLMesh puts the lines of a project's `.env` there."""
    before = dict(os.environ)
    yield
    current = {name: value for name, value in os.environ.items() if name == "PYTEST_CURRENT_TEST"}
    for name in os.environ.keys() - before.keys() - current.keys():
        del os.environ[name]
    os.environ.update({**before, **current})


@pytest.fixture(scope="session")
def postgres_servers() -> Iterator[Callable[[int], ThrowawayServer]]:
    """Start a version's server on first use; stop all of them at the end."""
    servers: dict[int, ThrowawayServer] = {}

    def get(version: int) -> ThrowawayServer:
        if version not in servers:
            servers[version] = ThrowawayServer(version)
        return servers[version]

    yield get
    for server in servers.values():
        server.stop()


@pytest.fixture(scope="session")
def postgres(
    request: pytest.FixtureRequest, postgres_servers: Callable[[int], ThrowawayServer]
) -> ThrowawayServer:
    """A running server of the version that the test is parametrised with."""
    return postgres_servers(request.param)


@pytest.fixture
def database(postgres: ThrowawayServer, tmp_path: Path) -> Iterator[Settings]:
    """Fresh databases with the roles, for one test."""
    yield from _database(postgres, tmp_path)


@pytest.fixture(scope="module")
def module_database(
    postgres: ThrowawayServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Databases that the tests of one module share."""
    yield from _database(postgres, tmp_path_factory.mktemp("module"))


@pytest.fixture
def project(request: pytest.FixtureRequest, database: Settings, tmp_path: Path) -> Project:
    """A copy of the SQLMesh project on databases of its own, for one test; with marts where it is marked so."""
    return copy_project(database, tmp_path / "project", marts=_wants_marts(request))


@pytest.fixture(scope="module")
def module_project(request: pytest.FixtureRequest, module_database: Settings) -> Iterator[Project]:
    """A copy of the SQLMesh project that the tests of one module share: a plan takes long. Marts as above."""
    target = Path(tempfile.mkdtemp(prefix="retailmesh-project-"))
    yield copy_project(module_database, target, marts=_wants_marts(request))
    shutil.rmtree(target, ignore_errors=True)


def _wants_marts(request: pytest.FixtureRequest) -> Marts:
    marker = request.node.get_closest_marker("marts")
    return marker.kwargs.get("which", True) if marker else False


def _database(postgres: ThrowawayServer, root: Path) -> Iterator[Settings]:
    settings = postgres.new_database(root)
    yield settings
    postgres.drop_database(settings)
