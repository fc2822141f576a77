"""What the diff says of a promotion is what the promotion does."""

from __future__ import annotations

from contextlib import closing

import pytest

from ops.diff import EnvironmentDiff, compare_environment
from ops.postgres.throwaway import ThrowawayServer
from tests.diff.conftest import PLAN
from tests.support import Project


@pytest.mark.both_versions
@pytest.mark.thorough(minutes=1)
def test_what_would_break_stops_the_promotion_and_what_is_built_again_survives_it(
    shop: Project, dev: EnvironmentDiff, postgres: ThrowawayServer
) -> None:
    fates = {risk.dependent: risk.fate for risk in dev.risks}
    refused = shop.sqlmesh("plan", "prod", *PLAN, check=False)
    assert {name for name in fates if name in refused} == {
        name for name, fate in fates.items() if fate == "breaks"
    }

    for statement in (
        "DROP VIEW report.very_late, report.late, report.leftover",
        "DROP MATERIALIZED VIEW report.weights",
        "DROP FUNCTION report.heaviest()",
    ):
        shop.query(statement)
    administrator = postgres.server.connect(shop.settings.database)
    with closing(administrator), administrator, administrator.cursor() as cursor:
        cursor.execute("DROP VIEW report.theirs")
    shop.sqlmesh("plan", "prod", *PLAN)
    assert shop.query("SELECT count(*) FROM report.keys") == [(5,)]
    assert shop.query("SELECT * FROM report.money") == [(dev.kpis[0].after,)]
    assert compare_environment(shop.settings, "dev").is_empty
    back = compare_environment(shop.settings, "same")
    assert [(kpi.before, kpi.after) for kpi in back.kpis] == [(kpi.after, kpi.before) for kpi in dev.kpis]
