AUDIT (
  name orders_match_control_total
);

/* Sources and days whose orders differ from what the raw rows say. */
WITH held AS (
  SELECT
    source,
    order_date,
    COUNT(*) AS order_count
  FROM @this_model
  GROUP BY
    source,
    order_date
), expected AS (
  SELECT
    source,
    order_date,
    SUM(order_count) AS order_count
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
  expected.order_count AS expected_order_count,
  held.order_count
FROM expected
FULL JOIN held
  USING (source, order_date)
WHERE
  COALESCE(expected.order_count, 0) <> COALESCE(held.order_count, 0)
