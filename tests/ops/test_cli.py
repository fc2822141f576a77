"""`retail` at the command line: what it prints, its exit codes, its messages."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from loaders.contract import load_contracts
from ops import dotenv
from ops.cli.main import cli
from ops.settings import Settings
from tests.ops.conftest import Place
from tests.support import ROOT, quiet_environment

DAY = "2026-03-01"
FILE = f"{DAY}_transactions.csv"
HEADER = "Invoice,StockCode,Description,Quantity,Price,Customer ID,Country,InvoiceDate\n"


def retail(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.cli.main", *arguments],
        cwd=ROOT,
        env=quiet_environment(RETAIL_PROJECT_DIR=str(root), **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def shop(database: Settings) -> Path:
    """A project whose database is there, with one daily file of Online Retail in its data folder."""
    dotenv.update(database.env_file, database.variables())
    folder = database.root / "data" / "online_retail"
    folder.mkdir(parents=True)
    (folder / FILE).write_text(f"{HEADER}1,A,mug,2,1.50,7,France,{DAY}\n1,B,cup,1,2.00,7,France,{DAY}\n")
    return database.root


def test_start_status_url_and_stop(place: Place) -> None:
    assert "retail start" in retail(place.root, "url").stderr
    started = retail(place.root, "start")
    assert started.returncode == 0, started.stderr
    assert "was made and started" in started.stdout
    assert "running already" in retail(place.root, "start").stdout
    status = retail(place.root, "status", "--json")
    assert (status.returncode, json.loads(status.stdout)["state"]) == (0, "running")
    env = dotenv.read(place.env_file)
    assert env["PGPASSWORD"] not in status.stdout + started.stdout
    assert retail(place.root, "url").stdout.startswith(
        f"postgresql://retail_transformer:{env['PGPASSWORD']}@"
    )
    assert env["RETAIL_BI_PASSWORD"] in retail(place.root, "url", "--bi").stdout
    assert "@127.0.0.1" in retail(place.root, "url", "--bi", "--no-password").stdout
    assert "stopped" in retail(place.root, "stop").stdout
    assert "No Postgres was running" in retail(place.root, "stop").stdout
    stopped = retail(place.root, "status", "--json")
    assert (stopped.returncode, json.loads(stopped.stdout)["state"]) == (1, "stopped")


def test_loading_again_does_nothing_and_the_ledger_tells(shop: Path) -> None:
    first = retail(shop, "load", "online_retail")
    assert (first.returncode, "1 file loaded with 2 rows" in first.stdout) == (0, True)
    second = retail(shop, "load", "--all", "--json")
    assert [file["status"] for file in json.loads(second.stdout)] == ["unchanged"]
    ledger = json.loads(retail(shop, "loads", "--json", "--source", "online_retail").stdout)
    assert [(load["file"], load["rows_loaded"], load["event_dates"]) for load in ledger] == [(FILE, 2, [DAY])]
    assert FILE in retail(shop, "loads", "--status", "loaded").stdout
    assert "none" in retail(shop, "loads", "--status", "failed").stdout


def test_a_file_that_cannot_be_loaded_is_named_and_fails_the_command(shop: Path) -> None:
    bad = shop / "2026-03-02_transactions.csv"
    bad.write_text("Invoice,Price\n1,2\n")
    done = retail(shop, "load", "online_retail", str(bad))
    assert done.returncode == 1
    assert bad.name in done.stdout
    assert "1 of 1 file could not be loaded" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_is_shown_as_tables_and_as_json(shop: Path) -> None:
    retail(shop, "load", "online_retail")
    assert "stock_code" in retail(shop, "profile", "online_retail").stdout
    (table,) = json.loads(retail(shop, "profile", "online_retail", "--json").stdout)
    assert table["rows"] == 2


def test_the_summary_of_an_empty_warehouse_says_so(shop: Path) -> None:
    done = retail(shop, "summary")
    assert (done.returncode, "Revenue of products, before freight: none" in done.stdout) == (0, True)
    assert json.loads(retail(shop, "summary", "--json").stdout)["revenue"] == []


def test_the_summary_ends_with_the_address_for_bi_tools_without_its_password(shop: Path) -> None:
    shown = retail(shop, "summary").stdout
    without = retail(shop, "url", "--bi", "--no-password").stdout.strip()
    assert without.startswith("postgresql://bi_reader@")
    assert f"address   {without}\n" in shown
    assert dotenv.read(shop / ".env")["RETAIL_BI_PASSWORD"] not in shown


def test_without_data_the_demo_says_what_to_download_and_fails(tmp_path: Path) -> None:
    done = retail(tmp_path, "demo", "--no-generate")
    assert done.returncode == 1
    for contract in load_contracts().values():
        assert f"into  {tmp_path / 'data' / contract.source}/" in done.stderr
        assert (contract.download or "") in done.stderr
        for table in contract.tables.values():
            assert table.files in done.stderr
    assert not (tmp_path / ".postgres").exists()


def test_contracts_in_the_repository_are_in_order() -> None:
    done = retail(ROOT, "contracts", "--check")
    assert done.returncode == 0, done.stderr


def test_external_models_are_written_and_then_up_to_date(tmp_path: Path) -> None:
    assert "retail contracts --write" in retail(tmp_path, "contracts", "--check").stderr
    retail(tmp_path, "contracts", "--write")
    assert retail(tmp_path, "contracts", "--check").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["load"], 2, "Name a source, or say --all"),
        (["load", "online_retail", "--all"], 2, "Name a source, or say --all"),
        (["load", "nowhere"], 1, "no source 'nowhere'; contracts describe"),
        (["loads", "--limit", "0"], 2, "--limit"),
        (["profile", "nowhere"], 1, "no source 'nowhere'"),
        (["connect"], 2, "Name a URL, or set DATABASE_URL"),
        (["connect", "nonsense"], 1, "no address of a Postgres server"),
        (["connect", "postgresql://me:hush@127.0.0.1:1/db"], 1, "No connection to Postgres at 127.0.0.1:1"),
        (["frobnicate"], 2, "No such command"),
        (["loads"], 1, "No connection to Postgres"),
    ],
)
def test_wrong_calls_get_a_message_and_no_traceback(
    tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    (tmp_path / ".env").write_text("PGHOST=127.0.0.1\nPGPORT=1\n")
    done = retail(tmp_path, *arguments)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
    assert done.stdout == ""


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    assert "Traceback" in retail(tmp_path, "--debug", "connect", "nonsense").stderr


def test_a_url_from_the_environment_is_connected(database: Settings, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    done = retail(root, "connect", "--state-database", database.state_database, DATABASE_URL=database.url())
    assert (done.returncode, "PostgreSQL 18" in done.stdout) == (0, True), done.stderr
    assert database.transformer.password not in done.stdout
    assert dotenv.read(root / ".env")["PGDATABASE"] == database.database


def test_an_environment_is_chosen_by_the_same_names_everywhere() -> None:
    def commands(group: click.Group) -> Iterator[click.Command]:
        for name in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), name)
            assert command
            yield from commands(command) if isinstance(command, click.Group) else [command]

    named = {
        (command.name, tuple(option.opts))
        for command in commands(cli)
        for option in command.params
        if isinstance(option, click.Option) and option.name == "environment"
    }
    assert {name for name, _ in named} >= {"evaluate", "report", "start", "compile"}
    assert {options for _, options in named} == {("--env", "--environment")}
