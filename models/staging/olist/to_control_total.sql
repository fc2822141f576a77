MODEL (
  name stg.olist__to_control_total,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_date, currency),
  tags (staging, olist, mapping),
  description 'One row per day: what the star schema has to hold of it, counted on a path of its own straight from the raw rows.'
);

/* Which rows are quarantined is staging's verdict; every count and amount is read from the raw text. */
WITH ordered AS (
  SELECT DISTINCT
    _event_date AS order_date,
    TRIM(raw.order_id) AS order_id
  FROM raw_olist."order" AS raw
  JOIN stg.olist__order AS staged
    ON staged.source_file = raw._source_file
    AND staged.row_number = raw._row_number
    AND staged.order_date = raw._event_date
  WHERE
    staged.quarantine_reason IS NULL
), item AS (
  SELECT DISTINCT ON (ordered.order_date, raw.order_id, staged.item_number)
    ordered.order_date,
    @CAST_OR_NULL(raw.price, 'numeric') AS price,
    @CAST_OR_NULL(raw.freight_value, 'numeric') AS freight
  FROM ordered
  JOIN raw_olist.order_item AS raw
    ON raw.order_id = ordered.order_id
  JOIN stg.olist__order_item AS staged
    ON staged.order_id = raw.order_id
    AND staged.source_file = raw._source_file
    AND staged.row_number = raw._row_number
  WHERE
    staged.quarantine_reason IS NULL
  ORDER BY
    ordered.order_date,
    raw.order_id,
    staged.item_number,
    raw._source_file,
    raw._row_number
), payment AS (
  SELECT DISTINCT ON (ordered.order_date, raw.order_id, staged.payment_number)
    ordered.order_date,
    @CAST_OR_NULL(raw.payment_value, 'numeric') AS paid
  FROM ordered
  JOIN raw_olist.order_payment AS raw
    ON raw.order_id = ordered.order_id
  JOIN stg.olist__order_payment AS staged
    ON staged.order_id = raw.order_id
    AND staged.source_file = raw._source_file
    AND staged.row_number = raw._row_number
  WHERE
    staged.quarantine_reason IS NULL
  ORDER BY
    ordered.order_date,
    raw.order_id,
    staged.payment_number,
    raw._source_file,
    raw._row_number
), review AS (
  SELECT
    ordered.order_date
  FROM ordered
  JOIN raw_olist.order_review AS raw
    ON raw.order_id = ordered.order_id
  JOIN stg.olist__order_review AS staged
    ON staged.order_id = raw.order_id
    AND staged.source_file = raw._source_file
    AND staged.row_number = raw._row_number
  WHERE
    staged.quarantine_reason IS NULL
), counted AS (
  SELECT
    order_date,
    COUNT(*) AS order_count,
    0 AS line_count,
    0 AS net_amount,
    0 AS freight_amount,
    0 AS payment_count,
    0 AS paid_amount,
    0 AS review_count
  FROM ordered
  GROUP BY
    order_date
  UNION ALL
  SELECT
    order_date,
    0,
    COUNT(*),
    SUM(price),
    SUM(freight),
    0,
    0,
    0
  FROM item
  GROUP BY
    order_date
  UNION ALL
  SELECT
    order_date,
    0,
    0,
    0,
    0,
    COUNT(*),
    SUM(paid),
    0
  FROM payment
  GROUP BY
    order_date
  UNION ALL
  SELECT
    order_date,
    0,
    0,
    0,
    0,
    0,
    0,
    COUNT(*)
  FROM review
  GROUP BY
    order_date
)
SELECT
  'olist'::TEXT AS source,
  order_date::DATE AS order_date,
  'BRL'::TEXT AS currency,
  SUM(order_count)::BIGINT AS order_count,
  SUM(line_count)::BIGINT AS line_count,
  SUM(net_amount)::DECIMAL(18, 4) AS net_amount,
  SUM(freight_amount)::DECIMAL(18, 4) AS freight_amount,
  SUM(payment_count)::BIGINT AS payment_count,
  SUM(paid_amount)::DECIMAL(18, 4) AS paid_amount,
  SUM(review_count)::BIGINT AS review_count
FROM counted
GROUP BY
  order_date
