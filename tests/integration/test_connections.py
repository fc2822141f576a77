"""The ways into the warehouse that docs/bi.md shows, run as they stand there, as the role of BI tools."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import EverySource
from tests.support import ROOT, quiet_environment

PAGE = (ROOT / "docs" / "bi.md").read_text("utf-8")
SNIPPET = re.compile(r"^### (.+?)$|^```(sh|python|java)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
JAR = Path("/usr/share/java/postgresql.jar")  # as the page says

pytestmark = [pytest.mark.long, pytest.mark.slow]


def snippets() -> dict[str, list[tuple[str, str]]]:
    """The blocks of each heading of the tested part: their language and text."""
    tested = PAGE.partition("\n## Tested\n")[2].partition("\n## ")[0]
    found: dict[str, list[tuple[str, str]]] = {}
    heading = ""
    for title, language, text in SNIPPET.findall(tested):
        if title:
            heading = title
        else:
            found.setdefault(heading, []).append((language, text))
    return found


SNIPPETS = snippets()


def needs(program: str = "", *modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if program and shutil.which(program) is None:
        missing.append(program)
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


@pytest.fixture
def months(every_source: EverySource) -> list[tuple[object, ...]]:
    """What each way in has to answer."""
    return every_source.project.query(
        "SELECT source, currency, month_start_date, net_amount FROM bi.sales_monthly "
        "WHERE channel = 'all' AND is_complete ORDER BY source, month_start_date"
    )


def run(every_source: EverySource, command: list[str], folder: Path) -> list[list[str]]:
    """Run a snippet and return what it printed, as rows of fields."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=quiet_environment(BI_URL=every_source.project.settings.url("bi")),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [re.split("[ ,]", line) for line in done.stdout.splitlines()]


def as_printed(months: list[tuple[object, ...]]) -> list[list[str]]:
    return [[str(value) for value in row] for row in months]


def test_every_way_in_of_the_page_is_run() -> None:
    assert set(SNIPPETS) == {"", "psql", "SQLAlchemy", "ADBC", "DuckDB", "DuckDB over ADBC", "JDBC"}
    assert SNIPPETS[""] == [("sh", 'export BI_URL="$(retail url --bi)"\n')]


@needs("psql")
def test_psql(every_source: EverySource, months: list[tuple[object, ...]], tmp_path: Path) -> None:
    [(language, script)] = SNIPPETS["psql"]
    assert language == "sh"
    printed = run(every_source, ["bash", "-c", script], tmp_path)
    assert printed[0] == ["source", "currency", "month_start_date", "net_amount"]
    assert printed[1:] == as_printed(months)


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("SQLAlchemy", marks=needs("", "sqlalchemy")),
        pytest.param("ADBC", marks=needs("", "adbc_driver_postgresql")),
        pytest.param("DuckDB over ADBC", marks=needs("", "adbc_driver_postgresql")),
        "DuckDB",
    ],
)
def test_python(
    every_source: EverySource, months: list[tuple[object, ...]], tmp_path: Path, title: str
) -> None:
    [(language, script)] = SNIPPETS[title]
    assert language == "python"
    if title == "DuckDB" and not has_postgres_reader():
        pytest.skip("DuckDB's extension postgres is not installed, and its server is not to be reached")
    assert run(every_source, [sys.executable, "-c", script], tmp_path) == as_printed(months)


def has_postgres_reader() -> bool:
    """Whether DuckDB has its extension, or gets it."""
    command = [
        sys.executable,
        "-c",
        "import duckdb; duckdb.sql('INSTALL postgres'); duckdb.sql('LOAD postgres')",
    ]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


@needs("java")
@pytest.mark.skipif(not JAR.exists(), reason=f"there is no {JAR}: apt-get install libpostgresql-jdbc-java")
def test_jdbc(every_source: EverySource, months: list[tuple[object, ...]], tmp_path: Path) -> None:
    [(_, program), (_, command)] = SNIPPETS["JDBC"]
    (tmp_path / "Months.java").write_text(program)
    assert run(every_source, ["bash", "-c", command], tmp_path) == as_printed(months)


def test_the_role_that_the_page_names_reads_bi_and_nothing_else(every_source: EverySource) -> None:
    settings = every_source.project.settings
    assert settings.bi.user == "bi_reader"
    assert "`bi_reader` reads `bi` and nothing else" in PAGE
    connection = settings.connect("bi")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT table_schema FROM information_schema.table_privileges "
                "WHERE grantee = current_user AND table_schema !~ '__'"
            )
            assert {schema for (schema,) in cursor.fetchall()} == {"bi"}
    finally:
        connection.close()
