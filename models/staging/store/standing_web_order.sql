MODEL (
  name stg.store__standing_web_order,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (
    order_id
  ),
  tags (staging, store),
  description 'One row per web order as its accepted document of the highest number has it, with what its earlier documents tell of its way. A subquery of the mappings.'
);

SELECT
  order_id::TEXT AS order_id,
  order_date::DATE AS order_date,
  placed_at::TIMESTAMPTZ AS placed_at,
  status::TEXT AS status,
  customer_id::TEXT AS customer_id,
  currency::TEXT AS currency,
  promised_date::DATE AS promised_date,
  shipping_amount::DECIMAL(12, 4) AS shipping_amount,
  payment_method::TEXT AS payment_method,
  payment_status::TEXT AS payment_status,
  paid_amount::DECIMAL(12, 4) AS paid_amount,
  refunded_amount::DECIMAL(12, 4) AS refunded_amount,
  lines::JSONB AS lines,
  approved_at::TIMESTAMPTZ AS approved_at,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  (
    COALESCE(returned_at, updated_at) AT TIME ZONE 'Asia/Kolkata'
  )::DATE AS return_date /* means something only of lines that came back */
FROM (
  SELECT
    *,
    MIN(updated_at) FILTER(WHERE
      status = 'paid') OVER (PARTITION BY order_date, order_id) AS approved_at,
    MIN(updated_at) FILTER(WHERE
      status = 'shipped') OVER (PARTITION BY order_date, order_id) AS handed_over_at,
    MIN(updated_at) FILTER(WHERE
      status = 'delivered') OVER (PARTITION BY order_date, order_id) AS delivered_at,
    MIN(updated_at) FILTER(WHERE
      status = 'returned') OVER (PARTITION BY order_date, order_id) AS returned_at
  FROM stg.store__judged_web_order
  WHERE
    rule_name IS NULL AND copy_number = 1
) AS document
WHERE
  NOT is_superseded
