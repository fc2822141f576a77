"""An environment becomes prod when its gates hold, as a plan would make it, and is taken back without computing."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from ops.diff import EnvironmentDiff
from ops.errors import OpsError
from ops.promotion.promote import promote
from ops.promotion.record import promotions
from tests.promotion.conftest import SALE, Shop
from tests.promotion.prod import (
    SOLD,
    TOTAL,
    agreed,
    amount,
    back,
    in_state,
    last,
    promoted,
    state,
    views,
    written,
)
from tests.support import quiet_environment

pytestmark = [pytest.mark.both_versions, pytest.mark.thorough(minutes=2)]


def answered(shop: Shop, answer: str, *arguments: str) -> tuple[int, str]:
    """Run `retail` at a terminal where somebody types an answer; return its exit code and what stood there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.cli.main", *arguments],
        cwd=shop.root,
        env=quiet_environment(RETAIL_PROJECT_DIR=str(shop.root)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    said = b""
    with suppress(OSError):  # which is how a terminal ends
        while part := os.read(ours, 4096):
            said += part
    os.close(ours)
    return process.wait(), said.decode()


def test_a_promotion_computes_nothing_and_tells_what_it_looked_at(shared: Shop) -> None:
    amount(shared, 20)
    before = written(shared)
    told: list[str] = []
    shown: list[EnvironmentDiff] = []
    done = promoted(shared, told.append, confirm=shown.append)
    assert done.is_well
    assert written(shared) == before
    assert shared.query(SOLD) == [(20,)]
    assert [gate.name for gate in done.gates] == [
        "lint", "unit tests", "audits", "evaluations", "bi contract", "dependents",
    ]  # fmt: skip
    assert any(line.strip().startswith("lint") and " passed in " in line for line in told)
    assert [check.name for check in done.checks] == ["rows and sums", "measures", "grants", "reader"]
    assert done.checks[0].note == "2 views, 2 rows"
    assert done.checks[1].note == "none that both show from one table"
    assert done.checks[3].note == "bi_reader read 1 views"
    assert "core.sale" in {change.model for change in shown[0].models}


def test_the_record_says_who_promoted_what_from_where(shared: Shop) -> None:
    amount(shared, 21)
    done = promoted(shared)
    [(kind, origin, models, diff, gates, by, seconds, number)] = shared.query(
        "SELECT kind, from_environment, models, diff, gates, promoted_by, seconds, promotion_id "
        "FROM ingest.promotion ORDER BY promotion_id DESC LIMIT 1"
    )
    assert (kind, origin, number) == ("promotion", "dev", done.promotion_id)
    assert models == {"bi.sale": "changed", "bi.total": "changed", "core.sale": "changed"}
    assert diff["environment"] == "dev"  # type: ignore[index]
    assert [gate["passed"] for gate in gates] == [True] * 6  # type: ignore[attr-defined]
    assert "@" in str(by)
    assert 0 < float(str(seconds)) < 60


def test_a_bare_plan_ends_in_the_same_state_and_is_on_record_too(shared: Shop) -> None:
    amount(shared, 22)
    promoted(shared)
    by_promotion = state(shared), views(shared)
    back(shared)
    assert state(shared) != by_promotion[0]
    before = len(promotions(shared.settings))
    assert "Virtual layer updated" in shared.plan()
    assert (state(shared), views(shared)) == by_promotion
    assert len(promotions(shared.settings)) == before + 1
    assert (last(shared).kind, last(shared).from_environment) == ("promotion", None)
    assert last(shared).models == {"bi.sale": "changed", "bi.total": "changed", "core.sale": "changed"}
    assert "No changes" in shared.plan()
    assert len(promotions(shared.settings)) == before + 1  # nothing was promoted


def test_a_rollback_brings_back_rows_views_and_state_and_computes_nothing(shared: Shop) -> None:
    amount(shared, 23)
    promoted(shared)
    before = state(shared), views(shared), written(shared)
    config = (shared.root / "config.yaml").read_text()
    (shared.root / "config.yaml").write_text(f"{config}after_all: ['SELECT 24']\n")
    amount(shared, 24, ", 1::INT AS more")  # columns that the old views have not
    promoted(shared)
    tables = written(shared)
    assert shared.query(SOLD) == [(24,)]
    done = back(shared)
    assert done.is_well
    assert done.seconds < 20
    assert (state(shared), views(shared)) == before[:2]
    assert written(shared) == tables
    assert shared.query(SOLD) == shared.query(TOTAL) == [(23,)]
    assert last(shared).kind == "rollback"
    (shared.root / "config.yaml").write_text(config)
    shared.write(sale=SALE.replace("10", "23"))
    assert "No changes" in shared.plan()


def test_rolling_back_again_goes_further_back_and_to_a_number_forward(shared: Shop) -> None:
    numbers = []
    for sold in (25, 26, 27):
        amount(shared, sold)
        numbers.append(promoted(shared).promotion_id)
    back(shared)
    assert shared.query(SOLD) == [(26,)]
    back(shared)
    assert shared.query(SOLD) == [(25,)]
    assert last(shared).restored_promotion_id == numbers[0]
    back(shared, numbers[2])
    assert shared.query(SOLD) == [(27,)]
    with pytest.raises(OpsError, match=f"after promotion {numbers[2]} already"):
        back(shared, numbers[2])
    back(shared, numbers[0])
    assert shared.query(SOLD) == [(25,)]


def test_files_that_the_environment_does_not_hold_stop_the_promotion_with_nothing_changed(
    shared: Shop,
) -> None:
    amount(shared, 28)
    shared.write(sale=SALE.replace("10", "29"))
    before = state(shared), views(shared), len(promotions(shared.settings))
    told: list[str] = []
    done = promoted(shared, told.append)
    assert done.is_refused
    (audits,) = [gate for gate in done.gates if not gate.is_passed]
    assert audits.name == "audits"
    assert "core.sale: dev does not hold the version that the project's files define" in audits.problems
    assert "`sqlmesh plan dev` computes and audits" in audits.problems[-1]
    assert any(line.strip().startswith("audits") and " FAILED in " in line for line in told)
    assert (state(shared), views(shared), len(promotions(shared.settings))) == before


def test_days_that_are_not_computed_stop_the_promotion(shared: Shop) -> None:
    amount(shared, 30)
    in_state(shared, "DELETE FROM sqlmesh._intervals WHERE name LIKE '%sale%'")
    done = promoted(shared)
    assert [gate.name for gate in done.gates if not gate.is_passed] == ["audits"]
    assert "core.sale is not computed to the end in dev" in done.gates[2].problems
    shared.plan(environment="dev")
    assert promoted(shared).is_well


def test_each_gate_that_does_not_hold_says_why_and_nothing_is_changed(shop: Shop) -> None:
    config = shop.root / "config.yaml"
    config.write_text(
        config.read_text()
        + "linter: {enabled: true, rules: [noselectstar]}\n"
        + "variables: {gates: [{model: ml.guess, metric: auc, minimum: 0.7}]}\n"
    )
    (shop.root / "models" / "evaluation.sql").write_text(
        "MODEL (name ml.model_evaluation, kind FULL, owner us); SELECT 'ml.guess' AS model, 'shop' AS source, "
        "'all' AS part, 'logit' AS method, 'champion' AS role, 'auc' AS metric, 0.6::DOUBLE PRECISION AS metric_value, "
        "TRUE AS is_higher_better, 'none' AS baseline_method, 0.5::DOUBLE PRECISION AS baseline_value"
    )
    (shop.root / "tests").mkdir()
    (shop.root / "tests" / "test_sale.yaml").write_text(
        "test_the_amount_is_ten:\n  model: core.sale\n  outputs:\n    query: [{id: 1, amount: 10, name: lamp}]\n"
    )
    (shop.root / "docs").mkdir()
    (shop.root / "docs" / "bi_contract.yaml").write_text("sale:\n  id: integer\n  amount: integer\n")
    shop.administer("CREATE SCHEMA report", "CREATE VIEW report.names AS SELECT name FROM bi.sale")
    shop.write(sale="1::INT AS id, 12::INT AS amount")
    shop.plan("--skip-tests", "--skip-linter", environment="dev")
    before = state(shop), views(shop)
    done = promoted(shop)
    said = {gate.name: " ".join(gate.problems) for gate in done.gates if not gate.is_passed}
    assert "noselectstar" in said["lint"]
    assert "test_the_amount_is_ten" in said["unit tests"]
    assert "auc of logit is 0.6, the gate asks for at least 0.7" in said["evaluations"]
    assert "bi.total is new" in said["bi contract"]
    assert 'view report.names (owner postgres): column "name" does not exist' in said["dependents"]
    assert "audits" not in said
    assert (state(shop), views(shop)) == before
    assert shop.administer("SELECT name FROM report.names") == [("lamp",)]


def test_what_would_break_is_let_go_where_that_is_allowed_and_built_again_later(shop: Shop) -> None:
    shop.administer(
        "CREATE SCHEMA report AUTHORIZATION retail_transformer",
        "SET ROLE retail_transformer",
        "CREATE VIEW report.names AS SELECT name FROM bi.sale",
    )
    shop.write(sale="1::INT AS id, 12::INT AS amount")
    shop.plan(environment="dev")
    assert promoted(shop).is_refused
    assert promoted(shop, allow_broken=True).is_well
    assert shop.query("SELECT to_regclass('report.names')::text") == [(None,)]
    (kept,) = json.loads(shop.retail("broken", "--json"))
    assert kept["name"] == "view report.names"
    assert 'column "name" does not exist' in shop.retail("broken", "--restore", "1", check=False)
    back(shop)
    shop.retail("broken", "--restore", "1")
    assert shop.query("SELECT name FROM report.names") == [("lamp",)]


def test_nobody_is_promoted_over_without_being_asked(shared: Shop) -> None:
    amount(shared, 31)
    before = state(shared)
    for command, nothing in (("promote", "Nothing was promoted"), ("rollback", "Nothing was rolled back")):
        arguments = ("dev",) if command == "promote" else ()
        said = shared.retail(command, *arguments, check=False)
        assert f"Error: {nothing}: there is no terminal to ask at. With --yes" in said
    assert state(shared) == before


def test_the_command_promotes_and_rolls_back_and_prints_json(shared: Shop) -> None:
    amount(shared, 32)
    sold = shared.query(SOLD)
    assert "Promoted dev to prod. It is promotion " in shared.retail("promote", "dev", "--yes")
    assert shared.query(SOLD) == [(32,)]
    assert "Nothing to promote: prod shows what dev shows." in shared.retail("promote", "dev", "--yes")
    said = shared.retail("rollback", "--yes")
    assert "nothing computed" in said
    assert "The project's files still define what was taken back" in said
    assert shared.query(SOLD) == sold
    listed = json.loads(shared.retail("promotions", "--json"))
    assert listed[-1]["kind"] == "rollback"
    assert "rollback to" in shared.retail("promotions")


@pytest.mark.one_version
def test_at_a_terminal_it_asks_and_only_a_yes_promotes(shared: Shop) -> None:
    amount(shared, 33)
    sold = shared.query(SOLD)
    code, said = answered(shared, "n", "promote", "dev")
    assert (code, shared.query(SOLD)) == (130, sold)
    assert said.index("What dev changes in prod") < said.index("Promote dev to prod? [y/N]:")
    code, said = answered(shared, "y", "promote", "dev")
    assert (code, shared.query(SOLD)) == (0, [(33,)]), said
    code, said = answered(shared, "y", "rollback")
    assert (code, shared.query(SOLD)) == (0, sold), said
    assert "prod returns to promotion" in said


def test_an_environment_that_is_not_there_is_told_with_those_that_are(shared: Shop) -> None:
    with pytest.raises(OpsError, match=r"There is no environment nowhere: `sqlmesh plan nowhere` makes it"):
        promote(shared.settings, "nowhere", agreed, agreed)
    with pytest.raises(OpsError, match="prod is what is promoted to"):
        promote(shared.settings, "prod", agreed, agreed)
