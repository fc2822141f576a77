AUDIT (
  name lines_match_control_total
);

/* Sources, days and currencies whose lines, money or freight differ from what the raw rows say, to the row and to the cent. */
WITH held AS (
  SELECT
    source,
    order_date,
    currency,
    COUNT(*) AS line_count,
    SUM(net_amount) AS net_amount,
    SUM(freight_amount) AS freight_amount
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
    SUM(line_count) AS line_count,
    SUM(net_amount) AS net_amount,
    SUM(freight_amount) AS freight_amount
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
  expected.line_count AS expected_line_count,
  held.line_count,
  expected.net_amount AS expected_net_amount,
  held.net_amount,
  expected.freight_amount AS expected_freight_amount,
  held.freight_amount
FROM expected
FULL JOIN held
  USING (source, order_date, currency)
WHERE
  COALESCE(expected.line_count, 0) <> COALESCE(held.line_count, 0)
  OR ABS(COALESCE(expected.net_amount, 0) - COALESCE(held.net_amount, 0)) >= 0.005
  OR ABS(COALESCE(expected.freight_amount, 0) - COALESCE(held.freight_amount, 0)) >= 0.005
