MODEL (
  name stg.store__shipment,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  description 'One row per parcel and file that names it, typed, nothing dropped. A parcel comes when it is handed over and again when it is delivered; stg.store__judged_shipment says which row counts.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  _event_date::DATE AS handed_over_date,
  NULLIF(TRIM(shipment_id), '')::TEXT AS shipment_id,
  NULLIF(TRIM(order_id), '')::TEXT AS order_id,
  NULLIF(TRIM(warehouse_id), '')::TEXT AS warehouse_id,
  NULLIF(TRIM(carrier), '')::TEXT AS carrier,
  NULLIF(TRIM(destination_city), '')::TEXT AS destination_city,
  NULLIF(TRIM(destination_state), '')::TEXT AS destination_state,
  NULLIF(TRIM(destination_postal_prefix), '')::TEXT AS destination_postal_prefix,
  (
    @CAST_OR_NULL(handed_over_at, 'timestamp') AT TIME ZONE 'Asia/Kolkata'
  )::TIMESTAMPTZ AS handed_over_at,
  @CAST_OR_NULL(promised_date, 'date')::DATE AS promised_date,
  (
    @CAST_OR_NULL(delivered_at, 'timestamp') AT TIME ZONE 'Asia/Kolkata'
  )::TIMESTAMPTZ AS delivered_at,
  @CAST_OR_NULL(delivered_at, 'timestamp')::DATE AS delivered_date,
  @QUARANTINE_REASON(
    (shipment_id, 'text', TRUE),
    (order_id, 'text', TRUE),
    (warehouse_id, 'text', TRUE),
    (handed_over_at, 'timestamp', TRUE),
    (promised_date, 'date', FALSE),
    (delivered_at, 'timestamp', FALSE)
  )::TEXT AS quarantine_reason
FROM raw_store.shipment
