"""The metric dictionary: what it refuses, and how its words come into the models."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ops.cli.metrics import metrics as command
from ops.errors import OpsError
from ops.metrics import COLUMNS, outdated, read_metrics, write_descriptions
from tests.support import ROOT

HEADER = ",".join(COLUMNS)
NET = (
    'net_amount,Net sales,"What is\'left, after returns",core.fct AS line,SUM(x),line.order_date,'
    'money,"time, store",bi.sales,team'
)
BUYERS = (
    "buyer_count,Buyers,Who bought,core.fct AS line,COUNT(DISTINCT y),line.order_date,"
    "count,nothing,bi.sales,team"
)
MODEL = """MODEL (
  name {name},
  column_descriptions (
    source = 'The shop.',
    net_amount = 'It''s old.'{comma}
  )
);

SELECT
  net_amount::DECIMAL(18, 4) AS net_amount
FROM {reads}
"""
VIEW = MODEL.replace("{comma}", ",\n    buyer_count = 'Old too.'").format(
    name="bi.sales", reads="mart.sales_daily"
)
MART = MODEL.format(name="mart.sales_daily", reads="core.fct", comma="")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project of a dictionary, a view and the mart that it reads."""
    for path, text in (
        ("seeds/metric.csv", "\n".join([HEADER, NET, BUYERS]) + "\n"),
        ("models/bi/sales.sql", VIEW),
        ("models/marts/sales/sales_daily.sql", MART),
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_the_words_say_what_a_measure_adds_up_over(shop: Path) -> None:
    net, buyers = read_metrics(shop)
    assert net.words() == "What is'left, after returns. Adds up over time and store, never over currencies."
    assert buyers.words() == "Who bought. Not additive."


def test_a_view_and_the_mart_that_it_reads_get_the_words_once(shop: Path) -> None:
    view, mart = shop / "models/bi/sales.sql", shop / "models/marts/sales/sales_daily.sql"
    assert outdated(shop) == write_descriptions(shop) == [view, mart]
    said = (
        "    net_amount = 'What is''left, after returns. Adds up over time and store, never over currencies.'"
    )
    assert (
        f"    source = 'The shop.',\n{said},\n    buyer_count = 'Who bought. Not additive.'\n"
        in view.read_text()
    )
    assert f"    source = 'The shop.',\n{said}\n" in mart.read_text()
    assert outdated(shop) == write_descriptions(shop) == []


def test_a_mart_that_another_mart_is_made_of_gets_the_words_too(shop: Path) -> None:
    between, behind = (shop / f"models/marts/sales/{name}.sql" for name in ("sales_daily", "order_sale"))
    between.write_text(MART.replace("core.fct", "mart.order_sale"))
    behind.write_text(MART.replace("sales_daily", "order_sale"))
    assert behind in write_descriptions(shop)
    assert "net_amount = 'What is''left, after returns." in behind.read_text()


def test_a_measure_that_its_view_does_not_serve_is_an_error(shop: Path) -> None:
    view = shop / "models/bi/sales.sql"
    view.write_text(view.read_text().replace("buyer_count", "client_count"))
    with pytest.raises(OpsError, match=r"bi\.sales serves buyer_count; it describes no such column"):
        outdated(shop)
    view.unlink()
    with pytest.raises(OpsError, match=r"there is no models/bi/sales\.sql"):
        outdated(shop)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (NET, "net_amount is defined already"),
        (
            BUYERS.replace("buyer_count", "b").replace("count,nothing", "heads,nothing"),
            "the unit 'heads' is none of",
        ),
        (BUYERS.replace("buyer_count", "b").replace("nothing", "weather"), "not weather"),
        (BUYERS.replace("buyer_count", "b").replace("Who bought", ""), "definition is missing"),
        (BUYERS.replace("buyer_count", "b").replace("Who bought", "Who bought."), "full stop"),
        (BUYERS.replace("buyer_count", "b").replace("bi.sales", "mart.sales"), "mart.sales is no view of bi"),
        (BUYERS.replace("buyer_count", "b") + ",more", "too many or too few fields"),
    ],
)
def test_a_line_that_is_not_understood_is_named(shop: Path, line: str, what: str) -> None:
    seed = shop / "seeds" / "metric.csv"
    seed.write_text(seed.read_text() + line + "\n")
    with pytest.raises(OpsError, match=f"line 4: .*{what}"):
        read_metrics(shop)


def test_the_models_describe_the_measures_as_the_dictionary_does() -> None:
    assert outdated(ROOT) == [], "run `retail metrics --write`"


def test_the_command_shows_checks_and_writes(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_PROJECT_DIR", str(shop))
    run = CliRunner().invoke
    assert "Who bought" in run(command, []).output
    assert "COUNT(DISTINCT y)" in run(command, ["buyer_count"]).output
    [shown] = json.loads(run(command, ["net_amount", "--json"]).output)
    assert (shown["additive_over"], shown["served_in"]) == (["time", "store"], ["bi.sales"])
    assert "There is no measure 'profit'" in str(run(command, ["profit"]).exception)
    assert "models/bi/sales.sql, models/marts/sales/sales_daily.sql" in str(
        run(command, ["--check"]).exception
    )
    assert run(command, ["--write"]).output == "Written: sales.sql, sales_daily.sql\n"
    assert run(command, ["--write"]).output == "Everything was up to date.\n"
    assert run(command, ["--check"]).output == "2 measures are defined, and the models describe them so.\n"
