"""The ends of time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


@pytest.mark.both_versions
def test_time_begins_and_ends_where_every_tool_can_read_it(ask):
    assert ask("SELECT @BEGINNING_OF_TIME() AS beginning, @END_OF_TIME() AS ending") == [
        (datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    ]
