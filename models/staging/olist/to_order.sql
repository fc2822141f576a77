MODEL (
  name stg.olist__to_order,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id),
  tags (staging, olist, mapping),
  description 'One row per order, with the person who ordered.'
);

SELECT
  'olist'::TEXT AS source,
  "order".order_id::TEXT AS order_id,
  "order".order_date::DATE AS order_date,
  "order".ordered_at::TIMESTAMPTZ AS ordered_at,
  customer.customer_id::TEXT AS customer_id,
  'marketplace'::TEXT AS channel,
  'sale'::TEXT AS order_kind,
  "order".status::TEXT AS status,
  (
    "order".status IN ('cancelled', 'unavailable')
  )::BOOLEAN AS is_cancelled,
  "order".approved_at::TIMESTAMPTZ AS approved_at,
  "order".handed_over_at::TIMESTAMPTZ AS handed_over_at,
  "order".delivered_at::TIMESTAMPTZ AS delivered_at,
  "order".delivered_date::DATE AS delivered_date,
  "order".promised_date::DATE AS promised_date,
  NULL::TEXT AS store_id,
  'BRL'::TEXT AS currency
FROM stg.olist__order AS "order"
LEFT JOIN LATERAL (
  SELECT
    customer.customer_id
  FROM stg.olist__customer AS customer
  WHERE
    customer.order_customer_id = "order".customer_id
    AND customer.quarantine_reason IS NULL
  ORDER BY
    customer.row_number
  LIMIT 1
) AS customer
  ON TRUE
WHERE
  "order".quarantine_reason IS NULL AND "order".copy_number = 1
