"""Checks around a promotion tell what is wrong, and one that fails does not hide another."""

from __future__ import annotations

import json
import re
import shutil

import psycopg2
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import PlanError

from ops.diff import EnvironmentDiff, as_json
from ops.diff.types import RowChange, Sample
from ops.promotion.candidate import told
from ops.promotion.checks import MOST_TOLD, Answer, made
from ops.promotion.promote import recorded
from ops.promotion.verify import grants, reader, same_measures, same_rows
from ops.settings import Settings
from tests.support import ROOT, query


def test_every_check_is_made_and_told_with_its_verdict_and_time() -> None:
    told: list[str] = []
    checks = made(
        [("lint", lambda: Answer(["core.sale: no owner"])), ("audits", lambda: Answer(note="3"))], told.append
    )
    assert [check.is_passed for check in checks] == [False, True]
    assert told == [
        "  lint         FAILED in 0.0 s",
        "    core.sale: no owner",
        "  audits       passed in 0.0 s: 3",
    ]
    assert checks[0].as_dict() == {
        "name": "lint",
        "passed": False,
        "problems": ["core.sale: no owner"],
        "note": "",
        "seconds": 0.0,
    }


def test_many_problems_are_told_in_part_and_kept_in_full() -> None:
    told: list[str] = []
    (check,) = made([("lint", lambda: Answer([str(n) for n in range(MOST_TOLD + 5)]))], told.append)
    assert told[-1] == "    and 5 more (--json has all)"
    assert len(check.problems) == MOST_TOLD + 5


def test_other_rows_and_sums_than_the_environments_are_told(database: Settings) -> None:
    for schema, amounts in (("bi", "(1.5), (2.5)"), ("bi__dev", "(1.5), (2.0), (NULL)")):
        query(database, f"CREATE SCHEMA {schema}")
        query(
            database,
            f"CREATE VIEW {schema}.sale AS SELECT a::numeric AS net_amount FROM (VALUES {amounts}) AS v (a)",
        )
    query(database, "CREATE VIEW bi__dev.new AS SELECT 1 AS id")
    pairs = [(("bi", name), ("bi__dev", name)) for name in ("sale", "new")]
    assert same_rows(database, pairs).problems == [
        "bi.sale: rows 2, and 3 in the environment",
        "bi.sale: net_amount 4.0, and 3.5 in the environment",
        "bi.new is not there",
    ]
    assert same_rows(database, [(("bi", "sale"), ("bi", "sale"))]).note == "1 views, 2 rows"


def test_other_measures_than_the_environments_are_told_by_source_and_month(database: Settings) -> None:
    (database.root / "seeds").mkdir()
    shutil.copy2(ROOT / "seeds" / "metric.csv", database.root / "seeds")
    for schema, price in (("core", 10), ("core__dev", 12)):
        query(database, f"CREATE SCHEMA {schema}")
        query(
            database,
            f"""
            CREATE VIEW {schema}.fct_order_line AS
            SELECT
              'shop' AS source, 'EUR' AS currency, 'product' AS line_kind, 'o' || n AS order_key, 'c1' AS customer_id,
              n * {price}::NUMERIC AS net_amount, FALSE AS is_return, FALSE AS is_cancelled, NULL::DATE AS return_date,
              '2024-01-31'::DATE + n AS order_date
            FROM GENERATE_SERIES(0, 1) AS line(n)
            """,
        )
    pair = (("core", "fct_order_line"), ("core__dev", "fct_order_line"))
    assert same_measures(database, [pair]).problems == [
        "Net sales of shop over all time: 10 EUR, and 12 in the environment",
        "Net sales of shop in 2024-02: 10 EUR, and 12 in the environment",
    ]
    same = same_measures(database, [(pair[0], pair[0])])
    assert (same.problems, same.note) == ([], "net sales, orders, customers")


def test_a_reader_who_cannot_read_is_told_by_the_catalog_and_by_trying(database: Settings) -> None:
    query(database, "CREATE SCHEMA bi")
    query(database, "CREATE VIEW bi.sale AS SELECT 1 AS id")
    given = {("bi", "sale"): {"select": ["bi_reader"]}}
    assert grants(database, given).problems == ["bi_reader has no select on bi.sale, or none on its schema"]
    assert reader(database, [("bi", "sale")]).problems == ["bi.sale: permission denied for schema bi"]
    query(database, "GRANT USAGE ON SCHEMA bi TO bi_reader")
    query(database, "GRANT SELECT ON bi.sale TO bi_reader")
    assert grants(database, given).problems == []
    assert reader(database, [("bi", "sale")]).problems == []


def test_a_swap_that_failed_for_a_view_says_why() -> None:
    failed = NodeExecutionFailedError("bi.sale")
    assert told(failed) == "Execution failed for node bi.sale"
    failed.__cause__ = psycopg2.errors.InsufficientPrivilege("permission denied for schema bi\nmore")
    assert told(failed) == (
        "Execution failed for node bi.sale: InsufficientPrivilege: permission denied for schema bi"
    )
    assert told(PlanError("Nothing was done.")) == "Nothing was done."


def test_the_record_keeps_how_many_rows_changed_and_no_row_of_anybody() -> None:
    sample = Sample(added=({"customer_id": "C7"},), removed=(), changed=({"customer_id": "C8"},), hidden=())
    rows = RowChange(
        "conformed.customer", ("customer_id",), before=1, after=2, added=1, removed=0, changed=1,
        changed_columns={"city": 1}, sample=sample,
    )  # fmt: skip
    diff = EnvironmentDiff("dev", "prod", "2", "1", rows=(rows,))
    assert "C7" in json.dumps(as_json(diff))
    kept = recorded(diff)
    assert not {"C7", "C8"} & set(re.findall(r"\w+", json.dumps(kept)))
    assert '"added": 1' in json.dumps(kept)
