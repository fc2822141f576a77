"""What is a value of a type and what is not: what Postgres would take is more than what a file may say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from psycopg2.extras import execute_values
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator

from macros.casts import cast_or_null

pytestmark = pytest.mark.both_versions

VALID = {
    "integer": [("12", 12), (" 12 ", 12), ("-7", -7), ("+7", 7), ("007", 7), ("2147483647", 2**31 - 1)],
    "bigint": [("9223372036854775807", 2**63 - 1)],
    "numeric(18, 4)": [
        ("12.3456", Decimal("12.3456")),
        ("12.34560000", Decimal("12.3456")),  # nothing is lost
        (".5", Decimal("0.5")),
        ("5.", Decimal("5")),
        ("-0.01", Decimal("-0.01")),
        ("1e3", Decimal("1000")),
        ("99999999999999.9999", Decimal("99999999999999.9999")),
    ],
    "double precision": [("-23.5", -23.5), ("1e308", 1e308)],
    "date": [("2024-02-29", date(2024, 2, 29))],
    "timestamp": [
        ("2017-10-15 00:30:00", datetime(2017, 10, 15, 0, 30)),
        ("2017-10-15T00:30:00.25", datetime(2017, 10, 15, 0, 30, 0, 250000)),
        ("2017-10-15", datetime(2017, 10, 15)),
    ],
    "timestamptz": [
        ("2017-10-15 00:30:00-03:00", datetime(2017, 10, 15, 3, 30, tzinfo=UTC)),
        ("2017-10-15T00:30Z", datetime(2017, 10, 15, 0, 30, tzinfo=UTC)),
    ],
    "text": [(" a ", "a")],
}
NO_NUMBERS = ["NaN", "Infinity", "-inf", "1_000", "0x1F", "1,5", "£5", "three", "--1", "1 2", "-", ".", "٣"]
INVALID = {
    "integer": [*NO_NUMBERS, "1.0", "1e3", "2147483648"],
    "bigint": [*NO_NUMBERS, "9223372036854775808", "9" * 400],
    # Decimals would be lost; too many digits before the point; more than any number may have.
    "numeric(18, 4)": [*NO_NUMBERS, "12.34567", "1e-5", "100000000000000", "1e999999", "9" * 200_000],
    "double precision": [*NO_NUMBERS, "1e309"],
    "date": ["today", "infinity", "epoch", "2025-02-30", "2025-13-01", "01/02/2025", "20250101", "2025-1-1"],
    "timestamp": [
        *["now", "infinity", "2025-02-30 10:00:00", "2025-02-28 25:00:00", "2025-02-28 10"],
        *["2025-02-28 10:00:00 BC", "2025-02-28 10:00:00+02"],  # it has no zone: the offset would be lost
    ],
    "timestamptz": ["tomorrow", "2025-02-30 10:00:00Z", "2025-02-28 10:00:00 Mars/Phobos"],
}
QUERY = """
SELECT @CAST_OR_NULL(value, '{0}') AS result, @QUARANTINE_REASON((value, '{0}', {1})) AS reason
FROM raw_text ORDER BY number
"""


@pytest.fixture
def fill(connection) -> Callable[[Sequence[str | None]], None]:
    """Put texts into a table; from constants the planner would compute casts that the query never reaches."""

    def fill(values: Sequence[str | None]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DROP TABLE IF EXISTS raw_text; CREATE TEMP TABLE raw_text (number INT, value TEXT)"
            )
            execute_values(cursor, "INSERT INTO raw_text VALUES %s", list(enumerate(values)))

    return fill


@pytest.mark.parametrize("kind", VALID)
def test_a_text_that_is_such_a_value_is_cast(ask, fill, kind):
    fill([value for value, _ in VALID[kind]])
    assert ask(QUERY.format(kind, "TRUE")) == [(expected, None) for _, expected in VALID[kind]]


@pytest.mark.parametrize("kind", INVALID)
def test_a_text_that_is_no_such_value_is_null_and_has_a_reason(ask, fill, kind):
    fill(INVALID[kind])
    expected = [(None, f"value '{value[:60]}' is no {kind}") for value in INVALID[kind]]
    assert ask(QUERY.format(kind, "FALSE")) == expected


@pytest.mark.parametrize("kind", INVALID)
def test_nothing_is_null_and_a_fault_only_where_a_value_is_required(ask, fill, kind):
    fill([None, "", "   "])
    assert ask(QUERY.format(kind, "FALSE")) == [(None, None)] * 3
    assert ask(QUERY.format(kind, "TRUE")) == [(None, "value is missing")] * 3


def test_a_reason_names_each_column_at_fault(ask):
    query = """
    SELECT @QUARANTINE_REASON((a, 'text', TRUE), (b, 'integer', TRUE), (c, 'date', FALSE)) AS reason
    FROM (VALUES
      (1, 'x', '1', '2025-01-01'), (2, '', 'one', '2025-02-30'), (3, 'x', NULL, NULL), (4, 'x', 'it''s', NULL)
    ) AS raw(number, a, b, c)
    ORDER BY number
    """
    assert ask(query) == [
        (None,),
        ("a is missing; b 'one' is no integer; c '2025-02-30' is no date",),
        ("b is missing",),
        ("b 'it's' is no integer",),
    ]


def test_other_engines_use_try_cast():
    cast = cast_or_null(MacroEvaluator(dialect="duckdb"), exp.column("value"), exp.Literal.string("integer"))
    assert cast.sql("duckdb") == "TRY_CAST(TRIM(value) AS INT)"
