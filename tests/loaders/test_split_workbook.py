"""The downloaded workbook as daily files: every line once, under the day and the text that the loader expects."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from loaders import split_workbook
from loaders.contract import load_contracts
from loaders.errors import LoadError
from loaders.load import load_source
from loaders.split_workbook import split
from tests.loaders.conftest import Shop
from tests.support import ROOT

HEADER = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]
CSV = """\ufeffInvoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
700001,10001A,"lamp, red",6,2009-12-01 07:45:00,4.25,501,France
C700002,10001A,"lamp, red",-1,2009-12-02 08:00:00,4.25,501,France

700003,POST,,1,2009-12-01 09:00:00,18,,France
"""
DAYS = ["2009-12-01_transactions.csv", "2009-12-02_transactions.csv"]


def write(tmp_path: Path, content: str, name: str = "lines.csv") -> Path:
    file = tmp_path / name
    file.write_text(content, "utf-8")
    return file


def records(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_each_line_goes_into_the_file_of_its_day_without_the_time(tmp_path: Path) -> None:
    done = split(write(tmp_path, CSV), tmp_path / "out")
    assert (done.lines, done.repeated) == ({date(2009, 12, 1): 2, date(2009, 12, 2): 1}, ())
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == DAYS
    first, second = records(tmp_path / "out" / DAYS[0])
    assert (first["Invoice"], first["Description"], first["InvoiceDate"]) == (
        "700001",
        "lamp, red",
        "2009-12-01",
    )
    assert (second["Invoice"], second["Customer ID"], second["Price"]) == ("700003", "", "18")


def test_the_daily_files_load(shop: Shop, tmp_path: Path) -> None:
    contract = load_contracts()["online_retail"]
    split(write(tmp_path, CSV), tmp_path / "online_retail")
    results = load_source(shop.connect, contract, None, tmp_path)
    assert [(result.status, result.rows_loaded, result.rows_rejected) for result in results] == [
        ("loaded", 2, 0),
        ("loaded", 1, 0),
    ]


def test_splitting_again_writes_the_same_files(tmp_path: Path) -> None:
    for _ in range(2):
        split(write(tmp_path, CSV), tmp_path / "out")
        contents = [(tmp_path / "out" / day).read_bytes() for day in DAYS]
    split(tmp_path / "lines.csv", tmp_path / "other")
    assert [(tmp_path / "other" / day).read_bytes() for day in DAYS] == contents


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no column 'Invoice', .*found: nothing"),
        ("Invoice,Price\n1,2\n", "no column 'StockCode'.*found: 'Invoice', 'Price'"),
        (CSV.replace("2009-12-02 08:00:00", "12/2/2009 8:00"), "line 3: '12/2/2009 8:00' is no date like"),
    ],
)
def test_what_cannot_be_split_is_said_and_nothing_is_written(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(LoadError, match=message):
        split(write(tmp_path, content), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="there is no such file"):
        split(tmp_path / "x.xlsx", tmp_path)
    with pytest.raises(LoadError, match="unpacked first"):
        split(write(tmp_path, "x", "x.zip"), tmp_path)


def test_without_openpyxl_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(split_workbook, "import_module", missing)
    file = write(tmp_path, "", "x.xlsx")
    assert split_workbook.main([str(file), str(tmp_path / "out")]) == 1
    assert "pip install openpyxl" in capsys.readouterr().err


def test_a_workbook_is_split_and_a_day_in_two_sheets_is_taken_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    sheets = {
        "Year 2009-2010": [(700001, datetime(2010, 12, 1, 8)), (700002, datetime(2010, 12, 2, 8))],
        "Year 2010-2011": [("C700002", datetime(2010, 12, 2, 8)), (700003, datetime(2010, 12, 2, 9))],
    }
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(HEADER)
        for invoice, at in lines:
            sheet.append([invoice, 85048, "lamp", 12.0, at, 6.95, 13085.0, "United Kingdom"])
    book.save(tmp_path / "lines.xlsx")
    assert split_workbook.main([str(tmp_path / "lines.xlsx"), str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "3 lines in 2 daily files" in shown
    assert "1 day from 2010-12-02 to 2010-12-02" in shown
    first, second = (records(tmp_path / "out" / f"2010-12-0{day}_transactions.csv") for day in (1, 2))
    assert list(first[0].values())[:2] == ["700001", "85048"]
    assert (first[0]["Quantity"], first[0]["Price"], first[0]["Customer ID"]) == ("12", "6.95", "13085")
    assert [record["Invoice"] for record in second] == ["C700002", "700003"]


def test_a_file_that_is_no_workbook_is_said(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    with pytest.raises(LoadError, match="no workbook that can be read"):
        split(write(tmp_path, "x", "x.xlsx"), tmp_path / "out")


def test_the_page_says_of_every_downloaded_source_where_its_files_come_from_and_go() -> None:
    page = (ROOT / "docs" / "data.md").read_text("utf-8")
    for source, contract in load_contracts().items():
        if not str(contract.download).startswith("https://"):
            continue  # not downloaded but generated
        assert str(contract.download).split()[0] in page
        assert f"data/{source}/" in page
        for table in contract.tables.values():
            assert table.files.removeprefix("*") in page
    assert "-m loaders.split_workbook online_retail_II.xlsx data/online_retail\n" in page


def test_a_call_without_file_and_folder_shows_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert split_workbook.main([]) == 2
    assert "Usage" in capsys.readouterr().err
