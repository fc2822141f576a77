MODEL (
  name stg.online_retail__to_order,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id),
  tags (staging, online_retail, mapping),
  description 'One row per invoice. An invoice that cancels (C…) is an order of kind return, one that adjusts bad debt (A…) of kind adjustment.'
);

SELECT
  'online_retail'::TEXT AS source,
  invoice_id::TEXT AS order_id,
  order_date::DATE AS order_date,
  (
    order_date::TIMESTAMP AT TIME ZONE 'Europe/London'
  )::TIMESTAMPTZ AS ordered_at, /* the file has no time of day */
  MAX(customer_id)::TEXT AS customer_id,
  'web'::TEXT AS channel,
  CASE LEFT(invoice_id, 1)
    WHEN 'C'
    THEN 'return'
    WHEN 'A'
    THEN 'adjustment'
    ELSE 'sale'
  END::TEXT AS order_kind,
  'completed'::TEXT AS status,
  FALSE::BOOLEAN AS is_cancelled,
  NULL::TIMESTAMPTZ AS approved_at,
  NULL::TIMESTAMPTZ AS handed_over_at,
  NULL::TIMESTAMPTZ AS delivered_at,
  NULL::DATE AS delivered_date,
  NULL::DATE AS promised_date,
  NULL::TEXT AS store_id,
  MAX(currency)::TEXT AS currency
FROM stg.online_retail__transaction
WHERE
  quarantine_reason IS NULL
GROUP BY
  invoice_id,
  order_date
