MODEL (
  name stg.store__stock,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  description 'One row per warehouse, product and day as the file has it, typed, nothing dropped. stg.store__judged_stock says which rows count.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  _event_date::DATE AS snapshot_date,
  NULLIF(TRIM(location_id), '')::TEXT AS location_id,
  NULLIF(TRIM(product_id), '')::TEXT AS product_id,
  @CAST_OR_NULL(on_hand, 'integer')::INT AS on_hand_quantity,
  @CAST_OR_NULL(on_order, 'integer')::INT AS on_order_quantity,
  @CAST_OR_NULL(received_quantity, 'integer')::INT AS received_quantity,
  @CAST_OR_NULL(issued_quantity, 'integer')::INT AS issued_quantity,
  @CAST_OR_NULL(reorder_point, 'integer')::INT AS reorder_point_quantity,
  @CAST_OR_NULL(order_up_to, 'integer')::INT AS order_up_to_quantity,
  @CAST_OR_NULL(lead_time_days, 'integer')::INT AS lead_time_days,
  @QUARANTINE_REASON(
    (location_id, 'text', TRUE),
    (product_id, 'text', TRUE),
    (on_hand, 'integer', TRUE, '[0-9]{1,9}'),
    (on_order, 'integer', FALSE, '[0-9]{1,9}'),
    (received_quantity, 'integer', FALSE, '[0-9]{1,9}'),
    (issued_quantity, 'integer', FALSE, '[0-9]{1,9}'),
    (reorder_point, 'integer', FALSE, '[0-9]{1,9}'),
    (order_up_to, 'integer', FALSE, '[0-9]{1,9}'),
    (lead_time_days, 'integer', FALSE, '[0-9]{1,4}')
  )::TEXT AS quarantine_reason
FROM raw_store.stock
