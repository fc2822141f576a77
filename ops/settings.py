"""Settings: where Postgres is, who connects, where the raw files lie.

They come from the process environment and from `.env` in the project's folder. `.env` wins, because SQLMesh
loads it over the environment: `retail` and `sqlmesh` must never talk to two different servers.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from ops import dotenv
from ops.errors import OpsError

Role = Literal["transformer", "loader", "bi"]
Server = Literal["embedded", "other"]
DEFAULT_DIRECTORY = ".postgres"  # of the embedded server, in the project's folder
GENERATED_SOURCE = "store"  # which `retail demo` makes for itself
BI_READER = "bi_reader"  # the models' grants name this role
SUPPORTED_VERSIONS = (18, 16)  # of the embedded server, the default first


@dataclass(frozen=True)
class Login:
    """A user and its password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class EmbeddedSettings:
    """The server that retailmesh runs itself: its folder, its port (0: any free one), its major version."""

    directory: Path
    port: int = 0
    version: int = SUPPORTED_VERSIONS[0]


@dataclass(frozen=True)
class Settings:
    """Everything that differs between machines."""

    root: Path
    host: str
    port: int
    database: str
    state_database: str
    transformer: Login
    loader: Login
    bi: Login
    data_dir: Path
    embedded: EmbeddedSettings
    sslmode: str | None = None
    server: Server = "embedded"
    hash_key: str = field(default="", repr=False)  # of pseudonyms; only provisioning needs it

    @property
    def env_file(self) -> Path:
        return self.root / ".env"

    @property
    def own_data_dir(self) -> Path:
        """The folder in which the project may write raw files; `data_dir` may be somebody else's."""
        return self.root / "data"

    def data_dir_of(self, source: str) -> Path:
        """Return the folder in which a source's folder lies.

        That is `data_dir`, and the project's own `data` for the generated source where `data_dir` has none.
        """
        folder = self.data_dir / source
        has_files = folder.is_dir() and any(folder.iterdir())
        return self.own_data_dir if source == GENERATED_SOURCE and not has_files else self.data_dir

    def login(self, role: Role) -> Login:
        return {"transformer": self.transformer, "loader": self.loader, "bi": self.bi}[role]

    def connect(self, role: Role = "transformer", database: str | None = None) -> Connection:
        """Open a connection in UTC. Raises OpsError, with a hint, when there is no way to the server."""
        login = self.login(role)
        try:
            return psycopg2.connect(
                host=self.host,
                port=self.port,
                dbname=database or self.database,
                user=login.user,
                password=login.password or None,
                sslmode=self.sslmode or "prefer",
                connect_timeout=10,
                application_name="retailmesh",
                options="-c TimeZone=UTC",
            )
        except psycopg2.OperationalError as error:
            raise OpsError(self._unreachable(login, database or self.database, error)) from error

    def connect_loader(self) -> Connection:
        """What loaders use: a new connection that may write the raw layer."""
        return self.connect("loader")

    def url(self, role: Role = "transformer", *, password: bool = True, driver: str = "postgresql") -> str:
        """Return the address for psql, SQLAlchemy or a BI tool."""
        login = self.login(role)
        secret = f":{quote(login.password, safe='')}" if password and login.password else ""
        query = f"?sslmode={self.sslmode}" if self.sslmode else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{driver}://{quote(login.user, safe='')}{secret}@{host}:{self.port}/{self.database}{query}"

    def variables(self) -> dict[str, str | None]:
        """Return the lines of `.env` that say where the server is and who connects."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGDATABASE": self.database,
            "PGUSER": self.transformer.user,
            "PGPASSWORD": self.transformer.password or None,
            "PGSSLMODE": self.sslmode,
            "RETAIL_STATE_DATABASE": self.state_database,
            "RETAIL_LOADER_USER": self.loader.user,
            "RETAIL_LOADER_PASSWORD": self.loader.password or None,
            "RETAIL_BI_PASSWORD": self.bi.password or None,
            "RETAIL_HASH_KEY": self.hash_key or None,
        }

    def _unreachable(self, login: Login, database: str, error: Exception) -> str:
        message = (
            f"No connection to Postgres at {self.host}:{self.port} (database {database}, user {login.user}): "
            f"{str(error).strip()}"
        )
        if "refused" in message:
            message += (
                "\nIs the server running? `retail status` says, `retail start` starts the embedded one."
            )
        elif "authentication failed" in message or "no password supplied" in message:
            message += (
                f"\nThe user and password come from {self.env_file} or the environment; see .env.example."
            )
        return message


def project_root() -> Path:
    """Return the project's folder: RETAIL_PROJECT_DIR, or where this code lies."""
    named = os.environ.get("RETAIL_PROJECT_DIR")
    return Path(named).resolve() if named else Path(__file__).resolve().parents[1]


