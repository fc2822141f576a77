MODEL (
  name stg.store__to_stock,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, location_id, product_id, snapshot_date),
  tags (staging, store, mapping),
  description 'One row per warehouse, product and day.'
);

SELECT
  'store'::TEXT AS source,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  snapshot_date::DATE AS snapshot_date,
  (
    (
      snapshot_date + INTERVAL '1 DAY'
    ) AT TIME ZONE 'Asia/Kolkata'
  )::TIMESTAMPTZ AS counted_at,
  on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  received_quantity::DECIMAL(18, 3) AS received_quantity,
  issued_quantity::DECIMAL(18, 3) AS issued_quantity,
  reorder_point_quantity::DECIMAL(18, 3) AS reorder_point_quantity,
  order_up_to_quantity::DECIMAL(18, 3) AS order_up_to_quantity,
  lead_time_days::INT AS lead_time_days
FROM stg.store__judged_stock
WHERE
  rule_name IS NULL AND copy_number = 1
