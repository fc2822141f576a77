"""Which reader reads which kind of file."""

from pathlib import Path

from loaders.csv_reader import CsvReader
from loaders.json_reader import JsonReader
from loaders.parquet_reader import ParquetReader
from loaders.rows import Plan, Reader


def open_reader(path: Path, plan: Plan) -> Reader:
    """Open a file by the contract's format. Raises LoadError when the file does not fit it."""
    match plan.table.format.kind:
        case "csv":
            return CsvReader(path, plan)
        case "parquet":
            return ParquetReader(path, plan)
        case _:
            return JsonReader(path, plan)
