AUDIT (
  name payments_match_control_total
);

/* Sources, days and currencies whose payments differ from what the raw rows say, to the row and to the cent. */
WITH held AS (
  SELECT
    source,
    order_date,
    currency,
    COUNT(*) AS payment_count,
    SUM(paid_amount) AS paid_amount
  FROM @this_model
  GROUP BY
    source,
    order_date,
    currency
), expected AS (
  SELECT
    source,
    order_date,
    currency,
    SUM(payment_count) AS payment_count,
    SUM(paid_amount) AS paid_amount
  FROM conformed.control_total
  WHERE
    order_date BETWEEN @start_date AND @end_date
  GROUP BY
    source,
    order_date,
    currency
)
SELECT
  source,
  order_date,
  currency,
  expected.payment_count AS expected_payment_count,
  held.payment_count,
  expected.paid_amount AS expected_paid_amount,
  held.paid_amount
FROM expected
FULL JOIN held
  USING (source, order_date, currency)
WHERE
  COALESCE(expected.payment_count, 0) <> COALESCE(held.payment_count, 0)
  OR ABS(COALESCE(expected.paid_amount, 0) - COALESCE(held.paid_amount, 0)) >= 0.005
