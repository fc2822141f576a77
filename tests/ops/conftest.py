"""A project folder with an embedded server of its own, for tests that start and break servers."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from loaders.schema import ensure_tables
from ops import dotenv
from ops.doctor.check import Place as Looked
from ops.postgres import embedded
from ops.postgres.server import Server
from ops.postgres.throwaway import FAST, ThrowawayServer, open_folder
from ops.refresh_ledger import TABLES
from ops.settings import Settings, load_settings

LOAD = """
    INSERT INTO ingest.load
        (source, table_name, file, bytes, status, rows_read, rows_loaded, rows_rejected, sha256, event_dates,
         finished_at)
    VALUES ('shop', 'sale', %s, 1, %s, 1, 1, 0, 'x', %s::date[], now())
"""


@dataclass(frozen=True)
class Place:
    """A project's folder."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / ".postgres"

    @property
    def env_file(self) -> Path:
        return self.root / ".env"

    def settings(self, **environment: str) -> Settings:
        return load_settings(self.root, environment)

    def start(self, *, force: bool = False, **environment: str) -> embedded.Result:
        return embedded.start(self.settings(**environment), force=force)

    def server(self, version: int = 18, port: int = 0) -> Server:
        """The server without `.env`, fast instead of safe."""
        return Server(self.home, version, port, overrides=FAST, durable=False)

    def write_env(self, **values: str) -> None:
        dotenv.update(self.env_file, values)


def fast_server_of(settings: Settings) -> Server:
    """What `retail start` uses, without waiting for the disk."""
    own = settings.embedded
    return Server(own.directory, own.version, own.port, overrides=FAST, durable=False)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A project folder whose server, if one was started, is stopped afterwards."""
    monkeypatch.setattr(embedded, "server_of", fast_server_of)
    folder = open_folder()
    place = Place(folder)
    yield place
    for home in folder.rglob("postmaster.pid"):
        Server(home.parents[1], int((home.parent / "PG_VERSION").read_text())).stop()
    shutil.rmtree(folder)


@pytest.fixture
def fresh_servers() -> Iterator[Callable[[int], ThrowawayServer]]:
    """Servers on which nothing was made yet, for one test; the others share theirs."""
    started: list[ThrowawayServer] = []

    def start(version: int) -> ThrowawayServer:
        started.append(ThrowawayServer(version))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def looked(database: Settings) -> Iterator[Looked]:
    """What the checks look at: databases with their roles, and nothing in them."""
    dotenv.update(database.env_file, database.variables())
    with (
        closing(database.connect()) as warehouse,
        closing(database.connect(database=database.state_database)) as state,
    ):
        warehouse.autocommit = state.autocommit = True
        yield Looked(database, warehouse.cursor(), state.cursor())


@pytest.fixture
def loaded(looked: Looked) -> Looked:
    """The same with the ledger of loads."""
    with closing(looked.settings.connect_loader()) as connection:
        ensure_tables(connection, {})
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLES)
    return looked


def load(place: Looked, file: str, status: str, *days: str) -> None:
    with closing(place.settings.connect_loader()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(LOAD, [file, status, list(days)])
