"""What is measured of reviews, and means that start with some at the usual one."""

from decimal import Decimal


def test_a_mean_starts_with_some_at_the_usual_one(ask):
    query = """
    SELECT @SHRUNK_MEAN(total, number, usual, 10)::DECIMAL(9, 6) AS mean
    FROM (VALUES (1, 5, 1, 3.8), (2, 0, 0, 3.8), (3, 500, 100, 3.8), (4, 0, 0, NULL))
      AS rated(place, total, number, usual)
    ORDER BY place
    """
    means = [Decimal("3.909091"), Decimal("3.8"), Decimal("4.890909"), None]
    assert [mean for (mean,) in ask(query)] == means


def test_parts_made_of_several_numbers_stay_together(ask):
    assert ask("SELECT @SHRUNK_MEAN(1.0 + 2, 1 + 1, 1.5 + 1, 2 + 2)::DECIMAL(9, 6) AS mean") == [
        (Decimal("2.166667"),)
    ]


def test_a_mean_of_numerics_is_no_float(ask):
    assert ask("SELECT PG_TYPEOF(@SHRUNK_MEAN(1.0, 2, 2.5, 4))::TEXT AS kind") == [("numeric",)]


def test_reviews_are_measured_by_whatever_they_are_grouped(ask):
    query = """
    SELECT review.shop, @REVIEW_MEASURES()
    FROM (VALUES ('a', 1, 5, 1, TRUE), ('a', 2, 2, 4, FALSE), ('a', 3, 1, NULL, FALSE), ('b', 2, 4, NULL, FALSE))
      AS review(shop, order_key, score, response_days, has_comment)
    JOIN (VALUES (1, FALSE), (2, TRUE), (3, NULL)) AS placed(order_key, is_late) ON placed.order_key = review.order_key
    GROUP BY review.shop
    ORDER BY review.shop
    """
    first, second = ask(query)
    assert first[:7] == ("a", 3, 1, 1, 0, 0, 1)
    assert [round(float(value), 6) for value in first[7:11]] == [2.666667, 0.666667, 0.333333, 0.333333]
    assert first[11:16] == (2, Decimal("2.5"), Decimal("2.5"), 1, 1)
    assert first[16:] == (5, 2, -3)
    assert second[1:8] == (1, 0, 0, 0, 1, 0, 4)
    assert second[11:] == (0, None, None, 0, 1, None, 4, None)
