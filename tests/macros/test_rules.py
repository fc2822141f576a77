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


def test_an_id_without_a_match_is_named_and_no_id_needs_none(ask):
    query = """
    SELECT @ORPHAN_REASON((sold.store_id, store.id), (sold.customer_id, customer.id), sold.text) AS reason
    FROM (VALUES
        (1, 'S1', 'C1', NULL), (2, 'S9', 'C9', NULL), (3, 'S1', NULL, NULL), (4, 'S9', NULL, 'line 2 is odd'),
        (5, 'S1', 'C1', 'line 3 is odd')
    ) AS sold(number, store_id, customer_id, text)
    LEFT JOIN (VALUES ('S1')) AS store(id) ON store.id = sold.store_id
    LEFT JOIN (VALUES ('C1')) AS customer(id) ON customer.id = sold.customer_id
    ORDER BY sold.number
    """
    assert ask(query) == [
        (None,),
        ("store_id 'S9' is unknown; customer_id 'C9' is unknown",),
        (None,),
        ("store_id 'S9' is unknown; line 2 is odd",),
        ("line 3 is odd",),
    ]


@pytest.mark.parametrize(
    ("held_back_for", "unknown", "rule"),
    [
        ("NULL", "NULL", None),
        ("'price is missing'", "NULL", "missing_value"),
        ("NULL", "'store_id ''S9'' is unknown'", "orphan_reference"),
        ("'price ''-1'' is negative'", "'store_id ''S9'' is unknown'", "negative_price"),
    ],
)
def test_a_value_that_is_none_is_told_before_a_reference_that_leads_nowhere(
    ask, held_back_for, unknown, rule
):
    judged = f"SELECT {held_back_for}::TEXT AS held, {unknown}::TEXT AS orphan"
    assert ask(f"SELECT @FAILED_RULE(held, orphan) AS rule FROM ({judged}) AS judged") == [(rule,)]
