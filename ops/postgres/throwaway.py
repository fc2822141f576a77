"""Servers for tests and checks: made in a scratch folder, fast instead of safe, gone afterwards."""

import heapq
import shutil
import tempfile
from pathlib import Path

from ops.postgres.embedded import administrator
from ops.postgres.provision import provision
from ops.postgres.server import Server
from ops.settings import EmbeddedSettings, Login, Settings

FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "max_connections": "100",
}


def open_folder() -> Path:
    """Make a scratch folder that other users may enter: as root the server runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="retailmesh-"))
    folder.chmod(0o755)
    return folder


class ThrowawayServer:
    """A server of one major version, with as many databases as are asked for. `stop` deletes it."""

    def __init__(self, version: int = 18) -> None:
        self.version = version
        self.folder = open_folder()
        self.server = Server(self.folder / "postgres", version, overrides=FAST, durable=False)
        self.port = self.server.start().port
        self._administrator = administrator(self.server)
        self._free_numbers = [1]

    def stop(self) -> None:
        """Stop the server and delete its folder."""
        try:
            self.server.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, root: Path) -> Settings:
        """Make a fresh pair of databases with the roles; return settings for a project in `root`.

        They have the name of a dropped pair, if there is one: SQLMesh's caches know models by their database.
        """
        number = heapq.heappop(self._free_numbers)
        if not self._free_numbers:
            heapq.heappush(self._free_numbers, number + 1)
        settings = Settings(
            root=root,
            host="127.0.0.1",
            port=self.port,
            database=f"retail_{number}",
            state_database=f"retail_state_{number}",
            transformer=Login("retail_transformer", "transformer-secret"),
            loader=Login("retail_loader", "loader-secret"),
            bi=Login("bi_reader", "bi-secret"),
            data_dir=root / "data",
            embedded=EmbeddedSettings(self.server.home, version=self.version),
            server="other",
            hash_key="hash-key-of-a-throwaway-server-0001",
        )
        self.provision(settings)
        return settings

    def provision(self, settings: Settings) -> None:
        """Make the roles, databases and privileges of the settings, or bring them up to date."""
        provision(settings, self._administrator)

    def drop_database(self, settings: Settings) -> None:
        """Drop the pair of databases, whoever is connected."""
        connection = self.server.connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for name in (settings.database, settings.state_database):
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            connection.close()
        heapq.heappush(self._free_numbers, int(settings.database.rpartition("_")[2]))
