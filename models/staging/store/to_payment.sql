MODEL (
  name stg.store__to_payment,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, payment_number),
  tags (staging, store, mapping),
  description 'One row per receipt: what its lines come to, negative where goods were brought back. Of web orders one for what was paid, and one more, negative, for what was given back.'
);

SELECT
  'store'::TEXT AS source,
  receipt_id::TEXT AS order_id,
  1::INT AS payment_number,
  order_date::DATE AS order_date,
  MIN(sold_at)::TIMESTAMPTZ AS ordered_at,
  MIN(payment_method)::TEXT AS method,
  NULL::INT AS instalment_count,
  SUM(quantity * unit_price_amount - discount_amount)::DECIMAL(18, 4) AS paid_amount,
  MIN(currency)::TEXT AS currency
FROM stg.store__judged_pos_line
WHERE
  rule_name IS NULL AND copy_number = 1
GROUP BY
  receipt_id,
  order_date
UNION ALL
SELECT
  'store'::TEXT,
  web.order_id::TEXT,
  payment.payment_number::INT,
  web.order_date::DATE,
  web.placed_at::TIMESTAMPTZ,
  web.payment_method::TEXT,
  NULL::INT,
  payment.paid_amount::DECIMAL(18, 4),
  web.currency::TEXT
FROM stg.store__standing_web_order AS web
CROSS JOIN LATERAL (
  VALUES
    (1, web.paid_amount, web.payment_status IN ('captured', 'refunded')),
    (2, -web.refunded_amount, web.payment_status = 'refunded')
) AS payment(payment_number, paid_amount, has_happened)
WHERE
  payment.has_happened
