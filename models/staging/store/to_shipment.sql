MODEL (
  name stg.store__to_shipment,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, shipment_id),
  tags (staging, store, mapping),
  description 'One row per parcel, as its latest state says.'
);

SELECT
  'store'::TEXT AS source,
  shipment_id::TEXT AS shipment_id,
  order_id::TEXT AS order_id,
  warehouse_id::TEXT AS warehouse_id,
  carrier::TEXT AS carrier,
  destination_city::TEXT AS destination_city,
  destination_state::TEXT AS destination_state,
  destination_postal_prefix::TEXT AS destination_postal_prefix,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  handed_over_date::DATE AS handed_over_date,
  promised_date::DATE AS promised_date,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  delivered_date::DATE AS delivered_date
FROM stg.store__judged_shipment
WHERE
  rule_name IS NULL AND copy_number = 1 AND NOT is_superseded
