"""Which reader reads which kind of file."""

from pathlib import Path

from loaders.csv_reader import CsvReader
from loaders.rows import Plan, Reader


def open_reader(path: Path, plan: Plan) -> Reader:
    """Open a file by the contract's format. Raises LoadError when the file does not fit it."""
    return CsvReader(path, plan)
