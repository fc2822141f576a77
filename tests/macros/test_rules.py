"""The rules that words tell, and numbers that may not be negative."""

import pytest

LISTED = "SELECT @{0}(reason) AS rule FROM (VALUES (1, {1})) AS listed(number, reason)"


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("price is missing", "missing_value"),
        ("order_id is missing; price 'x' is no numeric(18, 4)", "missing_value"),
        ("price '-1.5' is negative", "negative_price"),
        ("price 'x' is no numeric(18, 4); quantity is missing", "invalid_value"),
        ("note 'price is missing' is no integer", "invalid_value"),
    ],
)
def test_the_first_reason_tells_the_rule_of_a_held_back_row(ask, reason, rule):
    text = reason.replace("'", "''")
    assert ask(LISTED.format("QUARANTINE_RULE", f"'{text}'")) == [(rule,)]


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("event time '2999-01-01' lies after the day of loading", "future_date"),
        ("event time '2025-02-30' is not of the format '%Y-%m-%d'", "invalid_date"),
        ("no event time: column 'day' is empty", "invalid_date"),
        ("too few fields: 2 instead of 3", "unreadable_row"),
        ("column 'note' holds a NUL character", "unreadable_row"),
    ],
)
def test_the_loaders_words_tell_the_rule_of_a_refused_row(ask, reason, rule):
    text = reason.replace("'", "''")
    assert ask(LISTED.format("REJECTION_RULE", f"'{text}'")) == [(rule,)]


def test_a_number_below_zero_is_a_fault_where_it_may_not_be(ask):
    query = """
    SELECT
      @QUARANTINE_REASON((price, 'numeric(18, 4)', TRUE)) AS unasked,
      @QUARANTINE_REASON((price, 'numeric(18, 4)', TRUE, FALSE)) AS never,
      @QUARANTINE_REASON((price, 'numeric(18, 4)', TRUE, kind = 'credit')) AS seldom
    FROM (VALUES (1, '-1.50', 'sale'), (2, ' -2', 'credit'), (3, '-0', 'sale'), (4, '-x', 'sale'), (5, NULL, 'sale'))
      AS raw(number, price, kind)
    ORDER BY number
    """
    assert ask(query) == [
        (None, "price '-1.50' is negative", "price '-1.50' is negative"),
        (None, "price '-2' is negative", None),
        (None, None, None),
        ("price '-x' is no numeric(18, 4)",) * 3,
        ("price is missing",) * 3,
    ]
