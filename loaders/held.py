"""What is known of a table while its lock is held: meanwhile nobody else loads it or erases from it.

The ledger is asked once for all files of a table, so that thousands of small files cost thousands of small
transactions and not ten questions each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a lower-case name

from loaders import ledger
from loaders.contract import Contract
from loaders.erasure import has_erasures


@dataclass(frozen=True)
class Loaded:
    """A load whose rows are in the table."""

    load_id: int
    file: str
    size: int
    sha256: str
    rows_read: int


@dataclass
class HeldTable:
    """The loads whose rows are in the table, and what needs no second look while the lock is held."""

    loads: dict[str, list[Loaded]]  # by file
    has_erasures: bool
    has_rows: bool = False  # else somebody has to look
    is_indexed: bool = False  # it has all its indexes, or else somebody has to look
    _sizes: set[int] = field(default_factory=set)
    _by_content: dict[str, list[Loaded]] = field(
        default_factory=dict
    )  # also loads that were replaced meanwhile

    def __post_init__(self) -> None:
        for load in self._all():
            self._remember(load)

    def may_be_known(self, size: int) -> bool:
        """Return whether a loaded file had this size: else a file is new, and need not be hashed to know it."""
        return size in self._sizes

    def same_content(self, file: str, size: int, sha256: str) -> Loaded | None:
        """Return the load whose rows come from the same content, the file's own first.

        Files without rows do not count as each other's copies.
        """
        same = [
            load
            for load in self._by_content.get(sha256, [])
            if load.size == size
            and load in self.loads.get(load.file, [])
            and (load.file == file or load.rows_read)
        ]
        return max(same, key=lambda load: (load.file == file, load.load_id), default=None)

    def of_file(self, file: str) -> list[int]:
        """Return the loads of a file."""
        return [load.load_id for load in self.loads.get(file, [])]

    def of_all(self) -> list[int]:
        """Return all loads."""
        return [load.load_id for load in self._all()]

    def has_others(self, file: str) -> bool:
        """Return whether the table holds rows of another file."""
        return len(self.loads) > (file in self.loads)

    def note(self, loaded: Loaded, *, replaces_all: bool) -> None:
        """Take notice of a load that was committed."""
        if replaces_all:
            self.loads.clear()
        self.loads[loaded.file] = [loaded]
        self._remember(loaded)

    def _remember(self, load: Loaded) -> None:
        self._sizes.add(load.size)
        self._by_content.setdefault(load.sha256, []).append(load)

    def _all(self) -> Iterator[Loaded]:
        return (load for loads in self.loads.values() for load in loads)


def hold(cursor: Cursor, contract: Contract, table: str) -> HeldTable:
    """Ask the ledger what is in a table whose lock was just taken, and mark loads that were killed."""
    ledger.mark_killed(cursor, contract.source, table)
    loads: dict[str, list[Loaded]] = {}
    for row in ledger.current(cursor, contract.source, table):
        loaded = Loaded(*row)
        loads.setdefault(loaded.file, []).append(loaded)
    return HeldTable(loads, has_erasures(cursor, contract))
