MODEL (
  name stg.online_retail__to_control_total,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_date, currency),
  tags (staging, online_retail, mapping),
  description 'One row per day: what the star schema has to hold of it, counted on a path of its own straight from the raw rows.'
);

/* Which rows are quarantined is staging's verdict; every count and amount is read from the raw text. */
WITH distinct_row AS (
  SELECT DISTINCT
    raw._event_date,
    raw.invoice,
    raw.stock_code,
    raw.description,
    raw.quantity,
    raw.price,
    raw.customer_id,
    raw.country
  FROM raw_online_retail.transaction AS raw
  JOIN stg.online_retail__transaction AS staged
    ON staged.source_file = raw._source_file
    AND staged.row_number = raw._row_number
    AND staged.order_date = raw._event_date
  WHERE
    staged.quarantine_reason IS NULL
)
SELECT
  'online_retail'::TEXT AS source,
  _event_date::DATE AS order_date,
  'GBP'::TEXT AS currency,
  COUNT(DISTINCT TRIM(invoice))::BIGINT AS order_count,
  COUNT(*)::BIGINT AS line_count,
  SUM(@CAST_OR_NULL(quantity, 'numeric') * @CAST_OR_NULL(price, 'numeric'))::DECIMAL(18, 4) AS net_amount,
  0::DECIMAL(18, 4) AS freight_amount,
  0::BIGINT AS payment_count,
  0::DECIMAL(18, 4) AS paid_amount,
  0::BIGINT AS review_count
FROM distinct_row
GROUP BY
  _event_date
