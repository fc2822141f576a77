AUDIT (
  name reviews_match_control_total
);

/* Sources and days whose reviews differ from what the raw rows say. */
WITH held AS (
  SELECT
    source,
    order_date,
    COUNT(*) AS review_count
  FROM @this_model
  GROUP BY
    source,
    order_date
), expected AS (
  SELECT
    source,
    order_date,
    SUM(review_count) AS review_count
  FROM conformed.control_total
  WHERE
    order_date BETWEEN @start_date AND @end_date
  GROUP BY
    source,
    order_date
)
SELECT
  source,
  order_date,
  expected.review_count AS expected_review_count,
  held.review_count
FROM expected
FULL JOIN held
  USING (source, order_date)
WHERE
  COALESCE(expected.review_count, 0) <> COALESCE(held.review_count, 0)