def load_settings(root: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the project in `root` (default: this one).

    `environment` stands in for the process environment. Raises OpsError for a value that makes no sense.
    """
    root = root or project_root()
    values = read_variables(root, environment)
    transformer = Login(_text(values, "PGUSER", "retail_transformer"), values.get("PGPASSWORD", ""))
    return Settings(
        root=root,
        host=_text(values, "PGHOST", "127.0.0.1"),
        port=_number(values, "PGPORT", 5432),
        database=_text(values, "PGDATABASE", "retail"),
        state_database=_text(values, "RETAIL_STATE_DATABASE", "retail_state"),
        transformer=transformer,
        loader=Login(
            _text(values, "RETAIL_LOADER_USER", transformer.user),
            values.get("RETAIL_LOADER_PASSWORD", transformer.password),
        ),
        bi=Login(BI_READER, values.get("RETAIL_BI_PASSWORD", "")),
        data_dir=_data_dir(root, values),
        embedded=_embedded(root, values),
        sslmode=values.get("PGSSLMODE") or None,
        server=_server(values),
        hash_key=values.get("RETAIL_HASH_KEY", ""),
    )


def read_variables(root: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment with the lines of the project's `.env` over it. Raises OpsError."""
    return {**(os.environ if environment is None else environment), **dotenv.read(root / ".env")}


def _server(values: Mapping[str, str]) -> Server:
    """Say whose server is meant: start and connect note it; else a named host is another's."""
    if named := values.get("RETAIL_SERVER"):
        return "embedded" if named == "embedded" else "other"
    return "other" if values.get("PGHOST") or values.get("PGPORT") else "embedded"


def _text(values: Mapping[str, str], name: str, default: str) -> str:
    return values.get(name) or default


def _number(values: Mapping[str, str], name: str, default: int) -> int:
    text = _text(values, name, str(default))
    if not text.isdecimal() or int(text) > 65535:
        raise OpsError(f"{name} is {text!r}; it must be a port number from 0 to 65535.")
    return int(text)


def _data_dir(root: Path, values: Mapping[str, str]) -> Path:
    if named := values.get("RETAIL_DATA_DIR"):
        return root / Path(named).expanduser()
    shared = root.parent / "shared" / "data"
    return shared if shared.is_dir() else root / "data"


def _embedded(root: Path, values: Mapping[str, str]) -> EmbeddedSettings:
    version = _text(values, "RETAIL_POSTGRES_VERSION", str(SUPPORTED_VERSIONS[0]))
    if version not in map(str, SUPPORTED_VERSIONS):
        choices = " or ".join(map(str, SUPPORTED_VERSIONS))
        raise OpsError(f"RETAIL_POSTGRES_VERSION is {version!r}; the embedded server comes as {choices}.")
    return EmbeddedSettings(
        directory=root / Path(_text(values, "RETAIL_POSTGRES_DIR", DEFAULT_DIRECTORY)).expanduser(),
        port=_number(values, "RETAIL_POSTGRES_PORT", 0),
        version=int(version),
    )
