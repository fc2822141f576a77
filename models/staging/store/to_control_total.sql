MODEL (
  name stg.store__to_control_total,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_date, currency),
  tags (staging, store, mapping),
  description 'One row per day: what the star schema has to hold of it, counted on a path of its own straight from the raw rows.'
);

/* Which rows are held back is the stored verdict; which of several rows of one key counts is found again here, and
   every amount is read from the raw text. The days are asked for here, too: Postgres takes those of the raw rows not to be
   those of the verdicts that they are joined with, and would read the verdicts of all days. With an equals sign between them it
   would join by the day alone and compare each row of a day with each other. */
WITH receipt_line AS (
  SELECT DISTINCT ON (raw._event_date, TRIM(raw.receipt_id), @CAST_OR_NULL(raw.line_number, 'numeric'))
    raw._event_date AS order_date,
    TRIM(raw.receipt_id) AS receipt_id,
    @CAST_OR_NULL(raw.quantity, 'numeric') * @CAST_OR_NULL(raw.unit_price, 'numeric') - @CAST_OR_NULL(raw.discount_amount, 'numeric') AS net_amount
  FROM raw_store.pos_line AS raw
  JOIN stg.store__judged_pos_line AS judged
    ON judged.source_file = raw._source_file
    AND judged.row_number = raw._row_number
    AND NOT judged.order_date IS DISTINCT FROM raw._event_date
  WHERE
    judged.rule_name IS NULL AND judged.order_date BETWEEN @start_date AND @end_date
  ORDER BY
    raw._event_date,
    TRIM(raw.receipt_id),
    @CAST_OR_NULL(raw.line_number, 'numeric'),
    raw._source_file,
    raw._row_number
), web_order AS (
  SELECT DISTINCT ON (raw._event_date, TRIM(raw.order_id))
    raw._event_date AS order_date,
    @CAST_OR_NULL(raw.shipping_fee, 'numeric') AS fee,
    raw.payment::JSONB AS payment,
    raw.lines::JSONB AS lines
  FROM raw_store.web_order AS raw
  JOIN stg.store__judged_web_order AS judged
    ON judged.source_file = raw._source_file
    AND judged.row_number = raw._row_number
    AND NOT judged.order_date IS DISTINCT FROM raw._event_date
  WHERE
    judged.rule_name IS NULL AND judged.order_date BETWEEN @start_date AND @end_date
  ORDER BY
    raw._event_date,
    TRIM(raw.order_id),
    @CAST_OR_NULL(raw.sequence, 'numeric') DESC,
    raw._source_file,
    raw._row_number
), counted AS (
  SELECT
    order_date,
    COUNT(DISTINCT receipt_id) AS order_count,
    COUNT(*) AS line_count,
    SUM(net_amount) AS net_amount,
    COUNT(DISTINCT receipt_id) AS payment_count,
    SUM(net_amount) AS paid_amount,
    0 AS review_count
  FROM receipt_line
  GROUP BY
    order_date
  UNION ALL
  SELECT
    web_order.order_date,
    COUNT(*),
    SUM(content.line_count) + COUNT(*) FILTER(WHERE
      web_order.fee > 0),
    SUM(content.net_amount + web_order.fee),
    COUNT(*) FILTER(WHERE
      web_order.payment ->> 'status' = 'captured') + 2 * COUNT(*) FILTER(WHERE
      web_order.payment ->> 'status' = 'refunded'),
    SUM(
      CASE web_order.payment ->> 'status'
        WHEN 'captured'
        THEN (
          web_order.payment ->> 'amount'
        )::DECIMAL
        WHEN 'refunded'
        THEN (
          web_order.payment ->> 'amount'
        )::DECIMAL - (
          web_order.payment ->> 'refunded_amount'
        )::DECIMAL
        ELSE 0
      END
    ),
    0
  FROM web_order
  CROSS JOIN LATERAL (
    SELECT
      COUNT(*) + COUNT(*) FILTER(WHERE
        (
          line.content ->> 'returned_quantity'
        )::DECIMAL > 0) AS line_count,
      SUM(
        (
          (
            line.content ->> 'quantity'
          )::DECIMAL - (
            line.content ->> 'returned_quantity'
          )::DECIMAL
        ) * (
          line.content ->> 'unit_price'
        )::DECIMAL - (
          line.content ->> 'discount_amount'
        )::DECIMAL + COALESCE(
          ROUND(
            (
              line.content ->> 'discount_amount'
            )::DECIMAL * (
              line.content ->> 'returned_quantity'
            )::DECIMAL / NULLIF((
              line.content ->> 'quantity'
            )::DECIMAL, 0),
            2
          ),
          0
        )
      ) AS net_amount
    FROM JSONB_ARRAY_ELEMENTS(web_order.lines) AS line(content)
  ) AS content
  GROUP BY
    web_order.order_date
  UNION ALL
  SELECT
    sold.order_date,
    0,
    0,
    0,
    0,
    0,
    COUNT(DISTINCT (rating.rated_date, rating.rating_id))
  FROM (
    SELECT
      order_date,
      receipt_id AS order_id
    FROM stg.store__judged_pos_line
    WHERE
      rule_name IS NULL
    UNION
    SELECT
      order_date,
      order_id
    FROM stg.store__judged_web_order
    WHERE
      rule_name IS NULL
  ) AS sold
  JOIN stg.store__judged_rating AS rating
    ON rating.rated_order_id = sold.order_id
  WHERE
    rating.rule_name IS NULL
  GROUP BY
    sold.order_date
)
SELECT
  'store'::TEXT AS source,
  order_date::DATE AS order_date,
  'INR'::TEXT AS currency,
  SUM(order_count)::BIGINT AS order_count,
  SUM(line_count)::BIGINT AS line_count,
  SUM(net_amount)::DECIMAL(18, 4) AS net_amount,
  0::DECIMAL(18, 4) AS freight_amount, /* shipping is a line of its own */
  SUM(payment_count)::BIGINT AS payment_count,
  SUM(paid_amount)::DECIMAL(18, 4) AS paid_amount,
  SUM(review_count)::BIGINT AS review_count
FROM counted
GROUP BY
  order_date
