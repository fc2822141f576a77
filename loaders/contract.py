"""Contracts: what a source's files look like and which raw tables they fill.

One YAML file per source under `loaders/contracts`. A contract is checked whole before anything is loaded.
"""

import codecs
import re
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from loaders.errors import ContractError

CONTRACTS_FOLDER = Path(__file__).parent / "contracts"
META_COLUMNS = ("_load_id", "_source_file", "_row_number", "_loaded_at", "_event_date", "_extra")
IDENTIFIER_BYTES = 63  # Postgres cuts longer names
# Encodings in which every byte below 128 is that ASCII character, so lines and fields are found in bytes.
ASCII_ENCODINGS = re.compile(
    r"ascii|utf-8(-sig)?|iso8859-\d+|cp(125\d|437|850|852|858|866)|koi8-[ru]|mac-roman"
)
# What a column tells of a person. E-mail, phone, name and address are hashed from staging on; free text stays
# there, as does all but the beginning of a postal code. A pseudonym is an id without meaning, a region is a city,
# a state or the first three characters of a postal code.
Personal = Literal["email", "phone", "name", "address", "postal code", "free text", "region", "pseudonym"]


def _identifier(name: str) -> str:
    if not name or "\0" in name:
        raise ValueError("a name must not be empty or hold a NUL")
    if len(name.encode()) > IDENTIFIER_BYTES:
        raise ValueError(f"{name!r} is longer than {IDENTIFIER_BYTES} bytes, where Postgres cuts names")
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileFormat(_Strict):
    """How a file is read: its kind, compression ('auto': by the name's .gz), delimiter and encoding."""

    kind: Literal["csv", "json", "jsonl", "parquet"] = "csv"
    compression: Literal["auto", "gzip", "none"] = "auto"
    delimiter: str = ","
    encoding: str = "utf-8"

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) != 1 or not value.isascii() or value in '"\r\n\0':
            raise ValueError("must be one ASCII character other than a quote or a line break")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            name = codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"Python knows no encoding {value!r}") from None
        if not ASCII_ENCODINGS.fullmatch(name):
            raise ValueError(f"{value!r} is not supported: convert such files to utf-8 first")
        return "utf-8" if name in ("utf-8-sig", "ascii") else name


class Column(_Strict):
    """A raw column: the file's header for it (default: its own name) and what it means."""

    header: str | None = None
    required: bool = False
    description: str = ""
    personal: Personal | None = None
    references: str | None = None

    @field_validator("header")
    @classmethod
    def _header_is_text(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("must not be blank")
        return value


class EventTime(_Strict):
    """When a row happened: its own column with a strptime format, or the row that `through` references.

    Without `zone` (and without %z in the format) the text is the shop's local time. With it, the text is in
    that zone and the date is the one that the shop's clock showed. A row whose date lies after the day of
    loading is rejected, unless `future` says that it is kept. `touches` names columns that reference dated rows:
    a row has its own date, and a load of it touches the dates of those as well.
    """

    column: str | None = None
    format: str | None = None
    zone: str | None = None
    through: str | None = None
    touches: tuple[str, ...] = ()
    future: Literal["reject", "keep"] = "reject"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.column is None) == (self.through is None):
            raise ValueError("needs either 'column' and 'format', or 'through'")
        if self.column is not None and not self.format:
            raise ValueError("'column' needs a 'format' such as '%Y-%m-%d'")
        if self.through is not None and (self.format or self.zone):
            raise ValueError("'through' takes the other row's date: no 'format', no 'zone'")
        if self.through is not None and self.touches:
            raise ValueError("'touches' goes with 'column': 'through' touches the other row's date anyway")
        if len(set(self.touches)) != len(self.touches):
            raise ValueError("touches: a column occurs twice")
        if self.zone is not None:
            _check_zone(self.zone)
        return self

    @property
    def referring(self) -> tuple[str, ...]:
        """Return the columns whose referenced rows' dates a load of this table touches."""
        return (self.through,) if self.through else self.touches


class Table(_Strict):
    """A raw table: which files fill it, how they are read and applied, its key and columns."""

    description: str = ""
    files: str
    format: FileFormat = FileFormat()
    apply: Literal["snapshot", "append"]
    event_time: EventTime | None = None
    key: tuple[str, ...] = ()
    columns: Annotated[dict[str, Column], Field(min_length=1)]

    @field_validator("files")
    @classmethod
    def _plain_glob(cls, value: str) -> str:
        parts = PurePath(value).parts
        if not parts or "**" in value or ".." in parts or PurePath(value).is_absolute():
            raise ValueError(
                "must be a pattern like '*_orders.csv' or 'orders/*.csv', below the source's folder"
            )
        return value

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        for name in self.columns:
            _identifier(name)
            if name in META_COLUMNS:
                raise ValueError(f"columns: {name!r} is a column that every raw table has already")
        for name in self.key:
            if name not in self.columns:
                raise ValueError(f"key: there is no column {name!r}")
        if len(set(self.key)) != len(self.key):
            raise ValueError("key: a column occurs twice")
        headers: dict[str, str] = {}
        for name in self.columns:
            other = headers.setdefault(normal(self.header(name)), name)
            if other != name:
                raise ValueError(f"columns: {other!r} and {name!r} have the same header")
        event = self.event_time
        for column in (event.column, *event.referring) if event else ():
            if column is not None and column not in self.columns:
                raise ValueError(f"event_time: there is no column {column!r}")
        if event and event.column and not self.columns[event.column].required:
            raise ValueError(
                f"event_time: column {event.column!r} must be required, or rows have no place in time"
            )
        return self

    def header(self, column: str) -> str:
        """Return the name that a file's header has for a column."""
        return self.columns[column].header or column

    @property
    def has_event_date(self) -> bool:
        """Whether the raw table has a column `_event_date`."""
        return self.event_time is not None and self.event_time.column is not None


