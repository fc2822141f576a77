"""The normal quantile."""

from __future__ import annotations

import pytest
from sqlmesh.utils.errors import SQLMeshError


def test_the_usual_service_levels_have_the_factors_of_the_tables(ask):
    assert ask(
        "SELECT @NORMAL_QUANTILE(0.5)::TEXT, @NORMAL_QUANTILE(0.95)::TEXT, @NORMAL_QUANTILE(0.99)::TEXT"
    ) == [("0.0", "1.644854", "2.326348")]


@pytest.mark.parametrize("share", ["0", "1", "1.5", "'much'"])
def test_what_is_no_share_is_refused(render, share):
    with pytest.raises(SQLMeshError, match="a number between 0 and 1"):
        render(f"SELECT @NORMAL_QUANTILE({share})")
