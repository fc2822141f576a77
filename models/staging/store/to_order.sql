MODEL (
  name stg.store__to_order,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id),
  tags (staging, store, mapping),
  description 'One row per receipt with a line that counts, and per web order as it stands. A receipt of which every line brings something back is an order of kind return.'
);

SELECT
  'store'::TEXT AS source,
  receipt_id::TEXT AS order_id,
  order_date::DATE AS order_date,
  MIN(sold_at)::TIMESTAMPTZ AS ordered_at,
  MIN(customer_id)::TEXT AS customer_id,
  'store'::TEXT AS channel,
  CASE WHEN MAX(quantity) < 0 THEN 'return' ELSE 'sale' END::TEXT AS order_kind,
  'completed'::TEXT AS status,
  FALSE::BOOLEAN AS is_cancelled,
  NULL::TIMESTAMPTZ AS approved_at,
  NULL::TIMESTAMPTZ AS handed_over_at,
  NULL::TIMESTAMPTZ AS delivered_at,
  NULL::DATE AS delivered_date,
  NULL::DATE AS promised_date,
  MIN(store_id)::TEXT AS store_id,
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
  order_id::TEXT,
  order_date::DATE,
  placed_at::TIMESTAMPTZ,
  customer_id::TEXT,
  'web'::TEXT,
  'sale'::TEXT,
  CASE status
    WHEN 'placed'
    THEN 'created'
    WHEN 'paid'
    THEN 'approved'
    WHEN 'packed'
    THEN 'processing'
    WHEN 'returned'
    THEN 'delivered' /* its lines tell the return */
    ELSE status
  END::TEXT,
  (
    status = 'cancelled'
  )::BOOLEAN,
  approved_at::TIMESTAMPTZ,
  handed_over_at::TIMESTAMPTZ,
  delivered_at::TIMESTAMPTZ,
  (
    delivered_at AT TIME ZONE 'Asia/Kolkata'
  )::DATE,
  promised_date::DATE,
  NULL::TEXT,
  currency::TEXT
FROM stg.store__standing_web_order