class Contract(_Strict):
    """All tables of one source, with the shop's clock and currency."""

    source: str
    description: str = ""
    time_zone: str = "UTC"
    currency: str | None = None
    download: str | None = None
    fresh_within_days: Annotated[int, Field(ge=1)] | None = (
        None  # the newest row is never older; None: no promise
    )
    person: str | None = None  # table.column of the id by which `retail forget` finds a person's rows
    tables: Annotated[dict[str, Table], Field(min_length=1)]

    @field_validator("source")
    @classmethod
    def _schema_name_fits(cls, value: str) -> str:
        _identifier(f"raw_{value}")
        if not value or "/" in value or value in (".", ".."):
            raise ValueError("must be the name of a folder")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        _check_zone(value)
        return value

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        for name in self.tables:
            _identifier(name)
        for name, table in self.tables.items():
            for column, spec in table.columns.items():
                if spec.references is not None and self.reference(spec.references) is None:
                    raise ValueError(
                        f"tables.{name}.columns.{column}.references: there is no {spec.references!r}"
                    )
            for column in table.event_time.referring if table.event_time else ():
                self._check_referring(name, table, column)
        self._check_person()
        return self

    def _check_person(self) -> None:
        if self.person is None:
            return
        place = self.reference(self.person)
        if place is None:
            raise ValueError(f"person: there is no {self.person!r}")
        if self.tables[place[0]].columns[place[1]].personal != "pseudonym":
            raise ValueError(f"person: {self.person!r} must be marked as personal: pseudonym")

    def _check_referring(self, name: str, table: Table, column: str) -> None:
        target = self.reference(table.columns[column].references or "")
        if target is None:
            raise ValueError(f"tables.{name}.event_time: {column!r} references no other table")
        if not self.tables[target[0]].has_event_date:
            raise ValueError(f"tables.{name}.event_time: {target[0]!r} has no event time column of its own")

    @property
    def schema_name(self) -> str:
        """Return the Postgres schema of the source's raw tables."""
        return f"raw_{self.source}"

    def reference(self, target: str) -> tuple[str, str] | None:
        """Split 'table.column' into a table and a column that exist; None if there are no such."""
        for name, table in self.tables.items():
            column = target.removeprefix(f"{name}.")
            if column != target and column in table.columns:
                return name, column
        return None

    def loading_order(self) -> list[str]:
        """Return the tables so that each stands after those it references."""
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in order or name in path:
                return
            for spec in self.tables[name].columns.values():
                target = self.reference(spec.references) if spec.references else None
                if target:
                    visit(target[0], (*path, name))
            order.append(name)

        for name in self.tables:
            visit(name, ())
        return order


def normal(header: str) -> str:
    """Return a header's name as it is compared: trimmed, case folded, without a byte order mark."""
    return header.removeprefix("\ufeff").strip().casefold()


def load_contract(path: Path) -> Contract:
    """Read and check one contract. Raises ContractError that names the file and the key."""
    try:
        content: Any = YAML(typ="safe").load(path.read_text("utf-8"))
    except OSError as error:
        raise ContractError(f"{path}: cannot be read ({error.strerror})") from error
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ContractError(f"{path}{line}: is no valid YAML ({error.problem})") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: is no valid YAML ({error})") from error
    if not isinstance(content, dict):
        raise ContractError(f"{path}: must hold 'source' and 'tables'")
    try:
        return Contract.model_validate(content)
    except ValidationError as error:
        raise ContractError("\n".join(f"{path}: {_problem(item)}" for item in error.errors())) from error


def load_contracts(folder: Path = CONTRACTS_FOLDER) -> dict[str, Contract]:
    """Read the contracts in a folder, by source. Raises ContractError, also for a source with two."""
    contracts: dict[str, Contract] = {}
    for path in sorted(folder.glob("*.yaml")):
        contract = load_contract(path)
        if contract.source in contracts:
            raise ContractError(f"{path}: source {contract.source!r} has a contract already")
        contracts[contract.source] = contract
    return contracts


def _problem(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"])
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None
