MODEL (
  name stg.olist__to_payment,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, payment_number),
  tags (staging, olist, mapping),
  description 'One row per means of payment of an order, with the date of the order. A repeated payment number counts once.'
);

WITH paid AS (
  SELECT
    "order".source,
    "order".order_id,
    "order".order_date,
    "order".ordered_at,
    payment.payment_number,
    payment.method,
    payment.instalment_count,
    payment.paid_amount,
    payment.currency,
    ROW_NUMBER() OVER (
      PARTITION BY "order".order_date, "order".order_id, payment.payment_number
      ORDER BY payment.source_file, payment.row_number
    ) AS copy_number
  FROM stg.olist__to_order AS "order"
  JOIN stg.olist__order_payment AS payment
    ON payment.order_id = "order".order_id
  WHERE
    payment.quarantine_reason IS NULL
)
SELECT
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  payment_number::INT AS payment_number,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  method::TEXT AS method,
  instalment_count::INT AS instalment_count,
  paid_amount::DECIMAL(18, 4) AS paid_amount,
  currency::TEXT AS currency
FROM paid
WHERE
  copy_number = 1
